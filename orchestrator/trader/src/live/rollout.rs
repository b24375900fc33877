//! How much of the capital is traded while a live run is young: what goes wrong at first must not
//! cost much.

use decision::policy::Rollout;
use domain::time::UtcMs;
use rust_decimal::Decimal;

/// From which day on, counted from 0, which share of the capital, in percent. From day 14 on it
/// stays: whoever wants more sets the capital higher.
const STEPS: [(u32, u32); 4] = [(0, 1), (3, 2), (7, 3), (14, 5)];

/// The share of the capital that a run may trade which has been live for so many whole days.
pub fn share(days_live: u32) -> Decimal {
    let step = STEPS.iter().rev().find(|(from, _)| days_live >= *from);
    Decimal::new(i64::from(step.map_or(STEPS[0].1, |(_, percent)| *percent)), 2)
}

/// The same as data, for a run that began at `began_at`.
pub fn from(began_at: UtcMs) -> Rollout {
    Rollout { began_at, shares: STEPS.iter().map(|(from, _)| (*from, share(*from))).collect() }
}

/// The whole table as a person reads it.
pub fn told() -> String {
    let step = |(from, _): &(u32, u32)| {
        let percent = (share(*from) * Decimal::ONE_HUNDRED).normalize();
        format!("{percent} % from day {}", from + 1)
    };
    STEPS.iter().map(step).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_grows_with_the_days_and_never_beyond_five_percent() {
        let percents = |days: &[u32]| {
            let percent = |day: &u32| (share(*day) * Decimal::ONE_HUNDRED).normalize().to_string();
            days.iter().map(percent).collect::<Vec<_>>()
        };
        assert_eq!(percents(&[0, 1, 2]), ["1", "1", "1"]);
        assert_eq!(percents(&[3, 6]), ["2", "2"]);
        assert_eq!(percents(&[7, 13]), ["3", "3"]);
        assert_eq!(percents(&[14, 15, 365, u32::MAX]), ["5", "5", "5", "5"]);
        assert!((0..100).is_sorted_by_key(share));
        assert!(told().starts_with("1 % from day 1, 2 % from day 4,"), "{}", told());
    }
}
