//! Which layer counts, and what `config show` tells of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use decision::policy::Policy;
use decision::profile::Profile;
use exchange::binance::signed::verdict::Market;

use super::super::endpoints::Network;
use super::super::settings::{LogFormat, Mode, StoreChoice};
use super::super::show::{ShownSetting, show};
use super::super::sources::Sources;
use super::super::table::{self, Fallback, SETTINGS};
use super::*;

fn shown(sources: &Sources, key: &str) -> ShownSetting {
    show(&loaded(sources)).into_iter().find(|s| s.key == key).unwrap()
}

#[test]
fn without_any_source_the_defaults_count() {
    let loaded = loaded(&nothing());
    let settings = &loaded.settings;
    assert_eq!(settings.mode, Mode::Paper);
    assert_eq!(settings.capital.to_string(), "1000");
    assert_eq!(settings.quote.as_str(), "USDT");
    let pairs: Vec<_> = settings.instruments.iter().map(|i| i.as_str()).collect();
    assert_eq!(pairs, ["BTC/USDT", "ETH/USDT", "SOL/USDT", "AVAX/USDT", "POL/USDT"]);
    let timeframes: Vec<_> = settings.timeframes.iter().map(|t| t.name()).collect();
    assert_eq!(timeframes, ["1m", "5m", "15m", "1h", "4h", "1d"]);
    let profile = Profile::named("swing-spot").unwrap();
    let policy = Policy::of(profile);
    assert_eq!(settings.policy.hash(), policy.hash());
    assert_eq!(settings.seed.0, 1);
    assert!(matches!(settings.store, StoreChoice::Embedded));
    assert_eq!(settings.data_dir, Path::new("/home/ann/.local/share/sextant"));
    assert_eq!(settings.ledger_key_file, None);
    let market = settings.market();
    assert_eq!(market, Market::Spot);
    let addresses = settings.addresses(market);
    assert_eq!(addresses.rest, "https://data-api.binance.vision");
    assert_eq!(addresses.stream, "wss://data-stream.binance.vision");
    assert_eq!(settings.metrics_addr.to_string(), "127.0.0.1:9464");
    assert_eq!((settings.log.filter.as_str(), settings.log.format), ("info", LogFormat::Json));
    assert_eq!(loaded.warnings, []);
}

#[test]
fn an_address_that_is_not_given_is_the_networks_own() {
    let plain = loaded(&nothing()).settings.endpoints;
    let default = |name: &str| match table::find(name).map(|setting| setting.fallback) {
        Some(Fallback::Text(text)) => text.to_owned(),
        _ => panic!("{name} has a default"),
    };
    let spot = plain.of(Market::Spot, Network::Live);
    assert_eq!(spot.rest, default("BINANCE_REST_URL"));
    assert_eq!(spot.stream, default("BINANCE_STREAM_URL"));
    assert_eq!(spot.account_rest, default("BINANCE_SPOT_API_URL"));
    assert_eq!(spot.account_stream, default("BINANCE_SPOT_WS_API_URL"));
    let futures = plain.of(Market::Usdm, Network::Live);
    assert_eq!(futures.rest, default("BINANCE_FUTURES_REST_URL"));
    assert_eq!(futures.stream, default("BINANCE_FUTURES_STREAM_URL"));
    assert_eq!((&futures.account_rest, &futures.account_stream), (&futures.rest, &futures.stream));

    let given = with_environment(&[("BINANCE_FUTURES_REST_URL", "http://127.0.0.1:9/")]);
    let given = loaded(&given).settings.endpoints;
    for network in [Network::Live, Network::Testnet] {
        let addresses = given.of(Market::Usdm, network);
        assert_eq!(addresses.rest, "http://127.0.0.1:9");
        assert_eq!(addresses.account_rest, "http://127.0.0.1:9");
    }
    for market in [Market::Spot, Market::Usdm] {
        let (live, test) = (given.of(market, Network::Live), given.of(market, Network::Testnet));
        assert_ne!(live.stream, test.stream);
        assert_ne!(live.account_stream, test.account_stream);
    }
}

