//! What an instrument lets be released, and what it must ask for to let more.

use domain::time::UtcMs;

use crate::config::Config;
use crate::feed::{Feed, Phase};
use crate::messages::PageRequest;
use crate::stream::{Outstanding, Stream};

/// Later than any venue time.
const NEVER: UtcMs = UtcMs::new(i64::MAX);

/// What an instrument has to say to the next watermark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Outlook {
    /// Watermarks before this one are settled as far as this instrument is concerned.
    pub(crate) bound: UtcMs,
    /// The next watermark at which it has something to release.
    pub(crate) candidate: Option<UtcMs>,
    /// When evidence reaches this, it has something to ask.
    pub(crate) due: UtcMs,
    /// How many candles wait.
    pub(crate) buffered: usize,
}

impl Outlook {
    /// Of an instrument of which nothing is known.
    pub(crate) const NONE: Self =
        Self { bound: UtcMs::new(i64::MIN), candidate: None, due: NEVER, buffered: 0 };
}

/// What one stream is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Duty {
    /// Its candles are waited for.
    Follow,
    /// Only whether a base candle ever comes again is waited for.
    Probe,
    /// Nobody waits for it now.
    Rest,
}

impl Feed {
    /// See [`Outlook`].
    pub(crate) fn outlook(&self, config: &Config) -> Outlook {
        let mut outlook = Outlook { bound: NEVER, ..Outlook::NONE };
        for (at, stream) in self.streams.iter().enumerate() {
            let duty = self.duty(at, config);
            outlook.buffered += stream.buffered();
            outlook.bound = outlook.bound.min(match duty {
                Duty::Follow => stream.next_close(),
                Duty::Probe => stream.next_close().ceil(config.join_grid_ms),
                Duty::Rest => NEVER,
            });
            outlook.due = outlook.due.min(due(stream, duty, config));
        }
        let heads = self.streams.iter().filter_map(Stream::head).map(|head| head.close_time());
        match self.phase {
            Phase::Idle => outlook.bound = UtcMs::new(i64::MIN),
            Phase::Unlisted => {}
            Phase::Opening { start } => outlook.bound = start,
            Phase::Present => outlook.candidate = heads.min(),
            Phase::Absent => outlook.candidate = self.last_head(config),
            Phase::Joining { at, .. } => {
                outlook.candidate = self.last_head(config).into_iter().chain([at]).min();
            }
        }
        outlook
    }

    /// The next coarse candle that belongs to the session that is about to end.
    fn last_head(&self, config: &Config) -> Option<UtcMs> {
        let limit = self.limit(config)?;
        let heads = self.streams[1..].iter().filter_map(Stream::head).map(|h| h.close_time());
        heads.filter(|close| *close <= limit).min()
    }

    fn duty(&self, at: usize, config: &Config) -> Duty {
        let stream = &self.streams[at];
        let ends =
            |limit: UtcMs| if stream.next_close() <= limit { Duty::Follow } else { Duty::Rest };
        match self.phase {
            Phase::Idle | Phase::Unlisted => Duty::Rest,
            Phase::Opening { start } => ends(start),
            Phase::Present | Phase::Joining { .. } => Duty::Follow,
            Phase::Absent if at > 0 => self.limit(config).map_or(Duty::Rest, ends),
            Phase::Absent if self.listed.is_some() => Duty::Probe,
            Phase::Absent => Duty::Rest,
        }
    }

    /// The next request, if there is reason for one by `now`. Nothing is asked that closes after
    /// `horizon`: the watermarks are far from there.
    pub(crate) fn ask(
        &mut self,
        now: UtcMs,
        horizon: UtcMs,
        config: &Config,
    ) -> Option<PageRequest> {
        let at = (0..self.streams.len()).find(|at| {
            let stream = &self.streams[*at];
            stream.next_close() <= horizon && due(stream, self.duty(*at, config), config) <= now
        })?;
        let limit = match (self.duty(at, config), self.phase) {
            (Duty::Probe, _) => 1,
            (_, Phase::Opening { start }) => self.streams[at].count_until(start),
            _ => self.streams[at].count_until(now),
        };
        let stream = &mut self.streams[at];
        let limit = u32::try_from(limit).unwrap_or(u32::MAX).clamp(1, config.page_limit);
        let (timeframe, from) = (stream.timeframe, stream.next_open());
        let request = PageRequest { instrument: self.id, timeframe, from, limit };
        stream.outstanding = Some(Outstanding { request, asked_at: now });
        Some(request)
    }

    /// The shell no longer waits for a request of this stream: goes on without.
    pub(crate) fn give_up(&mut self, at: usize, now: UtcMs, config: &Config) {
        let duty = self.duty(at, config);
        let stream = &mut self.streams[at];
        let Some(Outstanding { request, .. }) = stream.outstanding.take() else { return };
        let timeframe = stream.timeframe;
        let beyond = stream.beyond();
        match (duty, self.phase) {
            (Duty::Rest, _) => {}
            (_, Phase::Opening { start }) => stream.excuse(timeframe.open_of(start), false),
            (Duty::Probe, _) => {
                let step = timeframe.open_of(now.floor(config.join_grid_ms));
                stream.excuse(beyond.map_or(step, |beyond| beyond.min(step)), false);
            }
            (Duty::Follow, _) => {
                let lagging = timeframe.open_of(now.plus_ms(-config.patience_ms));
                let span_ms = i64::from(request.limit).saturating_mul(timeframe.span_ms());
                // Months are longer than their span.
                let asked = request.from.plus_ms(span_ms).max(timeframe.close_of(request.from));
                let asked = timeframe.open_of(asked);
                stream.excuse(beyond.unwrap_or(lagging).min(asked), true);
            }
        }
    }
}

/// When there is evidence of this time, a request is due.
fn due(stream: &Stream, duty: Duty, config: &Config) -> UtcMs {
    let closed = match duty {
        Duty::Follow => stream.next_close(),
        Duty::Probe => stream.next_close().ceil(config.join_grid_ms),
        Duty::Rest => return NEVER,
    };
    match stream.outstanding {
        Some(_) => NEVER,
        None => closed.plus_ms(config.patience_ms).max(stream.retry_at),
    }
}

impl Stream {
    /// How many candles are missing up to the next one that is there, and until `now`.
    fn count_until(&self, now: UtcMs) -> u64 {
        let closed = self.timeframe.open_of(now);
        let until = self.beyond().map_or(closed, |beyond| beyond.min(closed));
        self.timeframe.count_between(self.next_open(), until)
    }
}
