//! What became of a decision: its orders and its trade, in sentences.

use decision::kernel::Verdict;
use decision::record::{DecisionRecord, OrderRecord, OrderStep};
use domain::fill::Fill;
use domain::intent::Action;
use domain::money::Price;
use domain::order::{OrderEvent, OrderKind, OrderState, Role};
use domain::time::UtcMs;

use crate::verbs::output::{moment, span, two};
use crate::verbs::story::Sequel;

/// Tells it.
pub(crate) fn tell(record: &DecisionRecord, sequel: &Sequel) -> Vec<String> {
    match record.verdict {
        Verdict::Hold | Verdict::Denied(_) => return vec!["Nothing was sent.".to_owned()],
        Verdict::Approved(_) => {}
    }
    let mut lines = orders(&sequel.steps);
    let entered = sequel.steps.iter().any(|(_, step)| {
        step.order.ticket.client_order_id.role() == Role::Entry && !step.order.filled.is_zero()
    });
    match &sequel.trade {
        Some(trade) => lines.push(format!(
            "{} closed at {} UTC after {} by {}: {} {} {}, fees {} included.",
            if record.intent.action == Action::Buy { "The trade was" } else { "The position was" },
            moment(trade.exit_time),
            span(trade.exit_time.since(trade.entry_time)),
            trade.exit_reason,
            if trade.pnl_quote.is_negative() { "a loss of" } else { "a profit of" },
            two(trade.pnl_quote).trim_start_matches('-'),
            trade.instrument.quote(),
            two(trade.fees_quote),
        )),
        None if entered => lines.push("The position is still open.".to_owned()),
        None if lines.is_empty() => lines.push("Its order is not in the ledger yet.".to_owned()),
        None => {}
    }
    lines
}

/// Transitions as people tell them: what happened to one order at one moment is one line, and so
/// are a trailing stop's many moves.
fn orders(steps: &[(UtcMs, OrderRecord)]) -> Vec<String> {
    let mut lines: Vec<Line> = Vec::new();
    for (at, step) in steps {
        let role = step.order.ticket.client_order_id.role();
        let last = lines.iter_mut().rfind(|line| line.role == role);
        match (happened(step), last) {
            (Told::Nothing, _) => {}
            (Told::Moved(to), Some(Line { moves: Some(moves), .. })) => {
                moves.count += 1;
                (moves.to, moves.until) = (to, *at);
            }
            (Told::Moved(to), _) => {
                let moves = Some(Moves { count: 1, from: to, to, until: *at });
                lines.push(Line { at: *at, role, words: Vec::new(), moves });
            }
            (Told::Words(words), Some(line)) if line.at == *at && line.moves.is_none() => {
                line.words.push(words);
            }
            (Told::Words(words), _) => {
                lines.push(Line { at: *at, role, words: vec![words], moves: None });
            }
        }
    }
    lines.iter().map(Line::text).collect()
}

struct Line {
    at: UtcMs,
    role: Role,
    words: Vec<String>,
    moves: Option<Moves>,
}

struct Moves {
    count: u32,
    from: Price,
    to: Price,
    until: UtcMs,
}

enum Told {
    Nothing,
    Moved(Price),
    Words(String),
}

fn happened(step: &OrderRecord) -> Told {
    let ticket = &step.order.ticket;
    let event = match &step.step {
        OrderStep::Intended { .. } => {
            let how = match ticket.kind {
                OrderKind::Market => "at the market".to_owned(),
                OrderKind::Limit { price } => format!("at {price} or better"),
                OrderKind::Stop { trigger } => format!("once the price reaches {trigger}"),
                OrderKind::Target { price } => format!("at {price}"),
            };
            return Told::Words(format!("{} {} {how}", ticket.side, ticket.quantity));
        }
        // The venue's answer is told.
        OrderStep::MoveIntended { .. } | OrderStep::CancelIntended => return Told::Nothing,
        OrderStep::Reported(event) => event,
    };
    Told::Words(match event {
        OrderEvent::Submitted | OrderEvent::CancelRequested => return Told::Nothing,
        OrderEvent::Moved { trigger } => return Told::Moved(*trigger),
        OrderEvent::Filled(fill) => filled(fill, step.order.state),
        OrderEvent::Rejected { reason } => format!("rejected: {reason}"),
        OrderEvent::OutcomeUnknown => "the answer was lost".to_owned(),
        OrderEvent::ProvenAbsent => "never reached the venue".to_owned(),
        OrderEvent::Accepted | OrderEvent::Cancelled | OrderEvent::Expired => {
            event.name().to_owned()
        }
    })
}

fn filled(fill: &Fill, state: OrderState) -> String {
    let partly = if state == OrderState::Filled { "" } else { "partly " };
    format!(
        "{partly}filled {} at {} (fee {} {})",
        fill.quantity, fill.price, fill.fee, fill.fee_asset
    )
}

impl Line {
    fn text(&self) -> String {
        let role = match self.role {
            Role::Entry => "entry",
            Role::Stop => "stop",
            Role::Target => "target",
            Role::Exit => "exit",
            Role::Liquidation => "liquidation",
        };
        let told = match &self.moves {
            None => self.words.join(", "),
            Some(Moves { count: 1, to, .. }) => format!("moved to {to}"),
            Some(Moves { count, from, to, until }) => {
                format!("moved {count} times until {}, from {from} to {to}", moment(*until))
            }
        };
        format!("{}  {role:<6}  {told}", moment(self.at))
    }
}

#[cfg(test)]
mod tests {
    use domain::ids::{Id, RunSeed};
    use domain::order::{ClientOrderId, Order, Side, Ticket};

    use super::*;

    fn step(step: OrderStep) -> OrderRecord {
        let id = Id::of(RunSeed(1), 1, "decision", "BTC/USDT");
        let ticket = Ticket {
            client_order_id: ClientOrderId::new(id, Role::Stop),
            instrument: "BTC/USDT".parse().unwrap(),
            side: Side::Sell,
            kind: OrderKind::Stop { trigger: "90".parse().unwrap() },
            quantity: "2".parse().unwrap(),
        };
        OrderRecord { step, order: Order::intended(ticket) }
    }

    #[test]
    fn moves_are_told_together_and_what_happens_at_once_is_one_line() {
        let moved = |to: &str| {
            step(OrderStep::Reported(OrderEvent::Moved { trigger: to.parse().unwrap() }))
        };
        let at = |minute: i64| UtcMs::new(minute * 60_000);
        let steps = [
            (at(0), step(OrderStep::Intended { protection: None })),
            (at(0), step(OrderStep::Reported(OrderEvent::Submitted))),
            (at(0), step(OrderStep::Reported(OrderEvent::Accepted))),
            (at(5), moved("91")),
            (at(6), moved("92.5")),
            (at(9), step(OrderStep::Reported(OrderEvent::Cancelled))),
        ];
        assert_eq!(
            orders(&steps),
            [
                "1970-01-01 00:00  stop    sell 2 once the price reaches 90, accepted",
                "1970-01-01 00:05  stop    moved 2 times until 1970-01-01 00:06, from 91 to 92.5",
                "1970-01-01 00:09  stop    cancelled",
            ]
        );
    }
}
