//! Answers to requests about one instrument.

use domain::order::Role;
use domain::venue_name::VenueName;

use crate::answer::{Answer, Failure};
use crate::ask::{Ask, RequestId};
use crate::desk::Desk;
use crate::leg::Phase;
use crate::question::{Asked, Io};
use crate::story::End;
use crate::wallet::Wallet;

impl Failure {
    /// How long the venue wants to be left alone.
    pub(crate) fn least_ms(&self) -> i64 {
        match self {
            Self::NothingDone { retry_after_ms: Some(ms), .. } => {
                i64::try_from(*ms).unwrap_or(i64::MAX)
            }
            _ => 0,
        }
    }
}

impl Desk {
    pub(crate) fn hear_answer(
        &mut self,
        (id, asked): (RequestId, Asked),
        answer: Answer,
        wallet: &mut Wallet,
        io: &mut Io<'_>,
    ) {
        match asked.ask {
            Ask::PlaceMarket { name, .. }
            | Ask::PlaceStop { name, .. }
            | Ask::PlaceTarget { name, .. } => self.placed(&[name], id, answer, io),
            Ask::PlaceOco { stop, target, .. } => self.placed(&[stop, target], id, answer, io),
            Ask::Cancel { .. } | Ask::CancelConditional { .. } => self.cancelled(id, answer, io),
            Ask::Order { .. } | Ask::Conditional { .. } => self.queried((id, asked), answer, io),
            Ask::OrderById { order_id, .. } => {
                self.looked_up(order_id, id, &answer, io);
                self.queried((id, asked), answer, io);
            }
            Ask::OpenOrders { .. } => {
                self.listing.end(id);
                match answer {
                    Answer::Orders(orders) => {
                        self.listing.rest();
                        self.hear_list(&orders, asked.at, io);
                    }
                    Answer::Failed(failure) => {
                        self.listing.want_again(io.now, &io.terms, failure.least_ms());
                    }
                    _ => self.listing.want_again(io.now, &io.terms, 0),
                }
            }
            Ask::OrdersFrom { .. } => self.named(id, &answer, io),
            Ask::Conditionals { .. } => {
                self.history.end(id);
                if let Answer::Orders(orders) = &answer {
                    self.history.rest();
                    self.told_history_at = Some(asked.at);
                    for seen in orders {
                        self.hear_order(seen, io);
                    }
                } else {
                    self.history.want_again(io.now, &io.terms, 0);
                }
            }
            Ask::Fills { .. } => {
                self.trail.question.end(id);
                match answer {
                    Answer::Fills { fills, complete } => {
                        self.hear_page(fills, complete, wallet, io);
                    }
                    Answer::Failed(failure) => {
                        let least_ms = failure.least_ms();
                        self.trail.question.want_again(io.now, &io.terms, least_ms);
                    }
                    _ => {
                        self.trail.question.want_again(io.now, &io.terms, 0);
                    }
                }
            }
            // The whole account's books are compared beside the desks.
            Ask::Position { .. } | Ask::Balances | Ask::Incomes { .. } => {}
        }
    }

    fn hear_orders(&mut self, answer: &Answer, io: &mut Io<'_>) {
        match answer {
            Answer::Order(seen) => {
                self.hear_order(seen, io);
            }
            Answer::Orders(orders) => {
                for seen in orders {
                    self.hear_order(seen, io);
                }
            }
            _ => {}
        }
    }

    fn placed(&mut self, names: &[VenueName], id: RequestId, answer: Answer, io: &mut Io<'_>) {
        self.version = self.version.saturating_add(1);
        self.hear_orders(&answer, io);
        let mut refused = None;
        for name in names {
            // What was seen working meanwhile isn't put in question by its answer.
            let Some(leg) = self.legs.get_mut(name).filter(|leg| leg.phase == Phase::Sent(id))
            else {
                continue;
            };
            match &answer {
                Answer::Failed(Failure::Refused { code, reason }) => {
                    leg.never_was(End::Rejected(reason.clone()));
                    leg.time_exchange = io.now;
                    refused = refused.or(Some((*name, *code, reason.clone())));
                }
                Answer::Failed(failure @ Failure::NothingDone { .. }) => {
                    let least_ms = failure.least_ms();
                    if leg.protects() {
                        leg.never_was(End::Absent);
                        if let Some(guard) = self.guards.get_mut(&name.id.decision_id()) {
                            guard.placing(name.id.role()).want_again(io.now, &io.terms, least_ms);
                        }
                    } else {
                        leg.phase = Phase::Due;
                        leg.send.want_again(io.now, &io.terms, least_ms);
                    }
                }
                Answer::Done => leg.phase = Phase::Working,
                // Lost, or about something else: nobody knows. A duplicate proves that an earlier
                // request reached the venue; what became of it is asked as well.
                _ => {
                    leg.doubt(io.now);
                    if let Some(story) = self.stories.get_mut(&name.id).filter(|_| !leg.protects())
                    {
                        story.in_doubt(io.now, io.out);
                    }
                }
            }
        }
        if let Some((name, code, reason)) = refused {
            self.refused(name, code, &reason, io);
        }
    }

