//! Where a value came from, and what was wrong or remarkable about it.

use std::fmt;
use std::path::PathBuf;

/// Where a value came from, weakest first: the order is the precedence.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Origin {
    /// The table's default.
    Default,
    /// The profile of this name.
    Profile(String),
    /// The configuration file.
    Toml {
        /// As it was named.
        file: PathBuf,
        /// Counted from 1; none where the whole file is meant.
        line: Option<usize>,
    },
    /// The `.env` file.
    Dotenv {
        /// As it was named.
        file: PathBuf,
        /// Counted from 1; none where the whole file is meant.
        line: Option<usize>,
    },
    /// The environment of the process.
    Environment,
    /// The flag of this name, without its dashes.
    Flag(&'static str),
}

impl Origin {
    /// The layer alone, without file and line: what is equal here has equal precedence.
    pub(super) fn layer(&self) -> u8 {
        match self {
            Self::Default => 0,
            Self::Profile(_) => 1,
            Self::Toml { .. } => 2,
            Self::Dotenv { .. } => 3,
            Self::Environment => 4,
            Self::Flag(_) => 5,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Profile(name) => write!(f, "profile {name}"),
            Self::Toml { file, line } | Self::Dotenv { file, line } => match line {
                Some(line) => write!(f, "{} line {line}", file.display()),
                None => write!(f, "{}", file.display()),
            },
            Self::Environment => f.write_str("environment"),
            Self::Flag(name) => write!(f, "--{name}"),
        }
    }
}

/// One thing that is wrong. Its text holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{origin}: {problem}")]
pub(crate) struct ConfigError {
    /// Where to look.
    pub(crate) origin: Origin,
    /// What is wrong there.
    pub(crate) problem: String,
}

/// Everything that is wrong, weakest layer first, from top to bottom of a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the configuration can't be used:{}", lines(.0))]
pub(crate) struct ConfigErrors(pub(crate) Vec<ConfigError>);

/// Each error on a line; where its text has several, the others are indented below.
fn lines(errors: &[ConfigError]) -> String {
    errors.iter().map(|e| format!("\n  {}", e.to_string().replace('\n', "\n    "))).collect()
}

/// What a person should know although it works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Warning {
    /// A name that the systems before this one knew, or that another program reads.
    NotRead {
        /// As it is spelt there.
        name: String,
        /// Where it stands.
        origin: Origin,
        /// Why it has no effect, or what to use instead.
        note: String,
    },
    /// A pair that the venue no longer lists.
    Delisted {
        /// What was asked for.
        pair: String,
        /// What trades in its place.
        successor: String,
        /// Where it stands.
        origin: Origin,
    },
    /// Parts of a store's address that have no effect because no host is given.
    StoreWithoutHost {
        /// The names that are given.
        names: String,
        /// Where the first of them stands.
        origin: Origin,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotRead { name, origin, note } => write!(f, "{origin}: {name} {note}"),
            Self::Delisted { pair, successor, origin } => {
                write!(f, "{origin}: {pair} is delisted at the venue; its successor is {successor}")
            }
            Self::StoreWithoutHost { names, origin } => write!(
                f,
                "{origin}: {names} without POSTGRES_HOST or DATABASE_URL: the embedded store is used"
            ),
        }
    }
}
