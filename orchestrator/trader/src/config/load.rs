//! From the sources to checked settings, or to everything that is wrong.

use std::collections::BTreeMap;
use std::path::PathBuf;

use decision::profile::{Market, Profile};
use domain::ids::RunSeed;
use domain::instrument::{Asset, InstrumentId};
use domain::timeframe::Timeframe;
use secrecy::SecretString;

use super::endpoints::Endpoints;
use super::problem::{ConfigErrors, Origin, Warning};
use super::reading::Reading;
use super::settings::{Log, LogFormat, Settings};
use super::sources::Sources;
use super::table::{Fallback, Reader, SETTINGS};
use super::{live, mail, policy, store, values};

/// Assets that the venue no longer lists, and what trades in their place.
const DELISTED: [(&str, &str); 1] = [("MATIC", "POL")];

/// What was loaded.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// What to do.
    pub(crate) settings: Settings,
    /// What a person should know.
    pub(crate) warnings: Vec<Warning>,
    /// Where the value of each setting came from.
    pub(crate) origins: BTreeMap<&'static str, Origin>,
    /// The text that was given for each setting; of a secret, that there is one.
    pub(super) given: BTreeMap<&'static str, String>,
}

/// What a secret is shown as.
pub(super) const REDACTED: &str = "(set, not shown)";

/// Resolves and checks everything; depends on nothing but the sources.
///
/// # Errors
/// All that is wrong, at once.
pub(crate) fn load(sources: &Sources) -> Result<Loaded, ConfigErrors> {
    let mut reading = Reading::of(sources);
    let settings = settings(&mut reading, sources);
    let mut errors = std::mem::take(&mut reading.errors);
    let warnings = std::mem::take(&mut reading.warnings);
    let settings = match settings {
        Some(settings) if errors.is_empty() => settings,
        _ => {
            errors.sort_by(|a, b| a.origin.cmp(&b.origin));
            return Err(ConfigErrors(errors));
        }
    };
    let profile = &settings.policy.profile.name;
    let mut origins: BTreeMap<_, _> = SETTINGS
        .iter()
        .filter(|setting| setting.reader == Reader::Sextant)
        .map(|setting| match setting.fallback {
            Fallback::Profile(_) => (setting.name, Origin::Profile(profile.clone())),
            _ => (setting.name, Origin::Default),
        })
        .collect();
    let mut texts = BTreeMap::new();
    for (name, given) in reading.into_given() {
        origins.insert(name, given.origin);
        let text = if given.setting.secret { REDACTED.to_owned() } else { given.value };
        texts.insert(name, text);
    }
    Ok(Loaded { settings, warnings, origins, given: texts })
}

/// The settings; what is wrong is noted in `reading`, and none comes back where there is no way to
/// go on.
fn settings(reading: &mut Reading, sources: &Sources) -> Option<Settings> {
    let policy = policy::read(reading, sources);
    let quote = reading.read_or_default("BASE_CURRENCY", values::asset);
    let instruments = instruments(reading, quote, &policy.profile);
    let timeframes = timeframes(reading, &policy.profile);
    let mode = reading.read_or_default("TRADING_MODE", values::mode);
    let capital = reading.read_or_default("INITIAL_CAPITAL", values::capital);
    let seed = RunSeed(reading.read_or_default("SEXTANT_SEED", values::whole));
    let store = store::read(reading, sources);
    let endpoints = Endpoints::read(reading);
    let metrics_addr = reading.read_or_default("SEXTANT_METRICS_ADDR", values::address);
    let by_terminal = if sources.is_terminal { LogFormat::Human } else { LogFormat::Json };
    let log = Log {
        filter: reading.read_or_default("LOG_LEVEL", values::log_filter),
        format: reading.read("LOG_FORMAT", values::log_format).unwrap_or(by_terminal),
    };
    let ledger_key_file = reading.read("SEXTANT_LEDGER_KEY_FILE", values::path);
    let mail = mail::read(reading, sources);
    let redis = reading.read("REDIS_URL", values::redis_url).map(SecretString::from);
    let live = live::read(reading, sources);
    let data_dir = data_dir(reading, sources)?;
    Some(Settings {
        mode,
        capital,
        quote,
        instruments,
        timeframes,
        policy,
        seed,
        store,
        data_dir,
        ledger_key_file,
        endpoints,
        metrics_addr,
        log,
        mail,
        redis,
        live,
    })
}

