//! What is not the same, field by field.

use domain::canonical;
use domain::time::UtcMs;
use serde::Serialize;
use serde_json::Value;

/// One field that differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Difference {
    /// The entry of the ledger.
    pub(crate) seq: u64,
    /// What it is: `decision 01ab…`, `order`, …
    pub(crate) what: String,
    /// Event time.
    pub(crate) at: UtcMs,
    /// Which field, such as `intent.score`.
    pub(crate) field: String,
    /// As it is stored.
    pub(crate) stored: String,
    /// As it comes out now.
    pub(crate) computed: String,
}

/// The fields that differ between two records in canonical text: name, stored, computed. Never
/// empty for texts that differ.
pub(crate) fn fields(stored: &str, computed: &str) -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    // Floats stay bits here, so that neighbours are told apart.
    match (serde_json::from_str(stored), serde_json::from_str(computed)) {
        (Ok(a), Ok(b)) => compare(String::new(), &a, &b, &mut found),
        _ => found.push(("record".to_owned(), shortened(stored), shortened(computed))),
    }
    if found.is_empty() && stored != computed {
        found.push(("spelling".to_owned(), shortened(stored), shortened(computed)));
    }
    found
}

fn compare(
    path: String,
    stored: &Value,
    computed: &Value,
    found: &mut Vec<(String, String, String)>,
) {
    let below = |name: &str| match path.is_empty() {
        true => name.to_owned(),
        false => format!("{path}.{name}"),
    };
    match (stored, computed) {
        (Value::Object(a), Value::Object(b)) => {
            let only_b = b.keys().filter(|name| !a.contains_key(*name));
            for name in a.keys().chain(only_b) {
                let (a, b) = (a.get(name), b.get(name));
                compare(below(name), a.unwrap_or(&Value::Null), b.unwrap_or(&Value::Null), found);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (at, (a, b)) in a.iter().zip(b).enumerate() {
                compare(below(&at.to_string()), a, b, found);
            }
        }
        (a, b) if a == b => {}
        (a, b) => found.push((path, shown(a), shown(b))),
    }
}

/// A value with floats as numbers.
fn shown(value: &Value) -> String {
    let text = value.to_string();
    let readable = canonical::readable(&text).map_or(text, |value| value.to_string());
    shortened(&readable)
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(160) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_named_by_their_path() {
        let stored =
            r#"{"id":"a","intent":{"score":"f64:3ff0000000000000","stop":"1"},"ids":[1,2]}"#;
        let computed =
            r#"{"id":"a","intent":{"score":"f64:3ff0000000000001","stop":"1"},"ids":[1,3]}"#;
        let found = fields(stored, computed);
        let names: Vec<_> = found.iter().map(|(name, _, _)| name.as_str()).collect();
        assert_eq!(names, ["ids.1", "intent.score"]);
        assert_eq!((&*found[1].1, &*found[1].2), ("1.0", "1.0000000000000002"));
        assert!(fields(stored, stored).is_empty());
    }

    #[test]
    fn texts_that_differ_always_differ_somewhere() {
        assert_eq!(fields("{}", "{ }")[0].0, "spelling");
        assert_eq!(fields("{", "{}")[0].0, "record");
        assert_eq!(fields(r#"{"a":1}"#, r#"{"b":1}"#).len(), 2);
    }
}
