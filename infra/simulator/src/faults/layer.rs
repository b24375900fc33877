//! Which faults of a plan strike.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::time::UtcMs;

use super::call::Call;
use super::hidden::Hidden;
use super::names::{FaultName, Strikes};
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
    pub(crate) hidden: Hidden,
    /// Until when, by the fault's place and whom it befell.
    spells: BTreeMap<(usize, MarketName, String), UtcMs>,
}

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
        self.plan.faults.iter().any(|fault| fault.name.strikes() == strikes)
    }

    fn of(&self, strikes: Strikes) -> impl Iterator<Item = (usize, &Fault)> {
        let faults = self.plan.faults.iter().enumerate();
        faults.filter(move |(_, fault)| fault.name.strikes() == strikes)
    }

    /// Whether the fault's window is open at `now`.
    fn is_open(&self, fault: &Fault, now: UtcMs) -> bool {
        let since_ms = now.since(self.start);
        fault.when.from_ms.is_none_or(|from| since_ms >= from)
            && fault.when.until_ms.is_none_or(|until| since_ms < until)
    }

    /// Whether a fault in its place strikes what goes by `key`.
    fn strikes(
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

    /// The faults that strike a request, in the plan's order.
    pub(crate) fn strike(&self, call: &Call, now: UtcMs) -> Vec<(usize, &Fault)> {
        let mut state = self.state();
        let identity = call.identity();
        let attempt = state.attempts.entry(stream_key(&identity)).or_default();
        *attempt += 1;
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
        let spell = (n, market, account.to_owned());
        let mut state = self.state();
        let known = state.spells.entry(spell).or_insert(until);
        *known = (*known).max(until);
    }

    /// The first fault of this name that lasts on for an account of a market, and until when.
    pub(crate) fn lasting(
        &self,
        name: FaultName,
        market: MarketName,
        account: &str,
        now: UtcMs,
    ) -> Option<(&Fault, UtcMs)> {
        let state = self.state();
        let mut spells = state.spells.iter();
        spells.find_map(|((n, of, whose), until)| {
            let fault = &self.plan.faults[*n];
            let is_meant = fault.name == name
                && *of == market
                && (whose.is_empty() || whose == account)
                && *until > now;
            is_meant.then_some((fault, *until))
        })
    }
}

impl FaultName {
    /// Whether it can strike such a request.
    fn is_for(self, call: &Call) -> bool {
        use super::plan::Act;
        match self {
            Self::AcceptThenTimeOut | Self::TimeOutBefore | Self::StatusUnknown => {
                matches!(call.act, Act::Place | Act::Cancel | Act::Amend)
            }
            Self::NotFoundFor | Self::QueryFailsFor => call.act == Act::Place,
            _ => true,
        }
    }
}
