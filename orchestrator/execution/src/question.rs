//! One question that is asked again until it is answered, with growing pauses, and the way out.

use std::collections::BTreeMap;

use domain::instrument::InstrumentId;
use domain::time::UtcMs;

use crate::ask::{Ask, Request, RequestId};
use crate::fact::Out;
use crate::terms::Terms;

/// When something is asked (again).
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Question {
    /// Under way.
    pub(crate) asked: Option<RequestId>,
    /// Due then; none: not wanted.
    at: Option<UtcMs>,
    pause_ms: i64,
}

impl Question {
    /// Wants it at `at`, or earlier where it already is.
    pub(crate) fn want(&mut self, at: UtcMs) {
        self.at = Some(self.at.map_or(at, |known| known.min(at)));
    }

    /// Wants it again after a pause, each longer than the last, and no shorter than the venue asks.
    pub(crate) fn want_again(&mut self, now: UtcMs, terms: &Terms, least_ms: i64) {
        let pause = self.pause_ms.max(terms.ask_again_ms);
        self.pause_ms = pause.saturating_mul(2).min(terms.settle_ms / 4).max(terms.ask_again_ms);
        self.at = Some(now.plus_ms(pause.max(least_ms)));
    }

    /// No longer wanted; pauses begin anew.
    pub(crate) fn rest(&mut self) {
        *self = Self { asked: self.asked, ..Self::default() };
    }

    pub(crate) const fn is_wanted(&self) -> bool {
        self.at.is_some()
    }

    pub(crate) fn is_due(&self, now: UtcMs) -> bool {
        self.asked.is_none() && self.at.is_some_and(|at| at <= now)
    }

    pub(crate) fn next_wake(&self) -> Option<UtcMs> {
        self.at.filter(|_| self.asked.is_none())
    }

    pub(crate) fn begin(&mut self, request: RequestId) {
        self.asked = Some(request);
        self.at = None;
    }

    /// Done, without an answer of its own; the pauses go on growing.
    pub(crate) const fn take(&mut self) {
        self.at = None;
    }

    /// Whether the answer is to this question; it is then no longer under way.
    pub(crate) fn end(&mut self, request: RequestId) -> bool {
        let ours = self.asked == Some(request);
        if ours {
            self.asked = None;
        }
        ours
    }
}

/// What was asked, and when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    pub(crate) ask: Ask,
    pub(crate) at: UtcMs,
    /// Of the books, when it was asked.
    pub(crate) version: u64,
}

impl Ask {
    /// What it is about; none for the whole account.
    pub(crate) const fn instrument(&self) -> Option<InstrumentId> {
        match self {
            Self::PlaceMarket { sizing, .. }
            | Self::PlaceOco { sizing, .. }
            | Self::PlaceStop { sizing, .. }
            | Self::PlaceTarget { sizing, .. } => Some(sizing.instrument),
            Self::Cancel { instrument, .. }
            | Self::CancelConditional { instrument, .. }
            | Self::Order { instrument, .. }
            | Self::OrderById { instrument, .. }
            | Self::OrdersFrom { instrument, .. }
            | Self::Conditional { instrument, .. }
            | Self::OpenOrders { instrument }
            | Self::Conditionals { instrument }
            | Self::Fills { instrument, .. }
            | Self::Position { instrument } => Some(*instrument),
            Self::Balances | Self::Incomes { .. } => None,
        }
    }
}

/// The way out, and the time.
pub(crate) struct Io<'a> {
    pub(crate) terms: Terms,
    pub(crate) now: UtcMs,
    /// Whether the account's stream works.
    pub(crate) connected: bool,
    pub(crate) asked: &'a mut BTreeMap<RequestId, Asked>,
    pub(crate) next: &'a mut u64,
    pub(crate) out: &'a mut Out,
}

impl Io<'_> {
    pub(crate) fn ask(&mut self, ask: Ask, opens: bool, version: u64) -> RequestId {
        *self.next = self.next.saturating_add(1);
        let id = RequestId(*self.next);
        self.asked.insert(id, Asked { ask, at: self.now, version });
        self.out.requests.push(Request { id, ask, opens });
        id
    }
}
