//! Asking a stream for everything that the venue has sent so far, for whoever must not go on
//! without it: a ping is answered after what was sent before it.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};
use tokio_tungstenite::tungstenite::{Bytes, Message};

/// What such a ping carries, which tells its answer from others'.
const WORD: &[u8] = b"caught up?";
/// How often a connection may fail before the answer is that there is none.
const TRIES: u8 = 2;

/// Asks a stream to catch up, whether it is connected or not. The answer is a message of the
/// stream itself, behind all that came before. One question at a time.
#[derive(Debug, Clone)]
pub struct CatchUp(mpsc::UnboundedSender<()>);

impl CatchUp {
    /// Asks. A stream that waits before it connects again does so at once; one whose connection
    /// gives no answer is connected anew. Where that fails too, it has caught up with nothing.
    pub fn ask(&self) {
        // A stream that has ended has nothing to catch up with, which its receiver shows.
        let _ = self.0.send(());
    }
}

/// The stream's side.
#[derive(Debug)]
pub(crate) struct Asked {
    asks: mpsc::UnboundedReceiver<()>,
    tries: u8,
    pinged_at: Option<Instant>,
}

pub(crate) fn channel() -> (CatchUp, Asked) {
    let (ask, asks) = mpsc::unbounded_channel();
    (CatchUp(ask), Asked { asks, tries: 0, pinged_at: None })
}

impl Asked {
    /// Waits for a question; for ever where one is unanswered or nobody can ask.
    pub(crate) async fn next(&mut self) {
        if self.tries > 0 || self.asks.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
        self.tries = TRIES;
    }

    /// The ping that is to be sent now, if one is.
    pub(crate) fn ping(&mut self) -> Option<Message> {
        if self.tries == 0 || self.pinged_at.is_some() {
            return None;
        }
        self.pinged_at = Some(Instant::now());
        Some(Message::Ping(Bytes::from_static(WORD)))
    }

    /// When its answer must have come.
    pub(crate) fn answer_by(&self, within_ms: u64) -> Option<Instant> {
        self.pinged_at.map(|at| at + Duration::from_millis(within_ms))
    }

    /// Whether this answers the ping.
    pub(crate) fn is_answered_by(&mut self, message: &Message) -> bool {
        let answers = self.pinged_at.is_some()
            && matches!(message, Message::Pong(word) if word.as_ref() == WORD);
        if answers {
            (self.tries, self.pinged_at) = (0, None);
        }
        answers
    }

    /// A connection ended, or did not come about: answers the question where there is nothing more to
    /// try, and waits `pause` before the next one, or less where somebody asks. None where the
    /// receiver is gone.
    pub(crate) async fn wait<M>(
        &mut self,
        pause: Duration,
        out: &mpsc::Sender<M>,
        caught_up: M,
    ) -> Option<()> {
        match self.failed() {
            Then::Again => return Some(()),
            Then::GiveUp => out.send(caught_up).await.ok()?,
            Then::Pause => {}
        }
        tokio::select! {
            () = sleep(pause) => Some(()),
            () = self.next() => Some(()),
            () = out.closed() => None,
        }
    }

    /// What to do about the question after that.
    fn failed(&mut self) -> Then {
        self.pinged_at = None;
        match self.tries {
            0 => Then::Pause,
            1 => {
                self.tries = 0;
                Then::GiveUp
            }
            _ => {
                self.tries -= 1;
                Then::Again
            }
        }
    }
}

/// What follows when a connection has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    /// Nobody has asked: the next one comes after a pause.
    Pause,
    /// The question is answered without having caught up.
    GiveUp,
    /// The next one comes at once.
    Again,
}
