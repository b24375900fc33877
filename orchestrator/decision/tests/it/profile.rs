//! Settings at the wrong level of a file, or for agents that don't exist, are errors.

use decision::policy::Weights;
use decision::profile::{Profile, ProfileError};

const SWING: &str = include_str!("../../profiles/swing-spot.toml");

#[test]
fn settings_at_the_wrong_level_are_errors() {
    for text in [
        format!("[limits]\nmax_positions = 9\n{SWING}"),
        format!("max_position = 9\n{SWING}"),
        SWING.replace("activation_r_multiple", "max_positions"),
        SWING.replace("min_confidence = 0.70", ""),
    ] {
        assert!(matches!(Profile::parse(&text), Err(ProfileError::Unreadable(_))), "{text}");
    }
}

#[test]
fn weights_name_agents_that_exist() {
    let weights = |text: &str| domain::canonical::decode::<Weights>(text);
    assert!(weights(r#"{"version":1,"by_agent":{"technical":"f64:3ff0000000000000"}}"#).is_ok());
    for text in [
        r#"{"version":1,"by_agent":{"technical_analyst":"f64:3ff0000000000000"}}"#,
        r#"{"version":1,"by_agent":{},"technical":1}"#,
    ] {
        assert!(weights(text).is_err());
    }
}

#[test]
fn impossible_numbers_are_named_together() {
    let text = SWING
        .replace("min_confidence = 0.70", "min_confidence = nan")
        .replace("max_positions = 3", "max_positions = 0")
        .replace("max_heat_ratio = \"0.06\"", "max_heat_ratio = \"0.01\"")
        .replace("stop_atr_multiple = 2.0", "stop_atr_multiple = inf");
    let Err(ProfileError::Impossible { problems, .. }) = Profile::parse(&text) else {
        panic!("it was taken");
    };
    assert_eq!(problems.len(), 4, "{problems:?}");
}

#[test]
fn rules_that_a_profile_does_not_have_leave_no_trace_in_its_policy() {
    let hash = crate::parts::policy().hash();
    assert_eq!(hash, "5653b9b1f488451b773c85f588bc49e4f132c7ad00381289fd34fef5457da46a");
}

#[test]
fn every_profile_that_comes_along_can_be_used_and_stored() {
    let names: Vec<_> = Profile::names().collect();
    assert_eq!(names, ["swing-spot", "intraday-futures", "rl-futures"]);
    for name in names {
        let profile = Profile::named(name).unwrap();
        assert_eq!(profile.name, name);
        let text = domain::canonical::encode(&profile).unwrap();
        assert_eq!(domain::canonical::decode::<Profile>(&text).unwrap(), profile);
    }
}
