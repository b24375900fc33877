//! What stands in for the core: its orders, its plan, its position. Whatever it is told must be
//! legal by the machine of orders.

use std::collections::{BTreeMap, BTreeSet};

use domain::gateway::{Command, Protection};
use domain::ids::{Id, RunSeed};
use domain::instrument::Instrument;
use domain::intervention::Intervention;
use domain::money::Quantity;
use domain::order::{
    ClientOrderId, Order, OrderEvent, OrderKind, OrderReport, OrderState, Role, Side, Ticket,
};
use domain::time::UtcMs;
use execution::memory::{FillsKept, Memory, PlanKept};
use rust_decimal::Decimal;

/// The core's book of one instrument.
#[derive(Debug)]
pub(crate) struct Book {
    pub(crate) instrument: Instrument,
    pub(crate) orders: BTreeMap<ClientOrderId, Order>,
    pub(crate) plan: Option<(Id, Protection)>,
    pub(crate) held: Decimal,
    /// What closed positions left that can't be sold: owned, and part of none.
    pub(crate) dust: Decimal,
    pub(crate) booked: BTreeMap<u64, UtcMs>,
    pub(crate) stories: BTreeMap<ClientOrderId, Vec<OrderReport>>,
    pub(crate) interventions: Vec<Intervention>,
    seq: u64,
}

impl Book {
    pub(crate) fn new(instrument: Instrument) -> Self {
        Self {
            instrument,
            orders: BTreeMap::new(),
            plan: None,
            held: Decimal::ZERO,
            dust: Decimal::ZERO,
            booked: BTreeMap::new(),
            stories: BTreeMap::new(),
            interventions: Vec::new(),
            seq: 0,
        }
    }

    fn id(&mut self) -> Id {
        self.seq += 1;
        Id::of(RunSeed(7), self.seq, "decision", "x")
    }

    pub(crate) fn closable(&self) -> Quantity {
        Quantity::try_from(self.held.abs()).unwrap().floor_to(self.instrument.filters.step)
    }

    pub(crate) fn is_under_way(&self, role: Role) -> bool {
        self.orders.values().any(|o| o.ticket.client_order_id.role() == role && !o.state.is_final())
    }

    /// Opens a position, long where `side` buys.
    pub(crate) fn enter(
        &mut self,
        side: Side,
        quantity: Quantity,
        protection: Protection,
    ) -> Vec<Command> {
        assert!(self.closable().is_zero() && !self.is_under_way(Role::Entry));
        let id = self.id();
        self.plan = Some((id, protection));
        let ticket = self.ticket(ClientOrderId::new(id, Role::Entry), side, quantity);
        vec![Command::Submit { ticket, protection: Some(protection) }]
    }

    fn ticket(&mut self, client_order_id: ClientOrderId, side: Side, quantity: Quantity) -> Ticket {
        let (instrument, kind) = (self.instrument.id, OrderKind::Market);
        let ticket = Ticket { client_order_id, instrument, side, kind, quantity };
        self.orders.insert(client_order_id, Order::intended(ticket));
        ticket
    }

    /// Closes what is held; nothing where nothing is, or where it is being closed.
    pub(crate) fn close(&mut self) -> Vec<Command> {
        if self.closable().is_zero() || self.is_under_way(Role::Exit) {
            return Vec::new();
        }
        let mut commands = Vec::new();
        if let Some((plan, _)) = self.plan {
            let client_order_id = ClientOrderId::new(plan, Role::Stop);
            commands.push(Command::Cancel { client_order_id });
        }
        let id = self.id();
        let side = if self.held > Decimal::ZERO { Side::Sell } else { Side::Buy };
        let quantity = Quantity::try_from(self.held.abs()).unwrap();
        let ticket = self.ticket(ClientOrderId::new(id, Role::Exit), side, quantity);
        commands.push(Command::Submit { ticket, protection: None });
        commands
    }

    pub(crate) fn trail(&mut self, trigger: domain::money::Price) -> Vec<Command> {
        let Some((id, _)) = self.plan else { return Vec::new() };
        let client_order_id = ClientOrderId::new(id, Role::Stop);
        match self.orders.get(&client_order_id).is_some_and(|order| !order.state.is_final()) {
            true => vec![Command::Move { client_order_id, trigger }],
            false => Vec::new(),
        }
    }

