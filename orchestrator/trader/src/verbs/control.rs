//! `pause`, `reduce`, `halt`, `resume`, `close`: a person's word to whatever runs with this data
//! folder.

use std::io::{self, BufRead, IsTerminal};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use domain::instrument::InstrumentId;
use exchange::binance::clock::local_now;
use serde::Serialize;

use crate::config::settings::Settings;
use crate::control::told::Told;
use crate::control::word::{self, Verb, Word, Words};
use crate::ending::{Code, Failure, Outcome};
use crate::place;
use crate::verbs::trading::Trading;
use crate::verbs::{output, reading, trading};

/// How long an answer is waited for. The brake is pulled long before.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(20);

/// `resume`.
#[derive(Debug, Clone, Args)]
pub struct Resume {
    /// Do not ask whether that is meant.
    #[arg(long)]
    pub yes: bool,
}

/// `close`.
#[derive(Debug, Clone, Args)]
#[group(required = true, multiple = false)]
pub struct Close {
    /// Whose positions, comma separated.
    #[arg(long, value_delimiter = ',', value_name = "PAIRS")]
    pub pairs: Vec<InstrumentId>,
    /// Every position.
    #[arg(long)]
    pub all: bool,
}

/// What became of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Fate {
    /// Done, and in the ledger.
    Done,
    /// Refused.
    Refused,
    /// The brake is pulled, but the word has not reached the ledger.
    Braked,
    /// Nobody took it.
    Unheard,
    /// Nobody runs: it waits for the next start.
    Left,
}

/// A word with what became of it.
#[derive(Debug, Serialize)]
struct Report {
    mode: String,
    pid: Option<u32>,
    command: Verb,
    instrument: Option<InstrumentId>,
    fate: Fate,
    told: Option<Told>,
}

/// `pause`, `reduce` and `halt`.
pub(crate) fn say(verb: Verb, settings: &Settings, json: bool) -> Outcome<ExitCode> {
    tell(verb, &[None], settings, json)
}

/// `close`.
pub(crate) fn close(asked: &Close, settings: &Settings, json: bool) -> Outcome<ExitCode> {
    let all = [None];
    let some: Vec<_> = asked.pairs.iter().copied().map(Some).collect();
    tell(Verb::Close, if asked.all { &all } else { &some }, settings, json)
}

/// `resume`, once a person has seen why trading stopped.
pub(crate) fn resume(asked: &Resume, settings: &Settings, json: bool) -> Outcome<ExitCode> {
    let file = word::halt_file(&settings.data_dir);
    if word::is_halted_by_file(&settings.data_dir) {
        let message = format!("{} is there; remove it first, then resume", file.display());
        return Err(Failure::new(Code::Refused, message));
    }
    // Shown to whoever confirms; a store that can't be read must not stand in the way of the word.
    let shown = match reading::read(settings, async |store, _| trading::read(store).await) {
        Ok(Trading { state, why: Some(why), .. }) => format!("trading is {state}: {why}"),
        Ok(Trading { state, .. }) => format!("trading is {state}"),
        Err(failure) => format!("why trading stopped can't be read: {failure}"),
    };
    output::tell(&format!("{shown}\n"));
    if !asked.yes && !confirmed()? {
        let message = "nothing was resumed: it takes --yes, or a yes on a terminal";
        return Err(Failure::new(Code::Refused, message));
    }
    tell(Verb::Resume, &[None], settings, json)
}

fn confirmed() -> Outcome<bool> {
    if !io::stdin().is_terminal() {
        return Ok(false);
    }
    output::tell("resume? Type yes: ");
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim().eq_ignore_ascii_case("yes"))
}

