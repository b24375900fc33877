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

    /// An agent's new signal takes the place of its last one. It is written into it field by field:
    /// a whole clone would be built elsewhere and waited for before it is copied here.
    pub(crate) fn hear(&mut self, signal: &Signal) {
        match self.signals.iter_mut().find(|last| last.agent == signal.agent) {
            Some(last) => {
                last.basis.clone_from(&signal.basis);
                let basis = std::mem::take(&mut last.basis);
                *last = Signal { basis, ..*signal };
            }
            None => {
                let at = self.signals.partition_point(|last| last.agent < signal.agent);
                self.signals.insert(at, signal.clone());
            }
        }
    }

    /// The risk agent's new word takes the place of its last one.
    pub(crate) fn heed(&mut self, word: &RiskWord) {
        match &mut self.risk_word {
            Some(last) => {
                last.basis.clone_from(&word.basis);
                let basis = std::mem::take(&mut last.basis);
                *last = RiskWord { basis, ..*word };
            }
            None => self.risk_word = Some(word.clone()),
        }
    }
}
