//! What a person or the system tells the process.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Hears Ctrl-C and SIGTERM from its making on, so that neither ends the process unheard.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Begins to listen; needs a running Tokio runtime.
    pub fn listen() -> std::io::Result<Self> {
        let (mut term, mut int) =
            (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let (heard, stop) = watch::channel(false);
        tokio::spawn(async move {
            tokio::select! {
                _ = term.recv() => {}
                _ = int.recv() => {}
            }
            // Nobody left to hear it is as good as stopped.
            let _ = heard.send(true);
            std::future::pending::<()>().await;
        });
        Ok(Self(stop))
    }

    /// One that is said by hand, by sending true.
    pub fn by_hand() -> (watch::Sender<bool>, Self) {
        let (say, stop) = watch::channel(false);
        (say, Self(stop))
    }

    /// Waits until one of them came.
    pub async fn asked(&self) {
        // The sender lives as long as the runtime.
        let _ = self.0.clone().wait_for(|asked| *asked).await;
    }
}
