//! The steps of the decision path, as places where a process may die. Chaos counts them and drops
//! everything at one; a debug build dies by SIGKILL where `DIE_AT_STEP=<step>:<n>` says, which the
//! tests of recovery use. In a release build without chaos a step is one look at a thread's cell.

use std::cell::Cell;
use std::rc::Rc;

use tokio::sync::Notify;

/// A step that has just been taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A watermark came to the orchestrator.
    Heard,
    /// Every agent has answered.
    Gathered,
    /// The core has decided; nothing is written.
    Decided,
    /// The batch is on its way to the disk.
    Writing,
    /// The batch is on disk.
    Committed,
    /// The commands went to the executor.
    Dispatched,
    /// A request is about to leave.
    Sending,
    /// An answer came, unheard so far.
    Answered,
    /// The executor has what is for the core, unbooked.
    Reported,
    /// The core has booked a report; nothing is written.
    Booked,
}

impl Step {
    /// Its name, as `DIE_AT_STEP` has it.
    #[cfg(debug_assertions)]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Heard => "heard",
            Self::Gathered => "gathered",
            Self::Decided => "decided",
            Self::Writing => "writing",
            Self::Committed => "committed",
            Self::Dispatched => "dispatched",
            Self::Sending => "sending",
            Self::Answered => "answered",
            Self::Reported => "reported",
            Self::Booked => "booked",
        }
    }
}

thread_local! {
    /// Steps that are left to this thread; none: as many as it likes.
    static LEFT: Cell<Option<u32>> = const { Cell::new(None) };
    static DEATH: Rc<Notify> = Rc::default();
}

/// A step was taken. Where it was the last one, nothing follows.
pub async fn passed(step: Step) {
    #[cfg(debug_assertions)]
    by_hand::passed(step);
    let Some(left) = LEFT.get() else { return };
    if left == 0 {
        DEATH.with(|death| death.notify_one());
        std::future::pending::<()>().await;
    }
    let _ = step;
    LEFT.set(Some(left - 1));
}

/// Has this thread die after so many further steps.
pub fn allow(left: u32) {
    LEFT.set(Some(left));
}

/// Returns when this thread has taken as many steps as it was allowed.
pub async fn death() {
    let death = DEATH.with(Rc::clone);
    death.notified().await;
}

#[cfg(debug_assertions)]
mod by_hand {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::Step;

    static ASKED: OnceLock<Option<(String, u32)>> = OnceLock::new();
    static TAKEN: AtomicU32 = AtomicU32::new(0);

    #[expect(clippy::disallowed_methods, reason = "only the tests of recovery set it")]
    fn asked() -> &'static Option<(String, u32)> {
        ASKED.get_or_init(|| {
            let text = std::env::var("DIE_AT_STEP").ok()?;
            let (step, n) = text.split_once(':')?;
            Some((step.to_owned(), n.parse().ok()?))
        })
    }

    pub(super) fn passed(step: Step) {
        let Some((at, n)) = asked() else { return };
        if at == step.name() && TAKEN.fetch_add(1, Ordering::SeqCst) + 1 == *n {
            // Nothing of this process can catch it.
            let killed = signal_hook::low_level::raise(signal_hook::consts::SIGKILL);
            unreachable!("still alive: {killed:?}");
        }
    }
}