    fn refused(&mut self, name: VenueName, code: i64, reason: &str, io: &mut Io<'_>) {
        // Nothing to reduce, nothing to sell: something happened that is not known here yet.
        self.trail.question.want(io.now);
        self.listing.want(io.now);
        match name.id.role() {
            Role::Stop | Role::Target => {
                if let Some(guard) = self.guards.get_mut(&name.id.decision_id()) {
                    guard.refuse(name.id.role(), code, reason, io.now, &io.terms);
                }
            }
            Role::Exit if self.is_too_little(code) => self.too_little = Some(reason.to_owned()),
            Role::Exit => self.refused_exits = self.refused_exits.saturating_add(1),
            Role::Entry | Role::Liquidation => {}
        }
    }

    fn cancelled(&mut self, id: RequestId, answer: Answer, io: &mut Io<'_>) {
        self.hear_orders(&answer, io);
        for leg in self.legs.values_mut() {
            if !leg.cancel.end(id) || leg.has_ended() {
                continue;
            }
            let least_ms = match &answer {
                Answer::Failed(failure) => failure.least_ms(),
                _ => 0,
            };
            // Whatever it said, the order itself tells whether it still works; only then it is
            // cancelled again.
            leg.cancel.want_again(io.now, &io.terms, least_ms);
            if least_ms == 0 {
                leg.query.want(io.now);
            }
        }
    }

    fn queried(&mut self, (id, asked): (RequestId, Asked), answer: Answer, io: &mut Io<'_>) {
        let mine = self.legs.values_mut().find_map(|leg| leg.query.end(id).then_some(leg.name));
        let Some(name) = mine else { return };
        self.hear_orders(&answer, io);
        let Some(leg) = self.legs.get_mut(&name) else { return };
        match answer {
            Answer::Order(_) | Answer::Orders(_) => {
                leg.uncancelled |= leg.cancelling && leg.cancel.asked.is_none();
                // Of another order: as good as no answer.
                if leg.phase == Phase::Unknown {
                    leg.query.want_again(io.now, &io.terms, 0);
                }
            }
            Answer::NotFound | Answer::Failed(Failure::NoSuchOrder) if leg.triggered.is_none() => {
                leg.not_found(asked.at);
                leg.query.want_again(io.now, &io.terms, 0);
                self.listing.want(io.now);
                self.trail.question.want(io.now);
            }
            Answer::Failed(failure) => {
                leg.query.want_again(io.now, &io.terms, failure.least_ms());
            }
            _ => leg.query.want_again(io.now, &io.terms, 0),
        }
    }

    fn looked_up(&mut self, order_id: u64, id: RequestId, answer: &Answer, io: &mut Io<'_>) {
        let Some(lookup) = self.lookups.get_mut(&order_id) else { return };
        if !lookup.question.end(id) {
            return;
        }
        let least_ms = match answer {
            Answer::Failed(failure) => failure.least_ms(),
            _ => 0,
        };
        lookup.question.want_again(io.now, &io.terms, least_ms);
        // Its owner being known takes the question away.
        self.hear_orders(answer, io);
    }

    /// A page of orders, from the first that has no name here.
    fn named(&mut self, id: RequestId, answer: &Answer, io: &mut Io<'_>) {
        self.naming.end(id);
        let Answer::Orders(orders) = answer else {
            return self.naming.want_again(io.now, &io.terms, 0);
        };
        self.naming.rest();
        self.hear_orders(answer, io);
        let last = orders.last().map_or(u64::MAX, |seen| seen.order_id);
        for (_, lookup) in self.lookups.range_mut(..=last) {
            lookup.alone = true;
        }
    }
}
