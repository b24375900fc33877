//! What trading with real money takes.

use secrecy::ExposeSecret;

use super::*;

const PAIR: [(&str, &str); 2] = [("BINANCE_API_KEY", "abc"), ("BINANCE_API_SECRET", "hunter2")];

#[test]
fn keys_are_whole_or_refused_and_never_told() {
    let live = |variables: &[(&str, &str)]| loaded(&with_environment(variables)).settings.live;
    assert!(live(&[]).keys.is_none());
    let found = live(&PAIR);
    assert_eq!(found.keys.as_ref().unwrap().secret.expose_secret(), "hunter2");
    assert!(!format!("{found:?}").contains("hunter2") && !format!("{found:?}").contains("abc"));
    let file = ("BINANCE_ED25519_KEY_FILE", "/run/key.pem");
    for (variables, problem) in [
        (vec![PAIR[0]], "needs BINANCE_API_SECRET, BINANCE_API_SECRET_FILE or"),
        (vec![PAIR[1]], "needs BINANCE_API_KEY"),
        (vec![("BINANCE_API_KEY", "a b"), PAIR[1]], "holds characters that no key has"),
    ] {
        let found = errors(&with_environment(&variables));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains(problem) && !found[0].contains("hunter2"), "{found:?}");
    }
    let mut sources = with_environment(&[PAIR[0], file]);
    sources.files.insert("/run/key.pem".into(), Ok("-----BEGIN hunter2".to_owned()));
    let found = errors(&sources);
    assert!(found[0].contains("is no Ed25519 key") && !found[0].contains("hunter2"), "{found:?}");
    sources.environment.insert(PAIR[1].0.into(), PAIR[1].1.into());
    assert!(errors(&sources)[0].contains("stands beside BINANCE_API_SECRET"));
}

#[test]
fn the_test_network_is_the_default_and_an_address_may_be_given() {
    let settings = |variables: &[(&str, &str)]| loaded(&with_environment(variables)).settings;
    assert!(settings(&[]).live.testnet);
    assert!(settings(&[]).account().account_rest.contains("testnet"));
    let real = settings(&[("BINANCE_TESTNET", "false")]).account();
    assert_eq!(real.account_rest, "https://api.binance.com");
    let own = settings(&[("BINANCE_SPOT_API_URL", "http://127.0.0.1:1/")]).account();
    assert_eq!(own.account_rest, "http://127.0.0.1:1");
    assert_eq!(own.account_stream, settings(&[]).account().account_stream);
}
