//! `download-data`: past candles into the archive, from the venue or from files.

mod fetch;
pub(crate) mod futures;
mod import;

use std::path::PathBuf;

use backtest::range::TimeRange;
use clap::Args;
use domain::instrument::InstrumentId;
use domain::timeframe::Timeframe;
use exchange::archive::error::ArchiveError;
use exchange::archive::folder::Archive;
use exchange::archive::series::{Merged, Series};

use crate::config::settings::Settings;
use crate::ending::{Code, Failure, Outcome};
use crate::verbs::coverage::{COLUMNS, Coverage, MOMENTS};
use crate::verbs::output;

/// `download-data`.
#[derive(Debug, Clone, Args)]
pub struct DownloadData {
    /// Pairs [default: CRYPTO_PAIRS; with --from, those of the files].
    #[arg(long, value_delimiter = ',', value_name = "PAIRS")]
    pub pairs: Vec<InstrumentId>,
    /// Timeframes, comma separated [default: SEXTANT_TIMEFRAMES; with --from, those of the files].
    #[arg(long, value_delimiter = ',', value_name = "TIMEFRAMES")]
    pub timeframe: Vec<Timeframe>,
    /// Days, `20240101-20240601`, the last one not included; either may be left out [default: what
    /// the archive has and on to now, or the last 30 days].
    #[arg(long, value_name = "RANGE", allow_hyphen_values = true)]
    pub timerange: Option<TimeRange>,
    /// The last so many days.
    #[arg(long, value_name = "N", conflicts_with = "timerange", value_parser = clap::value_parser!(u32).range(1..=36_500))]
    pub days: Option<u32>,
    /// Import this file (csv, csv.gz, zip) or folder of files instead of asking the venue; may be
    /// repeated. With a perpetual among --pairs (BTC/USDT:USDT) its files are taken for that.
    #[arg(long, value_name = "PATH", conflicts_with = "days")]
    pub from: Vec<PathBuf>,
    /// Let new candles take the place of different ones in the archive; ask for all of them anew.
    #[arg(long)]
    pub replace: bool,
    /// Instead of candles, the settled funding of perpetuals, into files for `backtest --funding`.
    #[arg(long, conflicts_with_all = ["from", "replace"])]
    pub funding: bool,
    /// Instead of candles, those of the mark price of perpetuals, into files for `backtest --marks`.
    #[arg(long, conflicts_with_all = ["from", "replace"])]
    pub marks: bool,
}

/// A series with what came to it.
type News = (Series, Merged);

/// Fetches or imports, and prints what there is now.
pub fn download(asked: &DownloadData, settings: &Settings, json: bool) -> Outcome<()> {
    if asked.funding || asked.marks {
        let pairs = without_doubles(&asked.pairs, &settings.instruments);
        let timeframes = without_doubles(&asked.timeframe, &settings.timeframes);
        let told = futures::fetch(asked, &pairs, &timeframes, settings)?;
        return output::print(&if json {
            output::array(&told, &futures::MOMENTS)?
        } else {
            output::table(&futures::COLUMNS, &told)
        });
    }
    let range = asked.timerange.unwrap_or_default();
    let archive = Archive::new(settings.data_dir.join("candles"));
    let (news, failure) = if asked.from.is_empty() {
        let pairs = without_doubles(&asked.pairs, &settings.instruments);
        let timeframes = without_doubles(&asked.timeframe, &settings.timeframes);
        let wish = fetch::Wish {
            series: fetch::each(&pairs, &timeframes),
            pairs,
            range,
            days: asked.days,
            replace: asked.replace,
        };
        fetch::fetch(&wish, &archive, settings)?
    } else {
        let (pairs, timeframes) = (asked.pairs.clone(), asked.timeframe.clone());
        let filter = import::Filter { pairs, timeframes, range };
        (import::import(&asked.from, &filter, &archive, asked.replace)?, None)
    };
    // A failure has a JSON of its own.
    if failure.is_none() || !json {
        print(&archive, &news, json)?;
    }
    let Some(failure) = failure else { return Ok(()) };
    let added: u64 = news.iter().map(|(_, merged)| merged.added).sum();
    let saved = format!("{added} candles were saved; run the same again to go on");
    Err(failure.context(saved))
}

/// What is asked for, or else the default.
fn without_doubles<T: Copy + PartialEq>(asked: &[T], default: &[T]) -> Vec<T> {
    let mut found = Vec::new();
    for one in if asked.is_empty() { default } else { asked } {
        if !found.contains(one) {
            found.push(*one);
        }
    }
    found
}

fn print(archive: &Archive, news: &[News], json: bool) -> Outcome<()> {
    let mut rows = Vec::with_capacity(news.len());
    for (series, Merged { added, replaced }) in news {
        let (pair, timeframe) = (series.instrument(), series.timeframe());
        let path = archive.path(pair, timeframe);
        let bytes = if series.candles().is_empty() { 0 } else { std::fs::metadata(path)?.len() };
        let row = Coverage::of(pair, timeframe, series.candles(), series.asked(), bytes);
        rows.push(row.with_news(*added, *replaced).in_short());
    }
    if json {
        return output::print(&output::array(&rows, &MOMENTS)?);
    }
    output::print(&output::table(&COLUMNS, &rows))
}

/// What is wrong with the archive is the input's fault or the machine's.
fn of_archive(error: ArchiveError) -> Failure {
    use ArchiveError::{Busy, Unreadable, Unwritable};
    match error {
        Busy { .. } | Unreadable { .. } | Unwritable { .. } => Failure::new(Code::Failed, error),
        _ => error.into(),
    }
}
