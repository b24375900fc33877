//! What is refused, where, and in which words.

use proptest::prelude::*;

use super::*;

#[test]
fn each_bad_value_is_named_with_its_place() {
    let long = "9".repeat(400);
    for (name, value, problem) in [
        ("TRADING_MODE", "live", "is said when a run begins: `sextant run --live`"),
        ("TRADING_MODE", "testnet", "`sextant run --testnet`"),
        ("TRADING_MODE", "papier", "is not a mode"),
        ("INITIAL_CAPITAL", "abc", "is not a decimal number"),
        ("INITIAL_CAPITAL", "NaN", "is not a decimal number"),
        ("INITIAL_CAPITAL", "0", "is not above 0"),
        ("INITIAL_CAPITAL", "-5", "is not above 0"),
        ("MAX_POSITIONS", "three", "is not a whole number"),
        ("MAX_POSITIONS", "-1", "is not a whole number"),
        ("RISK_PER_TRADE", "2%", "is not a decimal number"),
        ("STOP_LOSS_ATR_MULTIPLIER", "inf", "is not a decimal number"),
        ("TAKE_PROFIT_R_MULTIPLE", "two", "is not a decimal number"),
        ("TRAILING_STOP_ENABLED", "yes", "is neither true nor false"),
        ("TRAILING_STOP_ENABLED", "True", "is neither true nor false"),
        ("TRAILING_STOP_ENABLED", "1", "is neither true nor false"),
        ("CRYPTO_PAIRS", "BTC/USDT,", "'' is not a pair"),
        ("CRYPTO_PAIRS", "BTC/USDT,BTCUSDT", "names BTC/USDT twice"),
        ("CRYPTO_PAIRS", "BTC/EUR,ETH/USDT", "does not fit: BTC/EUR not quoted in USDT"),
        ("CRYPTO_PAIRS", "BTC/USDT:USDT", "holds perpetuals (BTC/USDT:USDT)"),
        (
            "CRYPTO_PAIRS",
            "BTC/USDT,ETH/USDT:USDT",
            "mixes spot pairs (BTC/USDT) with perpetuals (ETH/USDT:USDT), and one run trades one",
        ),
        ("BINANCE_FUTURES_REST_URL", "venue", "is not an address"),
        ("BINANCE_SPOT_WS_API_URL", "https://venue", "is not an address as ws://host:port"),
        ("BASE_CURRENCY", "€", "is not the name of an asset"),
        ("BASE_CURRENCY", "USDC", "does not fit: BTC/USDT, ETH/USDT"),
        ("BINANCE_REST_URL", "wss://venue", "is not an address as http://host:port or https://"),
        ("BINANCE_REST_URL", "venue:80", "is not an address"),
        ("BINANCE_REST_URL", "http:venue", "is not an address"),
        ("BINANCE_REST_URL", "https://venue/?a=1", "is not an address"),
        ("BINANCE_STREAM_URL", "https://venue", "is not an address as ws://host:port or wss://"),
        ("SEXTANT_METRICS_ADDR", "9464", "is not an address as 127.0.0.1:9464"),
        ("SEXTANT_SEED", "-1", "is not a whole number"),
        ("SEXTANT_TIMEFRAMES", "1m,7m", "'7m' is not a timeframe"),
        ("SEXTANT_TIMEFRAMES", "1h,1h", "names 1h twice"),
        ("SEXTANT_TIMEFRAMES", "1m,1d", "decides on 1h, which is not among 1m,1d"),
        ("SEXTANT_MAKER_FEE", "-0.1", "is not from 0 to below 1"),
        ("SEXTANT_TAKER_FEE", "1", "is not from 0 to below 1"),
        ("SEXTANT_SLIPPAGE_BPS", "10000", "is not from 0 to below 10000"),
        ("SEXTANT_PROFILE", "swing", "no profile 'swing'; known are swing-spot"),
        ("SEXTANT_PROFILE", "none.toml", "no profile 'none.toml'"),
        ("SEXTANT_DATA_DIR", "~/data", "begins with ~"),
        ("LOG_LEVEL", "loud", "is not one of off, error"),
        ("LOG_LEVEL", "info,", "is not one of off, error"),
        ("LOG_LEVEL", "info,sqlx=loud", "is not one of off, error"),
        ("LOG_FORMAT", "xml", "is neither json nor human"),
        ("POSTGRES_PORT", "65536", "is not a whole number that fits"),
        ("POSTGRES_HOST", "a b", "is not a host's name"),
        ("SMTP_TLS", "ssl", "is none of starttls, tls, none"),
        ("SMTP_PORT", "smtp", "is not a whole number"),
        ("NOTIFICATION_EMAIL", "me@example.org,you", "is no e-mail address"),
        ("SMTP_FROM_EMAIL", "me", "is no e-mail address"),
        ("BINANCE_TESTNET", "yes", "is neither true nor false"),
        ("BINANCE_SPOT_API_URL", "wss://venue", "is not an address as http://"),
        ("BINANCE_FUTURES_STREAM_URL", "https://venue", "is not an address as ws://"),
        ("SEXTANT_LIVE_WITHOUT_BACKUP", "true", "is not yes, the one word that overrides"),
        ("SEXTANT_BACKUP_MAX_DAYS", "a week", "is not a whole number"),
        ("SEXTANT_SEED", &long, "is not a whole number"),
    ] {
        let by_environment = errors(&with_environment(&[(name, value)]));
        let shown: String = value.chars().take(80).collect();
        let place = format!("environment: {name} = {shown:?} ");
        assert_eq!(by_environment.len(), 1, "{by_environment:#?}");
        assert!(by_environment[0].starts_with(&place), "{by_environment:?}");
        assert!(by_environment[0].contains(problem), "{by_environment:?}");

        let key = name.to_ascii_lowercase();
        let by_file = errors(&with_toml(&format!("\n{key} = '{value}'")));
        let expected = by_environment[0].replacen("environment: ", "sextant.toml line 2: ", 1);
        assert_eq!(by_file, [expected.replacen(name, &key, 1)]);
    }
}