#[test]
fn each_layer_outweighs_the_ones_before() {
    let mut sources = nothing();
    let expect = |sources: &Sources, value: &str, origin: &str| {
        let found = shown(sources, "INITIAL_CAPITAL");
        assert_eq!((found.value.as_str(), found.origin.as_str()), (value, origin));
        assert_eq!(loaded(sources).settings.capital, value.parse().unwrap());
    };
    expect(&sources, "1000.00", "default");
    sources.toml = Some((PathBuf::from("my.toml"), "# mine\n\ninitial_capital = 2_000.50".into()));
    expect(&sources, "2000.50", "my.toml line 3");
    sources.dotenv = Some((PathBuf::from(".env"), "INITIAL_CAPITAL=3000".into()));
    expect(&sources, "3000", ".env line 1");
    sources.environment.insert("INITIAL_CAPITAL".into(), "4000".into());
    expect(&sources, "4000", "environment");
    sources.flags.insert("capital", "5000".into());
    expect(&sources, "5000", "--capital");
}

#[test]
fn an_empty_variable_is_not_given() {
    let mut sources = with_dotenv("INITIAL_CAPITAL=\nCRYPTO_PAIRS=''\n");
    sources.environment.insert("INITIAL_CAPITAL".into(), String::new());
    assert_eq!(shown(&sources, "INITIAL_CAPITAL").origin, "default");
}

#[test]
fn the_data_folder_follows_the_person() {
    for (variables, is_root, expected) in [
        (&[("HOME", "/h")][..], false, "/h/.local/share/sextant"),
        (&[("HOME", "/h"), ("XDG_DATA_HOME", "/x")], false, "/x/sextant"),
        (&[("HOME", "/h"), ("XDG_DATA_HOME", "x")], false, "/h/.local/share/sextant"),
        (&[("HOME", "/root")], true, "/var/lib/sextant"),
        (&[], true, "/var/lib/sextant"),
        (&[("SEXTANT_DATA_DIR", "here")], true, "here"),
    ] {
        let environment = variables.iter().map(|(n, v)| (n.to_string(), v.to_string())).collect();
        let sources = Sources { environment, is_root, ..Sources::default() };
        assert_eq!(loaded(&sources).settings.data_dir, Path::new(expected), "{variables:?}");
        assert_eq!(shown(&sources, "SEXTANT_DATA_DIR").value, expected);
    }
}

#[test]
fn logs_are_for_people_on_a_terminal_only() {
    let on_terminal = Sources { is_terminal: true, ..nothing() };
    assert_eq!(loaded(&on_terminal).settings.log.format, LogFormat::Human);
    assert_eq!(shown(&on_terminal, "LOG_FORMAT").value, "human");
    let told = Sources { is_terminal: true, ..with_environment(&[("LOG_FORMAT", "JSON")]) };
    assert_eq!(loaded(&told).settings.log.format, LogFormat::Json);
}

#[test]
fn log_levels_are_taken_in_the_usual_spellings() {
    for (text, filter) in [
        ("INFO", "info"),
        ("WARNING", "warn"),
        ("Critical", "error"),
        ("info, sqlx = WARN,trader::config=debug", "info,sqlx=warn,trader::config=debug"),
    ] {
        let sources = with_environment(&[("LOG_LEVEL", text)]);
        assert_eq!(loaded(&sources).settings.log.filter, filter);
    }
}

#[test]
fn pairs_are_taken_in_every_spelling() {
    for text in ["BTC/USDT,ETH/USDT", "btcusdt, eth-usdt", "BTC_USDT ,ETHUSDT"] {
        let instruments = loaded(&with_environment(&[("CRYPTO_PAIRS", text)])).settings.instruments;
        let names: Vec<_> = instruments.iter().map(|i| i.as_str()).collect();
        assert_eq!(names, ["BTC/USDT", "ETH/USDT"], "{text}");
    }
    let list = with_toml("crypto_pairs = ['BTC/USDC', 'ETH/USDC']\nbase_currency = 'usdc'");
    assert_eq!(loaded(&list).settings.instruments.len(), 2);
}

#[test]
fn a_delisted_pair_is_kept_and_named() {
    let sources = with_dotenv("\nCRYPTO_PAIRS=BTC/USDT,MATIC/USDT");
    assert_eq!(loaded(&sources).settings.instruments.len(), 2);
    let warning = ".env line 2: MATIC/USDT is delisted at the venue; its successor is POL/USDT";
    assert_eq!(warnings(&sources), [warning]);
}

