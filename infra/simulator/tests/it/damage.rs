//! Requests damaged: whatever comes, it is answered and nothing panics. How long they are damaged
//! is the environment's to say; what breaks the venue is made small and printed by proptest.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, TestRunner};

use crate::thrown::{BEGINNINGS, throw};

/// Values that tend to break things, to put in place of the ones there.
const VALUES: [&str; 14] = [
    "",
    "0",
    "-1",
    "1.5",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551616",
    "1e308",
    "79228162514264337593543950335",
    "0.0000000000000000000000000001",
    "NaN",
    "null",
    "%F0%9F%92%A9",
    "ABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABAB",
];

/// Bytes put in the place of others, but for the first that says how it is asked; and the end cut
/// off.
fn wounded() -> impl Strategy<Value = Vec<u8>> {
    let wounds = proptest::collection::vec((any::<Index>(), any::<u8>()), 0..6);
    (select(&BEGINNINGS[..]), wounds, any::<Option<Index>>()).prop_map(|(text, wounds, keep)| {
        let mut bytes = text.as_bytes().to_vec();
        for (at, byte) in wounds {
            let at = 2 + at.index(bytes.len() - 2);
            bytes[at] = byte;
        }
        if let Some(keep) = keep {
            bytes.truncate(2 + keep.index(bytes.len() - 1));
        }
        bytes
    })
}

/// One value in the place of another, one parameter left out, or one of another request's added.
fn exchanged() -> impl Strategy<Value = Vec<u8>> {
    let parts = (select(&BEGINNINGS[..]), any::<Index>(), select(&VALUES[..]), 0..4u8);
    (parts, select(&BEGINNINGS[..])).prop_map(|((text, place, value, how), other)| {
        if text.starts_with(['W', 'M', 'F', 'L']) {
            return message(text, place, value, how);
        }
        let start = text.find(['?', '\n']).map_or(text.len(), |at| at + 1);
        let (head, pairs) = text.split_at(start);
        let mut pairs: Vec<String> = pairs.split('&').map(str::to_owned).collect();
        let at = place.index(pairs.len());
        match how {
            0 => drop(pairs.remove(at)),
            1 => pairs.extend(other.split(['?', '\n']).nth(1).map(str::to_owned)),
            _ => {
                let name = pairs[at].split('=').next().unwrap_or_default();
                pairs[at] = format!("{name}={value}");
            }
        }
        format!("{head}{}", pairs.join("&")).into_bytes()
    })
}

/// The same of a message.
fn message(text: &str, place: Index, value: &str, how: u8) -> Vec<u8> {
    let strings: Vec<_> = text.match_indices(':').map(|(at, _)| at + 1).collect();
    let start = strings[place.index(strings.len())];
    let end = text[start..].find([',', '}', ']']).map_or(text.len(), |length| start + length);
    let value = if how < 2 { format!("\"{value}\"") } else { value.to_owned() };
    [&text[..start], &value, &text[end..]].concat().into_bytes()
}

#[expect(clippy::disallowed_methods, reason = "how long to go on is no part of what is tested")]
#[test]
fn no_damaged_request_panics_and_each_is_answered() {
    for text in BEGINNINGS {
        throw(text.as_bytes());
    }
    let seconds = std::env::var("SEXTANT_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok());
    let (begun, patience) = (Instant::now(), Duration::from_secs(seconds.unwrap_or(2)));
    let noise = proptest::collection::vec(any::<u8>(), 0..200);
    let strategy = prop_oneof![1 => noise, 4 => wounded(), 5 => exchanged()];
    let mut thrown: u64 = 0;
    while thrown == 0 || begun.elapsed() < patience {
        let config = Config { cases: 256, failure_persistence: None, ..Config::default() };
        let outcome = TestRunner::new(config).run(&strategy, |bytes| {
            throw(&bytes);
            Ok(())
        });
        if let Err(error) = outcome {
            panic!("{error}");
        }
        thrown += 256;
    }
    println!("{thrown} damaged requests");
}
