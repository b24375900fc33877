//! What positions of some size must be backed with. All perpetuals have the same brackets here, of
//! the kind that the venue has for its largest ones.

use rust_decimal::Decimal;

/// What holds for positions between two sizes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tier {
    /// From this worth on, in quote units.
    pub(crate) floor: Decimal,
    /// Up to this worth, in quote units.
    pub(crate) cap: Decimal,
    /// The highest leverage.
    pub(crate) leverage: u32,
    /// The part of its worth that a position must be backed with, less `deduction`.
    pub(crate) ratio: Decimal,
    /// What is taken off, in quote units, so that the tiers meet.
    pub(crate) deduction: Decimal,
}

/// Cap in thousands of quote units, highest leverage, ratio in units of 10⁻⁴.
const TIERS: [(i64, u32, i64); 12] = [
    (50, 125, 40),
    (600, 100, 50),
    (3_000, 75, 65),
    (12_000, 50, 100),
    (70_000, 25, 200),
    (100_000, 20, 250),
    (230_000, 10, 500),
    (480_000, 5, 1_000),
    (600_000, 4, 1_250),
    (800_000, 3, 1_500),
    (1_200_000, 2, 2_500),
    (1_800_000, 1, 5_000),
];

/// The highest leverage of all.
pub(crate) const MAX_LEVERAGE: u32 = TIERS[0].1;

/// All of them, from the smallest positions to the largest.
pub(crate) fn tiers() -> impl Iterator<Item = Tier> {
    let start = (Decimal::ZERO, Decimal::ZERO, Decimal::ZERO);
    TIERS.iter().scan(start, |(floor, last_ratio, deduction), (cap, leverage, ratio)| {
        let (cap, ratio) = (Decimal::from(cap * 1_000), Decimal::new(*ratio, 4));
        *deduction += *floor * (ratio - *last_ratio);
        let deduction = deduction.normalize();
        let tier = Tier { floor: *floor, cap, leverage: *leverage, ratio, deduction };
        (*floor, *last_ratio) = (cap, ratio);
        Some(tier)
    })
}

/// The tier of a position that is worth this much; the last one's rule goes on beyond its cap.
pub(crate) fn tier_of(worth: Decimal) -> Tier {
    let last = |_: Option<Tier>, tier| Some(tier);
    let found = tiers().find(|tier| worth < tier.cap).or_else(|| tiers().fold(None, last));
    found.expect("there are tiers")
}

/// What a position of this worth must be backed with, in quote units.
pub(crate) fn maintenance(worth: Decimal) -> Decimal {
    let tier = tier_of(worth);
    let margin = worth.checked_mul(tier.ratio).unwrap_or_default() - tier.deduction;
    margin.max(Decimal::ZERO).trunc_with_scale(8)
}

/// The largest position that may have this leverage, in quote units.
pub(crate) fn most_at(leverage: u32) -> Decimal {
    let allowed = tiers().filter(|tier| tier.leverage >= leverage);
    allowed.last().map_or(Decimal::ZERO, |tier| tier.cap)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiers_meet() {
        let all: Vec<_> = tiers().collect();
        assert_eq!(all[1].deduction, Decimal::from(50));
        assert_eq!(all[11].deduction, Decimal::from(421_481_450));
        for pair in all.windows(2) {
            let at = |tier: Tier| pair[0].cap * tier.ratio - tier.deduction;
            assert_eq!(at(pair[0]), at(pair[1]));
        }
        assert_eq!(maintenance(Decimal::from(100_000)), Decimal::from(450));
        assert_eq!(most_at(125), Decimal::from(50_000));
        assert_eq!(most_at(20), Decimal::from(100_000_000));
        assert_eq!(tier_of(Decimal::from(5_000_000_000_i64)).leverage, 1);
    }
}
