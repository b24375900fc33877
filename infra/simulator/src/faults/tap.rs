//! The plug of a connection.

use std::any::Any;
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsFd;
use std::time::Duration;

use tokio::net::TcpStream as Served;
use tokio::runtime::Handle;

/// A second handle of a served connection, by which it can be ended from without.
#[derive(Debug)]
pub(crate) struct Tap(TcpStream);

impl Tap {
    /// Of what the server has accepted; None where that is no TCP connection.
    pub(crate) fn of(accepted: &dyn Any) -> Option<Self> {
        let served = accepted.downcast_ref::<Served>()?;
        // A message does not wait for the other side's thanks for the last.
        served.set_nodelay(true).ok()?;
        let handle = served.as_fd().try_clone_to_owned().ok()?;
        Some(Self(handle.into()))
    }

    /// Ends it; the other side sees it close.
    pub(crate) fn cut(&self) {
        // One that has ended already is ended.
        let _ = self.0.shutdown(Shutdown::Both);
    }

    /// Ends it; the other side sees it break. Outside of a Tokio runtime it just closes.
    pub(crate) fn reset(&self) {
        if Handle::try_current().is_err() {
            return self.cut();
        }
        if let Ok(stream) = self.0.try_clone().and_then(Served::from_std) {
            let _ = stream.set_zero_linger();
        }
        // Its own end closes it, and that resets it.
        let _ = self.0.shutdown(Shutdown::Read);
    }

    /// Waits until the other side has ended it.
    pub(crate) async fn gone(&self) {
        const LOOK_EVERY: Duration = Duration::from_millis(100);
        while !matches!(self.0.peek(&mut [0]), Ok(0))
            && !matches!(self.0.take_error(), Ok(Some(_)) | Err(_))
        {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}
