#[automatically_derived]
impl ::smtp::Command for Data {
    type Reply = ::smtp::Reply;
    const SPEC: ::smtp::CommandSpec = ::smtp::CommandSpec::new("X-DATA")
        .accepts(&[::smtp::CodePattern::Exactly(354)]);
    fn encode(&self, line: &mut ::smtp::Line<'_>) {
        line.verb("X-DATA");
    }
}
#[automatically_derived]
impl ::smtp::OpensContent for Data {}
