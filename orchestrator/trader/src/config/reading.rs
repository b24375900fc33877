//! From the sources to one value per setting with its origin, and the book of what is wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::path::PathBuf;

use decision::profile::Market;

use super::problem::{ConfigError, Origin, Warning};
use super::sources::Sources;
use super::table::{self, Reader, Setting};
use super::{document, dotenv, unread};

/// A value that somebody gave.
pub(super) struct Given {
    pub(super) setting: &'static Setting,
    /// The name as it is spelt there.
    spelt: String,
    pub(super) value: String,
    pub(super) origin: Origin,
}

impl Given {
    /// `NAME = "value"`, the name alone for a secret.
    pub(super) fn quoted(&self) -> String {
        let shown = without_password(&self.value);
        match (self.setting.secret, &self.origin) {
            (true, _) => self.spelt.clone(),
            (false, Origin::Flag(_)) => format!("{shown:?}"),
            (false, _) => format!("{} = {shown:?}", self.spelt),
        }
    }
}

/// An address may hold a password where none belongs: what stands before its @ is not shown.
fn without_password(value: &str) -> String {
    let shown = match (value.find("://"), value.rfind('@')) {
        (Some(scheme), Some(at)) if scheme < at => {
            format!("{}…{}", &value[..scheme + 3], &value[at..])
        }
        _ => value.to_owned(),
    };
    shown.chars().take(80).collect()
}

/// What was given, strongest layer only, and what is wrong so far.
#[derive(Default)]
pub(super) struct Reading {
    given: BTreeMap<&'static str, Given>,
    pub(super) errors: Vec<ConfigError>,
    pub(super) warnings: Vec<Warning>,
    failed: BTreeSet<&'static str>,
}

impl Reading {
    /// Reads all layers, weakest first.
    pub(super) fn of(sources: &Sources) -> Self {
        let mut reading = Self { errors: sources.problems.clone(), ..Self::default() };
        reading.read_toml(sources);
        reading.read_dotenv(sources);
        for (name, value) in &sources.environment {
            reading.hear(name, value, Origin::Environment);
        }
        for (flag, value) in &sources.flags {
            match table::SETTINGS.iter().find(|s| s.flag == Some(flag)) {
                Some(setting) => reading.keep(setting, setting.name, value, Origin::Flag(flag)),
                None => reading.complain(Origin::Flag(flag), "sets nothing"),
            }
        }
        reading
    }

    fn read_toml(&mut self, sources: &Sources) {
        let Some((file, text)) = &sources.toml else { return };
        let at = |line| Origin::Toml { file: file.clone(), line: Some(line) };
        let entries = document::parse(text).unwrap_or_else(|problems| {
            for (line, problem) in problems {
                self.complain(at(line), problem);
            }
            Vec::new()
        });
        for entry in entries {
            let (key, origin) = (entry.key, at(entry.line));
            let value = match entry.value {
                Ok(value) => value,
                Err(problem) => {
                    self.complain(origin, format!("{key} {problem}"));
                    continue;
                }
            };
            let setting = table::SETTINGS.iter().find(|s| s.toml_name() == key);
            match setting {
                Some(setting) if setting.secret => self.complain(
                    origin,
                    format!("{key} is a secret, which belongs in the environment or .env"),
                ),
                Some(setting) if setting.reader == Reader::Compose => self.warn_unread(
                    &key,
                    origin,
                    "is read by docker compose, from .env, and by nobody from here".to_owned(),
                ),
                Some(setting) => self.keep(setting, &key, &value, origin),
                None if key == key.to_ascii_lowercase() => {
                    self.unknown(&key, origin, str::to_ascii_lowercase);
                }
                None => self.complain(
                    origin,
                    format!(
                        "{key} is unknown; names are in lower case here{}",
                        meant(&key, str::to_ascii_lowercase)
                    ),
                ),
            }
        }
    }

    fn read_dotenv(&mut self, sources: &Sources) {
        let Some((file, text)) = &sources.dotenv else { return };
        let at = |line| Origin::Dotenv { file: file.clone(), line: Some(line) };
        let (assignments, problems) = dotenv::parse(text);
        for (line, problem) in problems {
            self.complain(at(line), problem);
        }
        for assignment in assignments {
            self.hear(&assignment.name, &assignment.value, at(assignment.line));
        }
    }

    /// A name of `.env` or the environment. The environment holds much that is not ours, so that
    /// only our own prefix tells an unknown name there; empty is not given, as compose has it.
    fn hear(&mut self, name: &str, value: &str, origin: Origin) {
        let foreign = origin == Origin::Environment && !name.starts_with(table::PREFIX);
        match table::find(name) {
            Some(setting) if setting.reader == Reader::Sextant && !value.is_empty() => {
                self.keep(setting, name, value, origin);
            }
            Some(_) => {}
            None if foreign || name.starts_with("COMPOSE_") => {}
            None if origin == Origin::Environment && unread::note(name).is_some() => {}
            None => self.unknown(name, origin, str::to_owned),
        }
    }

