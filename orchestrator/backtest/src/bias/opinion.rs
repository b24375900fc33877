//! What a strategy said, in a form that two runs can be compared by.

use decision::record::{Dated, Record};
use domain::fill::Fill;
use domain::signal::Feature;
use domain::time::UtcMs;

/// A value that an opinion rests on, or is.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A number; two that aren't numbers are the same.
    Number(f64),
    /// Anything else.
    Text(String),
}

impl Value {
    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => a == b || (a.is_nan() && b.is_nan()),
            (a, b) => a == b,
        }
    }
}

/// What one speaker said at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Opinion {
    /// The watermark.
    pub at: UtcMs,
    /// Who speaks of what, such as `technical BTC/USDT`.
    pub speaker: String,
    /// What it said, by name, in an order that is always the same.
    pub values: Vec<(String, Value)>,
}

impl Opinion {
    /// The names of the values that differ from another's.
    pub fn differing(&self, other: &Self) -> Vec<String> {
        let of = |opinion: &Self, name: &str| {
            opinion.values.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
        };
        let names = self.values.iter().chain(&other.values).map(|(name, _)| name);
        let mut differing = Vec::new();
        for name in names {
            let same = match (of(self, name), of(other, name)) {
                (Some(a), Some(b)) => a.is(&b),
                _ => false,
            };
            if !same && !differing.contains(name) {
                differing.push(name.clone());
            }
        }
        differing
    }
}

/// Signals, cautions, decisions and fills as opinions; what a run leaves besides says nothing of
/// its own.
pub fn opinions(records: &[Dated]) -> Vec<Opinion> {
    records.iter().filter_map(opinion).collect()
}

fn opinion(dated: &Dated) -> Option<Opinion> {
    let number = |name: &str, value: f64| (name.to_owned(), Value::Number(value));
    let text = |name: &str, value: &dyn ToString| (name.to_owned(), Value::Text(value.to_string()));
    let basis = |features: &[Feature]| {
        features.iter().map(|f| (f.name.clone().into_owned(), Value::Number(f.value))).collect()
    };
    let (speaker, values) = match &dated.record {
        Record::Signal(_, signal) => {
            let mut values: Vec<_> = basis(&signal.basis);
            values.push(text("direction", &signal.direction));
            values.push(number("score", signal.score));
            values.push(number("confidence", signal.confidence));
            values.push(number("expected_return_ratio", signal.expected_return_ratio));
            (format!("{} {}", signal.agent, signal.instrument), values)
        }
        Record::RiskWord(word) => {
            let mut values: Vec<_> = basis(&word.basis);
            values.push(text("entries_allowed", &word.entries_allowed));
            values.push(number("size_ratio", word.size_ratio));
            (format!("risk {}", word.instrument), values)
        }
        Record::Decision(decision) => {
            let intent = &decision.intent;
            let values =
                vec![text("action", &intent.action), text("reason", &intent.reason.name())];
            (format!("decision {}", intent.instrument), values)
        }
        Record::Fill(fill) => return Some(of_fill(dated.at, fill)),
        _ => return None,
    };
    Some(Opinion { at: dated.at, speaker, values })
}

/// A fill as an opinion: for strategies that have no signals of their own.
pub fn of_fill(at: UtcMs, fill: &Fill) -> Opinion {
    let text = |name: &str, value: &dyn ToString| (name.to_owned(), Value::Text(value.to_string()));
    let side = format!("{:?}", fill.side).to_lowercase();
    let values =
        vec![text("side", &side), text("price", &fill.price), text("quantity", &fill.quantity)];
    Opinion { at, speaker: format!("fill {}", fill.instrument), values }
}
