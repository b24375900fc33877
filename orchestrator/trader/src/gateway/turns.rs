//! The same task where what happens must be one sequence: somebody moves the market by hand and
//! gives leave, turn by turn, to do all that follows. Requests are performed one after the other,
//! and nothing goes on before the core has heard what there is to hear.

use std::collections::VecDeque;

use domain::instrument::InstrumentId;
use domain::time::UtcMs;
use exchange::binance::catch_up::CatchUp;
use exchange::binance::user_stream::message::UserMessage;
use execution::ask::Request;
use execution::memory::Memory;
use tokio::sync::mpsc::error::TryRecvError;
use tokio::sync::{mpsc, oneshot, watch};

use super::pump::{Pump, Word};

/// What a task that works in turns hears.
pub struct Ears {
    /// The session and its core.
    pub words: mpsc::UnboundedReceiver<Word>,
    /// The account.
    pub messages: mpsc::Receiver<UserMessage>,
    /// Has the account's stream bring what there is.
    pub catch_up: CatchUp,
    /// How many parcels of news the core has booked.
    pub booked: watch::Receiver<u64>,
}

/// Nobody is there any more.
struct Gone;

/// Leave to do what follows.
struct Leave {
    at: UtcMs,
    over: oneshot::Sender<Vec<InstrumentId>>,
    /// What was said before.
    said: Vec<Word>,
}

/// A task that works in turns.
pub struct Turns {
    pump: Pump,
    ears: Ears,
    requests: VecDeque<Request>,
}

impl Turns {
    /// Has a pump work in turns.
    pub fn new(pump: Pump, ears: Ears) -> Self {
        Self { pump, ears, requests: VecDeque::new() }
    }

    /// Works until nobody can send it anything any more, or nobody hears it.
    pub async fn run(mut self, memory: Memory) {
        let mut memory = Some(memory);
        while let Ok(Leave { at, over, said }) = self.wait().await {
            let now = self.pump.time.hear(at);
            if let Some(memory) = memory.take() {
                self.pump.executor.resume(&memory, now, &mut self.pump.out);
            }
            for word in said {
                self.pump.hear_word(word, now);
            }
            if self.turn().await.is_err() {
                return;
            }
            self.pump.answer_the_waiting();
            // Whoever gave leave may be gone.
            let _ = over.send(self.pump.executor.closing().collect());
        }
    }

    async fn wait(&mut self) -> Result<Leave, Gone> {
        let mut said = Vec::new();
        loop {
            match self.ears.words.recv().await.ok_or(Gone)? {
                Word::Turn { at, over } => return Ok(Leave { at, over, said }),
                // Between turns nothing is under way.
                Word::WhenQuiet(tell) => {
                    let _ = tell.send(());
                }
                word => said.push(word),
            }
        }
    }

    /// Does all that follows, until neither the core nor the venue has anything to say.
    async fn turn(&mut self) -> Result<(), Gone> {
        let now = self.pump.time.latest();
        self.pump.executor.on_tick(now, &mut self.pump.out);
        self.converse().await?;
        let mut is_deaf = false;
        loop {
            let mut is_over = self.requests.is_empty();
            // A stream that can't be had now is tried again in the next turn.
            if !is_deaf {
                self.ears.catch_up.ask();
                loop {
                    let message = self.ears.messages.recv().await.ok_or(Gone)?;
                    match message {
                        UserMessage::CaughtUp => break,
                        UserMessage::Disconnected { .. } => is_deaf = true,
                        UserMessage::Connected => is_deaf = false,
                        _ => {}
                    }
                    is_over = false;
                    self.pump.hear_message(message, now);
                    self.converse().await?;
                }
            }
            while let Some(Request { id, ask, opens }) = self.requests.pop_front() {
                let performed = self.pump.asked(ask, opens).await;
                self.pump.hear_answer(id, performed, now);
                self.converse().await?;
            }
            if is_over {
                tracing::trace!(executor = ?self.pump.executor, "the turn is over");
                return Ok(());
            }
        }
    }

    /// Has the core book what there is for it, and hears what it says to that.
    async fn converse(&mut self) -> Result<(), Gone> {
        loop {
            if self.pump.tell().ok_or(Gone)? {
                let told = self.pump.told;
                self.ears.booked.wait_for(|booked| *booked >= told).await.map_err(|_| Gone)?;
            }
            self.requests.extend(self.pump.out.requests.drain(..));
            match self.ears.words.try_recv() {
                Ok(word) => self.pump.hear_word(word, self.pump.time.latest()),
                Err(TryRecvError::Empty) => return Ok(()),
                Err(TryRecvError::Disconnected) => return Err(Gone),
            }
        }
    }
}
