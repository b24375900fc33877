//! A person's word reaches the core, stands until it is lifted, and stays in the ledger: what a run
//! heard from outside is read back, at the simulated venue and at a real one.

use backtest::floor::Floor;
use backtest::input::Input;
use decision::core::Core;
use decision::kernel::Verdict;
use decision::outbox::Outbox;
use decision::record::{AgentConfigs, ConfigurationRecord, Record};
use decision::snapshot::TradingState;
use domain::agent::Effects;
use domain::event::Released;
use domain::gateway::Command;
use domain::instrument::InstrumentId;
use domain::intervention::{Intervention, OperatorCommand};
use domain::ledger::{Entry, Head};
use domain::order::{OrderReport, Role};
use domain::time::UtcMs;
use domain::timeframe::Timeframe;
use exchange::sim::terms::Terms;
use exchange::sim::venue::SimVenue;
use proptest::prelude::*;

use crate::parts::{self, policy};
use crate::world::{Nature, World};

fn configuration(mode: &str) -> ConfigurationRecord {
    let policy = policy();
    ConfigurationRecord {
        seed: 7,
        mode: mode.to_owned(),
        began_at: UtcMs::default(),
        capital_quote: parts::CAPITAL.parse().unwrap(),
        quote: "USDT".parse().unwrap(),
        instruments: Vec::new(),
        timeframes: vec![Timeframe::M15, Timeframe::H1],
        policy_hash: policy.hash(),
        policy,
        agents: AgentConfigs {
            technical: technical::config::Config::for_timeframe(Timeframe::H1),
            risk: risk::config::Config::new(Timeframe::H1, 0.25),
        },
    }
}

/// A floor with the ledger that it writes.
struct Run {
    configuration: ConfigurationRecord,
    floor: Floor,
    head: Head,
    entries: Vec<Entry>,
    records: Vec<Record>,
    unsent: Vec<Command>,
}

impl Run {
    fn begin(mode: &str) -> Self {
        let configuration = configuration(mode);
        let floor = match configuration.is_live() {
            true => Floor::live(parts::core(policy(), Timeframe::M15)),
            false => parts::floor(policy(), Timeframe::M15),
        };
        let (head, entries, records, unsent) = (Head::GENESIS, Vec::new(), Vec::new(), Vec::new());
        Self { configuration, floor, head, entries, records, unsent }
    }

    fn core(&self) -> &Core {
        self.floor.core()
    }

    fn note(&mut self, out: &mut Outbox) {
        for dated in out.records.drain(..) {
            self.entries.extend(dated.chained(&mut self.head).unwrap());
            self.records.push(dated.record);
        }
    }

    fn send(&mut self, out: &mut Outbox) {
        let commands = std::mem::take(&mut out.commands);
        let unsent = self.floor.execute(commands, out).unwrap();
        self.unsent.extend(unsent);
        self.note(out);
    }

    fn step(&mut self, released: &Released, effects: &Effects) {
        let mut out = Outbox::default();
        self.floor.open(released.view(), &mut out).unwrap();
        self.floor.decide(released.view(), &effects.answers, &mut out).unwrap();
        self.send(&mut out);
    }

    fn intervene(&mut self, intervention: &Intervention) {
        let mut out = Outbox::default();
        self.floor.intervene(intervention, &mut out).unwrap();
        self.send(&mut out);
    }

    fn report(&mut self, report: &OrderReport) {
        let mut out = Outbox::default();
        self.floor.report(report, &mut out).unwrap();
        self.note(&mut out);
    }

    /// Lives through the same watermarks, and hears what these entries say came from outside.
    fn again(&self, turns: &[(Released, Effects)]) -> Self {
        let mut again = Self::begin(&self.configuration.mode);
        again.hear(&self.entries);
        for (released, effects) in turns {
            again.step(released, effects);
            again.hear(&self.entries);
        }
        again
    }

    fn hear(&mut self, stored: &[Entry]) {
        while let Some(next) = stored.get(self.entries.len())
            && next.input_seq == self.core().input_seq()
            && let Some(input) = Input::of(next, &self.configuration).unwrap()
        {
            match input {
                Input::Report(report) => self.report(&report),
                Input::Intervention(intervention) => self.intervene(&intervention),
                Input::Funding(payment) => {
                    let mut out = Outbox::default();
                    self.floor.fund(&payment, &mut out).unwrap();
                    self.note(&mut out);
                }
            }
        }
    }
}

