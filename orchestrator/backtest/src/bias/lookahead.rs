//! Whether a strategy looks ahead: what it says at a moment must not change when the future is cut
//! off behind that moment.

use std::collections::BTreeMap;

use domain::time::UtcMs;

use crate::bias::opinion::Opinion;

/// An opinion that changed when the future was cut off, or that is only there with or without it.
#[derive(Debug, Clone, PartialEq)]
pub struct Biased {
    /// The moment.
    pub at: UtcMs,
    /// Who spoke of what.
    pub speaker: String,
    /// The values that differ; empty where the whole opinion is missing in one of the runs.
    pub values: Vec<String>,
}

/// What the analysis found.
#[derive(Debug, Clone, PartialEq)]
pub struct Lookahead {
    /// Moments that were checked.
    pub checked: Vec<UtcMs>,
    /// Opinions that were compared at them.
    pub compared: u64,
    /// What looked ahead, by moment.
    pub biased: Vec<Biased>,
}

impl Lookahead {
    /// How often each value of each speaker differed.
    pub fn by_value(&self) -> BTreeMap<(&str, &str), u64> {
        let mut counts = BTreeMap::new();
        for biased in &self.biased {
            let named = biased.values.iter().map(String::as_str);
            let whole = biased.values.is_empty().then_some("the whole opinion");
            for value in named.chain(whole) {
                *counts.entry((biased.speaker.as_str(), value)).or_insert(0) += 1;
            }
        }
        counts
    }
}

/// Runs a strategy on the whole history, then on the history up to each of at most `most` moments
/// at which it spoke, spread evenly over all of them, and compares what it said there.
///
/// `until` cuts the history: what closed until the moment stays. `observe` makes the strategy anew
/// for a history and gives back what it said, by time.
pub fn lookahead<H, E>(
    whole: &H,
    most: usize,
    until: impl Fn(&H, UtcMs) -> H,
    observe: impl Fn(&H) -> Result<Vec<Opinion>, E>,
) -> Result<Lookahead, E> {
    let said = observe(whole)?;
    let mut found = Lookahead { checked: spread(&said, most), compared: 0, biased: Vec::new() };
    for &at in &found.checked {
        let cut = observe(&until(whole, at))?;
        let (with, without) = (by_speaker(&said, at), by_speaker(&cut, at));
        let mut speakers: Vec<_> = with.keys().chain(without.keys()).copied().collect();
        speakers.sort_unstable();
        speakers.dedup();
        for speaker in speakers {
            found.compared += 1;
            let values = match (with.get(speaker), without.get(speaker)) {
                (Some(a), Some(b)) if a.len() == b.len() => {
                    let values: Vec<_> =
                        a.iter().zip(b).flat_map(|(a, b)| a.differing(b)).collect();
                    if values.is_empty() {
                        continue;
                    }
                    values
                }
                _ => Vec::new(),
            };
            found.biased.push(Biased { at, speaker: speaker.to_owned(), values });
        }
    }
    Ok(found)
}

/// Evenly spread moments at which something was said, the first and the last among them.
fn spread(said: &[Opinion], most: usize) -> Vec<UtcMs> {
    let mut moments: Vec<_> = said.iter().map(|opinion| opinion.at).collect();
    moments.sort_unstable();
    moments.dedup();
    if moments.len() <= most {
        return moments;
    }
    let last = moments.len().saturating_sub(1);
    let steps = most.saturating_sub(1).max(1);
    (0..most).map(|step| moments[last * step / steps]).collect()
}

fn by_speaker(said: &[Opinion], at: UtcMs) -> BTreeMap<&str, Vec<&Opinion>> {
    let mut speakers: BTreeMap<&str, Vec<&Opinion>> = BTreeMap::new();
    for opinion in said.iter().filter(|opinion| opinion.at == at) {
        speakers.entry(&opinion.speaker).or_default().push(opinion);
    }
    speakers
}
