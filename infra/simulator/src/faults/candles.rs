//! Candles that an outage has spoilt for everybody.

use std::collections::BTreeMap;

use domain::candle::Candle;
use domain::instrument::InstrumentId;
use domain::timeframe::Timeframe;
use exchange::candle_file::CandleFile;

use super::layer::Layer;
use super::names::{FaultName, Strikes};
use super::plan::MarketName;

impl Layer {
    /// Spoils the finest candles of each instrument; coarser ones are made of them.
    pub(crate) fn spoil_candles(&self, files: &mut [CandleFile]) {
        if !self.has(Strikes::Candles) {
            return;
        }
        let mut finest = BTreeMap::<InstrumentId, Timeframe>::new();
        for file in files.iter() {
            let known = finest.entry(file.instrument).or_insert(file.timeframe);
            *known = (*known).min(file.timeframe);
        }
        for file in files.iter_mut().filter(|f| finest.get(&f.instrument) == Some(&f.timeframe)) {
            let mut before = None;
            let candles = std::mem::take(&mut file.candles);
            let spoilt = candles.into_iter().filter_map(|candle| {
                let candle = self.spoil_candle(file.instrument, candle, before)?;
                before = Some(candle);
                Some(candle)
            });
            file.candles = spoilt.collect();
        }
    }

    fn spoil_candle(
        &self,
        instrument: InstrumentId,
        candle: Candle,
        before: Option<Candle>,
    ) -> Option<Candle> {
        let symbol = instrument.symbol();
        let is_perpetual = instrument.is_perpetual();
        let market = if is_perpetual { MarketName::Usdm } else { MarketName::Spot };
        let key = format!("{market:?}|{symbol}|{}", candle.open_time.ms());
        let mut spoilt = Some(candle);
        let mut state = self.state();
        for (n, fault) in self.of(Strikes::Candles) {
            let place = &fault.place;
            let is_there = place.symbol.as_ref().is_none_or(|wanted| *wanted == symbol)
                && place.market.is_none_or(|wanted| wanted == market);
            if !is_there || !self.strikes(&mut state, (n, fault), &key, candle.open_time) {
                continue;
            }
            spoilt = match fault.name {
                FaultName::CandleZeroVolume => {
                    let flat = before.map_or(candle.open, |before| before.close);
                    Candle::new(candle.timeframe, candle.open_time, [flat; 4], 0.0).ok()
                }
                _ => None,
            };
        }
        spoilt
    }
}
