//! Books of its own, kept from the records alone, to hold the core's against after every step.

use std::collections::BTreeMap;

use backtest::floor::Floor;
use decision::exits::Stage;
use decision::kernel::{Approved, Shrink, Verdict};
use decision::outbox::Outbox;
use decision::policy::Policy;
use decision::record::{Dated, DecisionRecord, OrderStep, Record};
use decision::snapshot::TradingState;
use domain::agent::Effects;
use domain::event::{Event, Released};
use domain::ids::Id;
use domain::instrument::InstrumentId;
use domain::intent::{Action, IntentReason};
use domain::money::Price;
use domain::order::{ClientOrderId, OrderKind, Role, Side};
use domain::trade::ExitReason;
use rust_decimal::Decimal;

use crate::parts::CAPITAL;

/// How often things happened: a proof about what never happens proves nothing.
#[derive(Debug, Default)]
pub(crate) struct Seen(pub(crate) BTreeMap<String, u32>);

impl Seen {
    pub(crate) fn add(&mut self, what: impl Into<String>) {
        *self.0.entry(what.into()).or_default() += 1;
    }
}

pub(crate) struct Witness {
    policy: Policy,
    cash: Decimal,
    fees: Decimal,
    pnl: Decimal,
    held: BTreeMap<InstrumentId, Decimal>,
    stops: BTreeMap<Id, Price>,
    peak: Decimal,
    halted: bool,
    paused_on: Option<i64>,
    pub(crate) seen: Seen,
}

impl Witness {
    pub(crate) fn new(policy: Policy) -> Self {
        let cash: Decimal = CAPITAL.parse().unwrap();
        Self {
            policy,
            cash,
            fees: Decimal::ZERO,
            pnl: Decimal::ZERO,
            held: BTreeMap::new(),
            stops: BTreeMap::new(),
            peak: cash,
            halted: false,
            paused_on: None,
            seen: Seen::default(),
        }
    }

    /// Lives through a watermark with `floor` and checks everything. Gives back the records.
    pub(crate) fn live(
        &mut self,
        floor: &mut Floor,
        released: &Released,
        effects: Effects,
    ) -> Vec<Dated> {
        let mut out = Outbox::default();
        floor.open(released.view(), &mut out).unwrap();
        self.book(&out.records);
        self.check_books(floor);
        let booked = out.records.len();
        floor.decide(released.view(), &effects.answers, &mut out).unwrap();
        self.check_account(floor, released);
        for dated in &out.records[booked..] {
            match &dated.record {
                Record::Decision(record) => self.check_decision(record, released),
                Record::StateChanged(change) => self.seen.add(change.to.name()),
                _ => {}
            }
        }
        self.check_books(floor);
        let decided = out.records.len();
        let commands = std::mem::take(&mut out.commands);
        floor.execute(commands, &mut out).unwrap();
        self.book(&out.records[decided..]);
        self.check_books(floor);
        self.check_plans(floor, released);
        out.records
    }

    fn book(&mut self, records: &[Dated]) {
        for Dated { record, .. } in records {
            match record {
                Record::Fill(fill) => {
                    assert!(fill.price > Price::ZERO, "{fill:?}");
                    let (price, quantity) = (fill.price.to_decimal(), fill.quantity.to_decimal());
                    let held = self.held.entry(fill.instrument).or_default();
                    let buys = fill.side == Side::Buy;
                    *held += if buys { quantity } else { -quantity };
                    assert!(*held >= Decimal::ZERO, "sold more than was held: {fill:?}");
                    self.cash += if buys { -price * quantity } else { price * quantity };
                    self.cash -= fill.fee.to_decimal();
                    self.fees += fill.fee.to_decimal();
                }
                Record::Trade(trade) => {
                    self.pnl += trade.pnl_quote.to_decimal();
                    self.seen.add(trade.exit_reason.name());
                }
                Record::Order(order) => {
                    if let OrderStep::Reported(event) = &order.step {
                        self.seen.add(event.name());
                    }
                }
                _ => {}
            }
        }
        self.held.retain(|_, held| !held.is_zero());
    }

    /// Equity = cash + positions at mark, trades' profit = realised, whatever just happened.
    fn check_books(&self, floor: &Floor) {
        let portfolio = &floor.core().account().portfolio;
        assert_eq!(portfolio.cash().to_decimal(), self.cash);
        assert_eq!(portfolio.fees_quote().to_decimal(), self.fees);
        assert_eq!(portfolio.realised_quote().to_decimal(), self.pnl);
        let held: BTreeMap<_, _> = portfolio
            .positions()
            .iter()
            .map(|(id, position)| (*id, position.net_base().unwrap()))
            .collect();
        assert_eq!(held, self.held);
        assert_eq!(portfolio.equity().unwrap().to_decimal(), self.equity(floor));
    }

    fn equity(&self, floor: &Floor) -> Decimal {
        let mark = |id| floor.core().account().portfolio.mark(id).unwrap().to_decimal();
        self.cash + self.held.iter().map(|(id, held)| held * mark(*id)).sum::<Decimal>()
    }

    /// Peak, halt and pause, told from the equity alone.
    fn check_account(&mut self, floor: &Floor, released: &Released) {
        let (account, profile) = (floor.core().account(), &self.policy.profile);
        let equity = account.equity().to_decimal();
        self.peak = self.peak.max(equity);
        assert_eq!(account.peak_equity().to_decimal(), self.peak);
        self.halted |= self.peak - equity >= self.peak * profile.halt_at_drawdown_ratio;
        let (opened, today) = (account.day_open_equity().to_decimal(), released.watermark.day());
        if opened - equity >= opened * profile.daily_loss_ratio {
            self.paused_on = Some(today);
        }
        let paused = self.paused_on == Some(today);
        let expected = match (self.halted, paused) {
            (true, _) => TradingState::Halted,
            (false, true) => TradingState::Reducing,
            (false, false) => TradingState::Active,
        };
        assert_eq!(account.state(), expected);
    }

