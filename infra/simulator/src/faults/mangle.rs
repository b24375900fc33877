//! Texts that are not what they should be.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::names::FaultName;
use super::plan::Fault;

/// An answer's or a message's text after a fault of [`Answers`](super::names::Strikes::Answers);
/// None where it leaves the text alone.
pub(crate) fn text(fault: &Fault, text: &str) -> Option<String> {
    match fault.name {
        FaultName::TruncatedJson => {
            let half = (0..=text.len() / 2).rev().find(|n| text.is_char_boundary(*n));
            Some(text[..half.unwrap_or_default()].to_owned())
        }
        FaultName::MalformedJson => Some(format!("{}<html>", text.replacen(':', "=", 1))),
        FaultName::UnknownField => {
            let mut value = serde_json::from_str(text).ok()?;
            add_field(&mut value);
            Some(value.to_string())
        }
        FaultName::UnknownValue => {
            let mut value = serde_json::from_str(text).ok()?;
            let novel = fault.with.value.as_deref().unwrap_or("NOVEL");
            let is_changed = match &fault.with.field {
                Some(field) => change(&mut value, field, novel),
                None => change(&mut value, "X", novel) | change(&mut value, "status", novel),
            };
            is_changed.then(|| value.to_string())
        }
        _ => None,
    }
}

fn add_field(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.values_mut().for_each(add_field);
            fields.insert("novelField".to_owned(), json!({ "of": ["a", "later", "version", 1] }));
        }
        Value::Array(rows) => rows.iter_mut().filter(|row| row.is_object()).for_each(add_field),
        _ => {}
    }
}

/// Writes `novel` wherever a field of this name holds a word; whether there was any.
fn change(value: &mut Value, field: &str, novel: &str) -> bool {
    match value {
        Value::Object(fields) => fields.iter_mut().fold(false, |was, (name, value)| {
            if name == field && value.is_string() {
                *value = novel.into();
                return true;
            }
            change(value, field, novel) | was
        }),
        Value::Array(rows) => {
            rows.iter_mut().fold(false, |was, row| change(row, field, novel) | was)
        }
        _ => false,
    }
}

/// `event` in the same envelope as a message.
pub(crate) fn in_envelope(text: &str, event: Value) -> String {
    let mut value = serde_json::from_str::<Value>(text).unwrap_or_default();
    let inside = ["event", "data"].into_iter().find(|name| value.get(name).is_some());
    match inside {
        Some(name) => {
            value[name] = event;
            value.to_string()
        }
        None => event.to_string(),
    }
}

/// A candle's message whose close is wrong, within its high and low.
pub(crate) fn shift_close(text: &str, shift_bps: i64) -> String {
    let Ok(mut value) = serde_json::from_str::<Value>(text) else { return text.to_owned() };
    let is_wrapped = value.get("data").is_some();
    let candle = if is_wrapped { &mut value["data"]["k"] } else { &mut value["k"] };
    let read = |field: &str| candle[field].as_str().and_then(|text| text.parse::<Decimal>().ok());
    if let [Some(close), Some(high), Some(low)] = ["c", "h", "l"].map(read) {
        let shift = Decimal::from(shift_bps) / Decimal::from(10_000);
        let wrong = (close + close * shift).clamp(low, high).round_dp(8);
        candle["c"] = format!("{wrong:.8}").into();
    }
    value.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mangled(name: FaultName, whole: &str) -> Option<String> {
        let fault = Fault {
            name,
            when: Default::default(),
            place: Default::default(),
            with: Default::default(),
        };
        text(&fault, whole)
    }

    #[test]
    fn texts_are_spoilt() {
        let whole = r#"{"e":"x","o":{"X":"NEW"},"a":[{"b":1}]}"#;
        let broken = |name| serde_json::from_str::<Value>(&mangled(name, whole).unwrap());
        assert!(broken(FaultName::TruncatedJson).is_err());
        assert!(broken(FaultName::MalformedJson).is_err());
        let more = broken(FaultName::UnknownField).unwrap();
        assert!(more["novelField"].is_object() && more["a"][0]["novelField"].is_object());
        assert_eq!(broken(FaultName::UnknownValue).unwrap()["o"]["X"], "NOVEL");
        assert_eq!(mangled(FaultName::UnknownValue, "{}"), None);
        assert_eq!(mangled(FaultName::EventLost, whole), None);
    }

    #[test]
    fn a_wrong_close_stays_within_the_candle() {
        let text = r#"{"stream":"s","data":{"k":{"c":"100.0","h":"101.0","l":"99.0"}}}"#;
        let close = |bps| {
            let value: Value = serde_json::from_str(&shift_close(text, bps)).unwrap();
            value["data"]["k"]["c"].as_str().unwrap().to_owned()
        };
        assert_eq!(close(10), "100.10000000");
        assert_eq!(close(-500), "99.00000000");
    }
}
