#[automatically_derived]
impl ::smtp::Mechanism for Login {
    fn name(&self) -> &str {
        "LOGIN"
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
        ::smtp::__private::Ok(::smtp::__private::None)
    }
    fn respond(
        &mut self,
        challenge: ::smtp::auth::Challenge<'_>,
    ) -> ::smtp::__private::Result<::smtp::auth::Step, ::smtp::auth::MechanismError> {
        match challenge.index() {
            0 => {
                ::smtp::__private::message(
                        &[::smtp::__private::TemplatePart::Field("0", &self.0)],
                    )
                    .map(::smtp::auth::Step::Respond)
            }
            1 => {
                ::smtp::__private::message(
                        &[::smtp::__private::TemplatePart::Field("1", &self.1)],
                    )
                    .map(::smtp::auth::Step::Respond)
            }
            _ => ::smtp::__private::Err(challenge.unexpected()),
        }
    }
}
