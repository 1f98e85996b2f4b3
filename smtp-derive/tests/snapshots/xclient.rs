#[automatically_derived]
impl ::smtp::Command for XClient {
    type Reply = ::smtp::Reply;
    const SPEC: ::smtp::command::CommandSpec = ::smtp::command::CommandSpec::new(
            "XCLIENT",
        )
        .requires("XCLIENT")
        .accepts(&[::smtp::command::CodePattern::Exactly(220)])
        .resets();
    fn encode(&self, line: &mut ::smtp::command::Line<'_>) {
        line.verb("XCLIENT");
        line.param("ADDR", &::smtp::__private::xtext(&self.addr));
        if let ::smtp::__private::Some(value) = &self.name {
            line.param("NAME", &::smtp::__private::xtext(value));
        }
    }
}
#[automatically_derived]
impl ::smtp::state::Transition<::smtp::state::Tls> for XClient {
    type Next = ::smtp::state::Tls;
}
