//! Settings of an account on USD-M futures: leverage, margin, modes. All are the same set once or
//! twice; the venue answers −4046 or −4059 where nothing had to change.

use domain::instrument::InstrumentId;
use domain::money::Money;
use rust_decimal::Decimal;
use serde::Deserialize;

use crate::binance::number::{maybe, number};
use crate::binance::signed::call::{Call, Method};
use crate::binance::signed::params::Params;
use crate::binance::words::MarginType;

/// The venue's codes for a setting that is so already: margin type, position mode.
pub(crate) const NO_CHANGE: [i64; 2] = [-4046, -4059];
/// The highest leverage of any instrument; brackets and the account's age allow less.
const MAX_LEVERAGE: u8 = 125;

/// How many times its margin a position may be worth, 1 to 125.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Leverage(u8);

/// Beyond what the venue knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("leverage {0} is not between 1 and {MAX_LEVERAGE}")]
pub struct LeverageError(pub u32);

impl Leverage {
    /// From a number between 1 and 125.
    pub fn new(times: u32) -> Result<Self, LeverageError> {
        match u8::try_from(times) {
            Ok(fits @ 1..=MAX_LEVERAGE) => Ok(Self(fits)),
            _ => Err(LeverageError(times)),
        }
    }

    /// How many times.
    pub const fn times(self) -> u8 {
        self.0
    }
}

/// Sets the leverage of an instrument.
pub fn leverage(instrument: InstrumentId, leverage: Leverage) -> Call {
    let params = Params::of(instrument).with("leverage", leverage.times());
    Call::set(Method::Post, "fapi/v1/leverage", params, 1)
}

/// Sets how an instrument's margin is kept; refused while there is a position or an open order.
pub fn margin_type(instrument: InstrumentId, margin: &MarginType) -> Call {
    let params = Params::of(instrument).with("marginType", margin);
    Call::set(Method::Post, "fapi/v1/marginType", params, 1)
}

/// Sets one-way or hedge mode for the whole account.
pub fn position_mode(hedge: bool) -> Call {
    let params = Params::new().with("dualSidePosition", hedge);
    Call::set(Method::Post, "fapi/v1/positionSide/dual", params, 1)
}

/// The account's mode.
pub fn get_position_mode() -> Call {
    Call::ask("fapi/v1/positionSide/dual", Params::new(), 30)
}

/// The leverage that a position of some size may have.
pub fn brackets(instrument: InstrumentId) -> Call {
    Call::ask("fapi/v1/leverageBracket", Params::of(instrument), 1)
}

/// What is set for an instrument.
pub fn symbol_config(instrument: InstrumentId) -> Call {
    Call::ask("fapi/v1/symbolConfig", Params::of(instrument), 5)
}

/// The leverage as the venue set it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LeverageSet {
    /// The venue's spelling of the instrument.
    pub symbol: String,
    /// How many times.
    pub leverage: u8,
    /// The largest position that it allows; the venue writes `INF` where there is no bound.
    pub max_notional_value: String,
}

/// The account's mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PositionMode {
    /// Whether long and short positions stand side by side.
    pub dual_side_position: bool,
}

/// What is set for an instrument.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SymbolConfig {
    /// The venue's spelling of the instrument.
    pub symbol: String,
    /// How margin is kept.
    pub margin_type: MarginType,
    /// How many times.
    pub leverage: u8,
}

/// The brackets of an instrument.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Brackets {
    /// The venue's spelling of the instrument.
    pub symbol: String,
    /// What the account's brackets are widened by, where they are.
    #[serde(default, deserialize_with = "maybe")]
    pub notional_coef: Option<Decimal>,
    /// From the smallest position to the largest.
    pub brackets: Vec<Bracket>,
}

/// What holds for positions between two sizes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Bracket {
    /// From this value on, in quote units.
    #[serde(rename = "notionalFloor", deserialize_with = "number")]
    pub floor_quote: Money,
    /// Up to this value, in quote units.
    #[serde(rename = "notionalCap", deserialize_with = "number")]
    pub cap_quote: Money,
    /// The highest leverage.
    pub initial_leverage: u8,
    /// The part of its value that a position must be backed with, less `cum`.
    #[serde(rename = "maintMarginRatio", deserialize_with = "number")]
    pub maint_margin_ratio: Decimal,
    /// What is taken off, in quote units, so that brackets meet.
    #[serde(rename = "cum", default, deserialize_with = "maybe")]
    pub deduction_quote: Option<Money>,
}

impl Brackets {
    /// The bracket of a position that is worth this much; none beyond the largest.
    pub fn of(&self, notional_quote: Money) -> Option<&Bracket> {
        self.brackets
            .iter()
            .find(|b| b.floor_quote <= notional_quote && notional_quote < b.cap_quote)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leverage_is_between_one_and_125() {
        assert_eq!(Leverage::new(125).map(Leverage::times), Ok(125));
        for bad in [0, 126, 381] {
            assert_eq!(Leverage::new(bad), Err(LeverageError(bad)));
        }
    }

    #[test]
    fn a_position_finds_its_bracket() {
        let text = r#"{"symbol":"ETHUSDT","notionalCoef":1.5,"brackets":[
            {"bracket":1,"initialLeverage":75,"notionalCap":10000,"notionalFloor":0,
             "maintMarginRatio":0.0065,"cum":0.0},
            {"bracket":2,"initialLeverage":50,"notionalCap":50000,"notionalFloor":10000,
             "maintMarginRatio":0.01,"cum":35.0}]}"#;
        let brackets: Brackets = serde_json::from_str(text).unwrap();
        let leverage =
            |worth: &str| brackets.of(worth.parse().unwrap()).map(|b| b.initial_leverage);
        assert_eq!(leverage("9999.99"), Some(75));
        assert_eq!((leverage("10000"), leverage("50000")), (Some(50), None));
        assert_eq!(brackets.brackets[0].maint_margin_ratio, "0.0065".parse().unwrap());
    }
}
