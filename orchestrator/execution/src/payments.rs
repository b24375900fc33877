//! What a futures account pays and gets beside its fills: each payment once.

use std::collections::BTreeMap;

use domain::funding::{FundingPayment, FundingSource};
use domain::instrument::InstrumentId;
use domain::time::{DAY_MS, HOUR_MS, UtcMs};

use crate::answer::{Answer, IncomeSeen};
use crate::ask::{Ask, RequestId};
use crate::executor::Executor;
use crate::fact::Out;
use crate::memory::Memory;
use crate::question::{Io, Question};
use crate::terms::{Market, Terms};

/// A payment that the stream spoke of is looked for during so many settling times.
const PATIENCE: i64 = 5;

/// Which payments are booked, and when the venue is asked for more. Funding is settled at full hours;
/// the venue tells of it a little later.
#[derive(Debug, Default)]
pub(crate) struct Payments {
    since: UtcMs,
    booked: BTreeMap<(InstrumentId, FundingSource), UtcMs>,
    question: Question,
    /// How many are booked.
    pub(crate) version: u64,
    /// When the stream spoke of a payment that was not found yet.
    told_at: Option<UtcMs>,
}

impl Payments {
    pub(crate) fn recalled(memory: &Memory, now: UtcMs) -> Self {
        let since = memory.payments.since.unwrap_or(memory.began_at).max(memory.began_at);
        let booked = memory.payments.booked.iter().map(|paid| (*paid, now)).collect();
        let mut question = Question::default();
        question.want(now);
        Self { since, booked, question, version: 0, told_at: None }
    }

    pub(crate) fn want(&mut self, now: UtcMs) {
        self.question.want(now);
    }

    /// The stream says that something was paid.
    pub(crate) fn told(&mut self, now: UtcMs) {
        self.told_at = Some(now);
        self.question.want(now);
    }

    /// Whether the venue has told all that there was to tell by now.
    pub(crate) fn is_quiet(&self, now: UtcMs) -> bool {
        self.question.asked.is_none() && !self.question.is_due(now) && self.told_at.is_none()
    }

    pub(crate) fn next_wake(&self) -> Option<UtcMs> {
        self.question.next_wake()
    }

    /// Takes note of a payment. Gives it back where it is new.
    fn hear(&mut self, instrument: InstrumentId, seen: &IncomeSeen) -> Option<FundingPayment> {
        let IncomeSeen { amount_quote, source, time_exchange, .. } = *seen;
        let new = time_exchange >= self.since
            && self.booked.insert((instrument, source), time_exchange).is_none();
        self.version = self.version.saturating_add(u64::from(new));
        new.then_some(FundingPayment { instrument, time_exchange, amount_quote, source })
    }

    /// All that there was when it was asked for is heard.
    fn turn(&mut self, asked: UtcMs, found: bool, now: UtcMs, terms: &Terms) {
        // Whatever is older than a day has been told.
        self.since = self.since.max(asked.plus_ms(-DAY_MS));
        let since = self.since;
        self.booked.retain(|_, time| *time >= since);
        let patience = terms.settle_ms.saturating_mul(PATIENCE);
        self.told_at = self.told_at.filter(|at| !found && now.since(*at) < patience);
        if self.told_at.is_some() {
            return self.question.want_again(now, terms, 0);
        }
        self.question.rest();
        self.question.want(now.plus_ms(1).ceil(HOUR_MS).plus_ms(terms.settle_ms));
    }
}

impl Executor {
    /// Asks for payments where that is due.
    pub(crate) fn ask_payments(&mut self, out: &mut Out) {
        let futures = matches!(self.terms.market, Market::Usdm { .. });
        if !futures || self.began_at.is_none() || !self.payments.question.is_due(self.now) {
            return;
        }
        let since = self.payments.since;
        let (asked, next, now) = (&mut self.asked, &mut self.next, self.now);
        let (terms, connected) = (self.terms, self.connected);
        let mut io = Io { terms, now, connected, asked, next, out };
        self.payments.question.begin(io.ask(Ask::Incomes { since }, false, 0));
    }

    pub(crate) fn hear_payments(
        &mut self,
        (id, asked): (RequestId, UtcMs),
        answer: Answer,
        out: &mut Out,
    ) {
        self.payments.question.end(id);
        let incomes = match answer {
            Answer::Incomes(incomes) => incomes,
            Answer::Failed(failure) => {
                let least_ms = failure.least_ms();
                return self.payments.question.want_again(self.now, &self.terms, least_ms);
            }
            _ => return self.payments.question.want_again(self.now, &self.terms, 0),
        };
        let before = out.payments.len();
        for seen in incomes {
            // What is not listed yet is asked for again when it is.
            match self.symbols.get(&seen.symbol).copied() {
                Some(instrument) => {
                    let Some(payment) = self.payments.hear(instrument, &seen) else { continue };
                    self.wallet.pay(&payment);
                    out.payments.push(payment);
                }
                None => self.tell_unlisted(&seen.symbol, out),
            }
        }
        let found = out.payments.len() > before;
        self.payments.turn(asked, found, self.now, &self.terms);
    }
}
