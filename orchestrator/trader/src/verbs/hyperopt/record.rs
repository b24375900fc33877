//! The file that every trial is recorded in.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use backtest::research::trials::{self, Header, Kept, Trial};

use crate::ending::{Code, Failure, Outcome};

/// A record that is open for more trials.
pub(crate) struct Record {
    path: PathBuf,
    file: File,
}

impl Record {
    /// Begins a record, or goes on with one. A record of another search is never written over.
    pub(crate) fn open(
        path: &Path,
        header: &Header,
        resume: bool,
    ) -> Outcome<(Self, BTreeMap<u64, Trial>)> {
        let doing = || format!("the record {}", path.display());
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|e| Failure::from(e).context(doing()))?;
        }
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(Failure::from(error).context(doing())),
        };
        let found = if text.is_empty() {
            Kept { trials: BTreeMap::new(), whole_bytes: 0 }
        } else {
            let read = trials::read(&text, header);
            read.map_err(|error| Failure::new(Code::Usage, error).context(doing()))?
        };
        let Kept { trials, whole_bytes } = match resume {
            true => found,
            false => Kept { trials: BTreeMap::new(), whole_bytes: 0 },
        };
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        file.set_len(whole_bytes as u64)?;
        let mut record = Self { path: path.to_owned(), file };
        if whole_bytes == 0 {
            record.write(&header.line())?;
        }
        Ok((record, trials))
    }

    /// Adds a trial.
    pub(crate) fn add(&mut self, trial: &Trial) -> Outcome<()> {
        self.write(&trial.line())
    }

    /// In one piece, so that an interruption leaves at most the last line unfinished.
    fn write(&mut self, line: &str) -> Outcome<()> {
        let doing = || format!("the record {}", self.path.display());
        self.file.write_all(line.as_bytes()).map_err(|e| Failure::from(e).context(doing()))
    }
}

#[cfg(test)]
mod tests {
    use backtest::research::space::{Search, Space};

    use super::*;

    fn header(seed: u64) -> Header {
        let space = "trailing = { type = 'choice', values = [true, false] }";
        Header {
            space: Space::parse(space).unwrap(),
            search: Search::Grid,
            seed,
            configuration: String::new(),
            history: String::new(),
        }
    }

    fn trial(number: u64) -> Trial {
        Trial {
            number,
            point: header(1).space.point(Search::Grid, 1, number),
            profit_ratio: 0.0,
            sharpe_daily: 0.0,
            trades: 0,
            max_drawdown_ratio: 0.0,
            daily_returns: vec![0.5],
        }
    }

    #[test]
    fn a_torn_record_is_gone_on_with_and_another_search_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/trials.jsonl");
        let (mut record, trials) = Record::open(&path, &header(1), true).unwrap();
        assert!(trials.is_empty());
        record.add(&trial(1)).unwrap();
        record.write(&trial(0).line()[..20]).unwrap();
        let (mut record, trials) = Record::open(&path, &header(1), true).unwrap();
        assert_eq!(trials.into_values().collect::<Vec<_>>(), [trial(1)]);
        record.add(&trial(0)).unwrap();
        let (_, trials) = Record::open(&path, &header(1), true).unwrap();
        assert_eq!(trials.len(), 2);
        for resume in [true, false] {
            let failure = Record::open(&path, &header(2), resume).err().unwrap();
            assert_eq!(failure.code, Code::Usage);
            assert!(failure.to_string().contains("another seed"), "{failure}");
        }
        let (_, trials) = Record::open(&path, &header(1), false).unwrap();
        assert!(trials.is_empty());
        assert_eq!(fs::read_to_string(&path).unwrap(), header(1).line());
    }
}