/// Says it to every process that listens, or leaves it for the next start, and waits for answers.
fn tell(
    verb: Verb,
    objects: &[Option<InstrumentId>],
    settings: &Settings,
    json: bool,
) -> Outcome<ExitCode> {
    let words = Words::of(&settings.data_dir);
    let listeners = words.listeners();
    let left = listeners.is_empty();
    let modes: Vec<_> = match left {
        true => vec![(place::current(&settings.data_dir), None)],
        false => listeners.into_iter().map(|(mode, pid)| (mode, Some(pid))).collect(),
    };
    let (asked_at, process) = (local_now(), std::process::id());
    let mut said = Vec::new();
    for (mode, pid) in modes {
        for instrument in objects.iter().copied() {
            let id = format!("{:013}-{process}-{}", asked_at.ms(), said.len());
            let (mode, by) = (mode.clone(), by(verb));
            let word = Word { id, mode, command: verb, instrument, by, asked_at, left };
            words.leave(&word).map_err(|error| {
                let folder = words.folder().display();
                Failure::from(error).context(format!("can't leave a word in {folder}"))
            })?;
            said.push((word, pid));
        }
    }
    let told = if left { vec![None; said.len()] } else { answers(&words, &said) };
    let reports: Vec<_> = said
        .into_iter()
        .zip(told)
        .map(|((word, pid), told)| {
            let fate = match &told {
                Some(told) if told.done => Fate::Done,
                Some(_) => Fate::Refused,
                None if left => Fate::Left,
                None if words.is_taken(&word.id) => Fate::Braked,
                None => {
                    // What lifts or sells must not be heard when nobody expects it any more.
                    if matches!(verb, Verb::Resume | Verb::Close) {
                        words.withdraw(&word.id);
                    }
                    Fate::Unheard
                }
            };
            let Word { mode, command, instrument, .. } = word;
            Report { mode, pid, command, instrument, fate, told }
        })
        .collect();
    if json {
        output::print(&output::array(&reports, &[])?)?;
    } else {
        output::print(&reports.iter().map(|report| text(report, settings)).collect::<String>())?;
    }
    Ok(reports.iter().map(code).max_by_key(|(rank, _)| *rank).map_or(ExitCode::SUCCESS, |c| c.1))
}

/// Waits for what comes of each word.
fn answers(words: &Words, said: &[(Word, Option<u32>)]) -> Vec<Option<Told>> {
    let mut told = vec![None; said.len()];
    for _ in 0..PATIENCE.as_millis() / PAUSE.as_millis() {
        for (told, (word, _)) in told.iter_mut().zip(said) {
            *told = told.take().or_else(|| words.told(&word.id));
        }
        if told.iter().all(Option::is_some) {
            break;
        }
        std::thread::sleep(PAUSE);
    }
    told
}

/// Whose word it is: the system's user that runs the verb.
fn by(verb: Verb) -> String {
    use std::os::unix::fs::MetadataExt;
    let user =
        std::fs::metadata("/proc/self").map_or("unknown".to_owned(), |of| of.uid().to_string());
    let verb = match verb {
        Verb::Pause => "pause",
        Verb::Reduce => "reduce",
        Verb::Halt => "halt",
        Verb::Resume => "resume",
        Verb::Close => "close",
    };
    format!("`sextant {verb}` of user {user}")
}

/// The gravest counts: refused over not done in time.
fn code(report: &Report) -> (u8, ExitCode) {
    match (report.fate, report.command) {
        (Fate::Refused, _) => (2, ExitCode::from(Code::Refused as u8)),
        // Where nobody runs nothing is opened, but nothing is closed either.
        (Fate::Braked | Fate::Unheard, _) | (Fate::Left, Verb::Close | Verb::Resume) => {
            (1, ExitCode::from(Code::Failed as u8))
        }
        (Fate::Done | Fate::Left, _) => (0, ExitCode::SUCCESS),
    }
}

fn text(report: &Report, settings: &Settings) -> String {
    let Report { mode, pid, instrument, fate, told, .. } = report;
    let who = match pid {
        Some(pid) => format!("{mode} (process {pid})"),
        None => mode.clone(),
    };
    let of = instrument.map_or(String::new(), |instrument| format!(" {instrument}"));
    let what = match (fate, told) {
        (Fate::Done | Fate::Refused, Some(told)) => told.text(),
        (Fate::Left, _) => format!(
            "nothing is running with the data folder {}; the word is left for the next start",
            settings.data_dir.display()
        ),
        (Fate::Braked, _) => format!(
            "the process heard it and braked at once, but did not answer in {} s: nothing opens, \
             and the word is not in the ledger yet",
            PATIENCE.as_secs()
        ),
        _ => format!("the process did not hear it in {} s", PATIENCE.as_secs()),
    };
    format!("{who}{of}: {what}\n")
}
