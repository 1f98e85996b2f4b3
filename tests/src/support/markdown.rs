//! The chapter of the guide, written from the table.

use std::fmt::Write as _;

use super::{BY_NAME, Evidence, commands, keywords, mechanisms, parameters};

const HEAD: &str = "\
The commands, keywords, parameters and mechanisms that the library has a type for, and the servers that took each.

Each row has dialogues with a scripted server, which offers it or does not. Its last column says what else is known:

- *verified*: the tests send it to two or more independent servers, which took it. Their names follow.
- *seen by one*: they send it to one such server.
- *dialogue*: no server that the tests start takes it.

The servers are Postfix 3.7, Exim 4.96, Dovecot 2.3, smtp-server 3.21 (of nodemailer) and aiosmtpd 1.4. Cyrus SASL (in Postfix), GNU
SASL (in Exim) and pyspnego (in aiosmtpd) answer for mechanisms. Two builds of one server count as one. The tests write this chapter.
";

/// The chapter of the guide.
pub fn markdown() -> String {
    let mut text = HEAD.to_owned();
    text.push_str("\n## Commands\n\n");
    text.push_str("| command | type | defined in | keyword of EHLO | evidence |\n");
    text.push_str("|---|---|---|---|---|\n");
    for row in commands() {
        let from: Vec<String> = row.from.iter().map(|name| link("command", name)).collect();
        let keyword = match (row.keyword, row.is_required) {
            (Some(keyword), true) => format!("`{keyword}`"),
            (Some(keyword), false) => format!("`{keyword}`, but sent without it too"),
            (None, _) => String::new(),
        };
        let evidence = Evidence::of(row.servers);
        let cells = [format!("`{}`", row.verb), from.join(", "), row.source.into(), keyword];
        line(&mut text, &cells, &evidence);
    }

    text.push_str("\n## Parameters\n\n");
    text.push_str("An optional one is left out where the server does not offer it: ");
    text.push_str("[`Optional`](crate::extension::Optional).\n\n");
    text.push_str(
        "| parameter | of | type | optional | defined in | keyword of EHLO | evidence |\n",
    );
    text.push_str("|---|---|---|---|---|---|---|\n");
    for row in parameters() {
        let (module, name) = row.from.split_once("::").unwrap_or_default();
        let cells = [
            format!("`{}`", row.own()),
            row.command.into(),
            link(module, name),
            if row.optional.is_some() { "yes".into() } else { String::new() },
            row.source.into(),
            format!("`{}`", row.extension),
        ];
        line(&mut text, &cells, &Evidence::of(row.servers));
    }

    text.push_str("\n## Keywords of EHLO\n\n");
    text.push_str("| keyword | type | defined in | brings | evidence |\n|---|---|---|---|---|\n");
    for row in keywords() {
        let brings: Vec<String> = row.brings().iter().map(|name| format!("`{name}`")).collect();
        let cells = [
            format!("`{}`", row.keyword),
            link("extension", row.from),
            row.source.into(),
            brings.join(", "),
        ];
        line(&mut text, &cells, &Evidence::of(&row.servers()));
    }
    text.push_str("\nThese have no type; [`Capabilities::params`](crate::grammar::Capabilities::params) has their words: ");
    let names: Vec<String> =
        BY_NAME.iter().map(|(keyword, owner)| format!("`{keyword}` ({owner})")).collect();
    let _ = writeln!(text, "{}.", names.join(", "));

    text.push_str("\n## Mechanisms\n\n");
    text.push_str(
        "[`Credentials`](crate::auth::Credentials) chooses among those that the server lists. ",
    );
    text.push_str("Those of Kerberos take the feature `gssapi`.\n\n");
    text.push_str("| mechanism | type | defined in | evidence |\n|---|---|---|---|\n");
    for row in mechanisms() {
        let (module, name) = row.from.split_once("::").unwrap_or_default();
        // The published documentation is built without the C libraries.
        let from = if row.is_kerberos() { format!("`{name}`") } else { link(module, name) };
        let cells = [format!("`{}`", row.name), from, row.source.into()];
        line(&mut text, &cells, &Evidence::of(row.servers));
    }
    text
}

fn link(module: &str, name: &str) -> String {
    format!("[`{name}`](crate::{module}::{name})")
}

fn line(text: &mut String, cells: &[String], evidence: &Evidence) {
    let _ = writeln!(text, "| {} | {evidence} |", cells.join(" | "));
}
