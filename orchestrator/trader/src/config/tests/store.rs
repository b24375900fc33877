//! Where the store is said to be.

use secrecy::ExposeSecret;

use super::super::settings::StoreChoice;
use super::*;

fn url(sources: &Sources) -> Option<String> {
    match loaded(sources).settings.store {
        StoreChoice::Embedded => None,
        StoreChoice::Url(url) => Some(url.expose_secret().to_owned()),
    }
}

#[test]
fn the_address_may_be_whole_or_in_parts() {
    let cases: [(&[(&str, &str)], &str); 6] = [
        (&[("DATABASE_URL", "postgres://u:p@h/d")], "postgres://u:p@h/d"),
        (&[("DATABASE_URL", "postgresql:///d?host=/run/pg ")], "postgresql:///d?host=/run/pg"),
        (
            &[("POSTGRES_HOST", "db"), ("POSTGRES_PASSWORD", "p")],
            "postgres://trading_user:p@db:5432/trading_system",
        ),
        (
            &[
                ("POSTGRES_HOST", "::1"),
                ("POSTGRES_PORT", "6432"),
                ("POSTGRES_DB", "a/b"),
                ("POSTGRES_USER", "a@b"),
                ("POSTGRES_PASSWORD", "ä%41:/?#"),
            ],
            "postgres://a%40b:%C3%A4%2541%3A%2F%3F%23@[::1]:6432/a%2Fb",
        ),
        (
            &[("POSTGRES_HOST", "/run/pg"), ("POSTGRES_PASSWORD", "p")],
            "postgres://trading_user:p@%2Frun%2Fpg:5432/trading_system",
        ),
        (
            &[
                ("DATABASE_URL", "postgres://a%40b:%C3%A4@[::1]/d"),
                ("POSTGRES_HOST", "::1"),
                ("POSTGRES_PORT", "5432"),
                ("POSTGRES_DB", "d"),
                ("POSTGRES_USER", "a@b"),
                ("POSTGRES_PASSWORD", "ä"),
            ],
            "postgres://a%40b:%C3%A4@[::1]/d",
        ),
    ];
    for (variables, expected) in cases {
        let found = url(&with_environment(variables)).unwrap();
        assert_eq!(found, expected);
        assert!(url::Url::parse(&found).is_ok(), "{found}");
    }
    assert_eq!(url(&nothing()), None);
}

#[test]
fn two_stores_are_a_contradiction() {
    let whole = ("DATABASE_URL", "postgres://u:p@h:5432/d");
    for (part, problem) in [
        (("POSTGRES_HOST", "other"), "POSTGRES_HOST = \"other\" contradicts DATABASE_URL"),
        (("POSTGRES_PORT", "5433"), "POSTGRES_PORT = \"5433\" contradicts"),
        (("POSTGRES_DB", "other"), "POSTGRES_DB = \"other\" contradicts"),
        (("POSTGRES_USER", "other"), "POSTGRES_USER = \"other\" contradicts"),
        (("POSTGRES_PASSWORD", "hunter2"), "POSTGRES_PASSWORD contradicts"),
    ] {
        let found = errors(&with_environment(&[whole, part]));
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(found[0].contains(problem) && !found[0].contains("hunter2"), "{found:?}");
    }
}

#[test]
fn an_address_that_cannot_be_is_refused_without_telling_it() {
    for text in ["hunter2", "mysql://u:hunter2@h/d", "postgres://u:hunter2@h:port/d"] {
        for name in ["DATABASE_URL", "SEXTANT_PAPER_DATABASE_URL"] {
            let found = errors(&with_environment(&[(name, text)]));
            let problem = "is not an address as postgres://user:password@host:port/name";
            assert_eq!(found, [format!("environment: {name} {problem}")]);
        }
    }
    let found = errors(&with_environment(&[("POSTGRES_HOST", "db")]));
    assert!(found[0].contains("needs POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE"), "{found:?}");
}

#[test]
fn a_secret_may_stand_in_a_file() {
    let with_file = |variables: &[(&str, &str)], text: Result<&str, &str>| {
        let mut sources = with_environment(variables);
        let text = text.map(str::to_owned).map_err(str::to_owned);
        sources.files.insert("/run/secret".into(), text);
        sources
    };
    let password = [("POSTGRES_HOST", "db"), ("POSTGRES_PASSWORD_FILE", "/run/secret")];
    let found = url(&with_file(&password, Ok("p \r\n"))).unwrap();
    assert_eq!(found, "postgres://trading_user:p%20@db:5432/trading_system");
    let whole = [("DATABASE_URL_FILE", "/run/secret")];
    assert_eq!(url(&with_file(&whole, Ok("postgres://h/d\n"))).unwrap(), "postgres://h/d");

    let place = "environment: DATABASE_URL_FILE = \"/run/secret\" ";
    for (text, problem) in [
        (Ok("\n"), "is an empty file"),
        (Err("No such file"), "can't be read: No such file"),
        (Ok("hunter2"), "is not an address as postgres://user:password@host:port/name"),
    ] {
        assert_eq!(errors(&with_file(&whole, text)), [format!("{place}{problem}")]);
    }

    // The stronger layer counts; within one, both are too many.
    let mut both = with_file(&whole, Ok("postgres://file/d"));
    both.dotenv = Some((".env".into(), "DATABASE_URL=postgres://value/d".into()));
    assert_eq!(url(&both).unwrap(), "postgres://file/d");
    both.environment.insert("DATABASE_URL".into(), "postgres://value/d".into());
    assert_eq!(errors(&both), [format!("{place}stands beside DATABASE_URL: give one of the two")]);
}

#[test]
fn parts_without_a_host_are_not_used_silently() {
    let for_compose = "POSTGRES_PORT=5432\nPOSTGRES_DB=trading_system\nPOSTGRES_PASSWORD=\n";
    assert_eq!(warnings(&with_dotenv(for_compose)), [""; 0]);
    let sources = with_dotenv("POSTGRES_DB=mine\nPOSTGRES_PASSWORD=hunter2\n");
    assert_eq!(url(&sources), None);
    let text = ".env line 1: POSTGRES_DB, POSTGRES_PASSWORD without POSTGRES_HOST or \
                DATABASE_URL: the embedded store is used";
    assert_eq!(warnings(&sources), [text]);
}
