//! The engine as the program puts it together.

use backtest::engine::Engine;
use backtest::floor::Floor;
use decision::account::Account;
use decision::core::Core;
use decision::policy::Policy;
use decision::profile::Profile;
use domain::agent::Agent;
use domain::ids::RunSeed;
use domain::portfolio::Portfolio;
use domain::timeframe::Timeframe;
use exchange::sim::terms::Terms;
use exchange::sim::venue::SimVenue;
use risk::agent::Risk;
use technical::agent::Technical;

pub(crate) const CAPITAL: &str = "10000";

pub(crate) fn policy() -> Policy {
    Policy::of(Profile::named("swing-spot").unwrap())
}

pub(crate) fn core(policy: Policy, base: Timeframe) -> Core {
    let cash = Portfolio::new("USDT".parse().unwrap(), CAPITAL.parse().unwrap());
    Core::new(RunSeed(7), policy, base, Account::new(cash))
}

pub(crate) fn floor(policy: Policy, base: Timeframe) -> Floor {
    let costs = policy.costs;
    let core = core(policy, base);
    let terms = Terms::new(costs.maker_fee_ratio, costs.taker_fee_ratio, costs.slippage_bps);
    Floor::new(core, SimVenue::new(terms, base))
}

pub(crate) fn engine(base: Timeframe) -> Engine {
    let policy = policy();
    let timeframe = policy.profile.decision_timeframe;
    let halt = policy.profile.halt_drawdown();
    let agents: Vec<Box<dyn Agent>> = vec![
        Box::new(Technical::new(technical::config::Config::for_timeframe(timeframe))),
        Box::new(Risk::new(risk::config::Config::new(timeframe, halt))),
    ];
    Engine::new(agents, floor(policy, base))
}
