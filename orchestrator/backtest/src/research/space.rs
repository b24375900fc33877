//! What may be searched: names of parameters and the values that each may take, as data.

use std::collections::BTreeMap;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use serde::{Deserialize, Serialize};

use crate::research::knobs;

/// The value of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// On or off.
    Switch(bool),
    /// A number; whole where the parameter counts something.
    Number(f64),
}

/// A choice of values for all parameters of a space.
pub type Point = BTreeMap<String, Value>;

/// The values that a parameter may take.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub enum Range {
    /// Numbers from one to another, both included; with a step only its multiples from the first.
    Float {
        /// The least.
        from: f64,
        /// The largest.
        to: f64,
        /// Distance of neighbours; a grid needs one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<f64>,
    },
    /// Numbers whose orders of magnitude are equally likely.
    Log {
        /// The least, above 0.
        from: f64,
        /// The largest.
        to: f64,
        /// How many, in equal ratios; a grid needs it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        count: Option<u32>,
    },
    /// Whole numbers, both ends included.
    Integer {
        /// The least.
        from: i32,
        /// The largest.
        to: i32,
        /// Distance of neighbours.
        #[serde(default = "one")]
        step: u32,
    },
    /// Any of a list.
    Choice {
        /// Each once.
        values: Vec<Value>,
    },
}

/// How points are taken from a space.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Search {
    /// Each value drawn on its own.
    Random,
    /// Every point once.
    Grid,
}

/// Parameters and their ranges.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, Range>", into = "BTreeMap<String, Range>")]
pub struct Space(BTreeMap<String, Range>);

/// A space or point that can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpaceError {
    /// Not the fields of a space.
    #[error("space: {0}")]
    Unreadable(String),
    /// Nothing to search.
    #[error("the space names no parameter; known are {known}")]
    Empty {
        /// What there is.
        known: String,
    },
    /// No such parameter.
    #[error("no parameter '{name}'; known are {known}")]
    Unknown {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// A range of nothing, or of what the parameter can't be.
    #[error("{name}: {problem}")]
    Impossible {
        /// Which parameter.
        name: String,
        /// What is wrong.
        problem: String,
    },
    /// A grid without end.
    #[error("{name}: a grid needs a {wanted}")]
    Endless {
        /// Which parameter.
        name: String,
        /// What would end it.
        wanted: &'static str,
    },
    /// A grid that is visited in part would leave out the ends of the last parameters.
    #[error(
        "the grid has {size} points, more than the {wanted} trials asked for: allow as many, coarsen it, or search at random"
    )]
    Large {
        /// How many points it has.
        size: u128,
        /// How many were asked for.
        wanted: u64,
    },
}

impl TryFrom<BTreeMap<String, Range>> for Space {
    type Error = SpaceError;

    fn try_from(ranges: BTreeMap<String, Range>) -> Result<Self, SpaceError> {
        if ranges.is_empty() {
            return Err(SpaceError::Empty { known: knobs::known() });
        }
        for (name, range) in &ranges {
            range.check(name)?;
        }
        Ok(Self(ranges))
    }
}

impl From<Space> for BTreeMap<String, Range> {
    fn from(space: Space) -> Self {
        space.0
    }
}

impl Space {
    /// Reads a space from TOML: `name = { type = "float", from = 1.0, to = 4.0, step = 0.5 }`, and
    /// so on for `log`, `integer` and `choice`.
    pub fn parse(text: &str) -> Result<Self, SpaceError> {
        let ranges: BTreeMap<String, Range> = toml::from_str(text)
            .map_err(|e| SpaceError::Unreadable(e.to_string().trim().to_owned()))?;
        Self::try_from(ranges)
    }

    /// The parameters and their ranges.
    pub fn ranges(&self) -> &BTreeMap<String, Range> {
        &self.0
    }

    /// How many trials there are when `wanted` are asked for: a grid has its own number, which must
    /// not be more.
    pub fn trials(&self, search: Search, wanted: u64) -> Result<u64, SpaceError> {
        if search == Search::Random {
            return Ok(wanted);
        }
        let mut size = 1u128;
        for (name, range) in &self.0 {
            let count = range.count().map_err(|wanted| {
                let name = name.clone();
                SpaceError::Endless { name, wanted }
            })?;
            size = size.saturating_mul(u128::from(count));
        }
        match u64::try_from(size) {
            Ok(count) if count <= wanted => Ok(count),
            _ => Err(SpaceError::Large { size, wanted }),
        }
    }

    /// The point of trial `number`, from 0. It depends on nothing else than the arguments, so that
    /// trials can be made in any order.
    pub fn point(&self, search: Search, seed: u64, number: u64) -> Point {
        match search {
            Search::Random => {
                let mut rng = ChaCha8Rng::seed_from_u64(seed);
                rng.set_stream(number);
                let draw = |(name, range): (&String, &Range)| (name.clone(), range.draw(&mut rng));
                self.0.iter().map(draw).collect()
            }
            Search::Grid => {
                let mut rest = number;
                let mut digit = |(name, range): (&String, &Range)| {
                    let count = range.count().unwrap_or(1);
                    let value = range.at(rest % count);
                    rest /= count;
                    (name.clone(), value)
                };
                self.0.iter().map(&mut digit).collect()
            }
        }
    }
}

