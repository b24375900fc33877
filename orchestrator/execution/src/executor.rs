//! The executor: whatever it hears, it answers with what follows.

use std::collections::BTreeMap;

use domain::gateway::Command;
use domain::instrument::{Instrument, InstrumentId};
use domain::order::{ClientOrderId, OrderKind, Role, Ticket};
use domain::time::UtcMs;
use domain::venue_name::VenueName;

use crate::answer::{AccountEvent, Answer, Failure, FillSeen, OrderSeen};
use crate::ask::{Ask, RequestId};
use crate::compare::compare_position;
use crate::desk::Desk;
use crate::fact::{Fact, Out};
use crate::guard::Guard;
use crate::leg::{Leg, Phase};
use crate::payments::Payments;
use crate::question::{Asked, Io, Question};
use crate::story::Story;
use crate::terms::{Market, Terms};
use crate::wallet::Wallet;

/// Fills that wait for their instrument to become known.
const UNLISTED: usize = 1_000;

/// The lives of all orders of one account at one venue. Pure: time comes in with each call, the
/// venue's, and what it wants done goes out.
#[derive(Debug)]
pub struct Executor {
    pub(crate) terms: Terms,
    pub(crate) desks: BTreeMap<InstrumentId, Desk>,
    /// The venue's spellings.
    pub(crate) symbols: BTreeMap<String, InstrumentId>,
    /// Fills of instruments that aren't known yet.
    unlisted: Vec<FillSeen>,
    strange: BTreeMap<String, ()>,
    pub(crate) asked: BTreeMap<RequestId, Asked>,
    pub(crate) next: u64,
    pub(crate) wallet: Wallet,
    pub(crate) payments: Payments,
    pub(crate) balances: Question,
    /// Balances that differed, at this version of all books.
    pub(crate) differed: Option<(u64, UtcMs)>,
    pub(crate) connected: bool,
    /// None before the start.
    pub(crate) began_at: Option<UtcMs>,
    pub(crate) now: UtcMs,
}

impl Executor {
    /// One that knows nothing; [`resume`](Self::resume) comes before any command.
    pub fn new(terms: Terms) -> Self {
        Self {
            terms,
            desks: BTreeMap::new(),
            symbols: BTreeMap::new(),
            unlisted: Vec::new(),
            strange: BTreeMap::new(),
            asked: BTreeMap::new(),
            next: 0,
            wallet: Wallet::default(),
            payments: Payments::default(),
            balances: Question::default(),
            differed: None,
            connected: false,
            began_at: None,
            now: UtcMs::default(),
        }
    }

