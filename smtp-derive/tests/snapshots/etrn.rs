#[automatically_derived]
impl ::smtp::Command for Etrn {
    type Reply = Queue;
    const SPEC: ::smtp::CommandSpec = ::smtp::CommandSpec::new("ETRN").requires("ETRN");
    fn encode(&self, line: &mut ::smtp::Line<'_>) {
        match self {
            Self::Domain { 0: field_0 } => {
                line.verb("ETRN");
                line.arg(field_0);
            }
            Self::Subdomains { 0: field_0 } => {
                line.verb("ETRN");
                line.arg(&::smtp::__private::prefixed("@", field_0));
            }
            Self::Queue { 0: field_0 } => {
                line.verb("ETRN");
                line.arg(&::smtp::__private::prefixed("#", field_0));
            }
        }
    }
}
#[automatically_derived]
impl ::smtp::ValidIn<::smtp::state::Greeted> for Etrn {}
#[automatically_derived]
impl ::smtp::ValidIn<::smtp::state::Tls> for Etrn {}
#[automatically_derived]
impl ::smtp::ValidIn<::smtp::state::Authed> for Etrn {}
const _: () = ::smtp::__private::reads::<Etrn>();
