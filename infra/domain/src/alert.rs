//! What a person must be told at once: what happened, what was done about it, and what to do.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::instrument::InstrumentId;
use crate::time::UtcMs;

/// What an alert is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertKind {
    /// Nothing is opened any more until a person resumes.
    Halted,
    /// A position has no working stop at the venue.
    PositionWithoutStop,
    /// What became of an order can't be found out.
    UnknownOrder,
    /// The account has an order that this program did not place.
    ForeignOrder,
    /// The venue's books and ours differ.
    BooksDiffer,
    /// The venue does not answer, or its stream is silent.
    VenueDown,
    /// The store does not take what must be written before anything is done.
    StoreDown,
    /// The mail server took nothing for long.
    MailDown,
    /// The account lies far below its peak.
    Drawdown,
    /// The day's loss limit was reached.
    DayLoss,
}

/// How grave it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertSeverity {
    /// A person should look today.
    Warning,
    /// A person should look now.
    Critical,
}

/// One thing to tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// What it is about.
    pub kind: AlertKind,
    /// Event time.
    pub at: UtcMs,
    /// The instrument that it is about, if one alone.
    pub instrument: Option<InstrumentId>,
    /// One line.
    pub subject: String,
    /// One paragraph.
    pub text: String,
}

impl AlertKind {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Halted,
        Self::PositionWithoutStop,
        Self::UnknownOrder,
        Self::ForeignOrder,
        Self::BooksDiffer,
        Self::VenueDown,
        Self::StoreDown,
        Self::MailDown,
        Self::Drawdown,
        Self::DayLoss,
    ];

    /// Its name in tables and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Halted => "halted",
            Self::PositionWithoutStop => "position_without_stop",
            Self::UnknownOrder => "unknown_order",
            Self::ForeignOrder => "foreign_order",
            Self::BooksDiffer => "books_differ",
            Self::VenueDown => "venue_down",
            Self::StoreDown => "store_down",
            Self::MailDown => "mail_down",
            Self::Drawdown => "drawdown",
            Self::DayLoss => "day_loss",
        }
    }

    /// How grave it is.
    pub const fn severity(self) -> AlertSeverity {
        match self {
            Self::Halted
            | Self::PositionWithoutStop
            | Self::UnknownOrder
            | Self::BooksDiffer
            | Self::StoreDown => AlertSeverity::Critical,
            Self::ForeignOrder
            | Self::VenueDown
            | Self::MailDown
            | Self::Drawdown
            | Self::DayLoss => AlertSeverity::Warning,
        }
    }
}

impl fmt::Display for AlertKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// As people read a ratio.
fn percent(ratio: f64) -> String {
    format!("{:.2} %", ratio * 100.0)
}

impl Alert {
    fn new(
        kind: AlertKind,
        at: UtcMs,
        instrument: Option<InstrumentId>,
        subject: String,
        text: String,
    ) -> Self {
        Self { kind, at, instrument, subject, text }
    }

    /// Trading is halted.
    pub fn halted(at: UtcMs, why: &str) -> Self {
        let text = format!(
            "Trading was halted: {why}. Entries under way were cancelled and nothing is opened any \
             more; open positions keep their stops. Look at `sextant status`; when the cause is \
             mended, `sextant resume` lifts it, and `sextant close --all` closes what is open."
        );
        Self::new(AlertKind::Halted, at, None, format!("trading is halted: {why}"), text)
    }

    /// A position has no working stop and can't get one.
    pub fn position_without_stop(at: UtcMs, instrument: InstrumentId, why: &str) -> Self {
        // Venues end their reasons with a full stop.
        let why = why.trim_end_matches('.');
        let text = format!(
            "The position in {instrument} has no working stop at the venue: {why}. It is being \
             closed at the market. Look at the venue whether it is gone; if it isn't, close it \
             there, and run `sextant halt` until you know why."
        );
        let subject = format!("{instrument} has no stop: {why}");
        Self::new(AlertKind::PositionWithoutStop, at, Some(instrument), subject, text)
    }

    /// What became of an order can't be found out.
    pub fn unknown_order(at: UtcMs, order: &str, why: &str) -> Self {
        let text = format!(
            "Whether the venue has the order {order} can't be found out: {why}. It \
             counts as if it were open and is not sent again; the venue is asked on. Look for it at \
             the venue, under its name, and cancel it there if it should not be."
        );
        let subject = format!("what became of the order {order} is unknown");
        Self::new(AlertKind::UnknownOrder, at, None, subject, text)
    }