#[test]
fn what_is_wrong_is_told_at_once() {
    let mut sources = with_toml("initial_capital = \"abc\"\nmax_position = 3\n[risk]\na = 1\n");
    sources.dotenv = Some((".env".into(), "# keys\nDAILY_LOSS=0.1\nnonsense\n".into()));
    for (name, value) in [("LOG_FORMAT", "xml"), ("SEXTANT_PROFLE", "x"), ("PATH", "/bin")] {
        sources.environment.insert(name.into(), value.into());
    }
    sources.flags = [("pairs", "BTC".into()), ("speed", "max".into())].into();
    let expected = [
        "sextant.toml line 1: initial_capital = \"abc\" is not a decimal number",
        "sextant.toml line 2: max_position is unknown; did you mean max_positions?",
        "sextant.toml line 3: risk is a table; every setting is a flat name, as max_positions = 3",
        ".env line 2: DAILY_LOSS is unknown; did you mean DAILY_LOSS_LIMIT?",
        ".env line 3: is not NAME=value",
        "environment: SEXTANT_PROFLE is unknown; did you mean SEXTANT_PROFILE?",
        "environment: LOG_FORMAT = \"xml\" is neither json nor human",
        "--pairs: \"BTC\" can't be read: 'BTC' is not a pair; write it as BTC/USDT, BTCUSDT, \
         BTC-USDT or BTC/USDT:USDT (perpetual)",
        "--speed: sets nothing",
    ];
    let found = errors(&sources);
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for line in expected {
        assert!(found.iter().any(|f| f == line), "{line}\n{found:#?}");
    }
    let layer =
        |line: &str| ["sextant", ".env", "env", "--"].iter().position(|p| line.starts_with(p));
    assert!(found.is_sorted_by_key(|line| layer(line)), "{found:#?}");
    let text = load(&sources).unwrap_err().to_string();
    assert_eq!(text.lines().count(), 1 + expected.len(), "{text}");
}