#[test]
fn timeframes_are_sorted() {
    let sources = with_environment(&[("SEXTANT_TIMEFRAMES", "1d,1h, 1m")]);
    let timeframes: Vec<_> =
        loaded(&sources).settings.timeframes.iter().map(|t| t.name()).collect();
    assert_eq!(timeframes, ["1m", "1h", "1d"]);
}

#[test]
fn no_secret_is_ever_told() {
    let mut sources = with_environment(&[
        ("DATABASE_URL", "postgres://ann:hunter2@db:5432/sextant"),
        ("POSTGRES_PASSWORD", "hunter2"),
    ]);
    let loaded_once = loaded(&sources);
    let mut told = format!("{loaded_once:?} {:?}", show(&loaded_once));
    assert_eq!(shown(&sources, "DATABASE_URL").value, "(set, not shown)");
    assert_eq!(shown(&sources, "DATABASE_URL").origin, "environment");
    sources.environment.insert("DATABASE_URL".into(), "mysql://ann:hunter2@db".into());
    sources.environment.insert("BINANCE_REST_URL".into(), "ftp://ann:hunter2@venue".into());
    sources.dotenv = Some((".env".into(), "KEY hunter2\nSENDGRID_API_KEY=hunter2\n".into()));
    sources.toml = Some(("sextant.toml".into(), "postgres_password = 'hunter2'\n".into()));
    let found = errors(&sources);
    assert_eq!(found.len(), 4, "{found:#?}");
    told.extend(found);
    assert!(!told.contains("hunter2"), "{told}");
    for setting in SETTINGS {
        let from_outside = setting.flag.is_none() && matches!(setting.fallback, Fallback::Unset);
        assert!(!setting.secret || from_outside, "{}", setting.name);
    }
}

#[test]
fn the_table_is_in_order() {
    let all = show(&loaded(&nothing()));
    assert!(all.iter().all(|s| !s.help.is_empty() && !s.origin.is_empty()));
    let default = all.iter().find(|s| s.key == "MAX_POSITIONS").unwrap();
    assert_eq!((default.value.as_str(), default.origin.as_str()), ("3", "profile swing-spot"));
    for (at, setting) in SETTINGS.iter().enumerate() {
        assert!(SETTINGS[..at].iter().all(|s| s.name != setting.name), "{}", setting.name);
        assert_eq!(setting.toml_name().to_ascii_uppercase(), setting.name);
    }
    assert!(super::super::unread::names().all(|name| table::find(name).is_none()));
}

#[test]
fn files_are_read_where_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    let read = |config: Option<&str>| {
        let flags = BTreeMap::from([("profile", "own.toml".to_owned())]);
        let mut sources = Sources::read(folder.path(), config.map(Path::new), flags);
        sources.environment = nothing().environment;
        sources
    };
    let profile = toml_of_default_profile().replace("swing-spot", "own");
    write("own.toml", &profile);
    write("sextant.toml", "postgres_host = 'db'\npostgres_password_file = 'secret'\n");
    write(".env", "MAX_POSITIONS=7\n");
    write("secret", "hunter2\n");
    let settings = loaded(&read(None)).settings;
    assert_eq!(
        (settings.policy.profile.name.as_str(), settings.policy.profile.max_positions),
        ("own", 7)
    );
    assert!(matches!(settings.store, StoreChoice::Url(_)));

    write("other.toml", "max_positions = 8");
    fs::remove_file(folder.path().join(".env")).unwrap();
    assert_eq!(loaded(&read(Some("other.toml"))).settings.policy.profile.max_positions, 8);

    fs::remove_file(folder.path().join("secret")).unwrap();
    let found = errors(&read(None));
    assert!(found[0].contains("postgres_password_file = \"secret\" can't be read"), "{found:?}");
    let found = errors(&read(Some("none.toml")));
    assert!(found[0].contains("none.toml: can't be read"), "{found:?}");
}

fn toml_of_default_profile() -> String {
    toml::to_string(&Profile::named("swing-spot").unwrap()).unwrap()
}
