//! A map by instrument for what every event asks for.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::instrument::InstrumentId;

/// Values by instrument, ascending. A run has few instruments and each event names one of them: to
/// look along a row for equal bytes costs a quarter of what a tree's comparisons do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByInstrument<T>(Vec<(InstrumentId, T)>);

impl<T> ByInstrument<T> {
    /// Nothing yet.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    #[inline]
    fn place(&self, instrument: InstrumentId) -> Option<usize> {
        self.0.iter().position(|(id, _)| *id == instrument)
    }

    /// The value of an instrument.
    #[inline]
    pub fn get(&self, instrument: InstrumentId) -> Option<&T> {
        self.place(instrument).map(|place| &self.0[place].1)
    }

    /// The value of an instrument, to be changed.
    #[inline]
    pub fn get_mut(&mut self, instrument: InstrumentId) -> Option<&mut T> {
        self.place(instrument).map(|place| &mut self.0[place].1)
    }

    /// The value of an instrument, made where there is none.
    #[inline]
    pub fn get_or_insert_with(
        &mut self,
        instrument: InstrumentId,
        make: impl FnOnce() -> T,
    ) -> &mut T {
        let place = self.place(instrument).unwrap_or_else(|| {
            let place = self.0.partition_point(|(id, _)| *id < instrument);
            self.0.insert(place, (instrument, make()));
            place
        });
        &mut self.0[place].1
    }

    /// Takes the place of the value that was there.
    pub fn insert(&mut self, instrument: InstrumentId, value: T) {
        match self.get_mut(instrument) {
            Some(known) => *known = value,
            None => {
                self.get_or_insert_with(instrument, || value);
            }
        }
    }

    /// Forgets an instrument.
    pub fn remove(&mut self, instrument: InstrumentId) {
        self.0.retain(|(id, _)| *id != instrument);
    }
}

impl<T> Default for ByInstrument<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Serialize> Serialize for ByInstrument<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(id, value)| (id, value)))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for ByInstrument<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let sorted = BTreeMap::<InstrumentId, T>::deserialize(deserializer)?;
        Ok(Self(sorted.into_iter().collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_map_in_the_order_of_names() {
        let id = |text: &str| text.parse::<InstrumentId>().unwrap();
        let mut map = ByInstrument::new();
        for (name, value) in [("SOL/USDT", 1), ("BTC/USDT", 2), ("ETH/USDT", 3), ("BTC/USDT", 4)] {
            map.insert(id(name), value);
        }
        *map.get_or_insert_with(id("ETH/USDT"), || 7) += 1;
        map.get_or_insert_with(id("AVAX/USDT"), || 9);
        map.remove(id("SOL/USDT"));
        assert_eq!((map.get(id("BTC/USDT")), map.get(id("SOL/USDT"))), (Some(&4), None));
        let text = serde_json::to_string(&map).unwrap();
        assert_eq!(text, r#"{"AVAX/USDT":9,"BTC/USDT":4,"ETH/USDT":4}"#);
        assert_eq!(serde_json::from_str::<ByInstrument<i32>>(&text).unwrap(), map);
    }
}
