//! An account's books as a test reads them.

use super::account::{Account, Venue};
use super::order::side_word;
use crate::snapshot::{
    BookedBalance, BookedIncome, BookedOrder, BookedPosition, BookedTrade, MarketBooks,
};

impl Account {
    /// A wallet is what it has free and what positions and orders bind of it.
    pub(crate) fn snapshot(&self, venue: Venue<'_>) -> MarketBooks {
        let balances = self.wallets.keys().map(|asset| {
            let sums = self.sums(asset, venue);
            let locked = sums.positions + sums.orders;
            (asset.clone(), BookedBalance { free: sums.wallet - locked, locked })
        });
        let orders = self.orders.values().map(|order| BookedOrder {
            id: order.id,
            client_order_id: order.name.clone(),
            list: None,
            symbol: order.symbol.clone(),
            side: side_word(order.ticket.side).to_owned(),
            kind: order.ticket.kind.word().to_owned(),
            status: order.status.word().to_owned(),
            quantity: order.ticket.quantity,
            price: order.ticket.price,
            stop: order.stop,
            filled: order.filled,
            filled_quote: order.filled_quote,
            reduces_only: order.ticket.reduces(),
            created_ms: order.created.ms(),
            updated_ms: order.updated.ms(),
        });
        let conditional = self.algos.values().map(|algo| {
            let became = algo.order_id.and_then(|id| self.orders.get(&id));
            let ticket = algo.ticket.order;
            BookedOrder {
                id: algo.id,
                client_order_id: algo.name.clone(),
                list: None,
                symbol: algo.symbol.clone(),
                side: side_word(ticket.side).to_owned(),
                kind: algo.ticket.kind.word().to_owned(),
                status: algo.status.word().to_owned(),
                quantity: ticket.quantity,
                price: ticket.price,
                stop: algo.ticket.trigger,
                filled: became.map(|order| order.filled).unwrap_or_default(),
                filled_quote: became.map(|order| order.filled_quote).unwrap_or_default(),
                reduces_only: ticket.reduces(),
                created_ms: algo.created.ms(),
                updated_ms: algo.updated.ms(),
            }
        });
        let name = |id: u64| self.orders.get(&id).map(|order| order.name.clone());
        let trades = self.trades.iter().map(|trade| BookedTrade {
            id: trade.id,
            order_id: trade.order_id,
            client_order_id: name(trade.order_id).unwrap_or_default(),
            symbol: trade.symbol.clone(),
            side: side_word(trade.side).to_owned(),
            price: trade.price,
            quantity: trade.quantity,
            quote: trade.quote,
            fee: trade.fee,
            fee_asset: trade.fee_asset.clone(),
            is_maker: trade.is_maker,
            time_ms: trade.time.ms(),
        });
        let held = self.positions.iter().filter(|(_, position)| !position.amount.is_zero());
        let positions = held.map(|((symbol, side), position)| BookedPosition {
            symbol: symbol.clone(),
            side: side.word().to_owned(),
            quantity: position.amount,
            entry_price: position.entry(),
            cost: position.cost,
        });
        let incomes = self.incomes.iter().map(|income| BookedIncome {
            id: income.id,
            kind: income.kind.to_owned(),
            symbol: income.symbol.clone(),
            asset: income.asset.clone(),
            amount: income.amount,
            time_ms: income.time.ms(),
        });
        MarketBooks {
            balances: balances.collect(),
            orders: orders.collect(),
            conditional: conditional.collect(),
            trades: trades.collect(),
            positions: positions.collect(),
            incomes: incomes.collect(),
        }
    }
}