fn instruments(reading: &mut Reading, quote: Asset, profile: &Profile) -> Vec<InstrumentId> {
    let pairs = reading.read_or_usual("CRYPTO_PAIRS", profile.market, values::pairs);
    if reading.any_failed(&["CRYPTO_PAIRS", "BASE_CURRENCY"]) {
        return pairs;
    }
    let foreign = |pair: &InstrumentId| pair.quote() != quote.as_str();
    let named = |found: Vec<InstrumentId>| {
        let names: Vec<_> = found.iter().map(InstrumentId::as_str).collect();
        (!names.is_empty()).then(|| names.join(", "))
    };
    if let Some(names) = named(pairs.iter().copied().filter(foreign).collect()) {
        // Whoever changed the currency alone is told there.
        let given = reading.given("CRYPTO_PAIRS").is_some();
        let name = if given { "CRYPTO_PAIRS" } else { "BASE_CURRENCY" };
        reading.refuse(name, format!("does not fit: {names} not quoted in {quote}"));
    }
    let (perpetuals, spot): (Vec<_>, Vec<_>) =
        pairs.iter().copied().partition(InstrumentId::is_perpetual);
    let name = &profile.name;
    let problem = match (profile.market, named(spot), named(perpetuals)) {
        (_, Some(spot), Some(perpetuals)) => Some(format!(
            "mixes spot pairs ({spot}) with perpetuals ({perpetuals}), and one run trades one market"
        )),
        (Market::Spot, None, Some(names)) => {
            Some(format!("holds perpetuals ({names}), and the profile '{name}' trades spot"))
        }
        (Market::UsdmFutures, Some(names), None) => Some(format!(
            "holds spot pairs ({names}), and the profile '{name}' trades perpetuals, as BTC/USDT:USDT"
        )),
        (Market::Spot, _, None) | (Market::UsdmFutures, None, _) => None,
    };
    if let Some(problem) = problem {
        reading.refuse("CRYPTO_PAIRS", problem);
    }
    let origin = reading.given("CRYPTO_PAIRS").map_or(Origin::Default, |g| g.origin.clone());
    for pair in &pairs {
        if let Some((_, successor)) = DELISTED.into_iter().find(|(gone, _)| *gone == pair.base()) {
            reading.warnings.push(Warning::Delisted {
                pair: pair.to_string(),
                successor: format!("{successor}/{}", pair.quote()),
                origin: origin.clone(),
            });
        }
    }
    pairs
}

fn timeframes(reading: &mut Reading, profile: &Profile) -> Vec<Timeframe> {
    let timeframes = reading.read_or_default("SEXTANT_TIMEFRAMES", values::timeframes);
    let failed = reading.any_failed(&["SEXTANT_TIMEFRAMES", "SEXTANT_PROFILE"]);
    if !failed && !timeframes.contains(&profile.decision_timeframe) {
        let given = reading.given("SEXTANT_TIMEFRAMES").is_some();
        let name = if given { "SEXTANT_TIMEFRAMES" } else { "SEXTANT_PROFILE" };
        let list: Vec<_> = timeframes.iter().map(|t| t.name()).collect();
        reading.refuse(
            name,
            format!(
                "does not fit: the profile '{}' decides on {}, which is not among {}",
                profile.name,
                profile.decision_timeframe,
                list.join(",")
            ),
        );
    }
    timeframes
}

/// Where the person's programs keep their data, by the XDG base directory specification; for root,
/// where services keep theirs.
fn data_dir(reading: &mut Reading, sources: &Sources) -> Option<PathBuf> {
    if let Some(given) = reading.read("SEXTANT_DATA_DIR", values::path) {
        return Some(given);
    }
    if sources.is_root {
        return Some(PathBuf::from("/var/lib/sextant"));
    }
    let folder = |name: &str| {
        // The specification says to ignore relative ones.
        sources.environment.get(name).map(PathBuf::from).filter(|folder| folder.is_absolute())
    };
    let data = folder("XDG_DATA_HOME").or_else(|| folder("HOME").map(|h| h.join(".local/share")));
    if data.is_none() && !reading.any_failed(&["SEXTANT_DATA_DIR"]) {
        reading.refuse("SEXTANT_DATA_DIR", "must be given where there is no HOME");
    }
    data.map(|data| data.join("sextant"))
}