impl Range {
    fn check(&self, name: &str) -> Result<(), SpaceError> {
        let refuse = |problem: String| SpaceError::Impossible { name: name.to_owned(), problem };
        let (from, to) = match self {
            Self::Float { from, to, .. } | Self::Log { from, to, .. } => (*from, *to),
            Self::Integer { from, to, .. } => (f64::from(*from), f64::from(*to)),
            Self::Choice { values } => return check_choice(name, values),
        };
        if !(from.is_finite() && to.is_finite() && from <= to) {
            return Err(refuse(format!("from {from} to {to} is no range")));
        }
        let problem = match self {
            Self::Float { step: Some(step), .. } if !(*step > 0.0 && (to - from) / step < 1e6) => {
                Some(format!("a step of {step} must be above 0 and make fewer than a million"))
            }
            Self::Integer { step: 0, .. } => Some("a step of 0 leads nowhere".to_owned()),
            Self::Log { .. } if from <= 0.0 => Some(format!("log begins above 0, not at {from}")),
            Self::Log { count: Some(0 | 1), .. } => Some("count must be at least 2".to_owned()),
            _ => None,
        };
        if let Some(problem) = problem {
            return Err(refuse(problem));
        }
        // What holds at both ends holds between them.
        for end in [from, to] {
            knobs::check(name, Value::Number(end), matches!(self, Self::Integer { .. }))?;
        }
        Ok(())
    }

    /// The largest number; nought where there are only switches.
    pub(super) fn largest(&self) -> f64 {
        match self {
            Self::Float { to, .. } | Self::Log { to, .. } => *to,
            Self::Integer { to, .. } => f64::from(*to),
            Self::Choice { values } => values.iter().fold(0.0, |largest, value| match value {
                Value::Number(number) => number.max(largest),
                Value::Switch(_) => largest,
            }),
        }
    }

    /// How many values there are; or what is missing for them to have an end.
    fn count(&self) -> Result<u64, &'static str> {
        match self {
            Self::Float { from, to, .. } if from == to => Ok(1),
            Self::Float { step: None, .. } => Err("step"),
            // A millionth, for ends that steps of floats miss by a rounding.
            Self::Float { from, to, step: Some(step) } => {
                Ok(((to - from) / step + 1e-6) as u64 + 1)
            }
            Self::Log { count, .. } => count.map(u64::from).ok_or("count"),
            Self::Integer { from, to, step } => {
                Ok((i64::from(*to) - i64::from(*from)) as u64 / u64::from(*step) + 1)
            }
            Self::Choice { values } => Ok(values.len() as u64),
        }
    }

    /// The value of an index below [`Self::count`].
    fn at(&self, index: u64) -> Value {
        match self {
            Self::Float { from, step, .. } => {
                Value::Number(short(from + step.unwrap_or(0.0) * index as f64))
            }
            Self::Log { from, to, count } => {
                let part = index as f64 / f64::from(count.unwrap_or(2) - 1);
                Value::Number(between(*from, *to, part))
            }
            Self::Integer { from, step, .. } => {
                Value::Number(f64::from(*from) + (index * u64::from(*step)) as f64)
            }
            Self::Choice { values } => values[index as usize],
        }
    }

    fn draw(&self, rng: &mut ChaCha8Rng) -> Value {
        // One draw for each parameter whatever its range is, so that others keep theirs.
        let word = rng.next_u64();
        let unit = (word >> 11) as f64 / (1u64 << 53) as f64;
        match (self, self.count()) {
            (Self::Float { from, to, .. }, Err(_)) => Value::Number(from + (to - from) * unit),
            (Self::Log { from, to, .. }, Err(_)) => Value::Number(between(*from, *to, unit)),
            (_, count) => {
                let count = u128::from(count.unwrap_or(1));
                self.at(((u128::from(word) * count) >> 64) as u64)
            }
        }
    }
}

fn check_choice(name: &str, values: &[Value]) -> Result<(), SpaceError> {
    let refuse = |problem: &str| {
        let (name, problem) = (name.to_owned(), problem.to_owned());
        Err(SpaceError::Impossible { name, problem })
    };
    if values.is_empty() {
        return refuse("there is nothing to choose from");
    }
    if (1..values.len()).any(|at| values[..at].contains(&values[at])) {
        return refuse("a value is there twice");
    }
    values.iter().try_for_each(|value| {
        let whole = matches!(value, Value::Number(number) if number.fract() == 0.0);
        knobs::check(name, *value, whole)
    })
}

/// Part of the way between two numbers, in ratios.
fn between(from: f64, to: f64, part: f64) -> f64 {
    short(from * libm::pow(to / from, part)).clamp(from, to)
}

/// Without the last digits that steps of floats leave, as a person would write it.
fn short(value: f64) -> f64 {
    libm::round(value * 1e9) / 1e9
}

const fn one() -> u32 {
    1
}

#[cfg(test)]
mod tests;
