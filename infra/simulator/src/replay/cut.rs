//! How listeners' connections end, and whether anything still waits for one.

use domain::time::UtcMs;

use super::{ListenerId, Replay};
use crate::faults::names::FaultName;
use crate::faults::sockets::End;
use crate::listener::Listener;

impl Replay {
    /// Market time goes on from `after` to `now`: what waited is made ready, and what ends, ends.
    pub(crate) fn pass(&mut self, after: UtcMs, now: UtcMs) {
        for listener in self.listeners.values_mut() {
            listener.queue.release(now);
            if let Some(end) = self.layer.end_of(listener.facts, after, now)
                && !listener.cut
            {
                (listener.cut, listener.is_closed) = (true, end == End::Closed);
                self.counters.disconnects += 1;
            }
        }
        self.drop_cut();
        self.ring_all();
    }

    /// Whether nothing at all comes over a connection.
    pub(crate) fn is_dead(&self, id: ListenerId) -> bool {
        let listener = self.listeners.get(&id);
        listener.is_some_and(|l| self.layer.has_hold(FaultName::HalfOpen, l.facts, self.now))
    }

    /// All connections break: nothing comes over them any more.
    pub(crate) fn cut_all(&mut self) {
        self.listeners.values_mut().for_each(|listener| listener.cut = true);
        self.drop_cut();
        self.ring_all();
    }

    /// Whether no message waits for any connection, and none is to end.
    pub(crate) fn is_idle(&self) -> bool {
        !self.has_queued() && !self.listeners.values().any(|listener| listener.cut)
    }

    /// Whoever was cut off no longer listens; what its queue holds is still sent.
    pub(super) fn drop_cut(&mut self) {
        let cut = |(id, l): (&ListenerId, &Listener)| (l.cut && l.subscribed > 0).then_some(*id);
        let cut: Vec<_> = self.listeners.iter().filter_map(cut).collect();
        for id in cut {
            self.forget_streams(id);
        }
    }

    pub(super) fn has_queued(&self) -> bool {
        self.listeners.values().any(|l| !l.queue.ready.is_empty())
    }

    pub(super) fn ring_all(&self) {
        for listener in self.listeners.values() {
            listener.bell.notify_one();
        }
    }
}
