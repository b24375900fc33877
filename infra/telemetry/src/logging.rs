//! Logs: one line per event to standard error, as JSON or for people.

use std::fmt;
use std::io::IsTerminal;
use std::str::FromStr;
use tracing::level_filters::LevelFilter;
use tracing::subscriber::{self, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;

/// How a line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object per line, for machines.
    Json,
    /// Plain text, in colour where it goes to a terminal.
    Human,
}

/// Why logging could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum LoggingError {
    /// The level is none of the known ones.
    #[error(
        "unknown log level {0:?}: use off, error, warn, info, debug or trace, \
         or a list such as info,sqlx=warn"
    )]
    UnknownLevel(String),
    /// The format is none of the known ones.
    #[error("unknown log format {0:?}: use json or human")]
    UnknownFormat(String),
    /// Somebody installed a subscriber before; it stays.
    #[error("logging is already installed in this process")]
    AlreadyInstalled,
}

/// What is logged: a level such as `info`, or levels by target such as `info,sqlx=warn`.
#[derive(Clone, Debug, PartialEq)]
pub struct LogFilter(Targets);

impl FromStr for LogFormat {
    type Err = LoggingError;

    fn from_str(text: &str) -> Result<Self, LoggingError> {
        match text.to_ascii_lowercase().as_str() {
            "json" => Ok(Self::Json),
            "human" => Ok(Self::Human),
            _ => Err(LoggingError::UnknownFormat(text.to_owned())),
        }
    }
}

impl fmt::Display for LogFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Json => "json",
            Self::Human => "human",
        })
    }
}

impl FromStr for LogFilter {
    type Err = LoggingError;

    /// The library's own parser takes a misspelt level for the name of a target, and logs nothing
    /// else from then on; hence this one.
    fn from_str(text: &str) -> Result<Self, LoggingError> {
        let level = |word: &str| match word.trim() {
            "" => None,
            word => word.parse::<LevelFilter>().ok(),
        };
        let mut targets = Targets::new();
        for part in text.split(',') {
            let added = match part.split_once('=') {
                Some((target, word)) => {
                    level(word).map(|level| targets.with_target(target.trim(), level))
                }
                None => level(part).map(|level| targets.with_default(level)),
            };
            targets = added.ok_or_else(|| LoggingError::UnknownLevel(text.to_owned()))?;
        }
        Ok(Self(targets))
    }
}

impl fmt::Display for LogFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Sends the events of the whole process to standard error from now on. To be called once, first
/// thing.
///
/// # Errors
/// [`LoggingError::AlreadyInstalled`] the second time; the first subscriber stays.
pub fn install(filter: LogFilter, format: LogFormat) -> Result<(), LoggingError> {
    let colours = std::io::stderr().is_terminal();
    subscriber::set_global_default(build(filter, format, colours, std::io::stderr))
        .map_err(|_| LoggingError::AlreadyInstalled)
}

fn build<W>(
    LogFilter(filter): LogFilter,
    format: LogFormat,
    colours: bool,
    writer: W,
) -> Box<dyn Subscriber + Send + Sync>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt::layer().with_writer(writer);
    let lines = match format {
        LogFormat::Json => lines.json().flatten_event(true).with_ansi(false).boxed(),
        // Left alone, the layer asks NO_COLOR; told "yes", it would not.
        LogFormat::Human if colours => lines.boxed(),
        LogFormat::Human => lines.with_ansi(false).boxed(),
    };
    Box::new(tracing_subscriber::registry().with(lines.with_filter(filter)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Captured(Arc<Mutex<Vec<u8>>>);

    impl Write for Captured {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn logged(filter: &str, format: LogFormat, log: impl FnOnce()) -> String {
        let captured = Captured::default();
        let writer = captured.clone();
        let built = build(filter.parse().unwrap(), format, false, move || writer.clone());
        subscriber::with_default(built, log);
        let bytes = captured.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn json_is_one_object_per_line_with_its_fields_on_top() {
        let text = logged("info", LogFormat::Json, || {
            tracing::info!(pair = "BTC/USDT", "gap \"repaired\"\nwhole");
            tracing::debug!("not asked for");
            tracing::warn!("second");
        });
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0]["pair"], "BTC/USDT");
        assert_eq!(lines[0]["message"], "gap \"repaired\"\nwhole");
        assert_eq!(lines[1]["level"], "WARN");
    }

    #[test]
    fn people_get_plain_text_where_there_is_no_terminal() {
        let text = logged("info", LogFormat::Human, || tracing::info!("started"));
        assert!(text.contains("started") && !text.contains('\u{1b}'), "{text:?}");
    }

    #[test]
    fn levels_by_target_are_heeded() {
        let text = logged("warn,telemetry=debug", LogFormat::Human, || {
            tracing::debug!("ours");
            tracing::info!(target: "sqlx", "theirs");
        });
        let spaced = logged("info, sqlx = error", LogFormat::Human, || {
            tracing::info!("ours");
            tracing::warn!(target: "sqlx", "theirs");
        });
        assert!(spaced.contains("ours") && !spaced.contains("theirs"), "{spaced}");
        assert!(text.contains("ours") && !text.contains("theirs"), "{text}");
    }

    #[test]
    fn levels_of_any_case_pass_and_misspelt_ones_are_named() {
        for good in ["INFO", "warn", "off", "info,sqlx=WARN", "info, sqlx=warn"] {
            good.parse::<LogFilter>().unwrap();
        }
        for bad in ["", "loud", "info,sqlx=quiet", "info,", "=", "sqlx"] {
            let error = bad.parse::<LogFilter>().unwrap_err().to_string();
            assert!(error.contains(&format!("{bad:?}")) && error.contains("debug"), "{error}");
        }
    }

    #[test]
    fn formats_are_named() {
        assert_eq!("JSON".parse::<LogFormat>().unwrap(), LogFormat::Json);
        assert_eq!("human".parse::<LogFormat>().unwrap().to_string(), "human");
        assert!("xml".parse::<LogFormat>().unwrap_err().to_string().contains("json or human"));
    }

    #[test]
    fn installing_twice_is_an_error_value() {
        let install = || install("off".parse().unwrap(), LogFormat::Json);
        install().unwrap();
        assert!(matches!(install(), Err(LoggingError::AlreadyInstalled)));
    }
}
