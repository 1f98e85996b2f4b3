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
        ::smtp::MechanismError,
    > {
        ::smtp::__private::message(
                &[
                    ::smtp::__private::Piece::Text(b"n,a="),
                    ::smtp::__private::Piece::Field(
                        "user",
                        &::smtp::__private::saslname(&self.user),
                    ),
                    ::smtp::__private::Piece::Text(b",\x01"),
                    ::smtp::__private::Piece::Field("token", &self.token),
                    ::smtp::__private::Piece::Text(b"\x01"),
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
