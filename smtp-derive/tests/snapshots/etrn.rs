#[automatically_derived]
impl ::smtp::Command for Etrn {
    type Reply = Queue;
    const SPEC: ::smtp::command::CommandSpec = ::smtp::command::CommandSpec::new("ETRN")
        .requires("ETRN");
    fn encode(&self, line: &mut ::smtp::command::Line<'_>) {
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
impl ::smtp::state::ValidIn<::smtp::state::Greeted> for Etrn {}
#[automatically_derived]
impl ::smtp::state::ValidIn<::smtp::state::Tls> for Etrn {}
#[automatically_derived]
impl ::smtp::state::ValidIn<::smtp::state::Authed> for Etrn {}
#[automatically_derived]
impl<Idle: ::smtp::state::Idle> ::smtp::state::ValidIn<::smtp::state::Lmtp<Idle>>
for Etrn {}
const _: () = ::smtp::__private::reads::<Etrn>();
