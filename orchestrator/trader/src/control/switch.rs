//! The kill switch: a thread of its own that looks for words, the file that halts and signals, and
//! brakes before it does anything else. It waits for nobody.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use std::{fmt, io};

use decision::snapshot::TradingState;
use domain::intervention::{Intervention, OperatorCommand};
use exchange::binance::clock::local_now;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::control::brake::{Brake, Signal};
use crate::control::told::Told;
use crate::control::word::{self, Listening, Verb, Word, Words};

/// How often it looks: what brakes only by its look brakes after this long.
const LOOK: Duration = Duration::from_millis(20);

/// A word on its way to the orchestrator.
#[derive(Debug)]
pub struct Asked {
    /// What is asked for.
    pub command: OperatorCommand,
    /// Who asks.
    pub by: String,
    /// Where to say what came of it.
    pub answer: Answer,
}

impl Asked {
    /// As the ledger has it.
    pub fn intervention(&self) -> Intervention {
        Intervention::Operator { command: self.command, by: self.by.clone() }
    }
}

/// Where to say what came of a word. Dropped without a word, its file waits for the next start.
pub struct Answer {
    /// The word's file; none for a signal and for the file that halts, which nobody waits for.
    file: Option<(Words, String)>,
    brake: Arc<Brake>,
    /// What a resumption may lift: a pull that came after it was asked for stays.
    lifts: Option<u64>,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("file", &self.file).finish_non_exhaustive()
    }
}

impl Answer {
    /// Says it. After a resumption that was done, and is on disk, the brake is released.
    pub fn give(self, told: &Told) {
        if let Some(mark) = self.lifts.filter(|_| told.done) {
            self.brake.release(mark);
        }
        tracing::warn!("a person's word: {}", told.text());
        let Some((words, id)) = self.file else { return };
        if let Err(error) = words.answer(&id, told) {
            tracing::error!(%error, id, "the answer to a command can't be written");
        }
    }
}

/// The thread. Ends when this is dropped.
#[derive(Debug)]
pub struct Switch {
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

struct Watch {
    data_dir: PathBuf,
    mode: String,
    words: Words,
    brake: Arc<Brake>,
    asked: UnboundedSender<Asked>,
    _listening: Listening,
}

impl Switch {
    /// Looks once, so that what was left for this start is asked before it returns, and then goes
    /// on in a thread. None where another process listens to the words to `mode`.
    pub fn start(
        data_dir: &Path,
        mode: &str,
        brake: Arc<Brake>,
    ) -> io::Result<Option<(Self, UnboundedReceiver<Asked>)>> {
        let words = Words::of(data_dir);
        let Some(listening) = words.listen(mode)? else { return Ok(None) };
        words.tidy(mode, local_now())?;
        let (asked, heard) = unbounded_channel();
        let (data_dir, mode) = (data_dir.to_path_buf(), mode.to_owned());
        let watch = Watch { data_dir, mode, words, brake, asked, _listening: listening };
        watch.look();
        let ends = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&ends);
        let thread = std::thread::Builder::new().name("kill-switch".to_owned());
        let thread = thread.spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                watch.look();
                std::thread::sleep(LOOK);
            }
        })?;
        Ok(Some((Self { ends, thread: Some(thread) }, heard)))
    }
}

impl Drop for Switch {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // It has no way to fail but a panic, which ends the process.
            drop(thread.join());
        }
    }
}

impl Watch {
    fn look(&self) {
        if let Some(signal) = self.brake.signalled() {
            self.ask(OperatorCommand::Halt, "a signal".to_owned(), None);
            if signal == Signal::HaltAndClose {
                let all = OperatorCommand::Close { instrument: None };
                self.ask(all, "a signal".to_owned(), None);
            }
        }
        if self.brake.hold(word::is_halted_by_file(&self.data_dir)) {
            self.brake.pull();
            let file = word::halt_file(&self.data_dir);
            self.ask(OperatorCommand::Halt, format!("the file {}", file.display()), None);
        }
        for word in self.words.waiting(&self.mode) {
            if self.words.take(&word.id) {
                self.hear(word);
            }
        }
    }

    fn hear(&self, word: Word) {
        if matches!(word.command, Verb::Pause | Verb::Reduce | Verb::Halt) {
            self.brake.pull();
        }
        let refusal = if word.is_stale(local_now()) {
            Some("it was asked for too long ago; ask again".to_owned())
        } else if word.command == Verb::Resume && self.brake.is_held() {
            let file = word::halt_file(&self.data_dir);
            Some(format!("{} is there; remove it first, then resume", file.display()))
        } else {
            None
        };
        if let Some(why) = refusal {
            tracing::warn!(word.id, why, "a command was refused");
            let told = Told::refused(TradingState::Halted, why);
            if let Err(error) = self.words.answer(&word.id, &told) {
                tracing::error!(%error, word.id, "the answer to a command can't be written");
            }
            return;
        }
        self.ask(word.command(), word.by, Some(word.id));
    }

