//! Messages on their way to listeners, as the faults leave them.

use super::{Counters, LONGEST_QUEUE, ListenerId, Replay};
use crate::faults::layer::Layer;
use crate::faults::message::Message;
use crate::faults::noise::Fate;
use crate::faults::plan::MarketName;
use crate::history::History;
use crate::listener::Listener;
use crate::options::Faults;
use crate::quotes::Quotes;
use crate::render;
use crate::usdm::market::{Shape, Told};

/// What every message passes.
struct Way<'a> {
    layer: &'a Layer,
    faults: Faults,
    counters: &'a mut Counters,
}

impl Way<'_> {
    /// Queues a message unless a fault keeps it back.
    fn take(&mut self, listener: &mut Listener, message: Option<&Message<'_>>, text: String) {
        match message {
            None => listener.queue.ready.push(text),
            Some(message) => {
                self.layer.tell(message, listener.facts, text, &mut listener.queue);
            }
        }
        listener.sent += 1;
        self.counters.streamed += 1;
        let quota = self.faults.disconnect_every;
        let lags = listener.queue.ready.len() > LONGEST_QUEUE;
        if lags || quota.is_some_and(|quota| listener.sent >= quota.get()) {
            listener.cut = true;
            self.counters.disconnects += 1;
            if lags {
                listener.queue.ready.clear();
            }
        }
    }
}

impl Replay {
    pub(super) fn send(&mut self, history: &History, place: usize, told: usize) {
        let (series, cursor) = (&history.series[place], &self.cursors[place]);
        let candle = &series.candles[told];
        let fate = self.faults.fate(self.seed, cursor.key, candle.open_time);
        let copies = match fate {
            Fate::Dropped => 0,
            Fate::Sent => 1,
            Fate::Twice => 2,
        };
        self.scratch.clear();
        render::closed(&mut self.scratch, series, candle);
        let (layer, faults, now) = (&*self.layer, self.faults, self.now);
        let mut way = Way { layer, faults, counters: &mut self.counters };
        for (id, shape) in &cursor.subscribers {
            let Some(listener) = self.listeners.get_mut(id).filter(|l| !l.cut) else { continue };
            way.counters.dropped += u64::from(fate == Fate::Dropped);
            way.counters.duplicated += u64::from(fate == Fate::Twice);
            let market = if listener.perpetual { MarketName::Usdm } else { MarketName::Spot };
            let told = Told { series, candle, closed: &self.scratch, funding: self.funding };
            let stream = shape.stream(series);
            let message = (!layer.is_empty()).then(|| Message {
                market,
                stream: &stream,
                account: "",
                event: shape.event(),
                symbol: &series.symbol,
                order: "",
                identity: candle.open_time.ms().to_string(),
                at: now,
            });
            let wrapped = listener.combined.then_some(&*stream);
            for _ in 0..copies {
                let text = match shape {
                    Shape::Candle => render::message(&self.scratch, wrapped),
                    other => render::message(other.payload(&told).as_bytes(), wrapped),
                };
                way.take(listener, message.as_ref(), text);
                if listener.cut {
                    break;
                }
            }
        }
    }

    /// Tells those who listen to this stream of futures, which is not one of candles.
    pub(crate) fn tell_perpetual(&mut self, stream: &str, payload: &str) {
        let (layer, faults, now) = (&*self.layer, self.faults, self.now);
        let mut way = Way { layer, faults, counters: &mut self.counters };
        for listener in self.listeners.values_mut() {
            if !listener.perpetual || listener.cut || !listener.streams.contains(stream) {
                continue;
            }
            let message = (!layer.is_empty()).then(|| Message {
                market: MarketName::Usdm,
                stream,
                account: "",
                event: "forceOrder",
                symbol: "",
                order: "",
                identity: payload.to_owned(),
                at: now,
            });
            let wrapped = listener.combined.then_some(stream);
            way.take(listener, message.as_ref(), render::message(payload.as_bytes(), wrapped));
            listener.bell.notify_one();
        }
    }

    /// Tells of quotes and trades.
    pub(super) fn tell_feeds(&mut self, history: &History, place: usize, told: usize) {
        let series = &history.series[place];
        let of_feeds = self.market_of(self.cursors[place].feeds.first().map(|(id, ..)| id));
        let markets = history.markets_of(of_feeds == MarketName::Usdm);
        let Some(market) = markets.get(&series.symbol) else { return };
        let quotes = Quotes::of(history, &series.symbol, market, self.seed);
        for (id, feed, stream) in &self.cursors[place].feeds {
            let Some(listener) = self.listeners.get_mut(id).filter(|l| !l.cut) else { continue };
            for (n, (event, payload)) in quotes.messages(told, *feed).into_iter().enumerate() {
                let wrapped = listener.combined.then_some(stream.as_str());
                let text = render::message(payload.to_string().as_bytes(), wrapped);
                self.counters.streamed += 1;
                if self.layer.is_empty() {
                    listener.queue.ready.push(text);
                    continue;
                }
                let message = Message {
                    market: of_feeds,
                    stream,
                    account: "",
                    event,
                    symbol: &series.symbol,
                    order: "",
                    identity: n.to_string(),
                    at: self.now,
                };
                self.layer.tell(&message, listener.facts, text, &mut listener.queue);
            }
        }
    }

    /// Of which market a listener is.
    fn market_of(&self, id: Option<&ListenerId>) -> MarketName {
        let listener = id.and_then(|id| self.listeners.get(id));
        listener.map_or(MarketName::Spot, |listener| listener.facts.market)
    }
}
