//! What the settings change in the profile, and when they contradict each other.

use super::*;

#[test]
fn settings_override_the_profile() {
    let sources = with_dotenv(
        "MAX_POSITIONS=5\nRISK_PER_TRADE=0.01\nMAX_PORTFOLIO_HEAT=0.04\nDAILY_LOSS_LIMIT=0.03\n\
         MAX_DRAWDOWN_THRESHOLD=0.10\nEMERGENCY_STOP_THRESHOLD=0.20\nSTOP_LOSS_ATR_MULTIPLIER=1.5\n\
         TAKE_PROFIT_R_MULTIPLE=3\nTRAILING_STOP_ENABLED=false\nSEXTANT_MAKER_FEE=0\n\
         SEXTANT_TAKER_FEE=0.0004\nSEXTANT_SLIPPAGE_BPS=2.5\n",
    );
    let policy = loaded(&sources).settings.policy;
    let profile = &policy.profile;
    let ratios = [
        profile.risk_per_trade_ratio,
        profile.max_heat_ratio,
        profile.daily_loss_ratio,
        profile.halve_at_drawdown_ratio,
        profile.halt_at_drawdown_ratio,
        policy.costs.maker_fee_ratio,
        policy.costs.taker_fee_ratio,
        policy.costs.slippage_bps,
    ];
    let ratios = ratios.map(|ratio| ratio.to_string());
    assert_eq!(ratios, ["0.01", "0.04", "0.03", "0.1", "0.2", "0", "0.0004", "2.5"]);
    assert_eq!(profile.max_positions, 5);
    assert_eq!((profile.stop_atr_multiple, profile.target_r_multiple), (1.5, 3.0));
    assert_eq!(profile.trailing, None);
}

#[test]
fn the_profiles_own_values_given_again_change_nothing() {
    let sources = with_dotenv(
        "TRAILING_STOP_ENABLED=true\nSTOP_LOSS_ATR_MULTIPLIER=2\nRISK_PER_TRADE=0.020\n",
    );
    let hash = |sources| loaded(&sources).settings.policy.hash();
    assert_eq!(hash(sources), hash(nothing()));
}

#[test]
fn limits_that_contradict_each_other_are_refused_where_they_stand() {
    let impossible = "makes the profile 'swing-spot' impossible";
    for (toml, expected) in [
        (
            "risk_per_trade = 0.1",
            vec![format!(
                "sextant.toml line 1: risk_per_trade = \"0.1\" {impossible}: risk_per_trade_ratio \
                 0.1 is above max_heat_ratio 0.06: no trade would ever fit"
            )],
        ),
        (
            "max_drawdown_threshold = 0.3\nemergency_stop_threshold = 0.2",
            vec![format!(
                "sextant.toml line 1: max_drawdown_threshold = \"0.3\" {impossible}: \
                 halve_at_drawdown_ratio 0.3 is above halt_at_drawdown_ratio 0.2 (with \
                 emergency_stop_threshold = \"0.2\" from sextant.toml line 2)"
            )],
        ),
        (
            "max_positions = 0\ndaily_loss_limit = 5\nstop_loss_atr_multiplier = -1",
            vec![
                format!(
                    "sextant.toml line 1: max_positions = \"0\" {impossible}: max_positions 0 \
                     must be 1 to 100"
                ),
                format!(
                    "sextant.toml line 2: daily_loss_limit = \"5\" {impossible}: daily_loss_ratio \
                     5 must be above 0 and at most 1"
                ),
                format!(
                    "sextant.toml line 3: stop_loss_atr_multiplier = \"-1\" {impossible}: \
                     stop_atr_multiple -1 must be above 0 and at most 100"
                ),
            ],
        ),
    ] {
        assert_eq!(errors(&with_toml(toml)), expected);
    }
}

#[test]
fn a_profile_may_be_a_file() {
    let text = include_str!("../../../../decision/profiles/swing-spot.toml");
    let with_profile = |text: &str| {
        let mut sources = with_environment(&[("SEXTANT_PROFILE", "my/own.toml")]);
        sources.files.insert("my/own.toml".into(), Ok(text.to_owned()));
        sources
    };
    let own = with_profile(&text.replace("\"swing-spot\"", "\"own\"").replace("\"1h\"", "\"4h\""));
    assert_eq!(loaded(&own).settings.policy.profile.name, "own");

    let place = "environment: SEXTANT_PROFILE = \"my/own.toml\" ";
    for (text, problem) in [
        (text.replace("\"0.06\"", "\"0.01\""), "is above max_heat_ratio 0.01"),
        (text.replace("max_positions", "max_position"), "unknown field `max_position`"),
        (
            text.replace("\"1h\"", "\"30m\""),
            "decides on 30m, which is not among 1m,5m,15m,1h,4h,1d",
        ),
        (String::new(), "missing field"),
    ] {
        let found = errors(&with_profile(&text));
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(found[0].starts_with(place) && found[0].contains(problem), "{found:?}");
    }
    let mut missing = with_profile("");
    missing.files.insert("my/own.toml".into(), Err("No such file".into()));
    assert_eq!(errors(&missing), [format!("{place}can't be read: No such file")]);

    let fixed = text.split("[trailing]").next().unwrap();
    let mut trailing = with_profile(fixed);
    assert_eq!(loaded(&trailing).settings.policy.profile.trailing, None);
    trailing.environment.insert("TRAILING_STOP_ENABLED".into(), "true".into());
    let found = errors(&trailing);
    assert!(found[0].contains("has no [trailing] that says how far"), "{found:?}");
}

#[test]
fn a_profile_of_futures_brings_its_pairs_and_its_fees() {
    let settings = loaded(&with_dotenv("SEXTANT_PROFILE=intraday-futures\n")).settings;
    assert!(settings.instruments.iter().all(|pair| pair.is_perpetual()));
    assert_eq!(settings.instruments.len(), 5);
    let costs = settings.policy.costs;
    let fees = [costs.maker_fee_ratio, costs.taker_fee_ratio].map(|fee| fee.to_string());
    assert_eq!(fees, ["0.0002", "0.0004"]);
    let shown = super::super::show::show(&loaded(&with_dotenv("SEXTANT_PROFILE=rl-futures\n")));
    let of = |key| shown.iter().find(|s| s.key == key).unwrap().value.clone();
    assert!(of("CRYPTO_PAIRS").starts_with("BTC/USDT:USDT,"));
    assert_eq!(of("SEXTANT_TAKER_FEE"), "0.0004");
}

#[test]
fn pairs_of_the_other_market_are_refused() {
    let with = |text: &str| errors(&with_dotenv(text)).join("\n");
    let spot = with("SEXTANT_PROFILE=rl-futures\nCRYPTO_PAIRS=BTC/USDT\n");
    assert!(spot.contains("holds spot pairs (BTC/USDT), and the profile 'rl-futures' trades"));
    let perpetual = with("CRYPTO_PAIRS=BTC/USDT:USDT\n");
    assert!(perpetual.contains("holds perpetuals (BTC/USDT:USDT)"), "{perpetual}");
}
