//! Boundaries against the calendar, and moments at the ends of time.

use chrono::{DateTime, Datelike, NaiveTime, TimeZone, Timelike, Utc};
use domain::time::{DAY_MS, UtcMs};
use domain::timeframe::Timeframe;
use proptest::prelude::*;

fn timeframe() -> impl Strategy<Value = Timeframe> {
    prop::sample::select(&Timeframe::ALL[..])
}

/// Within the calendar, years −200,000 to +200,000, and mostly ours.
fn moment() -> impl Strategy<Value = UtcMs> {
    let day = DAY_MS;
    prop_oneof![
        2 => (-20_000 * day..60_000 * day).prop_map(UtcMs::new),
        1 => (-25_000i64..60_000, -1i64..=1).prop_map(move |(days, off)| UtcMs::new(days * day + off)),
        1 => (-73_000_000 * day..73_000_000 * day).prop_map(UtcMs::new),
    ]
}

fn any_moment() -> impl Strategy<Value = UtcMs> {
    let ends = prop_oneof![Just(i64::MIN), Just(i64::MAX), Just(0)];
    prop_oneof![
        any::<i64>().prop_map(UtcMs::new),
        (ends, -10_000_000_000i64..10_000_000_000)
            .prop_map(|(end, off)| UtcMs::new(end).plus_ms(off)),
    ]
}

/// The open as the calendar tells it: fields of the date and the clock, cut off.
fn calendar_open(timeframe: Timeframe, at: DateTime<Utc>) -> DateTime<Utc> {
    let midnight = at.with_time(NaiveTime::MIN).single().expect("UTC has no gaps");
    let minutes = |every: u32| {
        let minute = at.hour() * 60 + at.minute();
        midnight + chrono::Duration::minutes(i64::from(minute - minute % every))
    };
    match timeframe {
        Timeframe::M1 => minutes(1),
        Timeframe::M3 => minutes(3),
        Timeframe::M5 => minutes(5),
        Timeframe::M15 => minutes(15),
        Timeframe::M30 => minutes(30),
        Timeframe::H1 => minutes(60),
        Timeframe::H2 => minutes(120),
        Timeframe::H4 => minutes(240),
        Timeframe::H6 => minutes(360),
        Timeframe::H8 => minutes(480),
        Timeframe::H12 => minutes(720),
        Timeframe::D1 => midnight,
        Timeframe::D3 => {
            let days = (midnight - DateTime::UNIX_EPOCH).num_days();
            midnight - chrono::Duration::days(days.rem_euclid(3))
        }
        Timeframe::W1 => {
            midnight - chrono::Duration::days(i64::from(at.weekday().num_days_from_monday()))
        }
        Timeframe::Mo1 => {
            Utc.with_ymd_and_hms(at.year(), at.month(), 1, 0, 0, 0).single().expect("a first")
        }
    }
}

proptest! {
    #[test]
    fn candles_open_where_the_calendar_says(timeframe in timeframe(), at in moment()) {
        let date = DateTime::from_timestamp_millis(at.ms()).expect("within the calendar");
        let open = timeframe.open_of(at);
        prop_assert_eq!(open.ms(), calendar_open(timeframe, date).timestamp_millis());
        prop_assert_eq!(at.day(), date.timestamp().div_euclid(86_400));
    }

    #[test]
    fn every_moment_lies_in_one_candle(timeframe in timeframe(), at in moment()) {
        let open = timeframe.open_of(at);
        let close = timeframe.close_of(open);
        prop_assert!(open <= at && at < close);
        prop_assert!(timeframe.opens_at(open) && timeframe.opens_at(close));
        prop_assert_eq!(timeframe.open_of(close.plus_ms(-1)), open, "the close belongs to the next");
        prop_assert_eq!(timeframe.opens_at(at), at == open);
        prop_assert_eq!(timeframe.count_between(open, close), 1);
    }

    #[test]
    fn candles_are_counted_one_by_one(timeframe in timeframe(), from in moment(), count in 0u64..60) {
        let from = timeframe.open_of(from);
        let to = (0..count).fold(from, |open, _| timeframe.close_of(open));
        prop_assert_eq!(timeframe.count_between(from, to), count);
        prop_assert_eq!(timeframe.count_between(to, from), 0);
    }

    #[test]
    fn no_moment_panics(timeframe in timeframe(), at in any_moment(), other in any_moment(), span in any::<i64>()) {
        let open = timeframe.open_of(at);
        prop_assert!(open <= at);
        prop_assert!(timeframe.close_of(open) >= open);
        let counts = [timeframe.count_between(at, other), timeframe.count_between(other, at)];
        prop_assert!(counts.contains(&0));
        let _ = (at.floor(span), at.ceil(span), at.since(other), at.day(), at.plus_ms(span));
        let _ = (timeframe.opens_at(at), format!("{at} {timeframe}"));
    }

    #[test]
    fn counting_spans_all_of_time_without_walking_it(timeframe in timeframe(), at in moment()) {
        let (first, last) = (timeframe.open_of(at), timeframe.open_of(UtcMs::new(73_000_000 * DAY_MS)));
        let count = timeframe.count_between(first, last);
        let spans = (last.ms().abs_diff(first.ms())) / timeframe.span_ms().unsigned_abs();
        // A month is 1.3 % longer than 30 days.
        prop_assert!(count <= spans && count >= spans / 100 * 98, "{} of {}", count, spans);
    }

    #[test]
    fn moments_round_to_the_grid(at in -1_000_000_000_000_000i64..1_000_000_000_000_000, span in 1i64..1_000_000_000) {
        let (floor, ceil) = (UtcMs::new(at).floor(span).ms(), UtcMs::new(at).ceil(span).ms());
        prop_assert!(floor % span == 0 && ceil % span == 0 && floor <= at && at <= ceil && ceil - floor <= span);
        prop_assert_eq!(floor == ceil, at % span == 0);
    }

    #[test]
    fn no_text_panics(text in prop_oneof![any::<String>(), "[0-9]{0,3}[mhdwM]?"]) {
        let known = Timeframe::ALL.iter().any(|timeframe| timeframe.name() == text);
        prop_assert_eq!(text.parse::<Timeframe>().is_ok(), known);
    }
}

#[test]
fn timeframes_are_ordered_by_length() {
    assert!(Timeframe::ALL.is_sorted());
    assert!(Timeframe::ALL.is_sorted_by_key(|timeframe| timeframe.span_ms()));
}
