//! How much of what a strategy says depends on where its history began: an indicator that never
//! forgets says something else after a longer start-up than after a shorter one.

use std::collections::BTreeMap;

use domain::time::UtcMs;

use crate::bias::opinion::{Opinion, Value};

/// How a value at the last moment differs from that of the whole history.
#[derive(Debug, Clone, PartialEq)]
pub enum Drift {
    /// It is the same, to the last bit.
    None,
    /// It differs by this ratio of the whole history's value; infinite where that is nought.
    Ratio(f64),
    /// It is another text.
    Other,
    /// With this start-up nothing was said yet.
    Silent,
}

/// One value of one speaker, for each length of the start-up.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Who spoke of what.
    pub speaker: String,
    /// Which value.
    pub value: String,
    /// One for each start-up of [`Recursive::startups`].
    pub drifts: Vec<Drift>,
}

/// What the analysis found.
#[derive(Debug, Clone, PartialEq)]
pub struct Recursive {
    /// The moment of comparison: the last at which anything was said.
    pub at: Option<UtcMs>,
    /// Candles before that moment, for each run.
    pub startups: Vec<u64>,
    /// Every value that was said at the moment.
    pub rows: Vec<Row>,
}

/// Runs a strategy on the whole history, then on its last candles only, for each number of
/// `startups`, and compares what it says at the last moment.
///
/// `last` cuts the history to its last candles. `observe` makes the strategy anew for a history
/// and gives back what it said, by time.
pub fn recursive<H, E>(
    whole: &H,
    startups: &[u64],
    last: impl Fn(&H, u64) -> H,
    observe: impl Fn(&H) -> Result<Vec<Opinion>, E>,
) -> Result<Recursive, E> {
    let said = observe(whole)?;
    let mut found = Recursive { at: None, startups: startups.to_vec(), rows: Vec::new() };
    let Some(at) = said.iter().map(|opinion| opinion.at).max() else { return Ok(found) };
    found.at = Some(at);
    let reference = values_at(&said, at);
    let mut rows: BTreeMap<_, _> = reference.keys().map(|key| (key.clone(), Vec::new())).collect();
    for &startup in startups {
        let fresh = values_at(&observe(&last(whole, startup))?, at);
        for (key, drifts) in &mut rows {
            drifts.push(drift(&reference[key], fresh.get(key)));
        }
    }
    let row = |((speaker, value), drifts)| Row { speaker, value, drifts };
    found.rows = rows.into_iter().map(row).collect();
    Ok(found)
}

fn values_at(said: &[Opinion], at: UtcMs) -> BTreeMap<(String, String), Value> {
    let now = said.iter().filter(|opinion| opinion.at == at);
    let named = now.flat_map(|opinion| {
        let of = |(name, value): &(String, Value)| {
            ((opinion.speaker.clone(), name.clone()), value.clone())
        };
        opinion.values.iter().map(of)
    });
    named.collect()
}

fn drift(reference: &Value, fresh: Option<&Value>) -> Drift {
    match (reference, fresh) {
        (_, None) => Drift::Silent,
        (Value::Number(a), Some(Value::Number(b))) if a == b => Drift::None,
        (Value::Number(a), Some(Value::Number(b))) => Drift::Ratio((b - a) / a.abs()),
        (a, Some(b)) if a == b => Drift::None,
        _ => Drift::Other,
    }
}
