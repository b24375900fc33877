//! All of it in one thread: agents, floor, records.

use decision::account::Account;
use decision::book::CoreError;
use decision::core::Core;
use decision::outbox::Outbox;
use decision::policy::Policy;
use decision::record::ConfigurationRecord;
use domain::agent::{Agent, Effects, hear};
use domain::event::{Event, Watermark};
use domain::ids::RunSeed;
use domain::intervention::Intervention;
use domain::portfolio::Portfolio;
use domain::quote::Quote;
use domain::timeframe::Timeframe;
use exchange::sim::terms::{Margin, Terms};
use exchange::sim::venue::SimVenue;
use risk::agent::Risk;
use technical::agent::Technical;

use crate::floor::Floor;
use crate::input::Input;

/// The agents and the floor.
pub struct Engine {
    agents: Vec<Box<dyn Agent>>,
    floor: Floor,
    /// Empty between watermarks.
    effects: Effects,
}

/// The terms of paper trading: next open, no latency; perpetuals margined as the profile has it.
pub fn paper_terms(policy: &Policy) -> Terms {
    let Policy { costs, profile, .. } = policy;
    let terms = Terms::new(costs.maker_fee_ratio, costs.taker_fee_ratio, costs.slippage_bps);
    Terms { margin: profile.margin.map(|margin| Margin::usual(margin.leverage)), ..terms }
}

/// A configuration that names no timeframe: there would be nothing to hear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no timeframes are configured")]
pub struct NoTimeframes;

impl Engine {
    /// Agents, core and venue as a configuration wants them, before the first event: the same for
    /// a run, its recovery, its replay and a backtest.
    pub fn of(configuration: &ConfigurationRecord) -> Result<Self, NoTimeframes> {
        if configuration.is_live() {
            return Self::around(configuration, |core, _| Floor::live(core));
        }
        Self::on(configuration, paper_terms(&configuration.policy))
    }

    /// The same at a venue of other terms than paper trading has.
    pub fn on(configuration: &ConfigurationRecord, terms: Terms) -> Result<Self, NoTimeframes> {
        Self::around(configuration, |core, base| Floor::new(core, SimVenue::new(terms, base)))
    }

    fn around(
        configuration: &ConfigurationRecord,
        floor: impl FnOnce(Core, Timeframe) -> Floor,
    ) -> Result<Self, NoTimeframes> {
        let policy = configuration.policy.clone();
        let base = configuration.timeframes.first().copied().ok_or(NoTimeframes)?;
        let portfolio = Portfolio::new(configuration.quote, configuration.capital_quote);
        let seed = RunSeed(configuration.seed);
        let core = Core::new(seed, policy, base, Account::new(portfolio));
        let agents: Vec<Box<dyn Agent>> = vec![
            Box::new(Technical::new(configuration.agents.technical.clone())),
            Box::new(Risk::new(configuration.agents.risk.clone())),
        ];
        Ok(Self::new(agents, floor(core, base)))
    }

    /// Puts agents, in the order of their ids, around a floor.
    pub fn new(mut agents: Vec<Box<dyn Agent>>, floor: Floor) -> Self {
        agents.sort_by_key(|agent| agent.id());
        Self { agents, floor, effects: Effects::new() }
    }

    /// The floor.
    pub const fn floor(&self) -> &Floor {
        &self.floor
    }

    /// Takes it apart again, to go on elsewhere.
    pub fn into_parts(self) -> (Vec<Box<dyn Agent>>, Floor) {
        (self.agents, self.floor)
    }

    /// Lets the venue hear best bid and ask between two watermarks.
    pub fn quote(&mut self, quote: &Quote, out: &mut Outbox) -> Result<(), CoreError> {
        self.floor.quote(quote, out)
    }

    /// Lets the venue hear a mark price or a settlement of funding after a watermark.
    pub fn hear(&mut self, event: &Event, out: &mut Outbox) -> Result<(), CoreError> {
        self.floor.hear(event, out)
    }

    /// Lives through a watermark, to the end of its commands; those for a real venue stay in `out`.
    /// Its records come after those that `out` has already.
    #[inline]
    pub fn step(&mut self, watermark: Watermark<'_>, out: &mut Outbox) -> Result<(), CoreError> {
        let Self { agents, floor, effects } = self;
        effects.explained = out.keeps_all();
        floor.open(watermark, out)?;
        for agent in agents {
            hear(agent.as_mut(), floor.account(), watermark.events, effects);
        }
        floor.decide(watermark, &effects.answers, out)?;
        effects.answers.clear();
        let commands = std::mem::take(&mut out.commands);
        out.commands = floor.execute(commands, out)?;
        Ok(())
    }

    /// Does what an intervention asks for, to the end of its commands.
    pub fn intervene(
        &mut self,
        intervention: &Intervention,
        out: &mut Outbox,
    ) -> Result<(), CoreError> {
        self.floor.intervene(intervention, out)?;
        let commands = std::mem::take(&mut out.commands);
        out.commands = self.floor.execute(commands, out)?;
        Ok(())
    }

    /// Hears again, after the watermark that it came after, what a ledger says came from outside.
    pub fn hear_again(&mut self, input: &Input, out: &mut Outbox) -> Result<(), CoreError> {
        match input {
            Input::Report(report) => self.floor.report(report, out),
            Input::Funding(payment) => self.floor.fund(payment, out),
            Input::Intervention(intervention) => self.intervene(intervention, out),
        }
    }

    /// Lives through a watermark without acting: the agents hear it, and nobody hears them. Without
    /// a word there are no entries, so an account that holds nothing still holds nothing after it.
    pub fn listen(&mut self, watermark: Watermark<'_>, out: &mut Outbox) -> Result<(), CoreError> {
        let Self { agents, floor, effects } = self;
        effects.explained = false;
        floor.open(watermark, out)?;
        for agent in agents {
            hear(agent.as_mut(), floor.account(), watermark.events, effects);
        }
        effects.answers.clear();
        floor.decide(watermark, &[], out)
    }
}
