#[automatically_derived]
impl ::smtp::Mechanism for Plain {
    fn name(&self) -> &str {
        "PLAIN"
    }
    fn reveals_secret(&self) -> bool {
        true
    }
    fn initial_response(
        &mut self,
    ) -> ::smtp::__private::Result<
        ::smtp::__private::Option<::smtp::Secret>,
        ::smtp::auth::MechanismError,
    > {
        ::smtp::__private::message(
                &[
                    ::smtp::__private::TemplatePart::Field("authzid", &self.authzid),
                    ::smtp::__private::TemplatePart::Text(b"\0"),
                    ::smtp::__private::TemplatePart::Required("authcid", &self.authcid),
                    ::smtp::__private::TemplatePart::Text(b"\0"),
                    ::smtp::__private::TemplatePart::Required("password", &self.password),
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
