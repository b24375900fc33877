//! What must hold before the system is ready, each part reporting on itself.

use crate::clock;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The named checks, shared between the parts that report and the server that answers. Every
/// check starts as failing and stays so until its part says otherwise.
#[derive(Clone, Debug)]
pub struct Readiness(Arc<Mutex<BTreeMap<&'static str, Entry>>>);

#[derive(Clone, Debug)]
enum Entry {
    Ready,
    ReadyUntil(Instant),
    NotReady(String),
}

/// What `/readyz` answers with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whether every check passes.
    pub ready: bool,
    /// Each check by name.
    pub checks: BTreeMap<&'static str, Check>,
}

/// One check as reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Whether it passes.
    pub ready: bool,
    /// What is wrong, if it doesn't.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Readiness {
    /// The checks that must pass, none of them reported yet.
    pub fn expecting(names: &[&'static str]) -> Self {
        let waiting = || Entry::NotReady("not reported yet".to_owned());
        Self(Arc::new(Mutex::new(names.iter().map(|&name| (name, waiting())).collect())))
    }

    /// The part is well until it says otherwise.
    pub fn ready(&self, name: &'static str) {
        self.set(name, Entry::Ready);
    }

    /// The part is well for `duration`; unless it reports again, it then counts as failing. For
    /// parts whose trouble is silence, such as streams.
    pub fn ready_for(&self, name: &'static str, duration: Duration) {
        let now = clock::monotonic();
        self.set(name, now.checked_add(duration).map_or(Entry::Ready, Entry::ReadyUntil));
    }

    /// The part is not well, and why.
    pub fn not_ready(&self, name: &'static str, reason: impl Into<String>) {
        self.set(name, Entry::NotReady(reason.into()));
    }

    /// How things stand now.
    pub fn report(&self) -> Report {
        let now = clock::monotonic();
        let entries = self.lock();
        let checks: BTreeMap<_, _> =
            entries.iter().map(|(&name, entry)| (name, entry.check(now))).collect();
        Report { ready: checks.values().all(|check| check.ready), checks }
    }

    fn set(&self, name: &'static str, entry: Entry) {
        self.lock().insert(name, entry);
    }

    /// An entry is replaced whole, so a map whose holder panicked is still sound.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<&'static str, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn check(&self, now: Instant) -> Check {
        let reason = match self {
            Self::Ready => None,
            Self::ReadyUntil(end) if now < *end => None,
            Self::ReadyUntil(end) => {
                Some(format!("silent, last report ran out {} s ago", (now - *end).as_secs()))
            }
            Self::NotReady(reason) => Some(reason.clone()),
        };
        Check { ready: reason.is_none(), reason }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(readiness: &Readiness, name: &str) -> Option<String> {
        readiness.report().checks[name].reason.clone()
    }

    #[test]
    fn nothing_is_ready_before_it_says_so() {
        let readiness = Readiness::expecting(&["store", "streams"]);
        assert!(!readiness.report().ready);
        readiness.ready("store");
        assert!(!readiness.report().ready, "streams have not reported");
        readiness.ready("streams");
        assert!(readiness.report().ready);
    }

    #[test]
    fn trouble_is_named_and_passes() {
        let readiness = Readiness::expecting(&["store"]);
        readiness.not_ready("store", "connection refused");
        assert_eq!(reason(&readiness, "store").as_deref(), Some("connection refused"));
        readiness.ready("store");
        assert_eq!(reason(&readiness, "store"), None);
    }

    #[test]
    fn silence_is_trouble() {
        let readiness = Readiness::expecting(&["streams"]);
        readiness.ready_for("streams", Duration::from_secs(3600));
        assert!(readiness.report().ready);
        readiness.ready_for("streams", Duration::ZERO);
        assert!(reason(&readiness, "streams").expect("a reason").starts_with("silent"));
        readiness.ready_for("streams", Duration::MAX);
        assert!(readiness.report().ready, "a period that never ends");
    }
}
