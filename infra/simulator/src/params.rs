//! Query parameters, checked as Binance checks them.

use actix_web::web::Query;
use domain::time::UtcMs;
use domain::timeframe::Timeframe;
use serde_json::Value;

/// What Binance answers to a bad request: `{"code":…,"msg":"…"}` with status 400.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: i32,
    pub(crate) message: String,
    /// What more there is to tell.
    pub(crate) data: Option<Box<Value>>,
}

impl Refusal {
    /// As it is answered.
    pub(crate) fn body(&self) -> String {
        let mut body = serde_json::json!({ "code": self.code, "msg": self.message });
        if let Some(data) = &self.data {
            body["data"] = (**data).clone();
        }
        body.to_string()
    }

    /// Tells more.
    pub(crate) fn with(self, data: Value) -> Self {
        Self { data: Some(Box::new(data)), ..self }
    }
}

pub(crate) fn refusal(code: i32, message: impl Into<String>) -> Refusal {
    Refusal { code, message: message.into(), data: None }
}

pub(crate) fn unknown_symbol() -> Refusal {
    refusal(-1121, "Invalid symbol.")
}

fn bad_characters(name: &str, legal: &str) -> Refusal {
    let message =
        format!("Illegal characters found in parameter '{name}'; legal range is '{legal}'.");
    refusal(-1100, message)
}

fn invalid(name: &str) -> Refusal {
    refusal(-1130, format!("Data sent for parameter '{name}' is not valid."))
}

const SYMBOL: &str = "^[A-Z0-9-_.]{1,20}$";
const SYMBOLS: &str = r#"^\["[A-Z0-9-_.]{1,20}"(,"[A-Z0-9-_.]{1,20}"){0,}\]$"#;
const NUMBER: &str = "^[0-9]{1,20}$";

/// The parameters of a request.
#[derive(Debug)]
pub(crate) struct Params(Vec<(String, String)>);

impl Params {
    /// `known` are the names that the endpoint reads.
    pub(crate) fn parse(query: &str, known: &[&str]) -> Result<Self, Refusal> {
        let Query(pairs) = Query::<Vec<(String, String)>>::from_query(query)
            .map_err(|_| refusal(-1100, "Illegal characters found in a parameter."))?;
        Self::of(pairs, known)
    }

    /// The same of what has been taken apart already.
    pub(crate) fn of(pairs: Vec<(String, String)>, known: &[&str]) -> Result<Self, Refusal> {
        let read = pairs.iter().filter(|(name, _)| known.contains(&name.as_str())).count();
        if read < pairs.len() {
            let sent = pairs.len();
            let message = format!(
                "Not all sent parameters were read; read '{read}' parameter(s) but was sent '{sent}'."
            );
            return Err(refusal(-1104, message));
        }
        let repeated = |n: usize| pairs[..n].iter().any(|(name, _)| *name == pairs[n].0);
        if (0..pairs.len()).any(repeated) {
            return Err(refusal(-1101, "Duplicate values for a parameter detected."));
        }
        Ok(Self(pairs))
    }

