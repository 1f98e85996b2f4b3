#[automatically_derived]
impl mail::smtp::Command for AnonymousTls {
    type Reply = mail::smtp::Reply;
    const SPEC: mail::smtp::command::CommandSpec = mail::smtp::command::CommandSpec::new(
            "X-ANONYMOUSTLS",
        )
        .accepts(&[mail::smtp::command::CodePattern::Exactly(220)]);
    fn encode(&self, line: &mut mail::smtp::command::Line<'_>) {
        line.verb("X-ANONYMOUSTLS");
    }
}
#[automatically_derived]
impl mail::smtp::state::Upgrade for AnonymousTls {}
