#[automatically_derived]
impl ::smtp::Mechanism for Bearer {
    fn name(&self) -> &str {
        "X-BEARER"
    }
    fn reveals_secret(&self) -> bool {
        ::smtp::__private::any_secret(
            &[&::smtp::__private::saslname(&self.user), &self.token],
        )
    }
    fn initial_response(
        &mut self,
    ) -> ::smtp::__private::Result<
        ::smtp::__private::Option<::smtp::Secret>,
        ::smtp::auth::MechanismError,
    > {
        ::smtp::__private::message(
                &[
                    ::smtp::__private::TemplatePart::Text(b"n,a="),
                    ::smtp::__private::TemplatePart::Field(
                        "user",
                        &::smtp::__private::saslname(&self.user),
                    ),
                    ::smtp::__private::TemplatePart::Text(b",\x01"),
                    ::smtp::__private::TemplatePart::Field("token", &self.token),
                    ::smtp::__private::TemplatePart::Text(b"\x01"),
                ],
            )
            .map(::smtp::__private::Some)
    }
    fn respond(
        &mut self,
        challenge: ::smtp::auth::Challenge<'_>,
    ) -> ::smtp::__private::Result<::smtp::auth::Step, ::smtp::auth::MechanismError> {
        ::smtp::__private::Err(challenge.unexpected())
    }
    fn is_one_round(&self) -> bool {
        true
    }
}