    /// The same where names that nobody reads are passed over.
    pub(crate) fn any(pairs: Vec<(String, String)>) -> Result<Self, Refusal> {
        let names: Vec<String> = pairs.iter().map(|(name, _)| name.clone()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        Self::of(pairs, &names)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn mandatory(&self, name: &str) -> Result<&str, Refusal> {
        self.get(name).filter(|value| !value.is_empty()).ok_or_else(|| {
            let message =
                format!("Mandatory parameter '{name}' was not sent, was empty/null, or malformed.");
            refusal(-1102, message)
        })
    }

    /// The one symbol that must be named.
    pub(crate) fn symbol(&self) -> Result<&str, Refusal> {
        let symbol = self.mandatory("symbol")?;
        if is_symbol(symbol) { Ok(symbol) } else { Err(bad_characters("symbol", SYMBOL)) }
    }

    /// The symbols named by `symbol` or `symbols`, None where neither is given.
    pub(crate) fn symbols(&self) -> Result<Option<Vec<String>>, Refusal> {
        match (self.get("symbol"), self.get("symbols")) {
            (None, None) => Ok(None),
            (Some(_), None) => Ok(Some(vec![self.symbol()?.to_owned()])),
            (None, Some(list)) => {
                let parsed = serde_json::from_str::<Vec<String>>(list).ok();
                let symbols = parsed
                    .filter(|symbols| !symbols.is_empty() && symbols.iter().all(|s| is_symbol(s)))
                    .ok_or_else(|| bad_characters("symbols", SYMBOLS))?;
                let mut sorted = symbols.clone();
                sorted.sort();
                if sorted.windows(2).any(|pair| pair[0] == pair[1]) {
                    return Err(refusal(-1151, "Symbol is present multiple times in the list."));
                }
                Ok(Some(symbols))
            }
            (Some(_), Some(_)) => {
                Err(refusal(-1128, "Combination of optional parameters invalid."))
            }
        }
    }

    pub(crate) fn interval(&self) -> Result<Timeframe, Refusal> {
        let interval = self.mandatory("interval")?;
        interval.parse().map_err(|_| refusal(-1120, "Invalid interval."))
    }

    /// A number of the venue's.
    pub(crate) fn id(&self, name: &str) -> Result<Option<u64>, Refusal> {
        self.get(name).map(|text| whole_number(name, text)).transpose()
    }

    pub(crate) fn time(&self, name: &str) -> Result<Option<UtcMs>, Refusal> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let number = whole_number(name, text)?;
        i64::try_from(number).map(|ms| Some(UtcMs::new(ms))).map_err(|_| invalid(name))
    }

    /// How many are asked for: `default` where nothing is said, never more than `most`.
    pub(crate) fn limit(&self, default: usize, most: usize) -> Result<usize, Refusal> {
        let Some(text) = self.get("limit") else { return Ok(default) };
        match whole_number("limit", text)? {
            0 => Err(invalid("limit")),
            limit => Ok(usize::try_from(limit).unwrap_or(most).min(most)),
        }
    }

    /// Candles are cut in UTC only.
    pub(crate) fn time_zone(&self) -> Result<(), Refusal> {
        match self.get("timeZone") {
            None | Some("0" | "+0" | "-0" | "00:00" | "0:00" | "+00:00") => Ok(()),
            Some(_) => Err(invalid("timeZone")),
        }
    }
}

fn is_symbol(text: &str) -> bool {
    let legal = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b"-_.".contains(&b);
    (1..=20).contains(&text.len()) && text.bytes().all(legal)
}

fn whole_number(name: &str, text: &str) -> Result<u64, Refusal> {
    if !(1..=20).contains(&text.len()) || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(bad_characters(name, NUMBER));
    }
    text.parse().map_err(|_| invalid(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code<T: std::fmt::Debug>(result: Result<T, Refusal>) -> i32 {
        result.unwrap_err().code
    }

    fn params(query: &str) -> Params {
        let known = ["symbol", "symbols", "interval", "startTime", "limit", "timeZone"];
        Params::parse(query, &known).unwrap()
    }

    #[test]
    fn bad_parameters_get_binances_codes() {
        assert_eq!(code(Params::parse("foo=1", &["symbol"])), -1104);
        assert_eq!(code(Params::parse("symbol=A&symbol=B", &["symbol"])), -1101);
        assert_eq!(code(params("").symbol()), -1102);
        assert_eq!(code(params("symbol=").symbol()), -1102);
        assert_eq!(code(params("symbol=btcusdt").symbol()), -1100);
        assert_eq!(code(params("symbol=A&symbols=[]").symbols()), -1128);
        for list in ["", "BTCUSDT", "[]", "[1]", r#"["btcusdt"]"#] {
            assert_eq!(code(params(&format!("symbols={list}")).symbols()), -1100, "{list}");
        }
        assert_eq!(code(params(r#"symbols=["A","B","A"]"#).symbols()), -1151);
        assert_eq!(code(params("interval=7m").interval()), -1120);
        for time in ["-1", "1.5", "abc", "", "123456789012345678901"] {
            assert_eq!(
                code(params(&format!("startTime={time}")).time("startTime")),
                -1100,
                "{time}"
            );
        }
        assert_eq!(code(params("startTime=99999999999999999999").time("startTime")), -1130);
        assert_eq!(code(params("limit=0").limit(500, 1000)), -1130);
        assert_eq!(code(params("timeZone=8").time_zone()), -1130);
    }

    #[test]
    fn good_parameters_are_read() {
        let given = params("symbols=%5B%22BTCUSDT%22,%22ETHUSDT%22%5D&startTime=5&limit=2000");
        assert_eq!(given.symbols().unwrap().unwrap(), ["BTCUSDT", "ETHUSDT"]);
        assert_eq!(given.time("startTime"), Ok(Some(UtcMs::new(5))));
        assert_eq!(given.limit(500, 1000), Ok(1000));
        assert_eq!(params("").limit(500, 1000), Ok(500));
        assert_eq!(params("").symbols(), Ok(None));
        assert_eq!(params("interval=1M").interval(), Ok(Timeframe::Mo1));
    }
}
