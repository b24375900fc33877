//! What a struck request is answered.

use domain::time::{MINUTE_MS, UtcMs};
use serde_json::{Value, json};

use super::call::Call;
use super::layer::{Layer, Spell};
use super::mangle;
use super::names::FaultName;
use super::plan::{Act, Fault, MarketName};

/// An answer in the venue's place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// Of the venue's own; nought where the answer is no JSON.
    pub(crate) code: i32,
    pub(crate) message: String,
    pub(crate) retry_after_seconds: Option<u64>,
}

/// What happens to a request instead of its answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Instead {
    /// This is answered.
    Reply(Reply),
    /// The connection ends without an answer.
    Cut,
    /// The connection stays without an answer.
    Hang,
}

/// A fault that strikes a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Struck<'a> {
    n: usize,
    fault: &'a Fault,
}

/// What becomes of the answer to a request that is done.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) instead: Option<Instead>,
    /// The answer's other text.
    pub(crate) text: Option<String>,
    /// The answer waits until then.
    pub(crate) until: Option<UtcMs>,
}

impl Reply {
    pub(crate) fn body(&self) -> String {
        match self.code {
            0 => format!("<html><body>{}</body></html>", self.message),
            code => json!({ "code": code, "msg": self.message }).to_string(),
        }
    }
}

fn coded(status: u16, code: i32, message: impl Into<String>) -> Reply {
    Reply { status, code, message: message.into(), retry_after_seconds: None }
}

const FIVE_MINUTES_MS: i64 = 300_000;
const SECOND_MS: i64 = 1_000;

impl Fault {
    fn until(&self, now: UtcMs, default_ms: i64) -> UtcMs {
        now.plus_ms(self.with.for_ms.unwrap_or(default_ms))
    }

    fn silence(&self) -> Instead {
        if self.with.hang { Instead::Hang } else { Instead::Cut }
    }

    /// With its own status, code and words where it has them.
    fn reply(&self, status: u16, code: i32, message: &str) -> Instead {
        let status = self.with.status.unwrap_or(status);
        let code = self.with.code.unwrap_or(code);
        Instead::Reply(coded(status, code, self.with.message.as_deref().unwrap_or(message)))
    }

    fn status_unknown(&self) -> Instead {
        match self.with.code {
            Some(-1006) => self.reply(
                500,
                -1006,
                "An unexpected response was received from the message bus. Execution status \
                 unknown.",
            ),
            _ => self.reply(
                408,
                -1007,
                "Timeout waiting for response from backend server. Send status unknown; execution \
                 status unknown.",
            ),
        }
    }

    fn server_error(&self) -> Instead {
        let words = match self.with.executed {
            Some(true) => "Unknown error, please check your request or try again later.",
            _ => "Service Unavailable.",
        };
        self.reply(503, 0, words)
    }

    /// What happens instead of a request's being done.
    fn prevents(&self, call: &Call) -> Option<Instead> {
        match self.name {
            FaultName::TimeOutBefore => Some(self.silence()),
            FaultName::StatusUnknown if self.with.executed == Some(false) => {
                Some(self.status_unknown())
            }
            FaultName::Http5xx if self.with.executed != Some(true) => Some(self.server_error()),
            FaultName::Http451 => Some(self.reply(
                451,
                0,
                "Service unavailable from a restricted location according to 'b. Eligibility' in \
                 https://www.binance.com/en/terms.",
            )),
            FaultName::CancelUnknown => Some(self.reply(400, -2011, "Unknown order sent.")),
            FaultName::ReduceOnlyRejected => {
                Some(self.reply(400, -2022, "ReduceOnly Order is rejected."))
            }
            FaultName::StopWouldTrigger => Some(match call.market {
                MarketName::Spot => self.reply(400, -2010, "Order would trigger immediately."),
                MarketName::Usdm => self.reply(400, -2021, "Order would immediately trigger."),
            }),
            FaultName::RenewalFails => Some(match call.market {
                MarketName::Spot => self.reply(503, -1001, "Internal error."),
                MarketName::Usdm => self.reply(400, -1125, "This listenKey does not exist."),
            }),
            _ => None,
        }
    }
}

