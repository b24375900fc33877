//! Which faults of a plan strike.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::time::UtcMs;

use super::call::Call;
use super::hidden::Hidden;
use super::names::{Described, FaultName, Strikes};
use super::noise::{mixed, stream_key, uniform};
use super::plan::{Fault, FaultPlan, MarketName};

/// A plan at work.
#[derive(Debug)]
pub(crate) struct Layer {
    plan: FaultPlan,
    /// Its share of the seed for each fault: of its name, and how many of that name came before.
    keys: Vec<u64>,
    start: UtcMs,
    state: Mutex<State>,
}

/// What has struck, and what lasts.
#[derive(Debug, Default)]
pub(crate) struct State {
    tallies: BTreeMap<usize, Tally>,
    /// How often each request has come.
    attempts: BTreeMap<u64, u32>,
    /// Whether these were struck, the latest last.
    lately: VecDeque<((usize, u64), bool)>,
    pub(crate) hidden: Hidden,
    /// What lasts, by the fault's place and whom it befell.
    spells: BTreeMap<(usize, MarketName, String), Spell>,
    /// When accounts' streams were begun last.
    pub(crate) begun: BTreeMap<(MarketName, String), UtcMs>,
}

/// A fault that lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Spell {
    pub(crate) until: UtcMs,
    /// Requests that it has refused.
    pub(crate) refused: u64,
    /// Whether it is worse by now: a ban; or over for who has asked: a clock.
    pub(crate) has_turned: bool,
}

/// Messages of which it is remembered whether they were struck: those of one moment.
const LATELY: usize = 256;

#[derive(Debug, Default)]
struct Tally {
    met: u64,
    struck: u64,
}

impl Layer {
    pub(crate) fn new(plan: FaultPlan, seed: u64, start: UtcMs) -> Self {
        let faults = &plan.faults;
        let keys = faults.iter().enumerate().map(|(n, fault)| {
            let earlier = faults[..n].iter().filter(|other| other.name == fault.name).count();
            mixed(mixed(seed) ^ stream_key(fault.name.word())).wrapping_add(earlier as u64)
        });
        let keys = keys.collect();
        Self { plan, keys, start, state: Mutex::default() }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether anything may ever strike these.
    pub(crate) fn has(&self, strikes: Strikes) -> bool {
        self.of(strikes).next().is_some()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.plan.faults.is_empty()
    }

    /// Whether anything may ever strike a request.
    pub(crate) fn is_at_requests(&self) -> bool {
        self.has(Strikes::Requests) || self.has(Strikes::Sockets)
    }

    pub(crate) fn start(&self) -> UtcMs {
        self.start
    }

    pub(crate) fn key(&self, n: usize) -> u64 {
        self.keys[n]
    }

    pub(crate) fn of(&self, strikes: Strikes) -> impl Iterator<Item = (usize, &Fault)> {
        let faults = self.plan.faults.iter().enumerate();
        faults.filter(move |(_, fault)| Described::is_of(fault.name.strikes(), strikes))
    }

    /// Whether the fault's window is open at `now`.
    fn is_open(&self, fault: &Fault, now: UtcMs) -> bool {
        let since_ms = now.since(self.start);
        fault.when.from_ms.is_none_or(|from| since_ms >= from)
            && fault.when.until_ms.is_none_or(|until| since_ms < until)
    }

    /// Whether a fault in its place strikes what goes by `key`.
    pub(crate) fn strikes(
        &self,
        state: &mut State,
        (n, fault): (usize, &Fault),
        key: &str,
        now: UtcMs,
    ) -> bool {
        if !self.is_open(fault, now) {
            return false;
        }
        let tally = state.tallies.entry(n).or_default();
        tally.met += 1;
        let when = &fault.when;
        let is_drawn = when
            .ratio
            .is_none_or(|ratio| uniform(mixed(mixed(self.keys[n]) ^ stream_key(key))) < ratio);
        let strikes = (when.nth.is_empty() || when.nth.contains(&tally.met))
            && is_drawn
            && when.at_most.is_none_or(|most| tally.struck < most);
        tally.struck += u64::from(strikes);
        strikes
    }

    /// The same of what several are told at once: it is met once.
    pub(crate) fn strikes_once(
        &self,
        state: &mut State,
        fault: (usize, &Fault),
        key: &str,
        now: UtcMs,
    ) -> bool {
        let memo = (fault.0, stream_key(key));
        if let Some((_, struck)) = state.lately.iter().find(|(known, _)| *known == memo) {
            return *struck;
        }
        let struck = self.strikes(state, fault, key, now);
        if state.lately.len() >= LATELY {
            state.lately.pop_front();
        }
        state.lately.push_back((memo, struck));
        struck
    }

    /// How often something that goes by this has come, this time included.
    pub(crate) fn attempt(&self, state: &mut State, identity: &str) -> u32 {
        let attempt = state.attempts.entry(stream_key(identity)).or_default();
        *attempt += 1;
        *attempt
    }

    /// The faults that strike a request, in the plan's order.
    pub(crate) fn strike(&self, call: &Call, now: UtcMs) -> Vec<(usize, &Fault)> {
        let mut state = self.state();
        let identity = call.identity();
        let attempt = self.attempt(&mut state, &identity);
        let key = format!("{identity}|{attempt}");
        let mut struck = Vec::new();
        for (n, fault) in self.of(Strikes::Requests) {
            if call.is_at(&fault.place)
                && fault.name.is_for(call)
                && self.strikes(&mut state, (n, fault), &key, now)
            {
                struck.push((n, fault));
            }
        }
        struck
    }

    /// A fault that lasts befalls an account of a market, or all of it where the name is empty.
    pub(crate) fn begin(&self, n: usize, market: MarketName, account: &str, until: UtcMs) {
        let spell = Spell { until, refused: 0, has_turned: false };
        let mut state = self.state();
        let known = state.spells.entry((n, market, account.to_owned())).or_insert(spell);
        if known.until < until {
            *known = Spell { until, ..*known };
        }
    }

    /// The first fault of this name that lasts on for an account of a market. It may be changed.
    pub(crate) fn lasting<T>(
        &self,
        name: FaultName,
        market: MarketName,
        account: &str,
        now: UtcMs,
        then: impl FnOnce(&Fault, &mut Spell) -> T,
    ) -> Option<T> {
        let mut state = self.state();
        state.spells.retain(|_, spell| spell.until > now);
        let mut spells = state.spells.iter_mut();
        let (fault, spell) = spells.find_map(|((n, of, whose), spell)| {
            let fault = &self.plan.faults[*n];
            let is_meant =
                fault.name == name && *of == market && (whose.is_empty() || whose == account);
            is_meant.then_some((fault, spell))
        })?;
        Some(then(fault, spell))
    }
}

impl Described {
    /// Whether it is one of those that strike these.
    fn is_of(strikes: Strikes, wanted: Strikes) -> bool {
        strikes == wanted
            || strikes == Strikes::Answers
                && matches!(wanted, Strikes::Requests | Strikes::Messages)
    }
}
