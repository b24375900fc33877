//! Which of what happens a person must be told.

use decision::account::StateChanged;
use decision::snapshot::TradingState;
use domain::alert::{Alert, AlertKind, AlertSeverity};
use domain::ids::{Id, RunSeed};
use domain::intervention::{Intervention, OperatorCommand};
use domain::time::UtcMs;
use execution::fact::Fact;
use store::alerts::AlertRow;

/// A drawdown beyond this is told, …
const DEEP_RATIO: f64 = 0.10;
/// … and again only after one below this.
const SHALLOW_RATIO: f64 = 0.08;

/// Remembers whether the drawdown was told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Depth {
    deep: bool,
}

impl Depth {
    /// Looks at the drawdown. True where it has just become deep.
    pub fn look(&mut self, drawdown_ratio: f64) -> bool {
        let was = self.deep;
        self.deep = drawdown_ratio > if was { SHALLOW_RATIO } else { DEEP_RATIO };
        self.deep && !was
    }
}

/// The row of an alert that follows from the ledger's entry `head_seq`.
pub fn row(head_seq: u64, alert: Alert) -> AlertRow {
    AlertRow { id: Id::of(RunSeed(0), head_seq, "alert", alert.kind.name()), alert }
}

/// The row of a drawdown that has just become deep.
pub fn deep(head_seq: u64, at: UtcMs, drawdown_ratio: f64) -> AlertRow {
    row(head_seq, Alert::drawdown(at, drawdown_ratio))
}

/// The row of an alert that follows from nothing in the ledger.
pub fn row_beside(alert: Alert) -> AlertRow {
    let at = u64::try_from(alert.at.ms()).unwrap_or_default();
    let subject = format!("{} {}", alert.kind, alert.subject);
    AlertRow { id: Id::of(RunSeed(1), at, "alert", &subject), alert }
}

/// What an intervention gives to tell. What a person did beside halting, that person knows.
pub fn of_intervention(at: UtcMs, intervention: &Intervention) -> Option<Alert> {
    match intervention {
        Intervention::Operator { command: OperatorCommand::Halt, .. }
        | Intervention::Halted { .. } => Some(Alert::halted(at, &intervention.to_string())),
        Intervention::Unprotected { instrument, why } => {
            Some(Alert::position_without_stop(at, *instrument, why))
        }
        Intervention::Operator { .. } | Intervention::TooLittle { .. } => None,
    }
}

/// What a change of the trading state by a limit gives to tell.
pub fn of_limit(at: UtcMs, changed: &StateChanged) -> Option<Alert> {
    match changed.to {
        TradingState::Active => None,
        TradingState::Reducing => Some(Alert::day_loss(at, changed.day_loss_ratio)),
        TradingState::Halted => {
            let drawdown = changed.drawdown_ratio * 100.0;
            Some(Alert::halted(at, &format!("the drawdown reached {drawdown:.2} %")))
        }
    }
}

/// What the venue's executor noticed and a person must be told.
pub fn of_fact(now: UtcMs, fact: &Fact) -> Option<Alert> {
    match fact {
        Fact::ForeignOrder { symbol, order_id, name } => {
            let name = name.as_deref().map_or(String::new(), |name| format!(", called {name}"));
            let order = format!("number {order_id} of {symbol}{name}");
            Some(Alert::foreign_order(now, symbol.parse().ok(), &order))
        }
        Fact::UnknownTooLong { name, since } => {
            let seconds = now.since(*since).div_euclid(1_000);
            let why = format!("the venue has proved neither in {seconds} s");
            Some(Alert::unknown_order(now, &name.to_string(), &why))
        }
        Fact::Unprotected { instrument, why, .. } => {
            Some(Alert::position_without_stop(now, *instrument, why))
        }
        Fact::BooksDiffer { subject, ours, venues } => {
            let what = format!("of {subject} the ledger has {ours}, the venue {venues}");
            Some(Alert::books_differ(now, subject.parse().ok(), &what))
        }
        Fact::UnknownInstrument { .. }
        | Fact::Resolved { .. }
        | Fact::Protected { .. }
        | Fact::Recovered { .. } => None,
    }
}

/// As a mail.
pub fn mail(mode: &str, row: &AlertRow) -> notify::mail::Mail {
    let Alert { kind, at, subject, text, .. } = &row.alert;
    let when = match at.ms() {
        0 => "before the first candle".to_owned(),
        _ => at.to_string(),
    };
    let grave = match kind {
        AlertKind::MailDown => "late",
        _ => match kind.severity() {
            AlertSeverity::Critical => "act now",
            AlertSeverity::Warning => "look today",
        },
    };
    notify::mail::Mail {
        id: format!("alert-{}", row.id),
        subject: format!("[sextant {mode}] {subject}"),
        text: format!("{text}\n\n{kind}, {grave}; market time {when}; sextant {mode}\n"),
        html: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deep_drawdown_is_told_once_until_it_has_healed() {
        let mut depth = Depth::default();
        let told: Vec<_> = [0.05, 0.10, 0.11, 0.12, 0.09, 0.11, 0.08, 0.09, 0.10, 0.101]
            .map(|r| depth.look(r))
            .into();
        let expected = [false, false, true, false, false, false, false, false, false, true];
        assert_eq!(told, expected);
    }

    #[test]
    fn a_mail_says_what_and_bears_the_alerts_own_name() {
        let at = UtcMs::new(1_704_067_200_000);
        let row = row(7, Alert::halted(at, "halt by ann"));
        let mail = mail("paper", &row);
        assert_eq!(mail.id, format!("alert-{}", row.id));
        assert_eq!(mail.subject, "[sextant paper] trading is halted: halt by ann");
        assert!(
            mail.text
                .ends_with("halted, act now; market time 2024-01-01T00:00:00Z; sextant paper\n")
        );
    }
}