    pub(crate) fn hear(&mut self, report: &OrderReport) {
        let id = report.client_order_id;
        self.stories.entry(id).or_default().push(report.clone());
        let story = self.stories[&id].iter().map(|r| r.event.name()).collect::<Vec<_>>();
        if id.role() == Role::Liquidation {
            let OrderEvent::Filled(fill) = &report.event else { panic!("{story:?}") };
            return self.fill(fill);
        }
        let order = self.orders.get_mut(&id);
        let order = order.unwrap_or_else(|| panic!("unknown order {id} is told of: {story:?}"));
        let applied = order.apply(&report.event);
        applied.unwrap_or_else(|error| panic!("{error}: {story:?}"));
        match &report.event {
            OrderEvent::Filled(fill) => {
                self.fill(fill);
                if id.role() == Role::Entry {
                    self.protect(id.decision_id(), fill.side.opposite());
                }
            }
            OrderEvent::Moved { trigger } => {
                if let Some((_, plan)) =
                    self.plan.as_mut().filter(|(plan, _)| *plan == id.decision_id())
                {
                    plan.stop = *trigger;
                }
            }
            _ => {}
        }
        let order = &self.orders[&id];
        let unfilled = order.state.is_final() && order.filled.is_zero();
        if id.role() == Role::Entry
            && unfilled
            && self.plan.is_some_and(|(plan, _)| plan == id.decision_id())
        {
            self.plan = None;
        }
    }

    fn fill(&mut self, fill: &domain::fill::Fill) {
        let twice = self.booked.insert(fill.venue_fill_id, fill.time_exchange);
        assert_eq!(twice, None, "fill {} is booked twice", fill.venue_fill_id);
        let units = fill.quantity.to_decimal();
        self.held += if fill.side == Side::Buy { units } else { -units };
        if fill.fee_asset.as_str() == self.instrument.id.base() && self.held > fill.fee.to_decimal()
        {
            self.held -= fill.fee.to_decimal();
        }
        let closes = fill.client_order_id.role() != Role::Entry;
        let step = self.instrument.filters.step.to_decimal();
        if closes && !self.instrument.id.is_perpetual() && self.held < step {
            self.dust += std::mem::take(&mut self.held);
        }
    }

    /// The entry filled (on): its stop and target work at the venue, as far as the core is
    /// concerned.
    fn protect(&mut self, decision_id: Id, side: Side) {
        let quantity = self.closable();
        let Some((_, protection)) = self.plan.filter(|(plan, _)| *plan == decision_id) else {
            return;
        };
        for (role, kind) in [
            (Role::Stop, OrderKind::Stop { trigger: protection.stop }),
            (Role::Target, OrderKind::Target { price: protection.target }),
        ] {
            let client_order_id = ClientOrderId::new(decision_id, role);
            let instrument = self.instrument.id;
            let ticket = Ticket { client_order_id, instrument, side, kind, quantity };
            let order = Order { state: OrderState::Submitted, ..Order::intended(ticket) };
            let order = self.orders.entry(client_order_id).or_insert(order);
            order.ticket.quantity = order.filled.plus(quantity).unwrap();
        }
    }

    pub(crate) fn memory(&self) -> Memory {
        let plan = |(decision_id, protection)| PlanKept {
            instrument: self.instrument.id,
            decision_id,
            protection,
        };
        let last = self.booked.values().max().copied().unwrap_or_default();
        let since = last.plus_ms(-domain::time::DAY_MS);
        let booked: BTreeSet<u64> = self.booked.keys().copied().collect();
        let orders: Vec<_> =
            self.orders.values().filter(|o| !o.state.is_final()).cloned().collect();
        let stops = orders.iter().any(|o| {
            self.plan.is_some_and(|(plan, _)| o.ticket.client_order_id.decision_id() == plan)
        });
        Memory {
            orders,
            plans: self
                .plan
                .filter(|_| stops || !self.closable().is_zero())
                .map(plan)
                .into_iter()
                .collect(),
            // As a portfolio has it: nothing of what is not held.
            held_base: Some((self.instrument.id, self.held))
                .into_iter()
                .filter(|(_, held)| !held.is_zero())
                .collect(),
            fills: [(self.instrument.id, FillsKept { since, booked })].into(),
            began_at: UtcMs::new(0),
        }
    }

    /// Ended orders and how their stories ended.
    pub(crate) fn ends(&self, id: ClientOrderId) -> Vec<&'static str> {
        self.stories.get(&id).into_iter().flatten().map(|r| r.event.name()).collect()
    }
}