impl FaultName {
    /// Whether it can strike such a request.
    pub(crate) fn is_for(self, call: &Call) -> bool {
        let is_change = matches!(call.act, Act::Place | Act::Cancel | Act::Amend);
        let has = |names: &[&str], wanted: &dyn Fn(&str) -> bool| {
            names.iter().filter_map(|name| call.get(name)).any(wanted)
        };
        match self {
            Self::AcceptThenTimeOut | Self::TimeOutBefore | Self::StatusUnknown => is_change,
            Self::NotFoundFor | Self::QueryFailsFor | Self::FillBeforeAck | Self::OrderCount => {
                call.act == Act::Place
            }
            Self::CancelUnknown => call.act == Act::Cancel,
            Self::ReduceOnlyRejected => {
                call.act == Act::Place
                    && (has(&["reduceOnly", "closePosition"], &|value| value == "true")
                        || call
                            .get("batchOrders")
                            .is_some_and(|orders| orders.contains("\"reduceOnly\":\"true\"")))
            }
            Self::StopWouldTrigger => {
                let kinds = ["type", "aboveType", "belowType", "pendingAboveType"];
                call.act == Act::Place
                    && has(&kinds, &|kind| kind.contains("STOP") || kind.contains("TAKE_PROFIT"))
            }
            Self::RenewalFails => call.act == Act::Renew,
            Self::ClockOffset => call.get("timestamp").is_some(),
            _ => true,
        }
    }
}

impl Layer {
    /// What strikes a request, and what happens instead of its being done.
    pub(crate) fn before(&self, call: &Call, now: UtcMs) -> (Vec<Struck<'_>>, Option<Instead>) {
        let struck = self.strike(call, now);
        for (n, fault) in &struck {
            let (account, default_ms) = match fault.name {
                FaultName::RateLimited => ("", 30_000),
                FaultName::Banned => ("", 2 * MINUTE_MS),
                FaultName::ClockOffset => ("", MINUTE_MS),
                FaultName::OrderCount => (call.account.as_str(), 10_000),
                _ => continue,
            };
            self.begin(*n, call.market, account, fault.until(now, default_ms));
        }
        let instead = self.lasts(call, now);
        let instead = instead.or_else(|| struck.iter().find_map(|(_, fault)| fault.prevents(call)));
        (struck.into_iter().map(|(n, fault)| Struck { n, fault }).collect(), instead)
    }

    /// What happens to a request because of what lasts.
    fn lasts(&self, call: &Call, now: UtcMs) -> Option<Instead> {
        let (market, account) = (call.market, call.account.as_str());
        if let Some(until) = self.closed_until(market, now) {
            let message = "The system is under maintenance.";
            let retry_after_seconds = Some(seconds(until, now));
            let reply = Reply { retry_after_seconds, ..coded(503, 0, message) };
            return Some(Instead::Reply(reply));
        }
        for name in [FaultName::Banned, FaultName::RateLimited] {
            let limited = self
                .lasting(name, market, "", now, |fault, spell| limited(name, fault, spell, now));
            if limited.is_some() {
                return limited;
            }
        }
        if call.act == Act::Place
            && let Some(instead) =
                self.lasting(FaultName::OrderCount, market, account, now, |_, spell| {
                    let message = "Too many new orders; current limit is 50 orders per 10 SECOND.";
                    let retry_after_seconds = Some(seconds(spell.until, now));
                    Instead::Reply(Reply { retry_after_seconds, ..coded(429, -1015, message) })
                })
        {
            return Some(instead);
        }
        if call.get("timestamp").is_some() {
            let is_off =
                self.lasting(FaultName::ClockOffset, market, "", now, |_, spell| !spell.has_turned);
            if is_off == Some(true) {
                let message = "Timestamp for this request is outside of the recvWindow.";
                return Some(Instead::Reply(coded(400, -1021, message)));
            }
        }
        if call.act == Act::Renew && !call.endpoint.starts_with("POST") {
            let since = self.state().begun.get(&(market, account.to_owned())).copied();
            if self.has_expired(market, since.unwrap_or(self.start()), now) {
                let message = "This listenKey does not exist.";
                return Some(Instead::Reply(coded(400, -1125, message)));
            }
        }
        if call.act == Act::Query {
            let failing = |fault: &Fault, _: &mut Spell| match fault.with.hang {
                true => Instead::Hang,
                false => {
                    let words = "Internal error; unable to process your request. Please try again.";
                    fault.reply(503, -1001, words)
                }
            };
            let failing = self.lasting(FaultName::QueryFailsFor, market, account, now, failing);
            if failing.is_some() {
                return failing;
            }
        }
        let is_about_one = matches!(call.act, Act::Query | Act::Cancel | Act::Amend);
        if is_about_one && self.state().hidden.is_about(call, now) {
            return Some(Instead::Reply(not_found(call)));
        }
        None
    }

