//! What an account on futures pays and gets beside its fills.

use domain::funding::FundingSource;
use domain::money::Money;
use domain::time::{DAY_MS, HOUR_MS, UtcMs};
use execution::answer::{AccountEvent, Answer, IncomeSeen};
use execution::ask::Ask;
use execution::fact::Fact;
use execution::memory::PaymentsKept;
use execution::terms::Market;
use rust_decimal::Decimal;

use crate::book::Book;
use crate::venue::Venue;
use crate::world::{Fate, World};

impl Venue {
    /// Settles funding at this rate, whatever is held.
    pub(crate) fn fund(&mut self, rate: &str) {
        let paid = self.base * self.price.to_decimal() * rate.parse::<Decimal>().unwrap();
        if !paid.is_zero() {
            let income_id = i64::try_from(self.id()).unwrap();
            self.pay(FundingSource::Told { income_id }, -paid);
        }
    }

    fn pay(&mut self, source: FundingSource, amount: Decimal) {
        self.quote += amount;
        self.incomes.push(IncomeSeen {
            symbol: self.instrument.id.symbol(),
            amount_quote: Money::new(amount),
            source,
            time_exchange: self.now,
        });
        self.events.push(AccountEvent::Funded);
    }

    pub(crate) fn incomes_since(&self, since: UtcMs) -> Answer {
        let shown = self.incomes.iter().filter(|row| {
            row.time_exchange >= since && row.time_exchange.plus_ms(self.fills_lag_ms) <= self.now
        });
        Answer::Incomes(shown.cloned().collect())
    }
}

impl Book {
    /// As a ledger tells of them.
    pub(crate) fn payments(&self) -> PaymentsKept {
        let last = self.paid.iter().map(|paid| paid.time_exchange).max();
        let since = last.map(|last| last.plus_ms(-DAY_MS));
        let recent = self.paid.iter().filter(|paid| Some(paid.time_exchange) >= since);
        let booked = recent.map(|paid| (paid.instrument, paid.source)).collect();
        PaymentsKept { since, booked }
    }
}

impl World {
    /// Each payment of the venue is booked once.
    pub(crate) fn check_payments(&self) {
        let mut venues: Vec<_> =
            self.venue.incomes.iter().map(|row| (row.source, row.amount_quote)).collect();
        let mut ours: Vec<_> =
            self.book.paid.iter().map(|paid| (paid.source, paid.amount_quote)).collect();
        venues.sort();
        ours.sort();
        assert_eq!(ours, venues, "every payment is booked once");
    }

    fn asked_for_payments(&self) -> usize {
        self.count(|ask| matches!(ask, Ask::Incomes { .. }))
    }
}

const ONE_WAY: Market = Market::Usdm { hedge: false };

#[test]
fn what_the_stream_tells_is_booked_at_once_and_once() {
    let mut world = World::new(ONE_WAY);
    world.buy("1");
    world.run(3_000);
    world.venue.fund("0.0001");
    world.run(2_000);
    let paid: Vec<_> = world.book.paid.iter().map(|paid| paid.amount_quote).collect();
    assert_eq!(paid, ["-0.01".parse().unwrap()]);
    // Told twice, asked for again, and after a start.
    world.event(AccountEvent::Funded);
    world.run(2 * HOUR_MS);
    world.restart();
    world.venue.fund("-0.0002");
    world.run(2_000);
    world.settle();
    assert_eq!(world.book.paid.len(), 2);
}

#[test]
fn what_nobody_tells_is_found_after_the_full_hour() {
    let mut world = World::new(ONE_WAY);
    world.buy("1");
    world.run(3_000);
    world.mute();
    let rest = world.now.ceil(HOUR_MS).since(world.now);
    world.run(rest);
    // The venue's list is late too.
    world.venue.fills_lag_ms = 30_000;
    world.venue.fund("0.0001");
    let before = world.asked_for_payments();
    world.run(90_000);
    assert_eq!(world.book.paid.len(), 1);
    assert_eq!(world.asked_for_payments(), before + 1, "nothing is asked in vain");
    world.settle();
}

