//! `demo`: the whole system on recorded or generated candles, the market a process of its own.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use domain::instrument::InstrumentId;
use domain::timeframe::Timeframe;
use serde::{Deserialize, Serialize};

use crate::cli::{Demo, Replayed};
use crate::config::settings::Settings;
use crate::ending::{Code, Failure, Outcome};
use crate::place::{self, Place};
use crate::session::{Patience, Session, Until};
use crate::verbs::output;
use crate::verbs::run;
use crate::{progress, summary};

const MODE: &str = "demo";
const STATE: &str = "demo.json";

/// What the last demo in this folder was, so that an interrupted one goes on and a finished one
/// makes room.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct State {
    candles: Option<PathBuf>,
    days: u32,
    sim_seed: u64,
    finished: bool,
}

/// The market's process; ends with the demo.
struct Market {
    child: Child,
    rest: String,
    stream: String,
}

#[derive(Deserialize)]
struct Addresses {
    rest: String,
    stream: String,
}

impl Drop for Market {
    fn drop(&mut self) {
        // Already gone is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Trades the candles and prints what came of it.
pub fn demo(asked: &Demo, settings: &Settings, json: bool) -> Outcome<()> {
    let mut settings = settings.clone();
    if let Some(folder) = &asked.replayed.candles {
        let (instruments, base) = contents(folder)?;
        if asked.pairs.is_none() {
            settings.instruments = instruments;
        }
        let decides = settings.policy.profile.decision_timeframe;
        if base > decides {
            let message = format!(
                "{} holds {base} candles, but profile '{}' decides at each {decides}: use finer candles",
                folder.display(),
                settings.policy.profile.name
            );
            return Err(Failure::new(Code::Usage, message));
        }
        settings.timeframes.retain(|timeframe| *timeframe >= base);
        if settings.timeframes.first() != Some(&base) {
            settings.timeframes.insert(0, base);
        }
    }
    let place = Place::of(&settings, MODE);
    place::remember(&settings.data_dir, MODE)?;
    make_room(asked, &place)?;
    let market = Market::start(&asked.replayed, &settings.instruments)?;
    if !json {
        output::print(&format!(
            "the market: {}  (a simulator that speaks Binance's protocol)\n\
             the store:  {}\n\
             metrics:    http://{}/metrics\n\
             it can be stopped with Ctrl-C and goes on where it was\n\n",
            market.rest,
            place.folder.display(),
            settings.metrics_addr
        ))?;
    }
    let until = if asked.exit_at_end || json { Until::EndOfData } else { Until::Stopped };
    let until = if asked.replayed.speed == "max" { Until::EndOfData } else { until };
    let session = |metrics, readiness| Session {
        begin: run::begin(MODE, &settings),
        place: place.clone(),
        data_dir: settings.data_dir.clone(),
        market: settings.market(),
        mail: settings.mail.clone(),
        rest_url: market.rest.clone(),
        stream_url: market.stream.clone(),
        settle_ms: 0,
        until,
        metrics,
        readiness,
        progress: if json { progress::quiet() } else { progress::line() },
        venue: None,
        patience: Patience::default(),
        lockstep: None,
    };
    let Some(summary) = run::trade(&settings, !json, session)? else {
        return summary::print_unbegun(json);
    };
    write_state(&place.folder, &State { finished: summary.finished, ..state(asked) })?;
    summary::print(&summary, json)?;
    if !json {
        let further = "sextant decisions --limit 5, sextant trades, sextant verify";
        output::print(&format!("  look further: {further}\n"))?;
    }
    Ok(())
}

/// The pairs of a folder's candle files, and their finest timeframe.
fn contents(folder: &Path) -> Outcome<(Vec<InstrumentId>, Timeframe)> {
    let files = exchange::candle_file::list(folder)?;
    let base = files.iter().map(|file| file.timeframe).min();
    let base = base.ok_or_else(|| Failure::new(Code::Usage, "no candle files"))?;
    let mut instruments: Vec<_> =
        files.iter().filter(|file| file.timeframe == base).map(|file| file.instrument).collect();
    instruments.sort_unstable();
    instruments.dedup();
    Ok((instruments, base))
}

fn state(asked: &Demo) -> State {
    let Replayed { candles, days, sim_seed, .. } = asked.replayed.clone();
    let candles = candles.map(|folder| folder.canonicalize().unwrap_or(folder));
    State { candles, days, sim_seed, finished: false }
}

/// A demo that ended, or one of another market, is cleared away: only what `demo` itself wrote
/// into its own folder. One that was interrupted goes on.
fn make_room(asked: &Demo, place: &Place) -> Outcome<()> {
    let file = place.folder.join(STATE);
    let last: Option<State> = match fs::read(&file) {
        Ok(text) => serde_json::from_slice(&text).ok(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(error.into()),
    };
    let goes_on = !asked.fresh && last == Some(state(asked));
    if !goes_on && place.url.is_none() && file.exists() {
        // A running demo holds its store; this refuses to pull it away from under it.
        let owner = store::owner::Owner::acquire(&place.folder);
        let _owner = actix::System::new().block_on(owner)?;
        fs::remove_dir_all(&place.folder)?;
    }
    fs::create_dir_all(&place.folder)?;
    write_state(&place.folder, &state(asked))
}

fn write_state(folder: &Path, state: &State) -> Outcome<()> {
    Ok(fs::write(folder.join(STATE), serde_json::to_vec_pretty(state)?)?)
}

impl Market {
    fn start(replayed: &Replayed, pairs: &[InstrumentId]) -> Outcome<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["simulate", "--json", "--with-parent", "--listen", "127.0.0.1:0"]);
        command.args(["--speed", &replayed.speed]);
        command.args(["--drop", &replayed.drop.to_string()]);
        command.args(["--duplicate", &replayed.duplicate.to_string()]);
        command.args(["--sim-seed", &replayed.sim_seed.to_string()]);
        command.args(["--days", &replayed.days.to_string()]);
        let pairs: Vec<_> = pairs.iter().map(ToString::to_string).collect();
        command.args(["--pairs", &pairs.join(",")]);
        if let Some(folder) = &replayed.candles {
            command.arg("--candles").arg(folder);
        }
        if let Some(every) = replayed.disconnect_every {
            command.args(["--disconnect-every", &every.to_string()]);
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut first = String::new();
        if let Some(out) = child.stdout.take() {
            BufReader::new(out).read_line(&mut first)?;
        }
        let Ok(Addresses { rest, stream }) = serde_json::from_str(&first) else {
            let status = child.wait()?;
            let code = if status.code() == Some(2) { Code::Usage } else { Code::Failed };
            return Err(Failure::new(code, "the market could not be started; its words are above"));
        };
        Ok(Self { child, rest, stream })
    }
}
