//! How a run ends: by itself, by a person, or by a failure; and the exit code that says so.

use std::fmt;

/// Exit codes, the same for every verb.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// It failed.
    Failed = 1,
    /// The command line or the configuration is wrong.
    Usage = 2,
    /// A safety rule refused.
    Refused = 3,
    /// The venue or the network.
    Venue = 4,
    /// The store.
    Store = 5,
}

/// A failure with its exit code.
#[derive(Debug)]
pub struct Failure {
    /// Exit code.
    pub code: Code,
    error: anyhow::Error,
}

/// What a verb gives back.
pub type Outcome<T> = Result<T, Failure>;

impl Failure {
    /// A failure with a message of its own.
    pub fn new(
        code: Code,
        message: impl fmt::Display + fmt::Debug + Send + Sync + 'static,
    ) -> Self {
        Self { code, error: anyhow::Error::msg(message) }
    }

    /// Says what was being done.
    pub fn context(self, doing: impl fmt::Display + Send + Sync + 'static) -> Self {
        Self { error: self.error.context(doing), ..self }
    }
}

impl fmt::Display for Failure {
    /// The whole chain of causes on one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.error)
    }
}

macro_rules! failure_from {
    ($($error:ty => $code:ident),* $(,)?) => {$(
        impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self { code: Code::$code, error: error.into() }
            }
        }
    )*};
}

failure_from! {
    anyhow::Error => Failed,
    backtest::engine::NoTimeframes => Usage,
    backtest::history::HistoryError => Usage,
    backtest::research::space::SpaceError => Usage,
    backtest::research::splits::SplitError => Usage,
    std::io::Error => Failed,
    chart::PictureError => Failed,
    serde_json::Error => Failed,
    decision::book::CoreError => Failed,
    decision::profile::ProfileError => Usage,
    domain::canonical::CanonicalError => Failed,
    domain::money::Overflow => Failed,
    exchange::archive::error::ArchiveError => Usage,
    exchange::binance::error::VenueError => Venue,
    exchange::candle_file::error::CandleFileError => Usage,
    exchange::funding_file::FundingFileError => Usage,
    exchange::quote_file::error::QuoteFileError => Usage,
    store::error::StoreError => Store,
    collector::config::ConfigError => Usage,
    simulator::error::SimulatorError => Usage,
    telemetry::server::ServerError => Usage,
    telemetry::logging::LoggingError => Failed,
}

impl From<exchange::binance::signed::error::CallError> for Failure {
    /// A key that is not taken is the person's to mend, all else the venue's.
    fn from(error: exchange::binance::signed::error::CallError) -> Self {
        use exchange::binance::signed::error::CallError::Unauthorised;
        let code = if matches!(error, Unauthorised { .. }) { Code::Refused } else { Code::Venue };
        Self { code, error: error.into() }
    }
}

impl From<backtest::run::RunError> for Failure {
    fn from(error: backtest::run::RunError) -> Self {
        use backtest::run::RunError::{Book, Core, Overflow};
        let code = match error {
            Book(_) | Core(_) | Overflow(_) => Code::Failed,
            _ => Code::Usage,
        };
        Self { code, error: error.into() }
    }
}

impl From<backtest::research::search::TrialError> for Failure {
    fn from(error: backtest::research::search::TrialError) -> Self {
        use backtest::research::search::TrialError::{Point, Run};
        match error {
            Point(error) => error.into(),
            Run(error) => error.into(),
        }
    }
}

impl From<backtest::research::walk_forward::WindowError> for Failure {
    fn from(error: backtest::research::walk_forward::WindowError) -> Self {
        use backtest::research::walk_forward::WindowError::{History, Trial};
        match error {
            History(error) => error.into(),
            Trial(error) => error.into(),
        }
    }
}

/// Why a run is over.
#[derive(Debug)]
pub enum Ending {
    /// The data ended, or the one cycle is done.
    Finished,
    /// A person asked for it.
    Stopped,
    /// It can't go on.
    Failed(Failure),
}