    /// Lets a desk work, and then do what follows.
    pub(crate) fn at_desk(
        &mut self,
        instrument: InstrumentId,
        now: UtcMs,
        out: &mut Out,
        work: impl FnOnce(&mut Desk, &mut Wallet, &mut Io<'_>),
    ) {
        self.now = self.now.max(now);
        let Some(desk) = self.desks.get_mut(&instrument) else { return };
        let (asked, next) = (&mut self.asked, &mut self.next);
        let (terms, connected, now) = (self.terms, self.connected, self.now);
        let mut io = Io { terms, now, connected, asked, next, out };
        work(desk, &mut self.wallet, &mut io);
        if self.began_at.is_some() {
            desk.drive(&mut self.wallet, &mut io);
        }
    }

    /// The desk of an instrument, opened where there is none.
    pub(crate) fn open_desk(&mut self, instrument: InstrumentId, now: UtcMs) -> &mut Desk {
        self.symbols.insert(instrument.symbol(), instrument);
        let since = self.began_at.unwrap_or_default();
        self.desks.entry(instrument).or_insert_with(|| Desk::new(instrument, since, now))
    }

    /// Takes note of an instrument and its filters. What waited for it goes on. May come again.
    pub fn list(&mut self, instrument: Instrument, now: UtcMs, out: &mut Out) {
        self.open_desk(instrument.id, now).filters = Some(instrument.filters);
        self.payments.want(now);
        let symbol = instrument.id.symbol();
        let waiting = std::mem::take(&mut self.unlisted);
        let (known, waiting) = waiting.into_iter().partition(|fill| fill.symbol == symbol);
        self.unlisted = waiting;
        self.at_desk(instrument.id, now, out, |desk, wallet, io| {
            let known: Vec<FillSeen> = known;
            for fill in known {
                desk.hear_fill(fill, wallet, io);
            }
        });
    }

    /// Hears a command of the core, which is on disk by now.
    pub fn on_command(&mut self, command: &Command, decided_at: UtcMs, now: UtcMs, out: &mut Out) {
        self.now = self.now.max(now);
        match command {
            Command::Submit { ticket, protection } => {
                self.open_desk(ticket.instrument, now);
                self.at_desk(ticket.instrument, now, out, |desk, _, io| {
                    if let Some(protection) = protection {
                        let id = ticket.client_order_id.decision_id();
                        let guard = Guard::new(ticket.side.opposite(), *protection);
                        desk.guards.insert(id, guard);
                    }
                    submit(desk, ticket, decided_at, io);
                });
            }
            Command::Move { client_order_id, trigger } => {
                let id = client_order_id.decision_id();
                let Some(instrument) = self.desk_of(|desk| desk.guards.contains_key(&id)) else {
                    return;
                };
                self.at_desk(instrument, now, out, |desk, _, _| {
                    if let Some(guard) = desk.guards.get_mut(&id) {
                        guard.protection.stop = *trigger;
                    }
                });
            }
            // A stop and its target go when what they protect is closed, never before: the exit
            // that comes with their cancel takes them away.
            Command::Cancel { client_order_id } if client_order_id.role() == Role::Entry => {
                let id = *client_order_id;
                let Some(instrument) = self.desk_of(|desk| desk.stories.contains_key(&id)) else {
                    return;
                };
                self.at_desk(instrument, now, out, |desk, _, io| cancel_entry(desk, id, io));
            }
            Command::Cancel { .. } => {}
        }
    }

    fn desk_of(&self, known: impl Fn(&Desk) -> bool) -> Option<InstrumentId> {
        self.desks.values().find(|desk| known(desk)).map(|desk| desk.instrument)
    }

    /// Hears the answer to a request.
    pub fn on_answer(&mut self, id: RequestId, answer: Answer, now: UtcMs, out: &mut Out) {
        self.now = self.now.max(now);
        let Some(asked) = self.asked.remove(&id) else {
            // Given up before: what it tells of orders is as good as the stream's word.
            let orders = match answer {
                Answer::Order(seen) => vec![seen],
                Answer::Orders(seen) => seen,
                _ => Vec::new(),
            };
            for seen in orders {
                self.on_event(AccountEvent::Order(seen), now, out);
            }
            return;
        };
        match (asked.ask, answer) {
            (Ask::Position { instrument }, answer) => {
                let net_base = match answer {
                    Answer::Position { net_base } => Some(net_base),
                    _ => None,
                };
                self.at_desk(instrument, now, out, |desk, _, io| {
                    compare_position(desk, (id, asked), net_base, io);
                });
            }
            (Ask::Balances, answer) => {
                self.balances.end(id);
                match answer {
                    Answer::Balances(balances) => self.compare_balances(asked, &balances, out),
                    _ => self.balances.want_again(now, &self.terms, 0),
                }
            }
            (Ask::Incomes { .. }, answer) => self.hear_payments((id, asked.at), answer, out),
            (ask, answer) => {
                let Some(instrument) = ask.instrument() else { return };
                self.at_desk(instrument, now, out, |desk, wallet, io| {
                    desk.hear_answer((id, asked), answer, wallet, io);
                });
            }
        }
    }

    /// Hears the account's stream.
    pub fn on_event(&mut self, event: AccountEvent, now: UtcMs, out: &mut Out) {
        self.now = self.now.max(now);
        match event {
            AccountEvent::Connected => {
                self.connected = true;
                self.reconcile(now, out);
            }
            AccountEvent::Disconnected => {
                self.connected = false;
                self.reconcile(now, out);
            }
            AccountEvent::Lost => self.reconcile(now, out),
            AccountEvent::Funded => {
                self.payments.told(now);
                self.ask_payments(out);
            }
            AccountEvent::Order(seen) => self.hear_order(seen, now, out),
            AccountEvent::Fill(fill) => match self.symbols.get(&fill.symbol).copied() {
                Some(instrument) => self.at_desk(instrument, now, out, |desk, wallet, io| {
                    desk.hear_fill(fill, wallet, io);
                }),
                None => {
                    self.tell_unlisted(&fill.symbol, out);
                    // What is beyond is found among the account's fills once it is listed.
                    if self.unlisted.len() < UNLISTED {
                        self.unlisted.push(fill);
                    }
                }
            },
        }
    }

    fn hear_order(&mut self, seen: OrderSeen, now: UtcMs, out: &mut Out) {
        match self.symbols.get(&seen.symbol).copied() {
            Some(instrument) => self.at_desk(instrument, now, out, |desk, _, io| {
                desk.hear_order(&seen, io);
            }),
            None => self.tell_unlisted(&seen.symbol, out),
        }
    }

    pub(crate) fn tell_unlisted(&mut self, symbol: &str, out: &mut Out) {
        if self.strange.len() < UNLISTED && self.strange.insert(symbol.to_owned(), ()).is_none() {
            out.facts.push(Fact::UnknownInstrument { symbol: symbol.to_owned() });
        }
    }

    /// Something may have been missed: everything is asked for.
    fn reconcile(&mut self, now: UtcMs, out: &mut Out) {
        self.payments.want(now);
        self.ask_payments(out);
        for instrument in self.desks.keys().copied().collect::<Vec<_>>() {
            self.at_desk(instrument, now, out, |desk, _, io| {
                desk.reconcile(io.now);
                for leg in desk.legs.values_mut().filter(|leg| leg.phase == Phase::Working) {
                    leg.query.want(io.now);
                }
            });
        }
    }

    /// Hears that time has passed: about every second, and when [`next_wake`](Self::next_wake) has
    /// come.
    pub fn on_tick(&mut self, now: UtcMs, out: &mut Out) {
        self.now = self.now.max(now);
        // A request that nobody answers any more.
        let patience = self.terms.settle_ms;
        let late = |asked: &Asked| self.now.since(asked.at) > patience;
        let given_up: Vec<_> =
            self.asked.iter().filter(|(_, asked)| late(asked)).map(|(id, _)| *id).collect();
        for id in given_up {
            let why = format!("no answer within {patience} ms");
            self.on_answer(id, Answer::Failed(Failure::Ambiguous { why }), now, out);
        }
        for instrument in self.desks.keys().copied().collect::<Vec<_>>() {
            self.at_desk(instrument, now, out, |_, _, _| {});
        }
        self.ask_payments(out);
        if self.balances.is_due(self.now) && self.is_comparable() {
            let version = self.version();
            let (asked, next, now) = (&mut self.asked, &mut self.next, self.now);
            let (terms, connected) = (self.terms, self.connected);
            let mut io = Io { terms, now, connected, asked, next, out };
            self.balances.begin(io.ask(Ask::Balances, false, version));
        } else if !self.balances.is_wanted() && self.balances.asked.is_none() {
            self.balances.want(self.now);
        }
    }

    pub(crate) fn version(&self) -> u64 {
        let payments = self.payments.version;
        self.desks.values().fold(payments, |sum, desk| sum.wrapping_add(desk.version))
    }

    /// When the next tick is due; none where nothing waits for time.
    pub fn next_wake(&self) -> Option<UtcMs> {
        let desks = self.desks.values().filter_map(|desk| desk.next_wake(&self.terms));
        let times = desks.chain(self.balances.next_wake()).chain(self.payments.next_wake());
        times.filter(|at| *at > self.now).min()
    }

    /// What is being closed by an order of its own.
    pub fn closing(&self) -> impl Iterator<Item = InstrumentId> {
        let closes = self.desks.iter().filter(|(_, desk)| desk.is_under_way(Role::Exit));
        closes.map(|(instrument, _)| *instrument)
    }

    /// Whether nothing is under way or in question: ours and the venue's books are then equal.
    pub fn is_quiet(&self) -> bool {
        self.began_at.is_some()
            && self.desks.values().all(Desk::is_quiet)
            && (self.terms.market == Market::Spot || self.payments.is_quiet(self.now))
    }
}

fn submit(desk: &mut Desk, ticket: &Ticket, decided_at: UtcMs, io: &mut Io<'_>) {
    let id = ticket.client_order_id;
    let mut story = Story { decided_at, ..Story::new(id, ticket.quantity) };
    story.submitted(io.now, io.out);
    if ticket.kind != OrderKind::Market {
        let reason = "only market orders are sent by the core".to_owned();
        return story.end(&crate::story::End::Rejected(reason), io.now, io.out);
    }
    let name = VenueName::first(id);
    let mut leg = Leg::new(name, ticket.side, ticket.quantity, Phase::Due);
    leg.send.want(io.now);
    desk.version = desk.version.saturating_add(1);
    desk.stories.insert(id, story);
    desk.legs.insert(name, leg);
}

fn cancel_entry(desk: &mut Desk, id: ClientOrderId, io: &mut Io<'_>) {
    let name = VenueName::first(id);
    let Some(leg) = desk.legs.get_mut(&name) else { return };
    leg.cancelling = true;
    leg.cancel.want(io.now);
    if leg.phase == Phase::Due {
        desk.withdraw(name, io);
    }
}
