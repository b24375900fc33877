//! The brake in front of every order that opens: a few atomics that anybody may pull, from a
//! signal's handler too, and that nothing which hangs can hold.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use signal_hook::consts::{SIGUSR1, SIGUSR2};

/// Whether orders that open may leave.
#[derive(Debug, Default)]
pub struct Brake {
    /// How often it was pulled.
    pulled: AtomicU64,
    /// Up to which pull it was released.
    released: AtomicU64,
    /// The file that halts is there.
    held: AtomicBool,
    halt: Arc<AtomicBool>,
    halt_and_close: Arc<AtomicBool>,
}

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGUSR1: halt.
    Halt,
    /// SIGUSR2: halt, and close everything.
    HaltAndClose,
}

impl Brake {
    /// A released brake that the signals pull from now on, whatever the threads do.
    pub fn armed() -> io::Result<Arc<Self>> {
        let brake = Arc::new(Self::default());
        signal_hook::flag::register(SIGUSR1, Arc::clone(&brake.halt))?;
        signal_hook::flag::register(SIGUSR2, Arc::clone(&brake.halt_and_close))?;
        Ok(brake)
    }

    /// Whether orders that open may leave. Asked in front of each of them, at the last moment.
    pub fn entries_allowed(&self) -> bool {
        let raised = [&self.held, &self.halt, &self.halt_and_close];
        !raised.into_iter().any(|flag| flag.load(Ordering::SeqCst))
            && self.released.load(Ordering::SeqCst) >= self.pulled.load(Ordering::SeqCst)
    }

    /// No order that opens leaves from now on.
    pub fn pull(&self) {
        self.pulled.fetch_add(1, Ordering::SeqCst);
    }

    /// How often it was pulled so far: what a release that is asked for now may lift.
    pub fn mark(&self) -> u64 {
        self.pulled.load(Ordering::SeqCst)
    }

    /// Lifts the pulls up to `mark`; one that came after it stays.
    pub fn release(&self, mark: u64) {
        self.released.fetch_max(mark, Ordering::SeqCst);
    }

    /// Holds it while the file that halts is there. True where it was not held before.
    pub(super) fn hold(&self, there: bool) -> bool {
        !self.held.swap(there, Ordering::SeqCst) && there
    }

    /// Whether the file that halts is there.
    pub fn is_held(&self) -> bool {
        self.held.load(Ordering::SeqCst)
    }

    /// The signal that came, if one did; the brake is pulled before the flag goes down.
    pub(super) fn signalled(&self) -> Option<Signal> {
        let signals = [(&self.halt_and_close, Signal::HaltAndClose), (&self.halt, Signal::Halt)];
        signals.into_iter().find(|(flag, _)| flag.load(Ordering::SeqCst)).map(|(flag, signal)| {
            self.pull();
            flag.store(false, Ordering::SeqCst);
            signal
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_lifts_only_what_was_pulled_before_it_was_asked_for() {
        let brake = Brake::default();
        assert!(brake.entries_allowed());
        brake.pull();
        let asked = brake.mark();
        brake.pull();
        brake.release(asked);
        assert!(!brake.entries_allowed(), "the second pull came after the word to resume");
        brake.release(brake.mark());
        assert!(brake.entries_allowed());
        assert!(brake.hold(true) && !brake.hold(true) && !brake.entries_allowed());
        brake.hold(false);
        assert!(brake.entries_allowed());
    }

    #[test]
    fn a_signal_brakes_before_anybody_looks() {
        let brake = Brake::armed().unwrap();
        signal_hook::low_level::raise(SIGUSR1).unwrap();
        assert!(!brake.entries_allowed());
        assert_eq!(brake.signalled(), Some(Signal::Halt));
        assert_eq!(brake.signalled(), None);
        assert!(!brake.entries_allowed(), "what was heard stays until it is lifted");
    }
}
