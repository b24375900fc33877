//! Why a simulator can't be served, and what to do about it.

use std::io;
use std::net::SocketAddr;

use domain::time::UtcMs;
use exchange::candle_file::error::CandleFileError;

/// Why a simulator can't be served.
#[derive(Debug, thiserror::Error)]
pub enum SimulatorError {
    /// The candle files can't be read.
    #[error(transparent)]
    Candles(#[from] CandleFileError),
    /// Somebody else listens there.
    #[error("{address} is in use; stop the other program or listen on another port (0 takes any)")]
    PortInUse {
        /// Where.
        address: SocketAddr,
    },
    /// The address can't be listened on.
    #[error(
        "can't listen on {address}: {source}; choose an address of this machine, such as 127.0.0.1:0"
    )]
    Listen {
        /// Where.
        address: SocketAddr,
        /// The system's word.
        source: io::Error,
    },
    /// The server stopped by itself.
    #[error("the server stopped: {0}")]
    Stopped(#[source] io::Error),
    /// No speed.
    #[error("'{0}' is not a speed; use max, or a factor of real time from 0.001 to 1000000")]
    Speed(String),
    /// No ratio.
    #[error("{name} is {value}; use a share from 0 to 1")]
    Ratio {
        /// Of what.
        name: &'static str,
        /// What was given.
        value: f64,
    },
    /// The plan of faults is not understood.
    #[error("the plan of faults says: {0}")]
    Plan(String),
    /// The file of accounts is not understood.
    #[error(
        "the file of accounts is not understood at line {line}; it wants [[accounts]] with key, \
         secret and balances"
    )]
    Accounts {
        /// Where.
        line: usize,
    },
    /// No pairs, or no days.
    #[error("nothing to generate; name at least one pair and one day, or a folder of candle files")]
    NothingToGenerate,
    /// More candles than the memory should hold.
    #[error("{pairs} pairs over {days} days are too many candles; keep pairs × days under 10000")]
    TooMuchToGenerate {
        /// How many pairs.
        pairs: usize,
        /// How many days.
        days: u32,
    },
    /// The replay would begin before the data or at its end.
    #[error(
        "nothing to replay from {start_at}; the candles reach from {first_open} to {last_close}"
    )]
    StartOutside {
        /// What was asked.
        start_at: UtcMs,
        /// Open of the first candle.
        first_open: UtcMs,
        /// Close of the last candle.
        last_close: UtcMs,
    },
}
