#[automatically_derived]
impl ::smtp::command::FromReply for Names {
    fn from_reply(
        reply: ::smtp::Reply,
    ) -> ::smtp::__private::Result<Self, ::smtp::error::ReplyError> {
        ::smtp::__private::Ok(Self {
            names: ::smtp::__private::lines_from_str(&reply)?,
            status: ::smtp::__private::enhanced(&reply),
        })
    }
}
