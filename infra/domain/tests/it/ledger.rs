//! The chain: one changed bit anywhere shows, and the hash never changes by accident.

use domain::ledger::{Entry, EntryHash, EntryKind, Head, SealKey};
use domain::time::UtcMs;
use proptest::prelude::*;

const KINDS: [EntryKind; 6] = [
    EntryKind::Configuration,
    EntryKind::Decision,
    EntryKind::Order,
    EntryKind::Fill,
    EntryKind::Funding,
    EntryKind::Intervention,
];

type Content = (EntryKind, i64, u64, String);

fn content() -> impl Strategy<Value = Content> {
    (prop::sample::select(&KINDS[..]), any::<i64>(), any::<u64>(), any::<String>())
}

fn chain(contents: &[Content]) -> (Vec<Entry>, Head) {
    let mut head = Head::GENESIS;
    let append = |(kind, at, input_seq, payload): &Content| {
        head.append(*kind, UtcMs::new(*at), *input_seq, payload.clone())
    };
    (contents.iter().map(append).collect(), head)
}

/// Whether the entries are a chain: what `verify` walks.
fn holds(entries: &[Entry]) -> bool {
    let mut prev = Head::GENESIS;
    entries.iter().all(|entry| {
        let fits = entry.seq == prev.seq + 1
            && entry.prev_hash == prev.hash
            && entry.expected_hash() == entry.hash;
        prev = Head { seq: entry.seq, hash: entry.hash };
        fits
    })
}

/// Changes one field; gives back whether that changed anything.
fn alter(entry: &mut Entry, field: u8, by: u64) -> bool {
    let before = entry.clone();
    match field {
        0 => entry.seq = by,
        1 => entry.kind = KINDS[usize::try_from(by % 4).expect("small")],
        2 => entry.at = UtcMs::new(by.cast_signed()),
        3 => entry.input_seq = by,
        4 => entry.payload.push('x'),
        5 => entry.payload = entry.payload.chars().skip(1).collect(),
        _ => entry.prev_hash = SealKey::new(vec![1]).seal(entry.prev_hash),
    }
    *entry != before
}

proptest! {
    #[test]
    fn any_single_change_shows(
        contents in prop::collection::vec(content(), 1..6),
        (at, field, by) in (any::<prop::sample::Index>(), 0u8..7, any::<u64>()),
    ) {
        let (mut entries, head) = chain(&contents);
        prop_assert!(holds(&entries));
        prop_assert_eq!(head, Head { seq: entries.len() as u64, hash: entries.last().unwrap().hash });
        let entry = at.get(&entries).seq as usize - 1;
        if alter(&mut entries[entry], field, by) {
            prop_assert_ne!(entries[entry].expected_hash(), entries[entry].hash);
            prop_assert!(!holds(&entries));
        }
    }

    #[test]
    fn removed_inserted_or_swapped_entries_show(
        contents in prop::collection::vec(content(), 2..6),
        at in any::<prop::sample::Index>(),
    ) {
        let (entries, _) = chain(&contents);
        let at = at.index(entries.len() - 1);
        let mut removed = entries.clone();
        removed.remove(at);
        prop_assert!(!holds(&removed));
        let mut doubled = entries.clone();
        doubled.insert(at, entries[at].clone());
        prop_assert!(!holds(&doubled));
        let mut swapped = entries;
        swapped.swap(at, at + 1);
        prop_assert!(!holds(&swapped));
    }

    #[test]
    fn hashes_round_trip_and_no_text_panics(text in prop_oneof![any::<String>(), "[0-9a-fA-F]{60,66}"]) {
        if let Ok(hash) = text.parse::<EntryHash>() {
            prop_assert_eq!(hash.to_string(), text.to_lowercase());
        }
        let _ = text.parse::<EntryKind>();
    }

    #[test]
    fn a_seal_needs_its_key(key in prop::collection::vec(any::<u8>(), 0..100), text in "[0-9a-f]{64}") {
        let hash: EntryHash = text.parse().expect("64 digits");
        let seal = SealKey::new(key.clone()).seal(hash);
        prop_assert_eq!(SealKey::new(key.clone()).seal(hash), seal);
        prop_assert_ne!(SealKey::new([&key[..], &[1]].concat()).seal(hash), seal);
        prop_assert_ne!(seal, hash);
        prop_assert_eq!(format!("{:?}", SealKey::new(key)), "SealKey(…)");
    }
}

#[test]
fn the_hash_of_a_chain_is_fixed() {
    let (entries, head) = chain(&[
        (EntryKind::Configuration, 1_700_000_000_000, 0, r#"{"profile":"swing-spot"}"#.to_owned()),
        (EntryKind::Decision, 1_700_003_600_000, 61, r#"{"action":"hold"}"#.to_owned()),
        (EntryKind::Order, 1_700_003_600_000, 61, String::new()),
        (EntryKind::Fill, -1, u64::MAX, "ä".to_owned()),
    ]);
    let hashes: Vec<_> = entries.iter().map(|entry| entry.hash.to_string()).collect();
    assert_eq!(hashes, GOLDEN, "the format of the chain changed: stored ledgers no longer verify");
    let seal = SealKey::new(b"key".to_vec()).seal(head.hash);
    assert_eq!(seal.to_string(), SEAL);
}

// Computed apart from this code, by Python's hashlib and hmac.
const GOLDEN: [&str; 4] = [
    "dd2f44acf0893eac7f6f3b67f682eb991386e59a51e0c116c99abe50be5ccb41",
    "2e2b34528d88394909dbeff416f1a41d2dd164028e17b1dc5f3531a673c8f8e1",
    "17c2bd833baa3a8218348e45a593b25892edbdb9a3bd1353e7ebead9026110a9",
    "eccb85fcf33418f93652cb5a3d8b053e1a6cc969b1f9984def9936f88f611cf4",
];
const SEAL: &str = "a8078457ba1c4bbe544152f8b46c2a4655a5e3d2b7d1c9c9b929aafbfd451418";

#[test]
fn a_head_from_a_spoilt_file_does_not_panic() {
    let mut head = Head { seq: u64::MAX, hash: Head::GENESIS.hash };
    let entry = head.append(EntryKind::Fill, UtcMs::new(0), 0, String::new());
    assert_eq!(entry.seq, u64::MAX);
}

#[test]
fn kinds_round_trip() {
    for kind in KINDS {
        assert_eq!(kind.name().parse(), Ok(kind));
    }
}