    /// By how much the clock that a market tells is off; who asks knows it from now on.
    pub(crate) fn clock_offset_ms(&self, market: MarketName, now: UtcMs) -> i64 {
        let offset = self.lasting(FaultName::ClockOffset, market, "", now, |fault, spell| {
            spell.has_turned = true;
            fault.with.offset_ms.unwrap_or(SECOND_MS)
        });
        offset.unwrap_or_default()
    }

    /// What becomes of the answer to a request that was done. `body` is that answer, where it is a
    /// good one.
    pub(crate) fn after(
        &self,
        call: &Call,
        struck: &[Struck<'_>],
        body: Option<&Value>,
        text: &str,
        now: UtcMs,
    ) -> Outcome {
        let mut outcome = Outcome::default();
        if let Some(body) = body {
            self.begin_after(call, struck, body, now);
            if call.act == Act::Query {
                let mut seen = body.clone();
                if self.state().hidden.filter(call, &mut seen, now) {
                    outcome.instead = Some(Instead::Reply(not_found(call)));
                } else if seen != *body {
                    outcome.text = Some(seen.to_string());
                }
            }
            if call.act == Act::Time {
                let offset_ms = self.clock_offset_ms(call.market, now);
                let told = body["serverTime"].as_i64().filter(|_| offset_ms != 0);
                outcome.text =
                    told.map(|told| json!({ "serverTime": told + offset_ms }).to_string());
            }
        }
        for Struck { fault, .. } in struck {
            let instead = match fault.name {
                FaultName::AcceptThenTimeOut => Some(fault.silence()),
                FaultName::StatusUnknown => Some(fault.status_unknown()),
                FaultName::Http5xx => Some(fault.server_error()),
                FaultName::FillBeforeAck => {
                    let delay_ms = fault.with.delay_ms.unwrap_or(SECOND_MS);
                    outcome.until = outcome.until.max(Some(now.plus_ms(delay_ms)));
                    None
                }
                _ => {
                    let whole = outcome.text.as_deref().unwrap_or(text);
                    outcome.text = mangle::text(fault, whole).or(outcome.text);
                    None
                }
            };
            outcome.instead = outcome.instead.or(instead);
        }
        outcome
    }

    fn begin_after(&self, call: &Call, struck: &[Struck<'_>], body: &Value, now: UtcMs) {
        for Struck { n, fault } in struck {
            let until = fault.until(now, FIVE_MINUTES_MS);
            match fault.name {
                FaultName::NotFoundFor => self.state().hidden.hide(call, body, until),
                FaultName::QueryFailsFor => self.begin(*n, call.market, &call.account, until),
                _ => {}
            }
        }
        if call.act == Act::Renew && call.endpoint.starts_with("POST") {
            self.state().begun.insert((call.market, call.account.clone()), now);
        }
    }
}

fn seconds(until: UtcMs, now: UtcMs) -> u64 {
    until.since(now).max(0).unsigned_abs().div_ceil(1_000)
}

/// What a limit says, and to who goes on all the same that it is a ban.
fn limited(name: FaultName, fault: &Fault, spell: &mut Spell, now: UtcMs) -> Instead {
    spell.refused += 1;
    let is_impatient = fault.with.ban_after.is_some_and(|most| spell.refused > most + 1);
    if is_impatient && !spell.has_turned {
        spell.has_turned = true;
        spell.until = spell.until.max(now.plus_ms(2 * MINUTE_MS));
    }
    let retry_after_seconds = Some(seconds(spell.until, now));
    let is_ban = name == FaultName::Banned || spell.has_turned;
    let reply = if is_ban {
        let until = spell.until.ms();
        let words = "Please use the websocket for live updates to avoid bans.";
        let message = format!("Way too many requests; IP banned until {until}. {words}");
        coded(418, -1003, message)
    } else {
        coded(429, -1003, "Too many requests; please use the websocket for live updates.")
    };
    Instead::Reply(Reply { retry_after_seconds, ..reply })
}

/// As for an order that never was.
fn not_found(call: &Call) -> Reply {
    match call.act {
        Act::Cancel => coded(400, -2011, "Unknown order sent."),
        _ if call.endpoint.ends_with("List") => coded(400, -2013, "Order list does not exist."),
        _ => coded(400, -2013, "Order does not exist."),
    }
}