fn operator(command: OperatorCommand) -> Intervention {
    Intervention::Operator { command, by: "anna".to_owned() }
}

fn wild() -> Nature {
    Nature { sigma: 0.004, drift: 0.0, jumps: 0.01, breaks: 0.004 }
}

fn some(world: &mut World, held: &[InstrumentId]) -> Intervention {
    let one = held.first().copied();
    let command = match (world.unit() * 9.0) as u32 {
        0 => OperatorCommand::Pause,
        1 => OperatorCommand::Reduce,
        2 => OperatorCommand::Halt,
        3 => OperatorCommand::Close { instrument: one },
        4 => OperatorCommand::Close { instrument: None },
        5 => match one {
            Some(instrument) => {
                return Intervention::Unprotected { instrument, why: "refused".to_owned() };
            }
            None => OperatorCommand::Resume,
        },
        6 if world.unit() < 0.2 => {
            return Intervention::Halted { why: "balances differ by 0.001 BTC".to_owned() };
        }
        _ => OperatorCommand::Resume,
    };
    operator(command)
}

fn planned(run: &Run) -> Vec<InstrumentId> {
    run.core().book().plans().keys().copied().collect()
}

/// Whether entries were asked for since the last call.
fn opens(run: &mut Run) -> bool {
    let opened = run.records.iter().any(|record| {
        matches!(record, Record::Order(order)
            if order.order.ticket.client_order_id.role() == Role::Entry
                && matches!(order.step, decision::record::OrderStep::Intended { .. }))
    });
    run.records.clear();
    opened
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn what_a_person_said_comes_out_again(seed: u64, odds in 0.0..0.2f64) {
        let mut world = World::new(seed, wild());
        let mut run = Run::begin("paper");
        let mut turns = Vec::new();
        for _ in 0..250 {
            while world.unit() < odds {
                let word = some(&mut world, &planned(&run));
                run.intervene(&word);
                let suspended = run.core().account().suspension().is_some();
                prop_assert!(!suspended || run.core().account().state() != TradingState::Active);
            }
            let suspended = run.core().account().suspension().is_some();
            opens(&mut run);
            let (released, effects) = world.turn();
            run.step(&released, &effects);
            prop_assert!(!(suspended && opens(&mut run)), "an entry while suspended");
            turns.push((released, effects));
        }
        let again = run.again(&turns);
        prop_assert!(again.entries == run.entries);
        prop_assert!(debug(&again) == debug(&run), "another state came out");
    }

    #[test]
    fn what_a_venue_said_comes_out_again(seed: u64, odds in 0.0..0.1f64) {
        let mut world = World::new(seed, wild());
        let mut run = Run::begin("live");
        let costs = policy().costs;
        let terms = Terms::new(costs.maker_fee_ratio, costs.taker_fee_ratio, costs.slippage_bps);
        let mut venue = SimVenue::new(terms, Timeframe::M15);
        let mut turns = Vec::new();
        for _ in 0..250 {
            let (released, effects) = world.turn();
            // The venue is ahead of the candles that tell of it.
            for sequenced in released.events.iter() {
                for report in venue.on_event(&sequenced.event).unwrap() {
                    run.report(&report);
                }
            }
            run.step(&released, &effects);
            if world.unit() < odds {
                let word = some(&mut world, &planned(&run));
                run.intervene(&word);
            }
            for command in std::mem::take(&mut run.unsent) {
                for report in venue.execute(&command, run.core().now()).unwrap() {
                    run.report(&report);
                }
            }
            turns.push((released, effects));
        }
        let again = run.again(&turns);
        prop_assert!(again.entries == run.entries);
        prop_assert!(debug(&again) == debug(&run), "another state came out");
        for (id, position) in run.core().account().portfolio.positions() {
            prop_assert_eq!(position.net_base().unwrap(), venue.held_base(*id));
        }
    }
}

