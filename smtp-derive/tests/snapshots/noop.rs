#[automatically_derived]
impl ::smtp::Command for Noop {
    type Reply = ::smtp::Reply;
    const SPEC: ::smtp::command::CommandSpec = ::smtp::command::CommandSpec::new("NOOP");
    fn encode(&self, line: &mut ::smtp::command::Line<'_>) {
        line.verb("NOOP");
    }
}
#[automatically_derived]
impl<State: ::smtp::state::State> ::smtp::state::ValidIn<State> for Noop {}
