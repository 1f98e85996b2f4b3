#[automatically_derived]
impl ::smtp::Mechanism for Proof {
    fn name(&self) -> &str {
        "X-PROOF"
    }
    fn reveals_secret(&self) -> bool {
        false
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
        Self::answer(self, challenge)
    }
    fn is_complete(&self) -> bool {
        Self::is_verified(self)
    }
}
