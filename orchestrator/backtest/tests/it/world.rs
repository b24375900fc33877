//! A seeded world that does what markets and agents do at their worst: prices jump, streams fall
//! silent, sessions end and begin, and agents say anything, numbers that are none included.

use domain::agent::{Effect, Effects};
use domain::candle::Candle;
use domain::event::{Event, Released, Sequenced};
use domain::instrument::{Filters, Instrument, InstrumentId};
use domain::money::Price;
use domain::signal::{AgentId, Direction, RiskWord, Signal};
use domain::time::{HOUR_MS, MINUTE_MS, UtcMs};
use domain::timeframe::Timeframe;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

const STEP_MS: i64 = 15 * MINUTE_MS;

/// How wild it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Nature {
    /// Of a quarter of an hour.
    pub(crate) sigma: f64,
    pub(crate) drift: f64,
    pub(crate) jumps: f64,
    pub(crate) breaks: f64,
}

struct Coin {
    instrument: Instrument,
    price: f64,
    present: bool,
    /// Steps for which it says nothing more; then its session may end.
    silent: u32,
    /// Whether it was silent at the last step.
    lost: bool,
    /// Steps whose fine candle is missing at the venue while the coarse ones are not.
    coarse: u32,
    hour: Option<[Price; 4]>,
}

/// The world between two watermarks.
pub(crate) struct World {
    rng: ChaCha8Rng,
    nature: Nature,
    now: UtcMs,
    input_seq: u64,
    coins: Vec<Coin>,
}

/// The filters of a coin: BTC's fine step, a meme's coarse tick.
pub(crate) fn instrument(name: &str, tick: &str, step: &str, largest: &str) -> Instrument {
    let filters = Filters {
        tick: tick.parse().unwrap(),
        step: step.parse().unwrap(),
        min_quantity: step.parse().unwrap(),
        max_quantity: largest.parse().unwrap(),
        min_notional_quote: "5".parse().unwrap(),
    };
    Instrument { id: name.parse().unwrap(), filters }
}

impl World {
    pub(crate) fn new(seed: u64, nature: Nature) -> Self {
        let coins = [
            ("BTC/USDT", "0.01", "0.00001", "9000", 30_000.0),
            ("ETH/USDT", "0.01", "0.0001", "0.8", 2_000.0),
            ("SOL/USDT", "0.01", "0.01", "90000", 20.0),
            ("AVAX/USDT", "0.1", "0.1", "90000", 9.0),
            ("MATIC/USDT", "0.0001", "1", "900000", 0.9),
        ];
        let coins = coins.map(|(name, tick, step, largest, price)| {
            let instrument = instrument(name, tick, step, largest);
            Coin {
                instrument,
                price,
                present: false,
                silent: 0,
                lost: false,
                coarse: 0,
                hour: None,
            }
        });
        // Close to midnight, so that the first day is short.
        let now = UtcMs::new(1_700_000_000_000).floor(24 * HOUR_MS).plus_ms(20 * HOUR_MS);
        let rng = ChaCha8Rng::seed_from_u64(seed);
        Self { rng, nature, now, input_seq: 0, coins: coins.into() }
    }

    /// The same world of perpetuals.
    pub(crate) fn of_perpetuals(seed: u64, nature: Nature) -> Self {
        let mut world = Self::new(seed, nature);
        for coin in &mut world.coins {
            let id = coin.instrument.id;
            let perpetual = InstrumentId::new(id.base(), id.quote(), Some(id.quote()));
            coin.instrument.id = perpetual.unwrap();
        }
        world
    }

    /// From now on prices fall by about this ratio a step.
    pub(crate) fn fall(&mut self, by: f64) {
        self.nature.drift = -by;
    }

