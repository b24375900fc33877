//! What is known of an instrument while its session lasts.

use domain::instrument::Instrument;
use domain::signal::{RiskWord, Signal};
use serde::{Deserialize, Serialize};

/// The instrument, and the last word of each agent on it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Session {
    pub(crate) instrument: Instrument,
    /// By agent.
    pub(crate) signals: Vec<Signal>,
    pub(crate) risk_word: Option<RiskWord>,
}

impl Session {
    pub(crate) const fn begin(instrument: Instrument) -> Self {
        Self { instrument, signals: Vec::new(), risk_word: None }
    }

    /// An agent's new signal takes the place of its last one.
    pub(crate) fn hear(&mut self, signal: &Signal) {
        match self.signals.binary_search_by_key(&signal.agent, |last| last.agent) {
            Ok(at) => self.signals[at].clone_from(signal),
            Err(at) => self.signals.insert(at, signal.clone()),
        }
    }
}
