//! A pit in which orders meet prices.

mod candles;
mod finer;
mod latency;
mod margin;
mod models;
mod parts;
mod properties;
mod quotes;

use domain::candle::Candle;
use domain::event::Event;
use domain::fill::Fill;
use domain::gateway::{Command, Protection};
use domain::ids::{Id, RunSeed};
use domain::instrument::{Filters, Instrument};
use domain::money::Price;
use domain::order::{ClientOrderId, OrderEvent, OrderKind, OrderReport, Role, Side, Ticket};
use domain::time::UtcMs;
use domain::timeframe::Timeframe;

use crate::sim::terms::Terms;
use crate::sim::venue::SimVenue;

const START: UtcMs = UtcMs::new(1_699_999_200_000);

fn terms() -> Terms {
    let [maker, taker, bps] = ["0.0002", "0.001", "5"].map(|text| text.parse().unwrap());
    Terms::new(maker, taker, bps)
}

struct Pit {
    venue: SimVenue,
    now: UtcMs,
}

fn price(text: &str) -> Price {
    text.parse().unwrap()
}

fn coin() -> Instrument {
    let filters = Filters {
        tick: price("0.01"),
        step: "0.001".parse().unwrap(),
        min_quantity: "0.001".parse().unwrap(),
        max_quantity: "100".parse().unwrap(),
        min_notional_quote: "5".parse().unwrap(),
    };
    Instrument { id: "BTC/USDT".parse().unwrap(), filters }
}

fn ticket(decision: u64, role: Role, kind: OrderKind, quantity: &str) -> Ticket {
    let id = Id::of(RunSeed(1), decision, "decision", "");
    Ticket {
        client_order_id: ClientOrderId::new(id, role),
        instrument: coin().id,
        side: if role == Role::Entry { Side::Buy } else { Side::Sell },
        kind,
        quantity: quantity.parse().unwrap(),
    }
}

fn names(reports: &[OrderReport]) -> Vec<(Role, &'static str)> {
    reports.iter().map(|r| (r.client_order_id.role(), r.event.name())).collect()
}

fn fills(reports: &[OrderReport]) -> Vec<Fill> {
    let fill = |report: &OrderReport| match &report.event {
        OrderEvent::Filled(fill) => Some(fill.clone()),
        _ => None,
    };
    reports.iter().filter_map(fill).collect()
}

impl Pit {
    /// One candle at 100 has closed.
    fn open() -> Self {
        Self::under(terms())
    }

    fn under(terms: Terms) -> Self {
        let mut pit = Self { venue: SimVenue::new(terms, Timeframe::H1), now: START };
        pit.event(Event::SessionStarted { instrument: coin() });
        pit.candle(["100", "100", "100", "100"]);
        pit
    }

    fn event(&mut self, event: Event) -> Vec<OrderReport> {
        self.venue.on_event(&event).unwrap()
    }

    fn candle(&mut self, ohlc: [&str; 4]) -> Vec<OrderReport> {
        self.traded(ohlc, 1.0)
    }

    fn traded(&mut self, ohlc: [&str; 4], volume_base: f64) -> Vec<OrderReport> {
        let candle = Candle::new(Timeframe::H1, self.now, ohlc.map(price), volume_base).unwrap();
        self.now = candle.close_time();
        self.event(Event::CandleClosed { instrument: coin().id, candle })
    }

    fn end(&mut self) -> Vec<OrderReport> {
        self.event(Event::SessionEnded { instrument: coin().id, last_close: self.now })
    }

    fn execute(&mut self, command: Command) -> Vec<OrderReport> {
        self.venue.execute(&command, self.now).unwrap()
    }

    fn submit(&mut self, role: Role, kind: OrderKind, quantity: &str) -> Vec<OrderReport> {
        let ticket = ticket(1, role, kind, quantity);
        self.execute(Command::Submit { ticket, protection: None })
    }

    fn enter(&mut self, quantity: &str) -> Vec<OrderReport> {
        let ticket = ticket(1, Role::Entry, OrderKind::Market, quantity);
        let protection = Some(Protection { stop: price("95"), target: price("110") });
        self.execute(Command::Submit { ticket, protection })
    }

    fn entered() -> Self {
        let mut pit = Self::open();
        pit.enter("1");
        assert_eq!(fills(&pit.candle(["100", "100", "100", "100"])).len(), 1);
        assert_eq!(pit.venue.working_orders(), 2);
        pit
    }
}
