#[automatically_derived]
impl<State> ::smtp::Command for Unlock<State> {
    type Reply = ::smtp::Reply;
    const SPEC: ::smtp::command::CommandSpec = ::smtp::command::CommandSpec::new(
            "X-UNLOCK",
        )
        .accepts(
            &[
                ::smtp::command::CodePattern::Exactly(250),
                ::smtp::command::CodePattern::Exactly(334),
            ],
        );
    fn encode(&self, line: &mut ::smtp::command::Line<'_>) {
        line.verb("X-UNLOCK");
        line.param("PIN", &::smtp::__private::hidden(&self.pin));
        line.arg(
            &::smtp::__private::prefixed(
                "#",
                &::smtp::__private::encoded(&self.token, hex(&self.token)),
            ),
        );
        if let ::smtp::__private::Some(value) = &self.note {
            line.text(value);
        }
    }
}
#[automatically_derived]
impl<State> ::smtp::state::ExchangeIn<::smtp::state::Tls> for Unlock<State> {}
#[automatically_derived]
impl<State> ::smtp::state::ExchangeInto<::smtp::state::Authed> for Unlock<State> {
    type Next = ::smtp::state::Authed;
}