    /// The account has an order that this program did not place.
    pub fn foreign_order(at: UtcMs, instrument: Option<InstrumentId>, order: &str) -> Self {
        let of = instrument
            .map_or("an instrument that isn't traded here".to_owned(), |of| of.to_string());
        let text = format!(
            "The account has an order that this program did not place: {order}, of {of}. It was \
             left alone and counts nowhere here. If it is yours, use another account for one of the \
             two; if it isn't, revoke the API keys at once."
        );
        let subject = format!("an order that is not ours: {order}");
        Self::new(AlertKind::ForeignOrder, at, instrument, subject, text)
    }

    /// The venue's books and ours differ.
    pub fn books_differ(at: UtcMs, instrument: Option<InstrumentId>, what: &str) -> Self {
        let text = format!(
            "What the venue holds is not what the ledger says: {what}. Trading was halted, stops \
             stay where they are. Compare `sextant status` with the account at the venue; resume \
             only when you know what happened."
        );
        let subject = format!("the books differ: {what}");
        Self::new(AlertKind::BooksDiffer, at, instrument, subject, text)
    }

    /// The venue is not heard. `down_ms` since when.
    pub fn venue_down(at: UtcMs, down_ms: i64, what: &str) -> Self {
        let seconds = down_ms.div_euclid(1_000);
        let text = format!(
            "The venue has not been heard for {seconds} s: {what}. It is asked on, and what is \
             missing is fetched when it answers; until then nothing is decided, and stops rest at \
             the venue. Look at the network and at the venue's status page."
        );
        let subject = format!("the venue is silent for {seconds} s");
        Self::new(AlertKind::VenueDown, at, None, subject, text)
    }

    /// The store takes nothing, so the process ended.
    pub fn store_down(at: UtcMs, why: &str) -> Self {
        let text = format!(
            "The store failed: {why}. Nothing is done that is not written down first, so the \
             process ended; stops rest at the venue. Mend the store, look at `sextant doctor`, and \
             start again: it recovers by itself."
        );
        Self::new(
            AlertKind::StoreDown,
            at,
            None,
            "the store failed, trading ended".to_owned(),
            text,
        )
    }

    /// The mail server took nothing for `down_ms`.
    pub fn mail_down(at: UtcMs, down_ms: i64, why: &str) -> Self {
        let minutes = down_ms.div_euclid(60_000);
        let text = format!(
            "The mail server took nothing for {minutes} min: {why}. Alerts waited in the store and \
             come late. Look at the mail server; `sextant doctor` tells whether it works now."
        );
        let subject = format!("alerts were late: no mail for {minutes} min");
        Self::new(AlertKind::MailDown, at, None, subject, text)
    }

    /// The account lies this far below its peak.
    pub fn drawdown(at: UtcMs, drawdown_ratio: f64) -> Self {
        let now = percent(drawdown_ratio);
        let text = format!(
            "The account lies {now} below its highest worth. Trading goes on until the limit of the \
             drawdown, at which it halts; `sextant status` names it. Look at `sextant trades` for \
             what lost; `sextant pause` stops new entries meanwhile."
        );
        Self::new(AlertKind::Drawdown, at, None, format!("drawdown of {now}"), text)
    }

    /// The day's loss limit was reached.
    pub fn day_loss(at: UtcMs, day_loss_ratio: f64) -> Self {
        let loss = percent(day_loss_ratio);
        let text = format!(
            "The day's loss reached {loss} of what the day opened with, which is its limit. Nothing \
             is opened until the next UTC day; open positions keep their stops. There is nothing to \
             do, unless you want to close what is open: `sextant close --all`."
        );
        Self::new(AlertKind::DayLoss, at, None, format!("the day's loss reached {loss}"), text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_alert_says_what_happened_and_what_to_do() {
        let at = UtcMs::new(0);
        let pair: InstrumentId = "BTC/USDT".parse().unwrap();
        let all = [
            Alert::halted(at, "drawdown"),
            Alert::position_without_stop(at, pair, "refused"),
            Alert::unknown_order(at, "sx1e", "no answer"),
            Alert::foreign_order(at, None, "web_1"),
            Alert::books_differ(at, Some(pair), "0.1 held, 0.2 booked"),
            Alert::venue_down(at, 61_500, "no message"),
            Alert::store_down(at, "disk full"),
            Alert::mail_down(at, 900_000, "refused"),
            Alert::drawdown(at, 0.123),
            Alert::day_loss(at, 0.051),
        ];
        let kinds: Vec<_> = all.iter().map(|alert| alert.kind).collect();
        assert_eq!(kinds, AlertKind::ALL);
        for alert in &all {
            assert!(alert.subject.len() < 120 && !alert.subject.contains('\n'), "{alert:?}");
            assert!(alert.text.ends_with('.') && alert.text.len() > 150, "{alert:?}");
            let json = serde_json::to_value(alert.kind).unwrap();
            assert_eq!(json, alert.kind.name());
        }
        assert!(all[5].subject.ends_with("61 s") && all[8].subject.contains("12.30 %"));
    }
}
