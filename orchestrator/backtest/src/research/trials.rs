//! The record of a search: every trial, in a form that can be appended to and taken up again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::research::space::{Point, Search, Space};

/// What a trial brought.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    /// From 0.
    pub number: u64,
    /// What was tried.
    pub point: Point,
    /// Final profit as a ratio of the capital.
    pub profit_ratio: f64,
    /// Mean over deviation of the daily returns, not annualised; nought where they never vary.
    pub sharpe_daily: f64,
    /// Closed trades.
    pub trades: u64,
    /// Deepest loss from a peak, marked to market.
    pub max_drawdown_ratio: f64,
    /// Of each UTC day of the history, so that the trials of a search have the same days.
    pub daily_returns: Vec<f64>,
}

/// What all trials of a record have in common: its first line. Trials of another search would make
/// the count of trials, and all that follows from it, a lie.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// What is searched.
    pub space: Space,
    /// How.
    pub search: Search,
    /// From which seed.
    pub seed: u64,
    /// Hash of what the points are applied to.
    pub configuration: String,
    /// Hash of what the trials live through.
    pub history: String,
}

/// A record that was begun.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// By number.
    pub trials: BTreeMap<u64, Trial>,
    /// How many bytes of the text are whole lines: what follows was cut off while it was written.
    pub whole_bytes: usize,
}

/// A record that can't be taken up again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrialsError {
    /// The first line is missing or something else.
    #[error("this is no record of trials: {0}")]
    NoHeader(String),
    /// The record of another search.
    #[error("the record is of another {}; begin a new one", .differences.join(" and "))]
    Other {
        /// In what it differs.
        differences: Vec<&'static str>,
    },
    /// A line that is no trial.
    #[error("line {line}: {problem}")]
    Unreadable {
        /// From 1.
        line: usize,
        /// What is wrong.
        problem: String,
    },
}

impl Header {
    /// Its line, with the line's end.
    pub fn line(&self) -> String {
        line(self)
    }
}

impl Trial {
    /// Its line, with the line's end.
    pub fn line(&self) -> String {
        line(self)
    }
}

fn line(value: &impl Serialize) -> String {
    let text = serde_json::to_string(value).expect("text keys and numbers make JSON");
    text + "\n"
}

/// Reads a record that must be of the search that `header` describes. A last line without an end is
/// left out.
pub fn read(text: &str, header: &Header) -> Result<Kept, TrialsError> {
    let whole_bytes = text.rfind('\n').map_or(0, |end| end + 1);
    let mut lines = text[..whole_bytes].lines();
    let first = lines.next().ok_or_else(|| TrialsError::NoHeader("it is empty".to_owned()))?;
    let found: Header =
        serde_json::from_str(first).map_err(|e| TrialsError::NoHeader(e.to_string()))?;
    let differences = differences(&found, header);
    if !differences.is_empty() {
        return Err(TrialsError::Other { differences });
    }
    let mut trials = BTreeMap::new();
    for (line, text) in (2..).zip(lines) {
        let unreadable = |problem: String| TrialsError::Unreadable { line, problem };
        let trial: Trial = serde_json::from_str(text).map_err(|e| unreadable(e.to_string()))?;
        if trial.point != header.space.point(header.search, header.seed, trial.number) {
            return Err(unreadable(format!("trial {} is of another point", trial.number)));
        }
        let number = trial.number;
        if trials.insert(number, trial).is_some() {
            return Err(unreadable(format!("trial {number} is there twice")));
        }
    }
    Ok(Kept { trials, whole_bytes })
}

fn differences(found: &Header, wanted: &Header) -> Vec<&'static str> {
    [
        ("space", found.space == wanted.space),
        ("kind of search", found.search == wanted.search),
        ("seed", found.seed == wanted.seed),
        ("configuration", found.configuration == wanted.configuration),
        ("history", found.history == wanted.history),
    ]
    .into_iter()
    .filter_map(|(name, same)| (!same).then_some(name))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        let space = "stop_atr_multiple = { type = 'float', from = 1, to = 4 }";
        Header {
            space: Space::parse(space).unwrap(),
            search: Search::Random,
            seed: 7,
            configuration: "c".to_owned(),
            history: "h".to_owned(),
        }
    }

    fn trial(number: u64) -> Trial {
        Trial {
            number,
            point: header().space.point(Search::Random, 7, number),
            profit_ratio: 0.1,
            sharpe_daily: 0.05,
            trades: 3,
            max_drawdown_ratio: 0.02,
            daily_returns: vec![0.1, -0.0, 1.0 / 3.0],
        }
    }

    #[test]
    fn trials_are_found_again_in_any_order() {
        let text = header().line() + &trial(5).line() + &trial(0).line();
        let kept = read(&text, &header()).unwrap();
        assert_eq!(kept.whole_bytes, text.len());
        assert_eq!(kept.trials.into_values().collect::<Vec<_>>(), [trial(0), trial(5)]);
    }

    #[test]
    fn a_line_that_was_cut_off_is_made_again() {
        let text = header().line() + &trial(0).line();
        for cut in 1..trial(1).line().len() {
            let torn = text.clone() + &trial(1).line()[..cut];
            let kept = read(&torn, &header()).unwrap();
            assert_eq!((kept.trials.len(), kept.whole_bytes), (1, text.len()));
        }
    }

    #[test]
    fn the_record_of_another_search_is_refused() {
        let text = header().line();
        let other = Header { seed: 8, history: "other".to_owned(), ..header() };
        let said = read(&text, &other).unwrap_err().to_string();
        assert_eq!(said, "the record is of another seed and history; begin a new one");
        for text in ["", "torn", "{}\n", "text\n"] {
            assert!(matches!(read(text, &header()), Err(TrialsError::NoHeader(_))), "{text}");
        }
        let moved = Trial { number: 1, ..trial(0) };
        for (lines, problem) in [
            (trial(0).line() + "{}\n", "line 3: missing field"),
            (trial(0).line() + &trial(0).line(), "line 3: trial 0 is there twice"),
            (moved.line(), "line 2: trial 1 is of another point"),
        ] {
            let said = read(&(header().line() + &lines), &header()).unwrap_err().to_string();
            assert!(said.starts_with(problem), "{said}");
        }
    }
}
