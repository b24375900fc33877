//! A script of faults, as data.

use serde::{Deserialize, Serialize};

use super::names::FaultName;
use crate::error::SimulatorError;

/// Which faults strike, when, where and how.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultPlan {
    /// In a request's way in this order; the first that decides about it wins.
    #[serde(default)]
    pub faults: Vec<Fault>,
}

/// One line of a script.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Which.
    pub name: FaultName,
    /// When it may strike; always where nothing is said.
    #[serde(default)]
    pub when: When,
    /// What it may strike; everything that it can where nothing is said.
    #[serde(default, rename = "where")]
    pub place: Place,
    /// How it strikes.
    #[serde(default, rename = "parameters")]
    pub with: Parameters,
}

/// When a fault may strike; all that is said must hold.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct When {
    /// From so many ms of market time after the start on.
    pub from_ms: Option<i64>,
    /// Until so many ms of market time after the start.
    pub until_ms: Option<i64>,
    /// Only the first, the third, … of what it could strike, from 1 on.
    pub nth: Vec<u64>,
    /// The share of what it could strike, 0…1, drawn by the seed.
    pub ratio: Option<f64>,
    /// So often and no more.
    pub at_most: Option<u64>,
}

/// What a fault may strike; all that is said must hold.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Place {
    /// Of one market.
    pub market: Option<MarketName>,
    /// Requests of this kind.
    pub act: Option<Act>,
    /// Requests whose method and path begin so, such as `POST /api/v3/order`.
    pub endpoint: Option<String>,
    /// Streams whose name has this in it, such as `@kline_1m`; an account's own is `user`.
    pub stream: Option<String>,
    /// Messages of this kind, such as `executionReport`.
    pub event: Option<String>,
    /// Of this key.
    pub account: Option<String>,
    /// Of this symbol.
    pub symbol: Option<String>,
    /// About orders whose client order id has this in it.
    pub order: Option<String>,
}

/// The venue's markets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MarketName {
    /// Spot.
    Spot,
    /// Futures with USD as their margin.
    Usdm,
}

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Act {
    /// New orders.
    Place,
    /// Ends orders.
    Cancel,
    /// Changes orders.
    Amend,
    /// Asks for orders or executions.
    Query,
    /// Begins or keeps up an account's stream.
    Renew,
    /// Asks what time it is.
    Time,
    /// Asks for what everybody may know.
    Public,
    /// Everything else about an account.
    Account,
}

/// How a fault strikes; each has its own use for some of these, and defaults.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Parameters {
    /// How long it lasts, in ms of market time.
    pub for_ms: Option<i64>,
    /// By how much something is late, in ms of market time.
    pub delay_ms: Option<i64>,
    /// Whether the request is done all the same.
    pub executed: Option<bool>,
    /// Whether the connection stays open without an answer rather than being cut.
    pub hang: bool,
    /// The HTTP status.
    pub status: Option<u16>,
    /// The venue's code.
    pub code: Option<i32>,
    /// The venue's words.
    pub message: Option<String>,
    /// How far the venue's clock is off, in ms.
    pub offset_ms: Option<i64>,
    /// How many more requests are taken for impatience.
    pub ban_after: Option<u64>,
    /// Which field of an answer or a message.
    pub field: Option<String>,
    /// What it says instead.
    pub value: Option<String>,
    /// By how much a price is wrong.
    pub shift_bps: Option<i64>,
    /// Into how many parts.
    pub parts: Option<u32>,
    /// How often it may begin anew, in ms of market time.
    pub every_ms: Option<i64>,
}

impl FaultPlan {
    /// Reads a plan from JSON, where the text begins with a brace, or else from TOML.
    ///
    /// # Errors
    /// [`SimulatorError::Plan`] names what is not understood.
    pub fn parse(text: &str) -> Result<Self, SimulatorError> {
        let plan: Result<Self, String> = if text.trim_start().starts_with('{') {
            serde_json::from_str(text).map_err(|error| error.to_string())
        } else {
            toml::from_str(text).map_err(|error| error.to_string())
        };
        let plan = plan.map_err(SimulatorError::Plan)?;
        plan.check()?;
        Ok(plan)
    }

    /// Refuses what can't be meant.
    pub(crate) fn check(&self) -> Result<(), SimulatorError> {
        for (n, fault) in self.faults.iter().enumerate() {
            let wrong = |what: &str| {
                SimulatorError::Plan(format!("fault {} ({}): {what}", n + 1, fault.name))
            };
            if fault.when.ratio.is_some_and(|ratio| !(0.0..=1.0).contains(&ratio)) {
                return Err(wrong("ratio must be from 0 to 1"));
            }
            if fault.when.nth.contains(&0) {
                return Err(wrong("nth counts from 1"));
            }
            let Parameters { for_ms, delay_ms, every_ms, parts, .. } = fault.with;
            if for_ms.is_some_and(|ms| ms < 0) || delay_ms.is_some_and(|ms| ms < 0) {
                return Err(wrong("for_ms and delay_ms can't be negative"));
            }
            if every_ms.is_some_and(|ms| ms < 1) {
                return Err(wrong("every_ms must be positive"));
            }
            if parts.is_some_and(|parts| !(2..=100).contains(&parts)) {
                return Err(wrong("parts must be from 2 to 100"));
            }
            if fault.with.status.is_some_and(|status| !(200..600).contains(&status)) {
                return Err(wrong("status must be from 200 to 599"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_are_read_from_toml_and_json_alike() {
        let toml = "[[faults]]\nname = \"not-found-for\"\nwhen = { nth = [2], from_ms = 60000 }\n\
                    where = { market = \"spot\" }\nparameters = { for_ms = 120000 }\n";
        let plan = FaultPlan::parse(toml).unwrap();
        assert_eq!(plan.faults[0].name, FaultName::NotFoundFor);
        let json = serde_json::to_string(&plan).unwrap();
        assert_eq!(FaultPlan::parse(&json).unwrap(), plan);
        assert_eq!(FaultPlan::parse("").unwrap(), FaultPlan::default());
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for bad in [
            "[[faults]]\nname = \"earthquake\"",
            "[[faults]]\nname = \"not-found-for\"\ncolour = 1",
            "[[faults]]\nname = \"not-found-for\"\nwhen = { ratio = 1.5 }",
            "[[faults]]\nname = \"not-found-for\"\nwhen = { nth = [0] }",
            "[[faults]]\nname = \"not-found-for\"\nparameters = { for_ms = -1 }",
            "[[faults]]\nname = \"not-found-for\"\nparameters = { status = 42 }",
        ] {
            let error = FaultPlan::parse(bad).unwrap_err();
            assert!(error.to_string().starts_with("the plan of faults"), "{error}");
        }
    }
}