    fn check_decision(&mut self, record: &DecisionRecord, released: &Released) {
        let DecisionRecord { snapshot, intent, verdict, .. } = record;
        let held = snapshot.holding.is_some_and(|h| !h.quantity.is_zero() && !h.in_transit);
        match verdict {
            Verdict::Hold => {
                assert_eq!(intent.action, Action::Hold);
                self.seen.add(intent.reason.name());
            }
            Verdict::Denied(denial) => {
                let exit_denied = intent.reason == IntentReason::ExitOnOpposite && held;
                assert!(!exit_denied, "an exit was refused: {denial}");
                self.seen.add(denial.name());
            }
            Verdict::Approved(approved) if intent.action == Action::Sell => {
                let quantity = snapshot.holding.unwrap().quantity;
                assert_eq!((approved.side(), approved.quantity()), (Side::Sell, quantity));
            }
            Verdict::Approved(approved) => {
                assert_eq!(snapshot.now, released.watermark);
                assert!(!held, "a position was added to");
                self.check_entry(record, approved);
            }
        }
    }

    /// Every limit, computed once more in plain decimals.
    fn check_entry(&mut self, record: &DecisionRecord, approved: &Approved) {
        let DecisionRecord { snapshot, intent, .. } = record;
        let (profile, costs) = (&self.policy.profile, &self.policy.costs);
        let (account, filters) = (&snapshot.account, &snapshot.instrument.filters);
        assert!(!self.halted && self.paused_on != Some(snapshot.now.day()));
        assert_eq!(account.trading_state, TradingState::Active);
        let word = snapshot.risk_word.as_ref().unwrap();
        assert!(word.entries_allowed && snapshot.now < word.expires_at && word.size_ratio > 0.0);
        assert!(intent.confidence.unwrap() >= 0.70);
        assert!(account.positions < profile.max_positions);

        let protection = approved.protection().unwrap();
        assert!(Price::ZERO < protection.stop && protection.stop < intent.reference);
        assert!(intent.reference < protection.target);
        filters.check(approved.quantity(), intent.reference).unwrap();

        let quantity = approved.quantity().to_decimal();
        let slip = costs.slippage_bps / Decimal::from(10_000);
        let tick = filters.tick.to_decimal();
        let fee = costs.taker_fee_ratio;
        let bought = intent.reference.to_decimal() * (Decimal::ONE + slip) / tick;
        let sold = protection.stop.to_decimal() * (Decimal::ONE - slip) / tick;
        let cost = bought.ceil() * tick * (Decimal::ONE + fee) * quantity;
        let loss = cost - sold.floor() * tick * (Decimal::ONE - fee) * quantity;
        let equity = account.equity_quote.to_decimal();
        assert_eq!(approved.cost_quote().to_decimal(), cost.normalize());
        assert!(cost <= account.free_cash_quote.to_decimal(), "beyond the cash");
        let (peak, least) = (account.peak_equity_quote.to_decimal(), Decimal::new(5, 1));
        let halved = peak - equity >= peak * profile.halve_at_drawdown_ratio;
        let caution = Decimal::try_from(word.size_ratio.min(1.0)).unwrap();
        let risk = equity * profile.risk_per_trade_ratio * caution;
        assert!(
            loss <= risk * if halved { least } else { Decimal::ONE },
            "beyond the risk per trade"
        );
        let heat = account.heat_quote.to_decimal() + loss;
        assert!(heat <= equity * profile.max_heat_ratio, "beyond the heat");

        self.stops.insert(record.id, protection.stop);
        self.seen.add("entry");
        for shrink in approved.shrunk_by() {
            self.seen.add(format!("{shrink:?}"));
        }
        assert_eq!(halved, approved.shrunk_by().contains(&Shrink::Drawdown));
    }

    /// Each position has its stop and target at the venue, and a stop that never went back.
    fn check_plans(&mut self, floor: &Floor, released: &Released) {
        let (core, book) = (floor.core(), floor.core().book());
        let view = core.view().unwrap();
        assert!(view.positions <= self.policy.profile.max_positions);
        let cash: Decimal =
            view.free_cash_quote.to_decimal() + book.reserved().unwrap().to_decimal();
        assert_eq!(cash, self.cash);
        for instrument in self.held.keys() {
            assert!(book.plans().contains_key(instrument), "{instrument} is held without a plan");
        }
        for (instrument, plan) in book.plans() {
            assert!(plan.protection.stop < plan.protection.target, "{plan:?}");
            let before = self.stops.insert(plan.decision_id, plan.protection.stop).unwrap();
            assert!(plan.protection.stop >= before, "the stop went back");
            let order = |role| book.order(ClientOrderId::new(plan.decision_id, role));
            if plan.stage == Stage::Open {
                let (stop, target) = (order(Role::Stop).unwrap(), order(Role::Target).unwrap());
                assert_eq!(stop.ticket.kind, OrderKind::Stop { trigger: plan.protection.stop });
                assert_eq!(target.ticket.kind, OrderKind::Target { price: plan.protection.target });
                for order in [stop, target] {
                    assert!(!order.state.is_final());
                    assert_eq!(order.ticket.quantity.to_decimal(), self.held[instrument]);
                }
            }
            let ended = |event: &Event| matches!(event, Event::SessionEnded { instrument: of, .. } if of == instrument);
            assert!(!released.events.iter().any(|e| ended(&e.event)), "it outlived its session");
            assert_ne!(plan.stage, Stage::Closing(ExitReason::ForceExit));
        }
    }
}