/// A run with something open.
fn with_positions() -> (World, Run) {
    for seed in 0.. {
        let mut world = World::new(seed, Nature { jumps: 0.0, breaks: 0.0, ..wild() });
        let mut run = Run::begin("paper");
        for _ in 0..200 {
            let (released, effects) = world.turn();
            run.step(&released, &effects);
            if run.core().account().portfolio.positions().len() >= 2 {
                return (world, run);
            }
        }
    }
    unreachable!("seeds never end")
}

#[test]
fn a_close_closes_all_and_leaves_the_state_alone() {
    let (mut world, mut run) = with_positions();
    run.records.clear();
    run.intervene(&operator(OperatorCommand::Close { instrument: None }));
    let open = run.core().account().portfolio.positions().len();
    for _ in 0..2 {
        let (released, _) = world.turn();
        run.step(&released, &Effects::new());
    }
    assert!(run.core().account().portfolio.positions().is_empty());
    let trades = run.records.iter().filter_map(|record| match record {
        Record::Trade(trade) => Some(trade.exit_reason.name()),
        _ => None,
    });
    let trades: Vec<_> = trades.collect();
    assert!(trades.len() >= open && trades.contains(&"force_exit"), "{trades:?}");
    assert_eq!(run.core().account().state(), TradingState::Active);
}

#[test]
fn what_has_no_stop_is_closed_as_an_emergency_and_nothing_else_is() {
    let (mut world, mut run) = with_positions();
    let instrument = planned(&run)[0];
    run.records.clear();
    run.intervene(&Intervention::Unprotected { instrument, why: "would trigger at once".into() });
    let (released, _) = world.turn();
    run.step(&released, &Effects::new());
    let reasons: Vec<_> = run
        .records
        .iter()
        .filter_map(|record| match record {
            Record::Trade(trade) if trade.instrument == instrument => {
                Some(trade.exit_reason.name())
            }
            _ => None,
        })
        .collect();
    assert_eq!(reasons, ["emergency_exit"]);
    assert!(!run.core().account().portfolio.positions().is_empty());
}

#[test]
fn a_suspension_outlives_days_and_names_who_asked_for_it() {
    let mut world = World::new(3, Nature { sigma: 0.001, drift: 0.0, jumps: 0.0, breaks: 0.0 });
    let mut run = Run::begin("paper");
    run.intervene(&operator(OperatorCommand::Pause));
    run.intervene(&operator(OperatorCommand::Halt));
    // A weaker word does not loosen it.
    run.intervene(&operator(OperatorCommand::Pause));
    assert_eq!(run.core().account().state(), TradingState::Halted);
    for _ in 0..300 {
        let (released, effects) = world.turn();
        run.step(&released, &effects);
    }
    let denials: Vec<_> = run
        .records
        .iter()
        .filter_map(|record| match record {
            Record::Decision(decision) => match &decision.verdict {
                Verdict::Denied(denial) => Some(denial.to_string()),
                _ => None,
            },
            _ => None,
        })
        .collect();
    assert!(denials.len() > 10);
    let named = |text: &String| text.contains("halted since") && text.contains("halt by anna");
    assert!(denials.iter().all(named), "{:?}", denials.first());
    run.intervene(&operator(OperatorCommand::Resume));
    assert_eq!(run.core().account().state(), TradingState::Active);
    opens(&mut run);
    for _ in 0..100 {
        let (released, effects) = world.turn();
        run.step(&released, &effects);
    }
    assert!(opens(&mut run), "nothing was opened after it was lifted");
}

#[test]
fn a_halt_by_drawdown_is_lifted_with_a_new_peak() {
    let (mut world, mut run) = with_positions();
    // A world that only falls.
    world.fall(0.05);
    for _ in 0..2_000 {
        let (released, effects) = world.turn();
        run.step(&released, &effects);
        if run.core().account().state() == TradingState::Halted {
            break;
        }
    }
    assert_eq!(run.core().account().state(), TradingState::Halted);
    run.intervene(&operator(OperatorCommand::Resume));
    let account = run.core().account();
    assert_ne!(account.state(), TradingState::Halted);
    assert_eq!((account.peak_equity(), account.drawdown_ratio()), (account.equity(), 0.0));
    let (released, effects) = world.turn();
    run.step(&released, &effects);
    assert_ne!(run.core().account().state(), TradingState::Halted);
}

/// The core in words: agents may say what is no number, which is never equal to itself.
fn debug(run: &Run) -> String {
    format!("{:?}", run.core())
}
