#[automatically_derived]
impl<'a, T: Display> ::smtp::Command for List<'a, T> {
    type Reply = ::smtp::Reply;
    const SPEC: ::smtp::command::CommandSpec = ::smtp::command::CommandSpec::new(
        "X-LIST",
    );
    fn encode(&self, line: &mut ::smtp::command::Line<'_>) {
        line.verb("X-LIST");
        if !::smtp::__private::is_empty(&self.joined) {
            line.arg(
                &::smtp::__private::join(
                    &self.joined,
                    ",",
                    |value, line| {
                        ::smtp::command::Argument::write(value, line);
                    },
                ),
            );
        }
        for value in &self.each {
            line.arg(&::smtp::__private::encoded(value, brackets(value)));
        }
        if line.offers("X-BLOB") {
            line.arg(&::smtp::__private::base64(&self.blob));
        }
    }
}
#[automatically_derived]
impl<
    'a,
    T: Display,
    Idle: ::smtp::state::Idle,
> ::smtp::state::ValidIn<::smtp::state::InTransaction<Idle>> for List<'a, T> {}
