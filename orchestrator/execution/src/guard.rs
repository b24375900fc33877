//! What protects the position that one decision opened.

use domain::gateway::Protection;
use domain::money::Quantity;
use domain::order::{Role, Side};
use domain::time::UtcMs;

use crate::question::Question;
use crate::terms::Terms;

/// The stop and the target of a decision's position.
#[derive(Debug, Clone)]
pub(crate) struct Guard {
    /// The side that closes.
    pub(crate) side: Side,
    pub(crate) protection: Protection,
    /// The next names', of the stop (on spot of both) and of the target.
    pub(crate) generations: [u16; 2],
    /// The entry's first fill.
    pub(crate) since: Option<UtcMs>,
    /// When a stop was last placed.
    pub(crate) placed_at: Option<UtcMs>,
    /// Placing (again), of the stop (on spot of both) and of the target.
    pub(crate) place: [Question; 2],
    /// Refusals in a row, of the stop (on spot of both) and of the target.
    pub(crate) refusals: [u32; 2],
    /// In the venue's words.
    pub(crate) refused: Option<String>,
    /// Whether the venue would execute the stop or the target at once.
    pub(crate) passed: bool,
    /// Since when the position has no working stop.
    pub(crate) bare_since: Option<UtcMs>,
    /// When the core was last told.
    pub(crate) told_at: Option<UtcMs>,
    /// A protective order that was on its way when an earlier executor died may appear until then.
    pub(crate) not_before: UtcMs,
}

/// What should be at the venue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Want {
    /// Nothing of it.
    Nothing,
    /// What there is, until more is known.
    Keep,
    /// A stop and a target for this much.
    All(Quantity),
}

impl Guard {
    pub(crate) fn new(side: Side, protection: Protection) -> Self {
        Self {
            side,
            protection,
            generations: [0; 2],
            since: None,
            placed_at: None,
            place: [Question::default(); 2],
            refusals: [0; 2],
            refused: None,
            passed: false,
            bare_since: None,
            told_at: None,
            not_before: UtcMs::new(i64::MIN),
        }
    }

    /// Names after a restart begin where an earlier executor has hardly been: it may have used
    /// names that nobody remembers. One that is used twice after all is answered as a duplicate, or
    /// found among the open orders, and taken for what it is.
    pub(crate) fn rename(&mut self, now: UtcMs) {
        let second = (now.ms() / 1_000).rem_euclid(60_000);
        let first = u16::try_from(second).unwrap_or_default().saturating_add(1);
        self.generations = [first; 2];
    }

    pub(crate) fn next_generation(&mut self, role: Role) -> u16 {
        let next = &mut self.generations[usize::from(role == Role::Target)];
        let generation = *next;
        *next = generation.checked_add(1).unwrap_or(1);
        generation
    }

    /// A name that is in use.
    pub(crate) fn skip(&mut self, used: u16) {
        for next in &mut self.generations {
            *next = (*next).max(used.saturating_add(1));
        }
    }

    /// The venue refused to protect, or took it back.
    pub(crate) fn refuse(
        &mut self,
        role: Role,
        code: i64,
        reason: &str,
        now: UtcMs,
        terms: &Terms,
    ) {
        let refusals = &mut self.refusals[usize::from(role == Role::Target)];
        *refusals = refusals.saturating_add(1);
        // −2021 of futures; spot says it in words.
        let words = reason.to_ascii_lowercase();
        let at_once = words.contains("trigger immediately")
            || words.contains("immediately trigger")
            || words.contains("immediately match");
        self.passed |= code == -2021 || at_once;
        self.refused = Some(reason.to_owned());
        self.placing(role).want_again(now, terms, 0);
    }

    /// Whether asking again is of no use.
    pub(crate) const fn is_hopeless(&self) -> bool {
        self.passed || self.refusals[0] > 1
    }

    /// Placing, of one role.
    pub(crate) const fn placing(&mut self, role: Role) -> &mut Question {
        match role {
            Role::Target => &mut self.place[1],
            _ => &mut self.place[0],
        }
    }
}
