//! One instrument: its streams, and whether it takes part.

use domain::instrument::{Instrument, InstrumentId};
use domain::time::UtcMs;

use crate::config::Config;
use crate::stream::Stream;

/// Whether an instrument takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    /// No candles: the venue is asked for the first one at or after `probe_from`, and had none
    /// that closed up to `empty_to`.
    Absent { probe_from: UtcMs, empty_to: UtcMs },
    /// Its history is being collected; it takes part from `at` on. At a run's start only if there
    /// is any.
    Joining { at: UtcMs, at_start: bool },
    /// It holds the watermark until its candles are accounted for.
    Present,
}

#[derive(Debug, Clone)]
pub(crate) struct Desk {
    pub(crate) id: InstrumentId,
    /// As the venue lists it; none where it doesn't.
    pub(crate) listed: Option<Instrument>,
    pub(crate) presence: Presence,
    /// Fine to coarse.
    pub(crate) streams: Vec<Stream>,
    /// Close of the last candle of a session whose end has yet to be released.
    pub(crate) ended: Option<UtcMs>,
    pub(crate) probing: bool,
}

impl Desk {
    pub(crate) fn new(id: InstrumentId, config: &Config) -> Self {
        let absent = UtcMs::default();
        Self {
            id,
            listed: None,
            presence: Presence::Absent { probe_from: absent, empty_to: absent },
            streams: config.timeframes.iter().map(|timeframe| Stream::new(*timeframe)).collect(),
            ended: None,
            probing: false,
        }
    }

    pub(crate) fn base(&self) -> &Stream {
        &self.streams[0]
    }

    /// Whether `open` lies more than a session's break after the last base candle: what opens there
    /// belongs to another session.
    pub(crate) fn is_beyond(&self, open: UtcMs, config: &Config) -> bool {
        self.presence == Presence::Present
            && self
                .base()
                .last_close()
                .is_some_and(|last| open.since(last) > config.session_break_ms)
    }

    /// Whether the session is over: all streams are accounted for until more than a break after
    /// its last base candle.
    pub(crate) fn is_over(&self, config: &Config) -> bool {
        self.is_beyond(self.base().next_open(), config) && self.is_beyond(self.frontier(), config)
    }

    /// Moves on where the session is over and released, or where a start found no candles.
    pub(crate) fn turn(&mut self, config: &Config) {
        let next = self.base().next_open();
        match self.presence {
            Presence::Present if self.is_over(config) && self.first_close().is_none() => {
                self.ended = self.base().last_close();
                self.presence = Presence::Absent { probe_from: next, empty_to: next };
            }
            Presence::Joining { at, at_start: true } if self.frontier() > at => {
                let fresh = |last: UtcMs| at.since(last) <= config.session_break_ms;
                if !self.base().last_close().is_some_and(fresh) {
                    for stream in &mut self.streams {
                        stream.restart(stream.next_open());
                    }
                    self.presence = Presence::Absent { probe_from: at, empty_to: at };
                }
            }
            _ => {}
        }
    }

    /// Everything that closes before this moment is accounted for, in every stream.
    pub(crate) fn frontier(&self) -> UtcMs {
        self.streams.iter().map(Stream::frontier).min().unwrap_or_default()
    }

    /// The earliest close of an accepted candle.
    pub(crate) fn first_close(&self) -> Option<UtcMs> {
        self.streams.iter().filter_map(|s| s.first_accepted().map(|c| c.close_time())).min()
    }

    /// Begins to collect a session from the base candle that opens at `first` on, for a join at
    /// `at`, each timeframe at most `history_candles` back.
    pub(crate) fn begin_joining(
        &mut self,
        first: UtcMs,
        at: UtcMs,
        at_start: bool,
        config: &Config,
    ) {
        self.presence = Presence::Joining { at, at_start };
        for stream in &mut self.streams {
            let timeframe = stream.timeframe;
            let reach_ms = timeframe.span_ms().saturating_mul(i64::from(config.history_candles));
            let oldest = timeframe.open_of(at.plus_ms(-reach_ms));
            stream.restart(oldest.max(timeframe.open_of(first)));
        }
    }
}