    fn keep(&mut self, setting: &'static Setting, spelt: &str, value: &str, origin: Origin) {
        let given = Given { setting, spelt: spelt.to_owned(), value: value.to_owned(), origin };
        if value.contains(char::REPLACEMENT_CHARACTER) {
            self.complain(given.origin, format!("{spelt} is not UTF-8"));
        } else {
            self.given.insert(setting.name, given);
        }
    }

    fn unknown(&mut self, name: &str, origin: Origin, spell: fn(&str) -> String) {
        match unread::note(&name.to_ascii_uppercase()) {
            Some(note) => self.warn_unread(name, origin, note),
            None => self.complain(origin, format!("{name} is unknown{}", meant(name, spell))),
        }
    }

    fn warn_unread(&mut self, name: &str, origin: Origin, note: String) {
        self.warnings.push(Warning::NotRead { name: name.to_owned(), origin, note });
    }

    fn complain(&mut self, origin: Origin, problem: impl Display) {
        self.errors.push(ConfigError { origin, problem: problem.to_string() });
    }

    /// The value of a setting, if somebody gave one.
    pub(super) fn given(&self, name: &'static str) -> Option<&Given> {
        self.given.get(name)
    }

    /// All that was given.
    pub(super) fn into_given(self) -> BTreeMap<&'static str, Given> {
        self.given
    }

    /// The value that was given; none where there is none or it can't be read, which is noted.
    pub(super) fn read<T>(
        &mut self,
        name: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let parsed = parse(&self.given.get(name)?.value);
        parsed.map_err(|problem| self.refuse(name, problem)).ok()
    }

    /// The value that was given or, where there is none or it can't be read, the table's default.
    pub(super) fn read_or_default<T>(
        &mut self,
        name: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> T {
        self.read_or_usual(name, Market::Spot, parse)
    }

    /// The same where the default is the market's.
    pub(super) fn read_or_usual<T>(
        &mut self,
        name: &'static str,
        market: Market,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> T {
        self.read(name, &parse).unwrap_or_else(|| {
            let setting = table::find(name).expect("settings are read by their names in the table");
            let Some(text) = setting.fallback.text(market) else {
                unreachable!("{name} has no default text in the table")
            };
            parse(text).expect("the table's defaults can be read")
        })
    }

    /// Notes what is wrong with the value of a setting, at the place that it came from.
    pub(super) fn refuse(&mut self, name: &'static str, problem: impl Display) {
        self.failed.insert(name);
        match self.given.get(name) {
            Some(given) => {
                let (origin, quoted) = (given.origin.clone(), given.quoted());
                self.complain(origin, format!("{quoted} {problem}"));
            }
            None => self.complain(Origin::Default, format!("{name} {problem}")),
        }
    }

    /// Whether something was wrong with one of these: then what depends on them can't be judged.
    pub(super) fn any_failed(&self, names: &[&'static str]) -> bool {
        names.iter().any(|name| self.failed.contains(name))
    }

    /// Of a secret and the setting that names its file: what counts, and which of the two it came
    /// from. An error where both stand in the same layer.
    pub(super) fn secret(
        &mut self,
        name: &'static str,
        file: &'static str,
        sources: &Sources,
    ) -> Option<(&'static str, String)> {
        let layer = |name| self.given(name).map(|g| g.origin.layer());
        let (by_value, by_file) = (layer(name), layer(file));
        if by_value.is_some() && by_value == by_file {
            self.refuse(file, format!("stands beside {name}: give one of the two"));
            return None;
        }
        if by_value > by_file {
            return self.given(name).map(|g| (name, g.value.clone()));
        }
        let path = PathBuf::from(&self.given(file)?.value);
        let problem = match sources.files.get(&path) {
            Some(Ok(text)) if !text.trim().is_empty() => {
                return Some((file, text.trim_end_matches(['\r', '\n']).to_owned()));
            }
            Some(Ok(_)) => "is an empty file".to_owned(),
            Some(Err(why)) => format!("can't be read: {why}"),
            None => "was not read".to_owned(),
        };
        self.refuse(file, problem);
        None
    }

    /// The files that settings name and [`Sources::files`] shall hold.
    pub(super) fn wanted_files(&self) -> Vec<PathBuf> {
        let profile = self.given("SEXTANT_PROFILE").filter(|g| g.value.ends_with(".toml"));
        let secrets = [
            "DATABASE_URL_FILE",
            "SEXTANT_PAPER_DATABASE_URL_FILE",
            "POSTGRES_PASSWORD_FILE",
            "SMTP_PASSWORD_FILE",
            "BINANCE_API_SECRET_FILE",
            "BINANCE_ED25519_KEY_FILE",
        ];
        let evidence = self.given("SEXTANT_KELLY_EVIDENCE");
        let named = secrets.into_iter().filter_map(|name| self.given(name));
        let named = named.chain(profile).chain(evidence);
        named.map(|g| PathBuf::from(&g.value)).collect()
    }
}

fn meant(name: &str, spell: fn(&str) -> String) -> String {
    let closest = table::closest(name).map(spell);
    closest.map(|closest| format!("; did you mean {closest}?")).unwrap_or_default()
}
