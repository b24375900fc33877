//! What must hold in a world, and what tests ask of it.

use domain::intervention::Intervention;
use domain::money::Quantity;
use domain::order::{ClientOrderId, OrderEvent, Role};
use execution::ask::Ask;

use crate::world::World;

impl World {
    /// Invariant 4, over the time until the next thing happens.
    pub(super) fn watch(&mut self, ms: i64) {
        let least = self.venue.instrument.filters.min_quantity;
        let held = Quantity::try_from((self.venue.base - self.book.dust).abs()).unwrap();
        let covered = self
            .venue
            .open_stops()
            .iter()
            .fold(Quantity::ZERO, |sum, stop| sum.plus(stop.rest()).unwrap());
        let step = self.venue.instrument.filters.step;
        let closing = self.book.is_under_way(Role::Exit);
        let alerted =
            self.book.interventions.iter().any(|i| {
                matches!(i, Intervention::Unprotected { .. } | Intervention::Halted { .. })
            });
        if held.floor_to(step) < least || covered >= held.floor_to(step) || closing || alerted {
            self.bare_ms = 0;
        } else {
            self.bare_ms += ms;
            if self.loud && self.bare_ms > 20_000 && self.bare_ms - ms <= 20_000 {
                println!("{} BARE {}", self.now, self.venue.base);
            }
            self.worst_bare_ms = self.worst_bare_ms.max(self.bare_ms);
        }
    }

    /// The five invariants, at rest.
    pub(crate) fn check(&self) {
        let venue: Vec<u64> = self.venue.fills.iter().map(|fill| fill.venue_fill_id).collect();
        let ours: Vec<u64> = self.book.booked.keys().copied().collect();
        assert_eq!(ours, venue, "every fill of the venue is booked once");
        assert_eq!(self.book.held + self.book.dust, self.venue.base, "both hold the same");
        self.check_payments();
        for (index, name) in self.venue.taken.iter().enumerate() {
            let again = self.venue.taken[index + 1..].iter().any(|other| other == name);
            let single = name.starts_with("sx") && name.ends_with(['e', 'x']);
            assert!(!(single && again), "two orders for one intent: {name}");
        }
        for (id, story) in &self.book.stories {
            let ends = story.iter().filter(|report| {
                matches!(
                    report.event,
                    OrderEvent::Cancelled
                        | OrderEvent::Expired
                        | OrderEvent::Rejected { .. }
                        | OrderEvent::ProvenAbsent
                )
            });
            let ends = ends.count();
            assert!(ends <= 1, "{id} ends {ends} times: {:?}", self.book.ends(*id));
        }
        assert!(self.executor.is_quiet(), "quiet: {:#?}", self.executor);
        let open = self.venue.open_orders();
        if self.book.closable() < self.venue.instrument.filters.min_quantity {
            assert!(open.is_empty(), "orders are left: {open:#?}");
            let left = self.book.orders.values().filter(|order| !order.state.is_final());
            assert_eq!(left.count(), 0, "orders of the core are left");
        } else {
            assert_eq!(open.len(), 2, "a stop and a target: {open:#?}");
            for order in open {
                assert_eq!(order.rest(), self.book.closable());
            }
        }
    }

    /// The name of the only order with a role.
    pub(crate) fn id(&self, role: Role) -> ClientOrderId {
        *self.book.stories.keys().find(|id| id.role() == role).unwrap()
    }

    /// What was told of the only order with a role.
    pub(crate) fn story(&self, role: Role) -> Vec<&'static str> {
        self.book.ends(self.id(role))
    }

    pub(crate) fn count(&self, asked: impl Fn(&Ask) -> bool) -> usize {
        self.asks.iter().filter(|ask| asked(ask)).count()
    }

    pub(crate) fn halted(&self) -> bool {
        self.book.interventions.iter().any(|i| matches!(i, Intervention::Halted { .. }))
    }

    pub(crate) fn unprotected(&self) -> usize {
        let told = |i: &&Intervention| matches!(i, Intervention::Unprotected { .. });
        self.book.interventions.iter().filter(told).count()
    }
}