#[test]
fn what_the_list_shows_late_is_looked_for_until_it_does() {
    let mut world = World::new(ONE_WAY);
    world.buy("1");
    world.run(3_000);
    world.venue.fills_lag_ms = 45_000;
    world.venue.fund("0.0001");
    world.run(10_000);
    assert!(world.book.paid.is_empty() && !world.executor.is_quiet());
    world.run(60_000);
    assert_eq!(world.book.paid.len(), 1);
    assert!(world.executor.is_quiet());
    world.settle();
}

#[test]
fn an_account_that_can_t_be_asked_is_asked_again() {
    let mut world = World::new(ONE_WAY);
    world.buy("1");
    world.run(3_000);
    world.roads(|ask| match ask {
        Ask::Incomes { .. } => Fate::Lost,
        _ => Fate::Fine,
    });
    world.venue.fund("0.0001");
    world.run(5 * 60_000);
    assert!(world.book.paid.is_empty() && !world.executor.is_quiet());
    world.settle();
    assert_eq!(world.book.paid.len(), 1);
}

#[test]
fn while_it_was_away_payments_are_found_by_what_the_ledger_has() {
    let mut world = World::new(ONE_WAY);
    world.buy("1");
    world.run(3_000);
    world.venue.fund("0.0001");
    world.run(3_000);
    // A liquidation has a price of its own.
    world.venue.pay(FundingSource::Liquidation { income_id: 1 }, Decimal::NEGATIVE_ONE);
    world.restart();
    world.run(3_000);
    assert_eq!(world.book.paid.len(), 2);
    world.settle();
}

#[test]
fn payments_of_before_the_run_and_of_strangers_are_not_ours() {
    let mut world = World::new(ONE_WAY);
    let row = |symbol: &str, income_id, time_exchange| IncomeSeen {
        symbol: symbol.to_owned(),
        amount_quote: "5".parse().unwrap(),
        source: FundingSource::Told { income_id },
        time_exchange,
    };
    world.venue.incomes = vec![row("ETHUSDT", 8, world.now)];
    world.event(AccountEvent::Funded);
    world.run(400_000);
    assert!(world.book.paid.is_empty());
    let told = |fact: &&Fact| matches!(fact, Fact::UnknownInstrument { .. });
    assert_eq!(world.facts.iter().filter(told).count(), 1);
    assert!(world.executor.is_quiet());
}

fn told_of_differences(world: &World) -> usize {
    world.facts.iter().filter(|fact| matches!(fact, Fact::BooksDiffer { .. })).count()
}

/// Opens and closes, and pays funding in between.
fn trade(world: &mut World) {
    world.buy("1");
    world.run(3_000);
    world.venue.fund("0.0001");
    world.run(3_000);
    world.close();
    world.run(20_000);
    world.book.plan = None;
}

#[test]
fn a_wallet_that_nobody_else_touches_is_what_we_say() {
    for market in [ONE_WAY, Market::Usdm { hedge: true }] {
        let mut world = World::new(market);
        world.venue.fee_permille = 1;
        trade(&mut world);
        world.run(400_000);
        // The venue rounds what profits are.
        world.venue.quote += Decimal::new(3, 8);
        trade(&mut world);
        world.run(900_000);
        assert_eq!(told_of_differences(&world), 0);
        assert!(world.count(|ask| matches!(ask, Ask::Balances)) > 5);
        world.settle();
    }
}

#[test]
fn a_wallet_that_somebody_else_touches_is_told_and_a_late_payment_is_not() {
    let mut world = World::new(ONE_WAY);
    trade(&mut world);
    world.run(100_000);
    // Neither the stream nor, for four minutes, the list tells of a payment.
    world.mute();
    world.venue.pay(FundingSource::Told { income_id: 77 }, Decimal::NEGATIVE_ONE);
    world.venue.fills_lag_ms = 240_000;
    world.run(800_000);
    assert_eq!((told_of_differences(&world), world.halted()), (0, false));
    world.venue.quote += Decimal::TEN;
    world.run(800_000);
    assert_eq!((told_of_differences(&world), world.halted()), (1, true));
    world.settle();
}
