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
        ::smtp::MechanismError,
    > {
        ::smtp::__private::message(
                &[
                    ::smtp::__private::Piece::Field("authzid", &self.authzid),
                    ::smtp::__private::Piece::Text(b"\0"),
                    ::smtp::__private::Piece::Required("authcid", &self.authcid),
                    ::smtp::__private::Piece::Text(b"\0"),
                    ::smtp::__private::Piece::Required("password", &self.password),
                ],
            )
            .map(::smtp::__private::Some)
    }
    fn respond(
        &mut self,
        challenge: ::smtp::Challenge<'_>,
    ) -> ::smtp::__private::Result<::smtp::Step, ::smtp::MechanismError> {
        ::smtp::__private::Err(challenge.unexpected())
    }
}
