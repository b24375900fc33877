//! What the configuration is read from, and the one function that touches it.

use std::collections::BTreeMap;
use std::fs;
use std::io::{ErrorKind, IsTerminal};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::problem::{ConfigError, Origin};
use super::reading::Reading;

/// The world as far as the configuration depends on it. It may hold secrets, so it can't be
/// printed.
#[derive(Default)]
pub(crate) struct Sources {
    /// Name and text of `sextant.toml`.
    pub(crate) toml: Option<(PathBuf, String)>,
    /// Name and text of `.env`.
    pub(crate) dotenv: Option<(PathBuf, String)>,
    /// The environment of the process. What is not UTF-8 holds replacement characters.
    pub(crate) environment: BTreeMap<String, String>,
    /// Flags of settings, by name without dashes.
    pub(crate) flags: BTreeMap<&'static str, String>,
    /// Files that settings name, by that name: their text, or why there is none.
    pub(crate) files: BTreeMap<PathBuf, Result<String, String>>,
    /// Whether the process may do everything.
    pub(crate) is_root: bool,
    /// Whether logs go to a person.
    pub(crate) is_terminal: bool,
    /// What could not be read above.
    pub(crate) problems: Vec<ConfigError>,
}

impl Sources {
    /// Reads `config` (or `sextant.toml`, which may be missing) and `.env` in `folder` (empty for
    /// the working directory), the environment, and the files that settings name. What fails is
    /// kept, so that it is reported with all else.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub(crate) fn read(
        folder: &Path,
        config: Option<&Path>,
        flags: BTreeMap<&'static str, String>,
    ) -> Self {
        let mut problems = Vec::new();
        let mut text = |file: PathBuf, required: bool, origin: fn(PathBuf) -> Origin| {
            match fs::read_to_string(&file) {
                Ok(text) => Some((file, text)),
                Err(e) if e.kind() == ErrorKind::NotFound && !required => None,
                Err(e) => {
                    let problem = format!("can't be read: {e}");
                    problems.push(ConfigError { origin: origin(file), problem });
                    None
                }
            }
        };
        let config_file = folder.join(config.unwrap_or(Path::new("sextant.toml")));
        let toml = text(config_file, config.is_some(), |file| Origin::Toml { file, line: None });
        let dotenv = text(folder.join(".env"), false, |file| Origin::Dotenv { file, line: None });
        let mut sources = Self {
            toml,
            dotenv,
            // Unlike `vars`, this does not panic where a variable is not UTF-8.
            environment: std::env::vars_os()
                .map(|(name, value)| {
                    (name.to_string_lossy().into(), value.to_string_lossy().into())
                })
                .collect(),
            flags,
            files: BTreeMap::new(),
            is_root: is_root(),
            is_terminal: std::io::stderr().is_terminal(),
            problems,
        };
        let wanted = Reading::of(&sources).wanted_files();
        for file in wanted {
            let text = fs::read_to_string(folder.join(&file)).map_err(|e| e.to_string());
            sources.files.insert(file, text);
        }
        sources
    }
}

/// By the owner of the process's own entry; where there is no `/proc`, nobody is taken for root.
fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|entry| entry.uid() == 0)
}
