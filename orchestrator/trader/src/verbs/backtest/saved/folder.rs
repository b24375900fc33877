//! The folder of the runs that were kept: a file each.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use domain::instrument::InstrumentId;
use domain::time::UtcMs;
use serde::Deserialize;

use crate::ending::{Code, Failure, Outcome};
use crate::verbs::backtest::report::whole_file;
use crate::verbs::backtest::saved::{Facts, Headline, Saved, VERSION};

/// Runs of one strategy and configuration that can end within a second.
const WITHIN_A_SECOND: u32 = 10_000;

/// A kept run without what its tables are made of.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Listed {
    version: u32,
    /// Names it.
    pub(crate) id: String,
    /// When it ended.
    pub(crate) saved_at: UtcMs,
    /// Its most wanted numbers.
    pub(crate) headline: Headline,
    /// What is known of it.
    pub(crate) facts: Facts,
    /// What was traded.
    pub(crate) instruments: Vec<InstrumentId>,
    /// Open of the first candle.
    pub(crate) from: UtcMs,
    /// Close of the last candle.
    pub(crate) to: UtcMs,
}

/// Keeps a run, and gives it another id where another run of the same second has it.
pub(crate) fn save(data_dir: &Path, saved: &mut Saved) -> Outcome<PathBuf> {
    let folder = folder(data_dir);
    let kept = fs::create_dir_all(&folder).and_then(|()| {
        let id = saved.id.clone();
        let ids =
            (1..WITHIN_A_SECOND).map(|n| if n == 1 { id.clone() } else { format!("{id}-{n}") });
        let paths = ids.map(|id| folder.join(format!("{id}.json")));
        whole_file::create(paths, |path| {
            saved.id = stem(path);
            Ok(serde_json::to_vec(saved)?)
        })
    });
    kept.map_err(|error| {
        Failure::from(error).context(format!("can't keep the run in {}", folder.display()))
    })
}

/// The runs that were kept, the earliest first, and what is wrong with those that can't be read.
pub(crate) fn list(data_dir: &Path) -> Outcome<(Vec<Listed>, Vec<String>)> {
    let (mut runs, mut problems) = (Vec::new(), Vec::new());
    for path in files(data_dir)? {
        let listed: Result<Listed, _> = read(&path);
        match listed {
            Ok(listed) if listed.version == VERSION => runs.push(listed),
            Ok(listed) => problems.push(format!(
                "{} was kept in form {}, which this version of sextant does not read",
                path.display(),
                listed.version
            )),
            Err(error) => problems.push(format!("{} can't be read: {error}", path.display())),
        }
    }
    Ok((runs, problems))
}

/// The run of this id, of which the first letters do; `latest` is the last one.
pub(crate) fn load(data_dir: &Path, asked: &str) -> Outcome<Saved> {
    let refused = |message: String| Failure::new(Code::Usage, message);
    let files = files(data_dir)?;
    let Some(latest) = files.last() else {
        let folder = folder(data_dir);
        let message = format!(
            "no backtest has been kept in {} yet; `sextant backtest` makes one",
            folder.display()
        );
        return Err(refused(message));
    };
    let exact = files.iter().find(|path| stem(path) == asked);
    let begun: Vec<_> = files.iter().filter(|path| stem(path).starts_with(asked)).collect();
    let path = match (asked, exact, &begun[..]) {
        ("latest", ..) => latest,
        (_, Some(path), _) => path,
        (_, None, [path]) => path,
        (_, None, []) => {
            let hint = "`sextant backtest-show` lists the ids";
            return Err(refused(format!("there is no backtest '{asked}'; {hint}")));
        }
        (_, None, [first, second, ..]) => {
            return Err(refused(format!(
                "{} backtests begin with '{asked}', such as {} and {}; write more of the id",
                begun.len(),
                stem(first),
                stem(second)
            )));
        }
    };
    let saved: Saved = read(path)
        .map_err(|error| refused(format!("{} can't be read: {error}", path.display())))?;
    saved.checked().map_err(|error| refused(format!("{}: {error}", path.display())))
}

fn folder(data_dir: &Path) -> PathBuf {
    data_dir.join("backtests")
}

/// By name, which is by time.
fn files(data_dir: &Path) -> Outcome<Vec<PathBuf>> {
    let folder = folder(data_dir);
    let entries = match fs::read_dir(&folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => {
            return Err(Failure::from(error).context(format!("can't read {}", folder.display())));
        }
        Ok(entries) => entries,
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let hidden = stem(&path).starts_with('.');
        if !hidden && path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    // The tenth of a second comes after the ninth.
    files.sort_by_key(|path| {
        let id = stem(path);
        (id.chars().take("20240131T120000Z".len()).collect::<String>(), id.len(), id)
    });
    Ok(files)
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn read<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<T, serde_json::Error> {
    let text = fs::read(path).map_err(serde_json::Error::io)?;
    serde_json::from_slice(&text)
}
