//! A history as the live collector would have released it: the same events in the same order under
//! the same numbers, one watermark after the other. A test holds it against the collector itself.

use std::iter;

use domain::candle::Candle;
use domain::event::{Event, Sequenced, Watermark};
use domain::instrument::InstrumentId;
use domain::time::UtcMs;
use domain::timeframe::Timeframe;

use crate::history::{History, Series};

/// Later than any candle.
const NEVER: UtcMs = UtcMs::new(i64::MAX);

/// The candles of one instrument and timeframe, of which the next one waits.
#[derive(Debug, Clone)]
struct Lane<'a> {
    instrument: InstrumentId,
    timeframe: Timeframe,
    candles: &'a [Candle],
    next: usize,
    end: usize,
    /// What closes before this watermark waits for it.
    at: UtcMs,
    /// The sessions to come: their watermarks and places.
    rest: std::vec::IntoIter<(UtcMs, usize, usize)>,
}

impl<'a> Lane<'a> {
    fn new(series: &'a Series, timeframe: Timeframe, place: usize) -> Self {
        let candles = series.of(place);
        let sessions = series.sessions().iter().map(|session| {
            let places = session.places(candles);
            (session.at, places.start, places.end)
        });
        let rest: Vec<_> = sessions.filter(|(_, start, end)| start < end).collect();
        let instrument = series.instrument().id;
        let (at, rest) = (NEVER, rest.into_iter());
        Self { instrument, timeframe, candles, next: 0, end: 0, at, rest }
    }

    /// The watermark of the next candle.
    #[inline]
    fn due(&mut self) -> UtcMs {
        if self.next == self.end {
            let Some((at, next, end)) = self.rest.next() else { return NEVER };
            (self.at, self.next, self.end) = (at, next, end);
        }
        self.timeframe.close_of(self.candles[self.next].open_time).max(self.at)
    }
}

/// Where an instrument's sessions stand.
#[derive(Debug, Clone)]
struct Presence<'a> {
    series: &'a Series,
    /// The session that begins next, or is on.
    session: usize,
    present: bool,
}

impl Presence<'_> {
    /// The first moment at which something changes.
    fn turn(&self) -> UtcMs {
        match self.series.sessions().get(self.session) {
            None => NEVER,
            Some(session) if self.present => session.limit.plus_ms(1),
            Some(session) => session.at,
        }
    }
}

/// Walks along a history.
#[derive(Debug, Clone)]
pub struct Tape<'a> {
    /// Fine timeframes first, then by instrument: the order of what closes at one moment.
    lanes: Vec<Lane<'a>>,
    /// The watermark of each lane's next candle.
    dues: Vec<UtcMs>,
    /// By instrument.
    presences: Vec<Presence<'a>>,
    /// No session begins or ends before this.
    turn: UtcMs,
    /// What became known at the last watermark.
    events: Vec<Sequenced>,
    input_seq: u64,
}

impl<'a> Tape<'a> {
    /// Stands before the first watermark.
    pub fn new(history: &'a History) -> Self {
        let timeframes = history.timeframes().iter().enumerate();
        let mut lanes: Vec<_> = timeframes
            .flat_map(|(place, timeframe)| {
                history.series().iter().map(move |series| Lane::new(series, *timeframe, place))
            })
            .collect();
        let dues = lanes.iter_mut().map(Lane::due).collect();
        let presence = |series| Presence { series, session: 0, present: false };
        let presences: Vec<_> = history.series().iter().map(presence).collect();
        let turn = presences.iter().map(Presence::turn).min().unwrap_or(NEVER);
        Self { lanes, dues, presences, turn, events: Vec::new(), input_seq: 0 }
    }

    /// The next watermark with all that becomes known at it, in order; none at the end.
    #[expect(clippy::should_implement_trait, reason = "it lends its buffer")]
    #[inline]
    pub fn next(&mut self) -> Option<Watermark<'_>> {
        let watermark = self.dues.iter().copied().min().filter(|due| *due < NEVER)?;
        self.events.clear();
        let turns = watermark >= self.turn;
        if turns {
            self.take_turns(watermark);
        }
        let before = self.events.len();
        for (lane, due) in self.lanes.iter_mut().zip(&mut self.dues) {
            while *due == watermark {
                self.input_seq += 1;
                let input_seq = self.input_seq;
                // An event is large: it is made where it is to lie.
                self.events.extend(iter::once_with(|| Sequenced {
                    input_seq,
                    event: Event::CandleClosed {
                        instrument: lane.instrument,
                        candle: lane.candles[lane.next],
                    },
                }));
                lane.next += 1;
                *due = lane.due();
            }
        }
        if turns {
            // History that a session opens with closed earlier.
            let first = self.input_seq + 1 - (self.events.len() - before) as u64;
            self.events[before..].sort_by_key(|sequenced| place(&sequenced.event));
            for (sequenced, input_seq) in self.events[before..].iter_mut().zip(first..) {
                sequenced.input_seq = input_seq;
            }
        }
        Some(Watermark { at: watermark, events: &self.events })
    }

    /// Tells which sessions have ended and which begin.
    fn take_turns(&mut self, watermark: UtcMs) {
        let (events, input_seq) = (&mut self.events, &mut self.input_seq);
        let mut tell = |event| {
            *input_seq += 1;
            events.push(Sequenced { input_seq: *input_seq, event });
        };
        for presence in self.presences.iter_mut().filter(|presence| presence.present) {
            let session = &presence.series.sessions()[presence.session];
            if session.limit < watermark {
                let instrument = presence.series.instrument().id;
                tell(Event::SessionEnded { instrument, last_close: session.last_close });
                presence.present = false;
                presence.session += 1;
            }
        }
        for presence in self.presences.iter_mut().filter(|presence| !presence.present) {
            if presence.turn() == watermark {
                tell(Event::SessionStarted { instrument: *presence.series.instrument() });
                presence.present = true;
            }
        }
        self.turn = self.presences.iter().map(Presence::turn).min().unwrap_or(NEVER);
    }
}

/// The place of a candle's event within its watermark.
fn place(event: &Event) -> Option<(UtcMs, Timeframe, InstrumentId)> {
    match event {
        Event::CandleClosed { instrument, candle } => {
            Some((candle.close_time(), candle.timeframe, *instrument))
        }
        _ => None,
    }
}
