//! Request weight per client, as Binance counts it: per minute, with a refusal over the limit
//! and a ban for whoever goes on all the same.

use std::collections::BTreeMap;
use std::net::IpAddr;

use domain::time::MINUTE_MS;

/// Weight per minute on spot.
pub(crate) const WEIGHT_LIMIT: u64 = 6000;
/// Weight per minute on futures.
pub(crate) const PERPETUAL_WEIGHT_LIMIT: u64 = 2400;
/// Refused requests within a minute after which a client is banned.
const REFUSALS_BEFORE_BAN: u32 = 10;
/// The shortest of Binance's bans.
const BAN_MS: i64 = 2 * MINUTE_MS;
/// Clients remembered; those of past minutes make room.
const MOST_CLIENTS: usize = 4096;

/// What a request is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Allowed,
    /// Until the minute ends.
    Refused {
        wait_ms: i64,
    },
    Banned {
        wait_ms: i64,
        until_ms: i64,
    },
}

#[derive(Debug)]
pub(crate) struct Limits {
    /// Weight per minute.
    pub(crate) most: u64,
    clients: BTreeMap<IpAddr, Client>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Client {
    minute: i64,
    used: u64,
    refusals: u32,
    banned_until_ms: i64,
}

impl Limits {
    pub(crate) fn new(most: u64) -> Self {
        Self { most, clients: BTreeMap::new() }
    }

    /// Counts a request of `weight` at market time `now_ms`; the answer and the weight used in
    /// this minute.
    pub(crate) fn charge(&mut self, ip: IpAddr, weight: u64, now_ms: i64) -> (Verdict, u64) {
        let minute = now_ms.div_euclid(MINUTE_MS);
        if self.clients.len() >= MOST_CLIENTS {
            self.clients.retain(|_, c| c.minute == minute || c.banned_until_ms > now_ms);
        }
        let client = self.clients.entry(ip).or_default();
        if client.minute != minute {
            let banned_until_ms = client.banned_until_ms;
            *client = Client { minute, banned_until_ms, ..Client::default() };
        }
        client.used += weight;
        let verdict = client.judge(now_ms, self.most);
        (verdict, client.used)
    }
}

impl Client {
    fn judge(&mut self, now_ms: i64, most: u64) -> Verdict {
        if self.banned_until_ms <= now_ms {
            if self.used <= most {
                return Verdict::Allowed;
            }
            self.refusals += 1;
            if self.refusals <= REFUSALS_BEFORE_BAN {
                return Verdict::Refused { wait_ms: MINUTE_MS - now_ms.rem_euclid(MINUTE_MS) };
            }
            self.banned_until_ms = now_ms + BAN_MS;
        }
        let until_ms = self.banned_until_ms;
        Verdict::Banned { wait_ms: until_ms - now_ms, until_ms }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IP: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[test]
    fn over_the_limit_is_refused_and_going_on_is_banned() {
        let mut limits = Limits::new(WEIGHT_LIMIT);
        assert_eq!(limits.charge(IP, 6000, 30_000), (Verdict::Allowed, 6000));
        for n in 1..=10 {
            let refused = (Verdict::Refused { wait_ms: 30_000 }, 6000 + n);
            assert_eq!(limits.charge(IP, 1, 30_000), refused);
        }
        let (banned, _) = limits.charge(IP, 1, 30_000);
        assert_eq!(banned, Verdict::Banned { wait_ms: 120_000, until_ms: 150_000 });
        // A new minute doesn't lift a ban; its end does.
        let (banned, used) = limits.charge(IP, 1, 149_999);
        assert_eq!((banned, used), (Verdict::Banned { wait_ms: 1, until_ms: 150_000 }, 1));
        assert_eq!(limits.charge(IP, 1, 150_000), (Verdict::Allowed, 2));
        let other = IpAddr::V4([10, 0, 0, 1].into());
        assert_eq!(limits.charge(other, 2, 30_000), (Verdict::Allowed, 2));
    }

    #[test]
    fn a_new_minute_begins_at_nought() {
        let mut limits = Limits::new(WEIGHT_LIMIT);
        limits.charge(IP, 7000, 59_999);
        assert_eq!(limits.charge(IP, 20, 60_000), (Verdict::Allowed, 20));
    }
}