    pub(crate) fn unit(&mut self) -> f64 {
        (self.rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    fn chance(&mut self, odds: f64) -> bool {
        self.unit() < odds
    }

    /// The next watermark, and what agents say at it.
    pub(crate) fn turn(&mut self) -> (Released, Effects) {
        loop {
            let outage = self.chance(self.nature.breaks / 4.0);
            let hours = if outage { (1.0 + self.unit() * 70.0) as i64 } else { 0 };
            self.now = match outage {
                true => self.now.ceil(HOUR_MS).plus_ms(hours * HOUR_MS),
                false => self.now.plus_ms(STEP_MS),
            };
            let (mut ended, mut started, mut candles) = (Vec::new(), Vec::new(), Vec::new());
            let mut effects = Effects::new();
            for index in 0..self.coins.len() {
                self.live(index, &mut ended, &mut started, &mut candles);
                let id = self.coins[index].instrument.id;
                let decides = |(of, candle): &(InstrumentId, Candle)| {
                    *of == id
                        && candle.timeframe == Timeframe::H1
                        && candle.close_time() == self.now
                };
                if candles.iter().any(decides) || self.chance(0.02) {
                    self.speak(index, &mut effects);
                }
            }
            candles.sort_by_key(|(id, candle)| (candle.close_time(), candle.timeframe, *id));
            let closed = candles
                .into_iter()
                .map(|(instrument, candle)| Event::CandleClosed { instrument, candle });
            let events: Vec<_> = ended.into_iter().chain(started).chain(closed).collect();
            if events.is_empty() {
                continue;
            }
            let first = self.input_seq + 1;
            self.input_seq += events.len() as u64;
            let sequenced =
                (first..).zip(events).map(|(input_seq, event)| Sequenced { input_seq, event });
            return (Released { watermark: self.now, events: sequenced.collect() }, effects);
        }
    }

    fn live(
        &mut self,
        index: usize,
        ended: &mut Vec<Event>,
        started: &mut Vec<Event>,
        candles: &mut Vec<(InstrumentId, Candle)>,
    ) {
        let (instrument, at_hour) =
            (self.coins[index].instrument, self.now.floor(HOUR_MS) == self.now);
        if self.coins[index].silent > 0 {
            self.coins[index].silent -= 1;
            self.coins[index].hour = None;
            return;
        }
        if self.coins[index].lost && self.coins[index].present {
            if at_hour && self.chance(0.4) {
                ended.push(Event::SessionEnded { instrument: instrument.id, last_close: self.now });
                self.coins[index].present = false;
            } else if self.chance(0.5) {
                return;
            }
        }
        self.coins[index].lost = false;
        if !self.coins[index].present {
            if at_hour && self.chance(0.5) {
                started.push(Event::SessionStarted { instrument });
                self.coins[index].present = true;
                self.coins[index].price *= 0.3 + 1.5 * self.unit();
                let history = (self.unit() * 5.0) as i64;
                for back in (0..history).rev() {
                    self.candle(index, self.now.plus_ms(-STEP_MS * (back + 1)), candles);
                }
                self.coins[index].hour = None;
            }
            return;
        }
        if self.chance(self.nature.breaks) {
            self.coins[index].silent = (self.unit() * 12.0) as u32;
            self.coins[index].lost = true;
            self.coins[index].hour = None;
            return;
        }
        self.candle(index, self.now.plus_ms(-STEP_MS), candles);
        if self.coins[index].coarse > 0 {
            self.coins[index].coarse -= 1;
            candles.pop();
        } else if self.chance(self.nature.breaks) {
            self.coins[index].coarse = (self.unit() * 8.0) as u32;
        }
        if at_hour && let Some(ohlc) = self.coins[index].hour.take() {
            let open = self.now.plus_ms(-HOUR_MS);
            candles.push((instrument.id, Candle::new(Timeframe::H1, open, ohlc, 4.0).unwrap()));
        }
    }

    fn candle(
        &mut self,
        index: usize,
        open_time: UtcMs,
        candles: &mut Vec<(InstrumentId, Candle)>,
    ) {
        let Nature { sigma, drift, jumps, .. } = self.nature;
        let mut steps = [0.0; 4];
        for step in &mut steps {
            *step = drift + sigma * (self.unit() + self.unit() + self.unit() - 1.5) * 2.0;
        }
        if self.chance(jumps) {
            // Before the open: over stops and targets.
            steps[0] += self.unit() * 0.8 - 0.45;
        }
        let Coin { instrument, price, .. } = &self.coins[index];
        let (id, tick) = (instrument.id, instrument.filters.tick);
        let lowest = tick.to_f64() * 20.0;
        let mut at = *price;
        let prices = steps.map(|step| {
            at = (at * (1.0 + step)).clamp(lowest, 5e6);
            Price::nearest(at).unwrap().floor_to(tick)
        });
        let [open, a, b, close] = prices;
        let (high, low) = (open.max(a).max(b).max(close), open.min(a).min(b).min(close));
        let candle = Candle::new(Timeframe::M15, open_time, [open, high, low, close], 1.0).unwrap();
        let coin = &mut self.coins[index];
        coin.price = at;
        coin.hour = Some(match coin.hour {
            None => [open, high, low, close],
            Some([first, highest, lowest, _]) => [first, highest.max(high), lowest.min(low), close],
        });
        candles.push((id, candle));
    }

    fn speak(&mut self, index: usize, effects: &mut Effects) {
        let (instrument, price) = (self.coins[index].instrument.id, self.coins[index].price);
        if self.chance(0.8) {
            let direction = match self.unit() {
                up if up < 0.65 => Direction::Long,
                flat if flat < 0.75 => Direction::Flat,
                _ => Direction::Short,
            };
            let atr = price * (0.001 + 0.04 * self.unit());
            let odd = [Some(f64::NAN), None, Some(0.0), Some(-1.0), Some(price), Some(1e300)];
            let atr_quote = match self.chance(0.05) {
                true => odd[(self.unit() * odd.len() as f64) as usize],
                false => Some(atr),
            };
            let confidence = if self.chance(0.01) { f64::NAN } else { 0.5 + 0.55 * self.unit() };
            effects.answers.push(Effect::Signal(Signal {
                agent: AgentId::Technical,
                instrument,
                input_seq: self.input_seq,
                issued_at: self.now,
                direction,
                score: 100.0 * self.unit(),
                confidence,
                expected_return_ratio: 0.0,
                horizon_ms: HOUR_MS,
                expires_at: self.now.plus_ms((self.unit() * 4.0 * HOUR_MS as f64) as i64 - HOUR_MS),
                atr_quote,
                basis: Vec::new(),
            }));
        }
        if self.chance(0.9) {
            let odd = [f64::NAN, 0.0, -0.5, 1e-12, 1e300];
            let size_ratio = match self.chance(0.05) {
                true => odd[(self.unit() * odd.len() as f64) as usize],
                false => (1.5 * self.unit()).min(1.0),
            };
            effects.answers.push(Effect::RiskWord(RiskWord {
                instrument,
                input_seq: self.input_seq,
                issued_at: self.now,
                expires_at: self
                    .now
                    .plus_ms((self.unit() * 4.0 * HOUR_MS as f64) as i64 - HOUR_MS / 2),
                entries_allowed: self.chance(0.93),
                size_ratio,
                basis: Vec::new(),
            }));
        }
    }
}
