//! Sockets of the standard library, which a blocking connection can go over.

use std::io;
use std::net::TcpStream;
#[cfg(unix)]
use std::os::unix::net::UnixStream;

use crate::error::lost::Lost;
use crate::net::Transport;
use crate::proto::fault::Fault;

/// A socket that is already connected: [`TcpStream`] or, on Unix, `UnixStream` of `std`.
///
/// Sealed.
pub trait Socket: sealed::Sealed {
    #[doc(hidden)]
    fn into_transport(self) -> Result<Box<dyn Transport>, Lost>;
}

macro_rules! sockets {
    ($($(#[$cfg:meta])? $std:ty => $tokio:ty),*) => {$(
        $(#[$cfg])?
        impl Socket for $std {
            fn into_transport(self) -> Result<Box<dyn Transport>, Lost> {
                let socket = self.set_nonblocking(true).and_then(|()| <$tokio>::from_std(self));
                Ok(Box::new(socket.map_err(unusable)?))
            }
        }

        $(#[$cfg])?
        impl sealed::Sealed for $std {}
    )*};
}

sockets! {
    TcpStream => tokio::net::TcpStream,
    #[cfg(unix)]
    UnixStream => tokio::net::UnixStream
}

fn unusable(error: io::Error) -> Lost {
    Lost::new(Fault::Local(error), None)
}

mod sealed {
    #[allow(unnameable_types, reason = "no caller implements it")]
    pub trait Sealed {}
}
