#[automatically_derived]
impl<State> ::smtp::Command for Unlock<State> {
    type Reply = ::smtp::Reply;
    const SPEC: ::smtp::CommandSpec = ::smtp::CommandSpec::new("X-UNLOCK")
        .accepts(
            &[::smtp::CodePattern::Exactly(250), ::smtp::CodePattern::Exactly(334)],
        );
    fn encode(&self, line: &mut ::smtp::Line<'_>) {
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
impl<State> ::smtp::ExchangeIn<::smtp::state::Tls> for Unlock<State> {}
#[automatically_derived]
impl<State> ::smtp::ExchangeInto<::smtp::state::Authed> for Unlock<State> {
    type Next = ::smtp::state::Authed;
}
