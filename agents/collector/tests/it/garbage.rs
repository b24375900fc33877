//! Whatever is said, nothing panics and the order stays an order.

use collector::collector::Collector;
use collector::messages::{Input, Output, PageRequest};
use domain::candle::Candle;
use domain::event::{Event, Released, Sequenced};
use domain::instrument::InstrumentId;
use domain::time::{DAY_MS, HOUR_MS, UtcMs};
use domain::timeframe::Timeframe;
use proptest::prelude::*;

use crate::rng::Rng;
use crate::world::{ORIGIN, World, candle, instrument};

struct Babble {
    rng: Rng,
    world: World,
    asked: Vec<PageRequest>,
    released: Vec<Released>,
    last_watermark: Option<UtcMs>,
    last_seq: u64,
}

impl Babble {
    fn moment(&mut self) -> UtcMs {
        let near = ORIGIN.plus_ms(self.rng.below(4 * HOUR_MS as u64) as i64);
        match self.rng.below(20) {
            0 => UtcMs::new(i64::MAX - self.rng.below(2) as i64),
            1 => UtcMs::new(i64::MIN + self.rng.below(2) as i64),
            2 => UtcMs::new(self.rng.bits() as i64),
            3 => UtcMs::new(self.rng.below(3) as i64 - 1),
            4 => near.plus_ms(self.rng.below(400) as i64 * DAY_MS),
            _ => near,
        }
    }

    fn instrument(&mut self) -> InstrumentId {
        let names = ["AAA/USDT", "BBB/USDT", "XXX/USDT"];
        instrument(names[self.rng.below(3) as usize]).id
    }

    fn timeframe(&mut self) -> Timeframe {
        match self.rng.chance(0.1) {
            true => Timeframe::ALL[self.rng.below(15) as usize],
            false => {
                let known = &self.world.config.timeframes;
                known[self.rng.below(known.len() as u64) as usize]
            }
        }
    }

    fn candle(&mut self, timeframe: Timeframe) -> Candle {
        let at = self.moment();
        if self.rng.chance(0.1) {
            // Nobody but a bug makes such a candle: it opens off the grid.
            let template = candle(Timeframe::M1, ORIGIN);
            return Candle { timeframe, open_time: at, volume_base: f64::NAN, ..template };
        }
        let year_9999 = UtcMs::new(253_370_764_800_000);
        let at = at.clamp(ORIGIN.plus_ms(-400 * DAY_MS), year_9999);
        let found = candle(timeframe, timeframe.open_of(at));
        Candle { volume_base: self.rng.below(3) as f64, ..found }
    }

    fn request(&mut self) -> PageRequest {
        let any = self.asked.len() as u64;
        if any > 0 && self.rng.chance(0.9) {
            let at = self.rng.below(any) as usize;
            return self.asked[at];
        }
        let (instrument, timeframe) = (self.instrument(), self.timeframe());
        PageRequest { instrument, timeframe, from: self.moment(), limit: self.rng.below(3) as u32 }
    }

    fn input(&mut self) -> Input {
        match self.rng.below(12) {
            0 => Input::VenueTime(self.moment()),
            1 => Input::Subscribed { venue_time: self.moment() },
            2 => {
                let names = ["AAA/USDT", "BBB/USDT", "XXX/USDT"];
                let mut listed: Vec<_> = names.into_iter().map(instrument).collect();
                listed.retain(|_| self.rng.chance(0.7));
                Input::Started { venue_time: self.moment(), listed }
            }
            3 => Input::GaveUp { request: self.request() },
            4..=6 => {
                let request = self.request();
                let count = self.rng.below(5);
                let candles = (0..count).map(|_| {
                    let timeframe = self.timeframe();
                    let timeframe = [timeframe, request.timeframe][self.rng.below(2) as usize];
                    self.candle(timeframe)
                });
                let candles = candles.collect();
                Input::Page { request, candles, complete_to: self.moment() }
            }
            _ => {
                let (instrument, timeframe) = (self.instrument(), self.timeframe());
                Input::Stream { instrument, candle: self.candle(timeframe) }
            }
        }
    }

    fn event(&mut self) -> Event {
        let listed = instrument("AAA/USDT");
        let timeframe = self.timeframe();
        let open_time = self.moment();
        match self.rng.below(5) {
            0 => Event::SessionStarted { instrument: listed },
            1 => Event::SessionEnded { instrument: listed.id, last_close: self.moment() },
            2 => Event::DeadlineMissed { instrument: self.instrument(), timeframe, open_time },
            _ => Event::CandleClosed {
                instrument: self.instrument(),
                candle: self.candle(timeframe),
            },
        }
    }

    fn check(&mut self, out: Vec<Output>) {
        for output in out {
            match output {
                Output::Fetch(request) => {
                    assert!(1 <= request.limit && request.limit <= self.world.config.page_limit);
                    self.asked.push(request);
                }
                Output::Release(released) => {
                    assert!(Some(released.watermark) > self.last_watermark);
                    assert!(!released.events.is_empty());
                    for Sequenced { input_seq, .. } in released.events.iter() {
                        assert_eq!(*input_seq, self.last_seq + 1);
                        self.last_seq = *input_seq;
                    }
                    self.last_watermark = Some(released.watermark);
                    self.released.push(released);
                }
                _ => {}
            }
        }
    }
}

fn babble(seed: u64) {
    use Timeframe::{D1, H1, M1, M5, Mo1, W1};
    let mut rng = Rng(seed);
    let shapes: [&[Timeframe]; 4] = [&[M1, M5, H1], &[M1], &[H1, D1, W1, Mo1], &[Mo1]];
    let mut world = World::new(&["AAA/USDT", "BBB/USDT"], shapes[rng.below(4) as usize]);
    world.config.history_candles = rng.between(1, 20) as u32;
    world.config.page_limit = rng.between(1, 20) as u32;
    let mut collector = Collector::new(world.config.clone()).unwrap();
    let (asked, released) = (Vec::new(), Vec::new());
    let mut babble = Babble { rng, world, asked, released, last_watermark: None, last_seq: 0 };
    if babble.rng.chance(0.3) {
        for _ in 0..babble.rng.below(20) {
            let input_seq = babble.last_seq + 1;
            let events = [Sequenced { input_seq, event: babble.event() }].into();
            let watermark = babble.moment();
            collector.observe(&Released { watermark, events });
            babble.last_seq = input_seq;
            babble.last_watermark = collector.last_watermark();
        }
    }
    for _ in 0..babble.rng.below(400) {
        let input = babble.input();
        let mut out = Vec::new();
        collector.on_input(input, &mut out);
        babble.check(out);
        collector.wants_more();
        let moment = babble.moment();
        collector.is_settled_to(moment);
    }
    serde_json::to_string(collector.counters()).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_input_breaks_the_order(seed: u64) {
        babble(seed);
    }
}
