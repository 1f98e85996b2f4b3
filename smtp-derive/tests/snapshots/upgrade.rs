#[automatically_derived]
impl mail::smtp::Command for AnonymousTls {
    type Reply = mail::smtp::Reply;
    const SPEC: mail::smtp::CommandSpec = mail::smtp::CommandSpec::new("X-ANONYMOUSTLS")
        .accepts(&[mail::smtp::CodePattern::Exactly(220)]);
    fn encode(&self, line: &mut mail::smtp::Line<'_>) {
        line.verb("X-ANONYMOUSTLS");
    }
}
#[automatically_derived]
impl mail::smtp::Upgrade for AnonymousTls {}