    fn ask(&self, command: OperatorCommand, by: String, id: Option<String>) {
        let resumes = command == OperatorCommand::Resume;
        let answer = Answer {
            file: id.map(|id| (self.words.clone(), id)),
            brake: Arc::clone(&self.brake),
            lifts: resumes.then(|| self.brake.mark()),
        };
        // Where the session is over, the word's file waits for the next start.
        drop(self.asked.send(Asked { command, by, answer }));
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::Instant;

    use domain::time::UtcMs;

    use super::*;

    fn word(id: &str, command: Verb) -> Word {
        let (mode, by) = ("paper".to_owned(), "ann".to_owned());
        let asked_at = local_now();
        Word { id: id.to_owned(), mode, command, instrument: None, by, asked_at, left: false }
    }

    /// Waits until the brake is as wanted, and says how long that took.
    #[expect(clippy::disallowed_methods, reason = "a wait has bounds, and this one is measured")]
    fn until(brake: &Brake, allowed: bool) -> Duration {
        let started = Instant::now();
        while brake.entries_allowed() != allowed {
            assert!(started.elapsed() < Duration::from_secs(20), "never");
            std::thread::sleep(Duration::from_millis(1));
        }
        started.elapsed()
    }

    #[test]
    fn it_brakes_at_once_while_nobody_hears() {
        let folder = tempfile::tempdir().unwrap();
        let brake = Arc::new(Brake::default());
        // The receiver is never read: an orchestrator that hangs.
        let (switch, _hangs) =
            Switch::start(folder.path(), "paper", Arc::clone(&brake)).unwrap().unwrap();
        let words = Words::of(folder.path());
        let mut took = Vec::new();
        for number in 0..8 {
            assert!(brake.entries_allowed());
            if number % 2 == 0 {
                words.leave(&word(&number.to_string(), Verb::Halt)).unwrap();
                took.push(until(&brake, false));
            } else {
                fs::write(word::halt_file(folder.path()), "").unwrap();
                took.push(until(&brake, false));
                fs::remove_file(word::halt_file(folder.path())).unwrap();
                while brake.is_held() {
                    std::thread::sleep(Duration::from_millis(1));
                }
            }
            brake.release(brake.mark());
        }
        println!("until it braked: {took:?}");
        // One of them must show it, whatever else the machine does.
        assert!(took.iter().min() < Some(&Duration::from_millis(100)), "{took:?}");
        drop(switch);
    }

    #[test]
    fn a_resumption_is_done_when_it_is_answered_and_never_against_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let brake = Arc::new(Brake::default());
        let words = Words::of(folder.path());
        words.leave(&word("1", Verb::Halt)).unwrap();
        fs::write(word::halt_file(folder.path()), "").unwrap();
        let (switch, mut asked) =
            Switch::start(folder.path(), "paper", Arc::clone(&brake)).unwrap().unwrap();
        // What was left is asked before the start returns, and before anything is decided.
        let (first, second) = (asked.try_recv().unwrap(), asked.try_recv().unwrap());
        assert!(first.by.starts_with("the file "), "{first:?}");
        assert_eq!((first.command, second.command), (OperatorCommand::Halt, OperatorCommand::Halt));
        assert!(!brake.entries_allowed());

        words.leave(&word("2", Verb::Resume)).unwrap();
        let told = loop {
            match words.told("2") {
                Some(told) => break told,
                None => std::thread::sleep(Duration::from_millis(1)),
            }
        };
        assert!(!told.done && told.note.unwrap().contains("HALT is there"));
        fs::remove_file(word::halt_file(folder.path())).unwrap();
        while brake.is_held() {
            std::thread::sleep(Duration::from_millis(1));
        }
        assert!(!brake.entries_allowed(), "without the file the halt stays until it is lifted");
        words.leave(&word("3", Verb::Resume)).unwrap();
        let resume = asked.blocking_recv().unwrap();
        assert!(!brake.entries_allowed() && words.is_taken("3"));
        let (before, after) = (TradingState::Halted, TradingState::Active);
        let told = Told { done: true, before, after, orders: Vec::new(), note: None };
        resume.answer.give(&told);
        assert!(brake.entries_allowed());
        assert_eq!(words.told("3"), Some(told));
        drop(switch);
    }

    #[test]
    fn what_was_taken_and_not_answered_is_asked_again() {
        let folder = tempfile::tempdir().unwrap();
        let words = Words::of(folder.path());
        let start = || Switch::start(folder.path(), "paper", Arc::new(Brake::default())).unwrap();
        words.leave(&word("1", Verb::Halt)).unwrap();
        let stale = Word { asked_at: UtcMs::new(0), ..word("2", Verb::Close) };
        words.leave(&stale).unwrap();
        let (switch, asked) = start().unwrap();
        assert!(start().is_none(), "two can't listen");
        assert!(!words.told("2").unwrap().done, "a sale that nobody may want any more");
        drop((switch, asked));
        let (_switch, mut asked) = start().unwrap();
        assert_eq!(asked.try_recv().unwrap().command, OperatorCommand::Halt);
        assert!(asked.try_recv().is_err());
    }
}
