//! A body that is made for each transaction of a message, when its recipients are known.

use std::error::Error;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;

use super::{
    Body, BodySource, Check, Choices, Made, Making, Polled, PolledSource, Source, io_error,
};
use crate::error::refusal::Refusal;
use crate::exclusive::Exclusive;
use crate::message::transaction::Transaction;
use crate::proto::content::{LineEnds, PIECE};

impl<'a> Body<'a> {
    /// A message that is made for each transaction, by a function that sees the recipients which the
    /// server has accepted in it: for a signature that binds them, or a header field of the hop.
    ///
    /// A message takes more than one transaction where the server takes fewer recipients at once,
    /// unless its policy is [`Policy::Whole`](crate::Policy::Whole). The function is called once for
    /// each: a source that can be read once only, such as a stream, can so be opened again.
    ///
    /// It is called when each RCPT was answered, and before DATA or the first chunk: the message takes
    /// one round trip more than others, and [`Transfer::eager`](crate::Transfer::eager) sends it as
    /// [`Transfer::chunks`](crate::Transfer::chunks). The connection waits during the call; a body
    /// that takes long to make is given as a [stream](Self::stream).
    ///
    /// MAIL leaves before the body is made. So it is declared as a stream is: as 8-bit where the server
    /// offers that, as [binary](crate::message::LineEnds::Binary) by [`line_ends`](Self::line_ends), and with `SIZE=`
    /// where each body has the same [`length`](Self::length). A header in UTF-8 takes SMTPUTF8, which the
    /// envelope asks for: `Envelope::with(SmtpUtf8)`.
    ///
    /// Line ends, and the [door](Self::dangerous) for undeclared bytes, that are chosen here hold for each
    /// body that the function makes. One that is made with line ends of its own, other than
    /// [`Normalize`](crate::message::LineEnds::Normalize), keeps those.
    ///
    /// An error of the function refuses the message for the recipients of this transaction
    /// ([`Refusal::body_error`](crate::Refusal::body_error)); the session, and the message's other
    /// transactions, go on. So does a body that cannot be sent as MAIL has declared it.
    ///
    /// ```
    /// use std::convert::Infallible;
    ///
    /// use smtp::Body;
    ///
    /// let message = "Subject: Hello\r\n\r\nHello.\r\n";
    /// let body = Body::each(|transaction| {
    ///     let recipients: Vec<_> = transaction.recipients().map(ToString::to_string).collect();
    ///     Ok::<_, Infallible>(format!("X-Recipients: {}\r\n{message}", recipients.join(", ")))
    /// });
    /// ```
    pub fn each<F, B, E>(mut make: F) -> Self
    where
        F: FnMut(&Transaction<'_>) -> Result<B, E> + Send + 'a,
        B: Into<Body<'a>>,
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        let make = move |transaction: &Transaction<'_>| match make(transaction) {
            Ok(body) => Ok(body.into()),
            Err(error) => Err(io_error(error)),
        };
        let source = Box::pin(Each { make: Exclusive::new(Box::new(make)), made: None });
        let polled = Polled { source, first: Poll::Pending, making: Making::Due };
        Self::from(Source::Stream(Box::new(polled)))
    }

    /// Whether it is made for each transaction.
    pub(crate) fn is_each(&self) -> bool {
        self.making() != Making::Never
    }

    /// Whether it is to be made for the next transaction.
    pub(crate) fn is_unmade(&self) -> bool {
        self.making() == Making::Due
    }

    fn making(&self) -> Making {
        match &self.source {
            Source::Stream(polled) => polled.making,
            Source::Owned(_) | Source::Borrowed(_) => Making::Never,
        }
    }

    /// Makes the body for a transaction.
    ///
    /// # Errors
    ///
    /// When it cannot be made, or not be sent in this transaction.
    #[cold]
    pub(crate) fn make(
        &mut self,
        transaction: &Transaction<'_>,
        check: Check<'_>,
    ) -> Result<(), Refusal> {
        let choices = self.choices();
        let Source::Stream(polled) = &mut self.source else {
            return Ok(());
        };
        let made = polled.source.as_mut().make(transaction, choices, check)?;
        polled.making = Making::Done(choices);
        self.set_choices(made.choices);
        match made.bytes {
            Some(bytes) => {
                self.length.check_all(bytes).map_err(|error| Refusal::body(error.into()))
            }
            None => Ok(()),
        }
    }

    /// Prepares a body that is made for each transaction for the next one. Its progress is not
    /// reported again.
    #[cold]
    pub(crate) fn unmake(&mut self) {
        if let Source::Stream(polled) = &mut self.source
            && let Making::Done(choices) = polled.making
        {
            (polled.first, polled.making) = (Poll::Pending, Making::Due);
            self.length.restart();
            self.set_choices(choices);
        }
    }

    fn choices(&self) -> Choices {
        Choices { line_ends: self.line_ends, undeclared: self.undeclared }
    }

    fn set_choices(&mut self, Choices { line_ends, undeclared }: Choices) {
        (self.line_ends, self.undeclared) = (line_ends, undeclared);
    }

    /// Takes over the choices for all bodies, where this one has none of its own.
    fn inherit(&mut self, all: Choices) {
        self.undeclared |= all.undeclared;
        if self.line_ends == LineEnds::default() {
            self.line_ends = all.line_ends;
        }
    }
}

struct Each<'a, F> {
    // In a box, so that a closure need not be `Unpin`.
    make: Exclusive<Box<F>>,
    made: Option<Body<'a>>,
}

impl<'a, F> PolledSource for Each<'a, F>
where
    F: FnMut(&Transaction<'_>) -> io::Result<Body<'a>> + Send,
{
    fn make(
        mut self: Pin<&mut Self>,
        transaction: &Transaction<'_>,
        choices: Choices,
        check: Check<'_>,
    ) -> Result<Made, Refusal> {
        // The one before, and what it holds open, is not needed any more.
        self.made = None;
        let mut body = (self.make.get())(transaction).map_err(Refusal::body)?;
        body.inherit(choices);
        if body.is_unmade() {
            body.make(transaction, check)?;
        }
        body.check_length().map_err(|error| Refusal::body(error.into()))?;
        check(&body)?;
        let made = Made { choices: body.choices(), bytes: body.known_length() };
        self.made = Some(body);
        Ok(made)
    }
}

impl<F: Send> BodySource for Each<'_, F> {
    fn poll_piece(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Bytes>>> {
        match &mut self.made {
            Some(body) => body.poll_bytes(cx),
            None => Poll::Ready(Some(Err(io::Error::other("the body was not made")))),
        }
    }
}

impl Body<'_> {
    /// The next piece of the message, however it is held; a borrowed one is copied.
    pub(super) fn poll_bytes(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        let segment = if self.is_polled() {
            std::task::ready!(self.poll_segment(cx))
        } else {
            self.next_segment(PIECE)
        };
        Poll::Ready(segment.map(|segment| segment.map(super::Segment::into_bytes)).transpose())
    }
}
