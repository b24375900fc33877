//! A word as a file: how it is left, taken and answered.
//!
//! In `control/` of the data folder: `<id>.json` is a word, `<id>.taken` one that a process has
//! heard and braked for, `<id>.done` what came of it. Every file appears whole, by a rename.

use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use domain::instrument::InstrumentId;
use domain::intervention::OperatorCommand;
use domain::time::{DAY_MS, UtcMs};
use serde::{Deserialize, Serialize};

use crate::control::told::Told;

/// A word that lifts or sells is only obeyed while it is fresh.
const FRESH_MS: i64 = 60_000;
/// How often, and in between how long, a lock is waited for.
const LOOKS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(10);

/// What is asked for, as one word and its object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// No entries.
    Pause,
    /// Only orders that close.
    Reduce,
    /// The same, as after a great loss.
    Halt,
    /// Lifts all of these.
    Resume,
    /// Closes a position, or all.
    Close,
}

/// A word to the process that trades in a mode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Word {
    /// Its name: when it was asked for in ms, and more after a `-`. By it they are in order.
    pub id: String,
    /// To whom: `paper`, `demo`, …
    pub mode: String,
    /// What is asked for.
    pub command: Verb,
    /// The one position that is to be closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instrument: Option<InstrumentId>,
    /// Who asks.
    pub by: String,
    /// When, by the wall clock.
    pub asked_at: UtcMs,
    /// Whether it was left for the next start, since nobody was running.
    #[serde(default)]
    pub left: bool,
}

impl Word {
    /// As the decisions hear it.
    pub const fn command(&self) -> OperatorCommand {
        match self.command {
            Verb::Pause => OperatorCommand::Pause,
            Verb::Reduce => OperatorCommand::Reduce,
            Verb::Halt => OperatorCommand::Halt,
            Verb::Resume => OperatorCommand::Resume,
            Verb::Close => OperatorCommand::Close { instrument: self.instrument },
        }
    }

    /// Whether it comes too late to be what its author wants: a brake never does.
    pub fn is_stale(&self, now: UtcMs) -> bool {
        let lifts_or_sells = matches!(self.command, Verb::Resume | Verb::Close);
        lifts_or_sells && !self.left && now.since(self.asked_at) > FRESH_MS
    }
}

/// The folder of words.
#[derive(Debug, Clone)]
pub struct Words(PathBuf);

/// Proof that this process hears the words to its mode. Ends with the process, however it ends.
#[derive(Debug)]
pub struct Listening(File);

impl Drop for Listening {
    fn drop(&mut self) {
        // A child that is just being started may hold the file too, and with it the lock. It ends
        // with the process at the latest.
        let _ = self.0.unlock();
    }
}

impl Words {
    /// Of a data folder.
    pub fn of(data_dir: &Path) -> Self {
        Self(data_dir.join("control"))
    }

    /// Where they are.
    pub fn folder(&self) -> &Path {
        &self.0
    }

    /// Leaves a word.
    pub fn leave(&self, word: &Word) -> io::Result<()> {
        self.make()?;
        self.write(&word.id, "json", &serde_json::to_vec(word)?)
    }

    /// Takes back a word that nobody has taken. False where somebody has.
    pub fn withdraw(&self, id: &str) -> bool {
        fs::remove_file(self.file(id, "json")).is_ok()
    }

    /// Whether a process has heard it and braked.
    pub fn is_taken(&self, id: &str) -> bool {
        self.file(id, "taken").exists()
    }

    /// What came of it; read once, then cleared away.
    pub fn told(&self, id: &str) -> Option<Told> {
        let file = self.file(id, "done");
        let told = serde_json::from_slice(&fs::read(&file).ok()?).ok();
        // A later cleaning does it otherwise.
        drop(fs::remove_file(file));
        told
    }

    /// The words to `mode` that wait, in the order in which they were left. What can't be read is
    /// nobody's: it is left lying and named in the log.
    pub fn waiting(&self, mode: &str) -> Vec<Word> {
        let mut words: Vec<Word> = self
            .names("json")
            .filter_map(|name| {
                let text = fs::read(self.file(&name, "json")).ok()?;
                match serde_json::from_slice::<Word>(&text) {
                    Ok(word) if word.id == name => Some(word),
                    Ok(_) => None,
                    Err(error) => {
                        tracing::warn!(name, %error, "a command file can't be read");
                        self.withdraw(&name);
                        None
                    }
                }
            })
            .filter(|word| word.mode == mode)
            .collect();
        words.sort_by(|a, b| a.id.cmp(&b.id));
        words
    }

    /// Takes a word. False where it was withdrawn meanwhile.
    pub fn take(&self, id: &str) -> bool {
        fs::rename(self.file(id, "json"), self.file(id, "taken")).is_ok()
    }

    /// Says what came of a word that was taken.
    pub fn answer(&self, id: &str, told: &Told) -> io::Result<()> {
        self.write(id, "done", &serde_json::to_vec(told)?)?;
        fs::remove_file(self.file(id, "taken"))
    }

    /// Lets wait again what a process of this mode took and did not live to answer, and clears away
    /// answers that nobody read for a day.
    pub fn tidy(&self, mode: &str, now: UtcMs) -> io::Result<()> {
        self.make()?;
        for name in self.names("taken") {
            let text = fs::read(self.file(&name, "taken"))?;
            if serde_json::from_slice::<Word>(&text).is_ok_and(|word| word.mode == mode) {
                fs::rename(self.file(&name, "taken"), self.file(&name, "json"))?;
            }
        }
        let asked_ms = |name: &str| name.split('-').next()?.parse().ok();
        let is_old = |ms: i64| now.since(UtcMs::new(ms)) > DAY_MS;
        for name in self.names("done").filter(|name| asked_ms(name).is_none_or(is_old)) {
            fs::remove_file(self.file(&name, "done"))?;
        }
        Ok(())
    }

