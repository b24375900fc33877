//! What a struck request is answered.

use domain::time::UtcMs;
use serde_json::{Value, json};

use super::call::Call;
use super::layer::Layer;
use super::names::FaultName;
use super::plan::{Act, Fault, MarketName};

/// An answer in the venue's place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Value,
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

/// What becomes of a request that is done.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Struck<'a> {
    n: usize,
    fault: &'a Fault,
}

pub(crate) fn coded(status: u16, code: i32, message: &str) -> Reply {
    Reply { status, body: json!({ "code": code, "msg": message }), retry_after_seconds: None }
}

const FIVE_MINUTES_MS: i64 = 300_000;

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
        let sent_on = "Timeout waiting for response from backend server. Send status unknown; \
                       execution status unknown.";
        let lost = "An unexpected response was received from the message bus. Execution status \
                    unknown.";
        match self.with.code {
            Some(-1006) => self.reply(500, -1006, lost),
            _ => self.reply(408, -1007, sent_on),
        }
    }
}

impl Layer {
    /// What strikes a request, and what happens instead of its being done.
    pub(crate) fn before(&self, call: &Call, now: UtcMs) -> (Vec<Struck<'_>>, Option<Instead>) {
        let struck = self.strike(call, now);
        let instead = self.lasts(call, now).or_else(|| {
            struck.iter().find_map(|(_, fault)| match fault.name {
                FaultName::TimeOutBefore => Some(fault.silence()),
                FaultName::StatusUnknown if fault.with.executed == Some(false) => {
                    Some(fault.status_unknown())
                }
                _ => None,
            })
        });
        (struck.into_iter().map(|(n, fault)| Struck { n, fault }).collect(), instead)
    }

    /// What happens to a request because of an earlier one.
    fn lasts(&self, call: &Call, now: UtcMs) -> Option<Instead> {
        if call.act == Act::Query {
            let failing = self.lasting(FaultName::QueryFailsFor, call.market, &call.account, now);
            if let Some((fault, _)) = failing {
                let words = "Internal error; unable to process your request. Please try again.";
                return Some(match fault.with.hang {
                    true => Instead::Hang,
                    false => fault.reply(503, -1001, words),
                });
            }
        }
        if matches!(call.act, Act::Query | Act::Cancel | Act::Amend)
            && self.state().hidden.is_about(call, now)
        {
            return Some(Instead::Reply(not_found(call)));
        }
        None
    }

    /// What happens instead of the answer to a request that was done; `body` is that answer, where
    /// it is a good one, and is changed where parts of it are hidden.
    pub(crate) fn after(
        &self,
        call: &Call,
        struck: &[Struck<'_>],
        body: Option<&mut Value>,
        now: UtcMs,
    ) -> Option<Instead> {
        if let Some(body) = body {
            for Struck { n, fault } in struck {
                match fault.name {
                    FaultName::NotFoundFor => {
                        let until = fault.until(now, FIVE_MINUTES_MS);
                        self.state().hidden.hide(call, body, until);
                    }
                    FaultName::QueryFailsFor => {
                        let until = fault.until(now, FIVE_MINUTES_MS);
                        self.begin(*n, call.market, &call.account, until);
                    }
                    _ => {}
                }
            }
            if call.act == Act::Query && self.state().hidden.filter(call, body, now) {
                return Some(Instead::Reply(not_found(call)));
            }
        }
        struck.iter().find_map(|Struck { fault, .. }| match fault.name {
            FaultName::AcceptThenTimeOut => Some(fault.silence()),
            FaultName::StatusUnknown => Some(fault.status_unknown()),
            _ => None,
        })
    }
}

/// As for an order that never was.
fn not_found(call: &Call) -> Reply {
    let is_list = call.endpoint.ends_with("List");
    match call.act {
        Act::Cancel | Act::Amend if call.market == MarketName::Spot => {
            coded(400, -2011, "Unknown order sent.")
        }
        Act::Cancel => coded(400, -2011, "Unknown order sent."),
        _ if is_list => coded(400, -2013, "Order list does not exist."),
        _ => coded(400, -2013, "Order does not exist."),
    }
}
