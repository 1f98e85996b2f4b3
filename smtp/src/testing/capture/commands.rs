//! The parser of a client's commands.

/// A command line, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Command {
    Hello {
        lmtp: bool,
        extended: bool,
        name: String,
    },
    StartTls,
    Auth {
        mechanism: String,
        initial: Option<String>,
    },
    Mail {
        path: String,
        parameters: Vec<String>,
    },
    Rcpt {
        path: String,
        parameters: Vec<String>,
    },
    Data,
    Bdat {
        bytes: usize,
        last: bool,
    },
    Rset,
    Noop,
    Quit,
    Vrfy,
    Help,
    Unknown,
    /// A known verb with arguments that are not its own.
    Malformed,
}

impl Command {
    pub(super) fn parse(line: &str) -> Self {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        let words: Vec<&str> = rest.split(' ').filter(|word| !word.is_empty()).collect();
        match (verb.to_ascii_uppercase().as_str(), words.as_slice()) {
            ("LHLO", [name]) => Self::hello(true, true, name),
            ("EHLO", [name]) => Self::hello(false, true, name),
            ("HELO", [name]) => Self::hello(false, false, name),
            ("STARTTLS", []) => Self::StartTls,
            ("AUTH", [mechanism]) => Self::auth(mechanism, None),
            ("AUTH", [mechanism, initial]) => Self::auth(mechanism, Some((*initial).to_owned())),
            ("MAIL", _) => match path(rest, "FROM:") {
                Some((path, parameters)) => Self::Mail { path, parameters },
                None => Self::Malformed,
            },
            ("RCPT", _) => match path(rest, "TO:") {
                Some((path, parameters)) if !path.is_empty() => Self::Rcpt { path, parameters },
                _ => Self::Malformed,
            },
            ("DATA", []) => Self::Data,
            ("BDAT", [bytes]) => Self::bdat(bytes, false),
            ("BDAT", [bytes, last]) if last.eq_ignore_ascii_case("LAST") => Self::bdat(bytes, true),
            ("RSET", []) => Self::Rset,
            ("NOOP", _) => Self::Noop,
            ("QUIT", []) => Self::Quit,
            ("VRFY", [_, ..]) => Self::Vrfy,
            ("HELP", _) => Self::Help,
            (
                "LHLO" | "EHLO" | "HELO" | "STARTTLS" | "AUTH" | "DATA" | "BDAT" | "RSET" | "QUIT"
                | "VRFY",
                _,
            ) => Self::Malformed,
            _ => Self::Unknown,
        }
    }

    fn hello(lmtp: bool, extended: bool, name: &str) -> Self {
        Self::Hello { lmtp, extended, name: name.to_owned() }
    }

    fn auth(mechanism: &str, initial: Option<String>) -> Self {
        Self::Auth { mechanism: mechanism.to_ascii_uppercase(), initial }
    }

    fn bdat(bytes: &str, last: bool) -> Self {
        bytes.parse().map_or(Self::Malformed, |bytes| Self::Bdat { bytes, last })
    }
}

/// The path after `FROM:` or `TO:`, without its angle brackets, and the parameters after it. A
/// quoted local part may hold what would otherwise end the path.
fn path(rest: &str, keyword: &str) -> Option<(String, Vec<String>)> {
    let (given, after) = rest.split_at_checked(keyword.len())?;
    if !given.eq_ignore_ascii_case(keyword) {
        return None;
    }
    let path = after.strip_prefix('<')?;
    let (mut quoted, mut escaped) = (false, false);
    let end = path.find(|c| {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '>' => return !quoted,
            _ => {}
        }
        false
    })?;
    let parameters = &path[end + 1..];
    if !parameters.is_empty() && !parameters.starts_with(' ') {
        return None;
    }
    let parameters = parameters.split(' ').filter(|word| !word.is_empty());
    Some((path[..end].to_owned(), parameters.map(str::to_owned).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_taken_apart() {
        let mail = |path: &str, parameters: &[&str]| Command::Mail {
            path: path.to_owned(),
            parameters: parameters.iter().map(ToString::to_string).collect(),
        };
        let table = [
            ("MAIL FROM:<>", mail("", &[])),
            ("mail from:<a@b> SIZE=3 BODY=8BITMIME", mail("a@b", &["SIZE=3", "BODY=8BITMIME"])),
            ("MAIL FROM:<\"a> b\"@c>", mail("\"a> b\"@c", &[])),
            ("MAIL FROM: <a@b>", Command::Malformed),
            ("MAIL FROM:<a@b>SIZE=3", Command::Malformed),
            ("RCPT TO:<>", Command::Malformed),
            ("BDAT 12 LAST", Command::Bdat { bytes: 12, last: true }),
            ("BDAT x", Command::Malformed),
            ("STARTTLS now", Command::Malformed),
            ("FOO", Command::Unknown),
        ];
        for (line, expected) in table {
            assert_eq!(Command::parse(line), expected, "{line}");
        }
    }
}