    /// Becomes the one who hears the words to `mode`. None where another process is.
    pub fn listen(&self, mode: &str) -> io::Result<Option<Listening>> {
        self.make()?;
        let mut options = fs::OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(self.file(mode, "pid"))?;
        // A verb that asks who listens holds it for a moment.
        for _ in 0..LOOKS {
            match file.try_lock() {
                Ok(()) => {
                    file.set_len(0)?;
                    file.rewind()?;
                    writeln!(file, "{}", std::process::id())?;
                    return Ok(Some(Listening(file)));
                }
                Err(TryLockError::WouldBlock) => std::thread::sleep(PAUSE),
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
        Ok(None)
    }

    /// The modes in which a process listens, with its number.
    pub fn listeners(&self) -> Vec<(String, u32)> {
        let listener = |mode: String| {
            let mut file = File::open(self.file(&mode, "pid")).ok()?;
            let Err(TryLockError::WouldBlock) = file.try_lock_shared() else { return None };
            let mut holder = String::new();
            file.read_to_string(&mut holder).ok()?;
            Some((mode, holder.trim().parse().unwrap_or(0)))
        };
        let mut found: Vec<_> = self.names("pid").filter_map(listener).collect();
        found.sort();
        found
    }

    fn make(&self) -> io::Result<()> {
        fs::create_dir_all(&self.0)
    }

    fn file(&self, name: &str, kind: &str) -> PathBuf {
        self.0.join(format!("{name}.{kind}"))
    }

    fn names(&self, kind: &'static str) -> impl Iterator<Item = String> {
        let entries = fs::read_dir(&self.0).into_iter().flatten().flatten();
        entries.filter_map(move |entry| {
            let name = entry.file_name().into_string().ok()?;
            Some(name.strip_suffix(kind)?.strip_suffix('.')?.to_owned())
        })
    }

    fn write(&self, name: &str, kind: &str, content: &[u8]) -> io::Result<()> {
        let new = self.file(name, "new");
        let mut file = File::create(&new)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(new, self.file(name, kind))
    }
}

/// The file that halts as long as it is there; anybody may make it.
pub fn halt_file(data_dir: &Path) -> PathBuf {
    data_dir.join("HALT")
}

/// Whether it is there. Where that can't be found out it counts as there.
pub fn is_halted_by_file(data_dir: &Path) -> bool {
    match fs::symlink_metadata(halt_file(data_dir)) {
        Ok(_) => true,
        Err(error) => !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory),
    }
}

#[cfg(test)]
mod tests {
    use decision::snapshot::TradingState;

    use super::*;

    fn word(id: &str, command: Verb) -> Word {
        Word {
            id: id.to_owned(),
            mode: "paper".to_owned(),
            command,
            instrument: None,
            by: "ann".to_owned(),
            asked_at: UtcMs::new(0),
            left: false,
        }
    }

    #[test]
    fn a_word_is_taken_once_and_answered() {
        let folder = tempfile::tempdir().unwrap();
        let words = Words::of(folder.path());
        words.leave(&word("2", Verb::Halt)).unwrap();
        words.leave(&word("1", Verb::Pause)).unwrap();
        words.leave(&Word { mode: "demo".to_owned(), ..word("0", Verb::Halt) }).unwrap();
        fs::write(words.folder().join("3.json"), "{").unwrap();
        let ids: Vec<_> = words.waiting("paper").into_iter().map(|word| word.id).collect();
        assert_eq!(ids, ["1", "2"]);
        assert!(words.take("1") && !words.take("1") && !words.withdraw("1"));
        assert!(words.is_taken("1") && words.told("1").is_none());
        let told = Told::refused(TradingState::Active, "why not");
        words.answer("1", &told).unwrap();
        assert_eq!(words.told("1"), Some(told));
        assert!(words.told("1").is_none() && !words.is_taken("1"));
        // What was taken and not answered waits for the next start.
        assert!(words.take("2"));
        words.tidy("paper", UtcMs::new(0)).unwrap();
        assert_eq!(words.waiting("paper"), [word("2", Verb::Halt)]);
    }

    #[test]
    fn a_brake_is_never_too_late_and_a_sale_is() {
        let late = UtcMs::new(FRESH_MS + 1);
        assert!(word("1", Verb::Close).is_stale(late) && word("1", Verb::Resume).is_stale(late));
        assert!(!word("1", Verb::Close).is_stale(UtcMs::new(FRESH_MS)));
        assert!(!word("1", Verb::Halt).is_stale(late));
        assert!(!Word { left: true, ..word("1", Verb::Close) }.is_stale(late));
    }

    #[test]
    fn only_one_listens() {
        let folder = tempfile::tempdir().unwrap();
        let words = Words::of(folder.path());
        assert_eq!(words.listeners(), []);
        let listening = words.listen("paper").unwrap().unwrap();
        assert!(words.listen("paper").unwrap().is_none());
        assert!(words.listen("demo").unwrap().is_some());
        assert_eq!(words.listeners(), [("paper".to_owned(), std::process::id())]);
        drop(listening);
        assert_eq!(words.listeners(), []);
    }
}
