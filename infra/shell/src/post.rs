//! Sending that respects the mailbox's capacity.

use actix::dev::ToEnvelope;
use actix::{Actor, Addr, Handler, Message};

/// A message that an actor did not take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Its mailbox is full.
    #[error("the mailbox is full")]
    Full,
    /// It has stopped.
    #[error("the actor has stopped")]
    Stopped,
}

/// Puts a message into an actor's mailbox, or says why it can't: unlike actix' own `do_send`,
/// which ignores the capacity and loses the message where the actor has stopped.
pub fn post<A, M>(to: &Addr<A>, message: M) -> Result<(), Refused>
where
    A: Actor + Handler<M>,
    A::Context: ToEnvelope<A, M>,
    M: Message + Send + 'static,
    M::Result: Send,
{
    to.try_send(message).map_err(|error| match error {
        actix::prelude::SendError::Full(_) => Refused::Full,
        actix::prelude::SendError::Closed(_) => Refused::Stopped,
    })
}
