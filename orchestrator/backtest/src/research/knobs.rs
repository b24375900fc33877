//! The parameters that can be searched, and where each belongs.

use std::str::FromStr;

use decision::profile::{Profile, ProfileError, Trailing};
use domain::timeframe::Timeframe;
use technical::config::Config;

use crate::research::space::{Point, SpaceError, Value};

/// A number of the technical agent or of the profile.
struct Knob {
    name: &'static str,
    least: f64,
    most: f64,
    whole: bool,
    of: for<'a> fn(&'a mut Config, &'a mut Profile) -> Target<'a>,
}

/// Where a number goes.
enum Target<'a> {
    Float(&'a mut f64),
    Count(&'a mut u32),
    /// There is nothing that it could change.
    Nowhere,
}

impl Knob {
    const fn float(
        name: &'static str,
        [least, most]: [f64; 2],
        of: for<'a> fn(&'a mut Config, &'a mut Profile) -> Target<'a>,
    ) -> Self {
        Self { name, least, most, whole: false, of }
    }

    const fn count(
        name: &'static str,
        most: u32,
        of: for<'a> fn(&'a mut Config, &'a mut Profile) -> Target<'a>,
    ) -> Self {
        Self { name, least: 1.0, most: most as f64, whole: true, of }
    }
}

/// Points of an observation.
const POINTS: [f64; 2] = [0.0, 100.0];
/// Multiples of the average true range and of R, as a profile allows them.
const MULTIPLES: [f64; 2] = [0.01, 100.0];
/// A timeframe's weight.
const WEIGHTS: [f64; 2] = [0.0, 1000.0];
/// What a switch of the stop's following is called.
const TRAILING: &str = "trailing";
/// What the weight of a timeframe's score begins with.
const WEIGHT: &str = "timeframe_weights.";

/// Where the stop is to follow the price but the profile says nothing of how: as in `swing-spot`.
const FOLLOWING: Trailing = Trailing { activation_r_multiple: 1.0, distance_r_multiple: 1.0 };

use Target::{Count, Float};

const KNOBS: [Knob; 14] = [
    Knob::count("expiry_candles", 1000, |c, _| Count(&mut c.expiry_candles)),
    Knob::count("horizon_candles", 10_000, |c, _| Count(&mut c.horizon_candles)),
    Knob::float("min_confidence", [0.5, 1.0], |_, p| Float(&mut p.min_confidence)),
    Knob::float("points.bollinger", POINTS, |c, _| Float(&mut c.points.bollinger)),
    Knob::float("points.ema_50", POINTS, |c, _| Float(&mut c.points.ema_50)),
    Knob::float("points.ema_cross", POINTS, |c, _| Float(&mut c.points.ema_cross)),
    Knob::float("points.macd", POINTS, |c, _| Float(&mut c.points.macd)),
    Knob::float("points.rsi_extreme", POINTS, |c, _| Float(&mut c.points.rsi_extreme)),
    Knob::float("points.rsi_mild", POINTS, |c, _| Float(&mut c.points.rsi_mild)),
    Knob::float("points.stochastic", POINTS, |c, _| Float(&mut c.points.stochastic)),
    Knob::float("stop_atr_multiple", MULTIPLES, |_, p| Float(&mut p.stop_atr_multiple)),
    Knob::float("target_r_multiple", MULTIPLES, |_, p| Float(&mut p.target_r_multiple)),
    Knob::float("trailing.activation_r_multiple", MULTIPLES, |_, p| match &mut p.trailing {
        Some(trailing) => Float(&mut trailing.activation_r_multiple),
        None => Target::Nowhere,
    }),
    Knob::float("trailing.distance_r_multiple", MULTIPLES, |_, p| match &mut p.trailing {
        Some(trailing) => Float(&mut trailing.distance_r_multiple),
        None => Target::Nowhere,
    }),
];

/// The names of all parameters, for people.
pub fn known() -> String {
    let names = KNOBS.iter().map(|knob| knob.name);
    let all: Vec<_> =
        names.chain([TRAILING, "timeframe_weights.1h (and other timeframes)"]).collect();
    all.join(", ")
}

/// Whether a parameter can have a value; `whole` tells that only whole numbers come.
pub(super) fn check(name: &str, value: Value, whole: bool) -> Result<(), SpaceError> {
    let refuse = |problem: String| Err(SpaceError::Impossible { name: name.to_owned(), problem });
    if name == TRAILING {
        return match value {
            Value::Switch(_) => Ok(()),
            Value::Number(_) => refuse("must be true or false".to_owned()),
        };
    }
    let knob = KNOBS.iter().find(|knob| knob.name == name);
    let (least, most, counts) = match knob {
        Some(knob) => (knob.least, knob.most, knob.whole),
        None if weighed(name).is_some() => (WEIGHTS[0], WEIGHTS[1], false),
        None => {
            let name = name.chars().take(40).collect();
            return Err(SpaceError::Unknown { name, known: known() });
        }
    };
    match value {
        Value::Switch(_) => refuse("must be a number".to_owned()),
        Value::Number(_) if counts && !whole => refuse("must be a whole number".to_owned()),
        Value::Number(number) if !(least..=most).contains(&number) => {
            refuse(format!("{number} is not from {least} to {most}"))
        }
        Value::Number(_) => Ok(()),
    }
}

/// Puts the values of a point in their places. Refuses what would change nothing, and what makes
/// the profile impossible.
pub fn apply(
    point: &Point,
    technical: &mut Config,
    profile: &mut Profile,
) -> Result<(), SpaceError> {
    // First, for the numbers that shape it.
    if let Some(Value::Switch(on)) = point.get(TRAILING) {
        profile.trailing = on.then(|| profile.trailing.unwrap_or(FOLLOWING));
    }
    for (name, value) in point {
        let whole = matches!(value, Value::Number(number) if number.fract() == 0.0);
        check(name, *value, whole)?;
        let Value::Number(number) = *value else { continue };
        match target(name, technical, profile) {
            Float(place) => *place = number,
            Count(place) => *place = number as u32,
            // The switch is off at this point, and on at others.
            Target::Nowhere if point.contains_key(TRAILING) && !name.starts_with(WEIGHT) => {}
            Target::Nowhere => {
                let problem = "the configuration has nothing that it could change".to_owned();
                return Err(SpaceError::Impossible { name: name.clone(), problem });
            }
        }
    }
    match profile.clone().checked() {
        Ok(_) => Ok(()),
        Err(ProfileError::Impossible { name, problems }) => {
            Err(SpaceError::Impossible { name, problem: problems.join("; ") })
        }
        Err(other) => Err(SpaceError::Unreadable(other.to_string())),
    }
}

fn target<'a>(name: &str, technical: &'a mut Config, profile: &'a mut Profile) -> Target<'a> {
    if let Some(knob) = KNOBS.iter().find(|knob| knob.name == name) {
        return (knob.of)(technical, profile);
    }
    let weight = weighed(name).and_then(|of| technical.timeframe_weights.get_mut(&of));
    weight.map_or(Target::Nowhere, Float)
}

/// The timeframe whose weight a name means.
fn weighed(name: &str) -> Option<Timeframe> {
    name.strip_prefix(WEIGHT).and_then(|timeframe| Timeframe::from_str(timeframe).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts() -> (Config, Profile) {
        (Config::for_timeframe(Timeframe::H1), Profile::named("swing-spot").unwrap())
    }

    fn point(values: &[(&str, Value)]) -> Point {
        values.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect()
    }

    #[test]
    fn every_parameter_has_its_own_place() {
        let (config, profile) = parts();
        let mut seen = Vec::new();
        let names = KNOBS.iter().map(|knob| (knob.name, knob.most));
        for (name, most) in names.chain([("timeframe_weights.4h", 9.0)]) {
            let (mut to_config, mut to_profile) = parts();
            let point = point(&[(name, Value::Number(most))]);
            apply(&point, &mut to_config, &mut to_profile).unwrap();
            assert!(to_config != config || to_profile != profile, "{name}");
            assert!(!seen.contains(&(to_config.clone(), to_profile.clone())), "{name}");
            seen.push((to_config, to_profile));
        }
        assert!(KNOBS.is_sorted_by_key(|knob| knob.name));
    }

    #[test]
    fn a_stop_that_does_not_follow_has_no_distance() {
        let (mut config, mut profile) = parts();
        let distance = ("trailing.distance_r_multiple", Value::Number(0.5));
        let off = point(&[(TRAILING, Value::Switch(false)), distance]);
        apply(&off, &mut config, &mut profile).unwrap();
        assert_eq!(profile.trailing, None);
        let said = apply(&point(&[distance]), &mut config, &mut profile).unwrap_err().to_string();
        assert!(said.contains("nothing that it could change"), "{said}");
        let on = point(&[(TRAILING, Value::Switch(true)), distance]);
        apply(&on, &mut config, &mut profile).unwrap();
        assert_eq!(profile.trailing, Some(Trailing { distance_r_multiple: 0.5, ..FOLLOWING }));
    }

    #[test]
    fn what_the_configuration_does_not_have_is_refused() {
        let (mut config, mut profile) = parts();
        for (name, problem) in [
            ("timeframe_weights.3d", "nothing that it could change"),
            ("timeframe_weights.4x", "no parameter"),
            ("points", "no parameter"),
        ] {
            let point = point(&[(name, Value::Number(1.0))]);
            let said = apply(&point, &mut config, &mut profile).unwrap_err().to_string();
            assert!(said.contains(problem), "{name}: {said}");
        }
    }
}
