//! All of it in one thread: agents, floor, records.

use decision::book::CoreError;
use decision::core::Outbox;
use decision::record::Dated;
use domain::agent::{Agent, Effects, hear};
use domain::event::Released;

use crate::floor::Floor;

/// The agents and the floor.
pub struct Engine {
    agents: Vec<Box<dyn Agent>>,
    floor: Floor,
}

impl Engine {
    /// Puts agents, in the order of their ids, around a floor.
    pub fn new(mut agents: Vec<Box<dyn Agent>>, floor: Floor) -> Self {
        agents.sort_by_key(|agent| agent.id());
        Self { agents, floor }
    }

    /// The floor.
    pub const fn floor(&self) -> &Floor {
        &self.floor
    }

    /// Takes it apart again, to go on elsewhere.
    pub fn into_parts(self) -> (Vec<Box<dyn Agent>>, Floor) {
        (self.agents, self.floor)
    }

    /// Lives through a watermark. Gives back its records in order.
    pub fn step(&mut self, released: &Released) -> Result<Vec<Dated>, CoreError> {
        let mut out = Outbox::default();
        self.floor.open(released, &mut out)?;
        let mut effects = Effects::new();
        for agent in &mut self.agents {
            hear(agent.as_mut(), self.floor.account(), released, &mut effects);
        }
        self.floor.decide(released, effects, &mut out)?;
        let commands = std::mem::take(&mut out.commands);
        self.floor.execute(&commands, &mut out)?;
        Ok(out.records)
    }
}
