#[automatically_derived]
impl ::smtp::Command for Noop {
    type Reply = ::smtp::Reply;
    const SPEC: ::smtp::CommandSpec = ::smtp::CommandSpec::new("NOOP");
    fn encode(&self, line: &mut ::smtp::Line<'_>) {
        line.verb("NOOP");
    }
}
#[automatically_derived]
impl<State: ::smtp::State> ::smtp::ValidIn<State> for Noop {}
