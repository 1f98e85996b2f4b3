#[automatically_derived]
impl ::smtp::Command for Data {
    type Reply = ::smtp::Reply;
    const SPEC: ::smtp::command::CommandSpec = ::smtp::command::CommandSpec::new(
            "X-DATA",
        )
        .accepts(&[::smtp::command::CodePattern::Exactly(354)]);
    fn encode(&self, line: &mut ::smtp::command::Line<'_>) {
        line.verb("X-DATA");
    }
}
#[automatically_derived]
impl ::smtp::state::OpensContent for Data {}
