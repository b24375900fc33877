//! What a decision sees: its instrument and the account, in numbers.

use domain::instrument::InstrumentId;
use domain::money::{Money, Overflow, Quantity};
use domain::position::Position;
use rust_decimal::Decimal;

use super::Core;
use crate::book::CoreError;
use crate::exits::{Plan, Stage};
use crate::session::Session;
use crate::snapshot::{AccountView, Holding, Planned, Sight};

impl Core {
    /// What a decision sees of its instrument now; none without a price.
    pub(super) fn sight<'a>(&self, session: &'a Session) -> Result<Option<Sight<'a>>, CoreError> {
        let instrument = session.instrument.id;
        let portfolio = &self.account.portfolio;
        let Some(reference) = portfolio.mark(instrument) else { return Ok(None) };
        let plan = self.book.plans().get(&instrument);
        let in_transit = plan.is_some_and(|plan| plan.stage != Stage::Open);
        let asked = self.policy.profile.exits.is_some();
        let planned =
            plan.filter(|_| asked).map(|plan| Planned { entry: plan.entry, risk: plan.risk() });
        let held = portfolio.positions().get(&instrument);
        let held = held.map(|held| Ok::<_, Overflow>((held.direction, held.quantity()?)));
        let under_way = |plan: &Plan| (plan.direction, Quantity::ZERO);
        let held = match held.transpose()? {
            Some(held) => Some(held),
            None => plan.filter(|_| in_transit).map(under_way),
        };
        let holding =
            held.map(|(direction, quantity)| Holding { direction, quantity, in_transit, planned });
        Ok(Some(Sight {
            instrument: &session.instrument,
            now: self.now,
            reference,
            signals: &session.signals,
            risk_word: session.risk_word.as_ref(),
            holding,
        }))
    }

    /// The account in numbers, as it is now.
    pub fn view(&self) -> Result<AccountView, CoreError> {
        let portfolio = &self.account.portfolio;
        let profile = &self.policy.profile;
        let cash_quote = portfolio.cash();
        let held = |(id, position): (&InstrumentId, &Position)| Ok((*id, position.net_base()?));
        let mut positions: Vec<_> =
            portfolio.positions().keys().chain(self.book.plans().keys()).collect();
        positions.sort_unstable();
        positions.dedup();
        let free = if profile.margin.is_some() { self.free_margin()? } else { cash_quote };
        Ok(AccountView {
            equity_quote: self.account.equity(),
            cash_quote,
            held_base: portfolio.positions().iter().map(held).collect::<Result<_, CoreError>>()?,
            free_cash_quote: free.minus(self.book.reserved()?)?,
            peak_equity_quote: self.account.peak_equity(),
            day_open_equity_quote: self.account.day_open_equity(),
            positions: u32::try_from(positions.len()).unwrap_or(u32::MAX),
            heat_quote: self.book.heat(&self.account)?,
            trading_state: self.account.state(),
            suspension: self.account.suspension().cloned(),
            day: profile.day.map(|_| self.account.day_count()),
            sharpe: self.account.sharpe(profile),
        })
    }

    /// What no position's margin is made of: of the balance, and of the equity where that is less.
    /// A gain that is not realised is no margin for another position.
    fn free_margin(&self) -> Result<Money, Overflow> {
        let portfolio = &self.account.portfolio;
        let (mut balance, mut margin) = (portfolio.cash(), Money::ZERO);
        for position in portfolio.positions().values() {
            let entry = position.entry_price().ok_or(Overflow)?;
            let cost = Money::new(position.net_base()?).scaled(entry)?;
            balance = balance.plus(cost)?;
            let cost = if cost.is_negative() { cost.negated() } else { cost };
            margin = margin.plus(self.margin_of(cost)?)?;
        }
        balance.min(portfolio.equity()?).minus(margin)
    }

    /// The margin of a position that cost so much.
    fn margin_of(&self, cost: Money) -> Result<Money, Overflow> {
        let leverage = Decimal::from(self.policy.profile.leverage());
        let margin = cost.to_decimal().checked_div(leverage).ok_or(Overflow)?;
        Ok(Money::new(margin))
    }
}