#[test]
fn an_unknown_name_is_refused_where_the_file_is_ours() {
    for (name, meant) in [
        ("INITAL_CAPITAL", "; did you mean INITIAL_CAPITAL?"),
        ("initial_capital", "; did you mean INITIAL_CAPITAL?"),
        ("RISK_PER_TRADES", "; did you mean RISK_PER_TRADE?"),
        ("SEXTANT_MAX_POSITIONS", "; did you mean MAX_POSITIONS?"),
        ("DATA_DIR", "; did you mean SEXTANT_DATA_DIR?"),
        ("PAIRS", "; did you mean CRYPTO_PAIRS?"),
        ("SEXTANT_LEDGER_KEY", "; did you mean SEXTANT_LEDGER_KEY_FILE?"),
        ("XYZZY", ""),
        ("X", ""),
    ] {
        let found = errors(&with_dotenv(&format!("{name}=1")));
        assert_eq!(found, [format!(".env line 1: {name} is unknown{meant}")]);
    }
    let found = errors(&with_toml("INITIAL_CAPITAL = 1"));
    let text = "sextant.toml line 1: INITIAL_CAPITAL is unknown; \
                names are in lower case here; did you mean initial_capital?";
    assert_eq!(found, [text]);
    let found = errors(&with_environment(&[("SEXTANT_X", "1"), ("INITAL_CAPITAL", "1")]));
    assert_eq!(found, ["environment: SEXTANT_X is unknown"]);
}

#[test]
fn a_known_name_that_is_not_read_is_a_warning() {
    let dotenv = "LEVERAGE=10\nCLAUDE_MODEL=x\nSENDGRID_API_KEY=hunter2\nTAKER_FEE=0.1\n\
                  COMPOSE_PROJECT_NAME=x\nREDIS_PORT=1\n";
    let not_read = "is known but not read by this version";
    let expected = [
        format!(".env line 1: LEVERAGE {not_read}"),
        format!(".env line 2: CLAUDE_MODEL {not_read}"),
        format!(
            ".env line 3: SENDGRID_API_KEY {not_read}; SMTP_PASSWORD, with \
             SMTP_HOST=smtp.sendgrid.net and SMTP_USER=apikey, means the same here"
        ),
        format!(".env line 4: TAKER_FEE {not_read}; SEXTANT_TAKER_FEE means the same here"),
    ];
    assert_eq!(warnings(&with_dotenv(dotenv)), expected);
    let found = warnings(&with_toml("leverage = 10\nredis_port = 1\n"));
    assert_eq!(found[0], format!("sextant.toml line 1: leverage {not_read}"));
    assert!(found[1].contains("redis_port is read by docker compose"), "{found:?}");
    let environment = [("LEVERAGE", "10"), ("SEXTANT_DATA", "x"), ("TIMEZONE", "UTC")];
    assert_eq!(warnings(&with_environment(&environment)), [""; 0]);
}

#[test]
fn a_number_may_be_a_number_or_text() {
    for text in ["risk_per_trade = 0.01", "risk_per_trade = '0.01'", "risk_per_trade = 1e-2"] {
        let ratio = loaded(&with_toml(text)).settings.policy.profile.risk_per_trade_ratio;
        assert_eq!(ratio.to_string(), "0.01", "{text}");
    }
    let found = errors(&with_toml("initial_capital = inf\nmax_positions = 0x3\nlog_level = [1]"));
    assert_eq!(found.len(), 3, "{found:#?}");
}

#[test]
fn what_is_not_utf8_is_refused() {
    let found = errors(&with_environment(&[("SEXTANT_DATA_DIR", "/\u{fffd}")]));
    assert_eq!(found, ["environment: SEXTANT_DATA_DIR is not UTF-8"]);
}

#[test]
fn without_a_home_the_data_folder_must_be_given() {
    let found = errors(&Sources::default());
    assert_eq!(found, ["default: SEXTANT_DATA_DIR must be given where there is no HOME"]);
}

proptest! {
    #[test]
    fn no_text_of_a_file_panics(toml in "[a-z_]{0,9} ?= ?.{0,20}(\n.{0,30}){0,3}", dotenv in ".{0,40}(\n[A-Z_]{0,9}=.{0,20}){0,3}") {
        let mut sources = with_toml(&toml);
        sources.dotenv = Some((".env".into(), dotenv));
        let _ = load(&sources);
    }

    #[test]
    fn no_value_panics(at in 0..super::super::table::SETTINGS.len(), value in ".{0,40}|[0-9eE.+-]{1,40}|[a-z]{1,8}://.{0,20}") {
        let _ = load(&with_environment(&[(super::super::table::SETTINGS[at].name, &value)]));
    }
}
