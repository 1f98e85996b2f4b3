#[automatically_derived]
impl ::smtp::Command for Mail {
    type Reply = ::smtp::Reply;
    const SPEC: ::smtp::command::CommandSpec = ::smtp::command::CommandSpec::new(
            "MAIL FROM:",
        )
        .stage(::smtp::command::Stage::Mail)
        .pipelining();
    fn encode(&self, line: &mut ::smtp::command::Line<'_>) {
        line.verb("MAIL FROM:");
        line.arg(&self.path);
        if let ::smtp::__private::Some(value) = &self.size {
            line.require("SIZE");
            line.raise_limit(26);
            line.param("SIZE", value);
        }
        if self.smtputf8 {
            line.require("SMTPUTF8");
            line.allow_utf8();
            line.flag("SMTPUTF8");
        }
        ::smtp::command::Arguments::write(&self.parameters, line);
    }
}
#[automatically_derived]
impl ::smtp::state::Transition<::smtp::state::Greeted> for Mail {
    type Next = ::smtp::state::InTransaction<::smtp::state::Greeted>;
}
#[automatically_derived]
impl ::smtp::state::Transition<::smtp::state::Tls> for Mail {
    type Next = ::smtp::state::InTransaction<::smtp::state::Tls>;
}
#[automatically_derived]
impl ::smtp::state::Transition<::smtp::state::Authed> for Mail {
    type Next = ::smtp::state::InTransaction<::smtp::state::Authed>;
}
#[automatically_derived]
impl<Idle: ::smtp::state::Idle> ::smtp::state::Transition<::smtp::state::Lmtp<Idle>>
for Mail {
    type Next = ::smtp::state::InTransaction<::smtp::state::Lmtp<Idle>>;
}
#[automatically_derived]
impl ::smtp::state::Pipelined for Mail {}
