//! The three steps of a watermark, in the one order that they have everywhere: the venue hears
//! the candles, the core decides on the agents' answers, the venue does what it is asked. At a real
//! venue the first is nothing, and the third is whoever holds the floor: it brings the reports back.

use decision::book::CoreError;
use decision::core::Core;
use decision::outbox::Outbox;
use domain::agent::Effect;
use domain::event::{Event, Sequenced, Watermark};
use domain::funding::FundingPayment;
use domain::gateway::Command;
use domain::intervention::Intervention;
use domain::order::OrderReport;
use domain::quote::Quote;
use exchange::sim::venue::SimVenue;

/// The core, and the simulated venue where it trades at one.
pub struct Floor {
    core: Core,
    /// None where the venue is a real one.
    venue: Option<SimVenue>,
    account: Option<Sequenced>,
}

impl Floor {
    /// Joins a core with a venue.
    pub const fn new(core: Core, venue: SimVenue) -> Self {
        Self { core, venue: Some(venue), account: None }
    }

    /// A core that trades at a real venue.
    pub const fn live(core: Core) -> Self {
        Self { core, venue: None, account: None }
    }

    /// The core.
    pub const fn core(&self) -> &Core {
        &self.core
    }

    /// The account as agents hear it with the next watermark.
    pub const fn account(&self) -> Option<&Sequenced> {
        self.account.as_ref()
    }

    /// First: moves on to the watermark, fills orders on its candles and books the fills.
    #[inline]
    pub fn open(&mut self, watermark: Watermark<'_>, out: &mut Outbox) -> Result<(), CoreError> {
        self.core.advance(watermark);
        let Some(venue) = &mut self.venue else { return Ok(()) };
        for Sequenced { event, .. } in watermark.events {
            for report in venue.on_event(event)? {
                self.core.on_report(&report, out)?;
            }
        }
        Ok(())
    }

    /// Between two watermarks: the venue may fill by best bid and ask.
    pub fn quote(&mut self, quote: &Quote, out: &mut Outbox) -> Result<(), CoreError> {
        let Some(venue) = &mut self.venue else { return Ok(()) };
        for report in venue.on_quote(quote)? {
            self.core.on_report(&report, out)?;
        }
        Ok(())
    }

    /// After a watermark: the venue may liquidate on mark prices, and settles funding.
    pub fn hear(&mut self, event: &Event, out: &mut Outbox) -> Result<(), CoreError> {
        let Some(venue) = &mut self.venue else { return Ok(()) };
        for report in venue.on_event(event)? {
            self.core.on_report(&report, out)?;
        }
        if let Event::FundingSettled { instrument, time_exchange, rate_ratio } = event
            && let Some(payment) = venue.on_funding(*instrument, *rate_ratio, *time_exchange)?
        {
            self.core.on_funding(&payment, out)?;
        }
        Ok(())
    }

    /// After a watermark's orders were sent: what a real venue says of one.
    pub fn report(&mut self, report: &OrderReport, out: &mut Outbox) -> Result<(), CoreError> {
        self.core.on_report(report, out)
    }

    /// After a watermark's orders were sent: what a real venue took or paid for funding.
    pub fn fund(&mut self, payment: &FundingPayment, out: &mut Outbox) -> Result<(), CoreError> {
        self.core.on_funding(payment, out)
    }

    /// After a watermark's orders were sent: a person's word, or what only a person can settle. Its
    /// records must be persisted before its commands are executed.
    pub fn intervene(
        &mut self,
        intervention: &Intervention,
        out: &mut Outbox,
    ) -> Result<(), CoreError> {
        self.core.on_intervention(intervention, out)
    }

    /// Second: decides on the agents' answers. The records must be persisted before the third.
    #[inline]
    pub fn decide(
        &mut self,
        watermark: Watermark<'_>,
        effects: &[Effect],
        out: &mut Outbox,
    ) -> Result<(), CoreError> {
        let decided = self.core.on_watermark(watermark, effects, out)?;
        self.account = if decided { Some(self.mark(watermark)) } else { None };
        Ok(())
    }

    /// Third: has the simulated venue do what was decided, and books what it reports at once. For a
    /// real one the commands are given back, to be dispatched by the caller.
    pub fn execute(
        &mut self,
        commands: Vec<Command>,
        out: &mut Outbox,
    ) -> Result<Vec<Command>, CoreError> {
        let Some(venue) = &mut self.venue else { return Ok(commands) };
        for command in &commands {
            for report in venue.execute(command, self.core.now())? {
                self.core.on_report(&report, out)?;
            }
        }
        Ok(Vec::new())
    }

    #[inline]
    fn mark(&self, watermark: Watermark<'_>) -> Sequenced {
        let account = self.core.account();
        let input_seq = watermark.events.last().map_or(0, |last| last.input_seq);
        let (equity_quote, drawdown_ratio) = (account.equity(), account.drawdown_ratio());
        Sequenced { input_seq, event: Event::AccountMarked { equity_quote, drawdown_ratio } }
    }
}
