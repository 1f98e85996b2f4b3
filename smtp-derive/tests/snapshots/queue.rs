#[automatically_derived]
impl ::smtp::command::FromReply for Queue {
    const CODES: &'static [::smtp::command::CodePattern] = &[
        ::smtp::command::CodePattern::Class(2),
        ::smtp::command::CodePattern::Exactly(250),
        ::smtp::command::CodePattern::Exactly(252),
        ::smtp::command::CodePattern::Exactly(253),
    ];
    fn from_reply(
        reply: ::smtp::Reply,
    ) -> ::smtp::__private::Result<Self, ::smtp::error::ReplyError> {
        match reply.code().value() {
            250 | 252 => ::smtp::__private::Ok(Self::Started {}),
            253 => {
                ::smtp::__private::Ok(Self::Messages {
                    0: ::smtp::__private::text::<u64>(&reply, messages)?,
                })
            }
            200..=299 => {
                ::smtp::__private::Ok(Self::Other {
                    0: ::smtp::__private::reply(&reply),
                })
            }
            _ => {
                ::smtp::__private::Err(::smtp::error::ReplyError::unexpected_code(reply))
            }
        }
    }
}
