//! What the venue asks of orders beside the domain's filters. An exit at market that breaks one of
//! these is refused like any other order, so they are known before.

use domain::money::{Overflow, Price, Quantity};
use domain::order::Side;
use rust_decimal::Decimal;

use super::error::VenueError;
use super::listing::number;
use super::wire::Filter;

/// The rules of one instrument; none is no rule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderRules {
    /// The smallest, the largest and the step of a market order's quantity; a step of nought is
    /// none of its own.
    pub market_quantity: Option<(Quantity, Quantity, Quantity)>,
    /// How many orders may be open.
    pub max_orders: Option<u32>,
    /// How many of them may wait for a price.
    pub max_conditional_orders: Option<u32>,
    /// A purchase's limit divided by the mean or the mark price: least and most.
    pub buy_price_ratio: Option<(Decimal, Decimal)>,
    /// The same of a sale.
    pub sell_price_ratio: Option<(Decimal, Decimal)>,
}

impl OrderRules {
    pub(crate) fn read(filters: &[Filter]) -> Result<Self, VenueError> {
        let mut rules = Self::default();
        let range = |down: &Option<String>, up: &Option<String>| match (down, up) {
            (Some(down), Some(up)) => Ok(Some((number(down)?, number(up)?))),
            _ => Ok::<_, VenueError>(None),
        };
        for filter in filters {
            match filter {
                Filter::MarketLotSize {
                    min_qty: Some(min),
                    max_qty: Some(max),
                    step_size: Some(step),
                } => {
                    rules.market_quantity = Some((number(min)?, number(max)?, number(step)?));
                }
                Filter::MaxNumOrders { max_num_orders, limit } => {
                    rules.max_orders = max_num_orders.or(*limit);
                }
                Filter::MaxNumAlgoOrders { max_num_algo_orders, limit } => {
                    rules.max_conditional_orders = max_num_algo_orders.or(*limit);
                }
                Filter::PercentPrice { multiplier_up, multiplier_down } => {
                    rules.buy_price_ratio = range(multiplier_down, multiplier_up)?;
                    rules.sell_price_ratio = rules.buy_price_ratio;
                }
                Filter::PercentPriceBySide {
                    bid_multiplier_up,
                    bid_multiplier_down,
                    ask_multiplier_up,
                    ask_multiplier_down,
                } => {
                    rules.buy_price_ratio = range(bid_multiplier_down, bid_multiplier_up)?;
                    rules.sell_price_ratio = range(ask_multiplier_down, ask_multiplier_up)?;
                }
                _ => {}
            }
        }
        Ok(rules)
    }

    /// The largest part of `quantity` that one market order may have; more than one is needed where
    /// it is less than all.
    pub fn market_part(&self, quantity: Quantity) -> Quantity {
        match self.market_quantity {
            Some((_, max, step)) => quantity.min(max).floor_to(step),
            None => quantity,
        }
    }

    /// Whether the venue takes this limit while the mean or the mark price is `reference`.
    pub fn takes_price(
        &self,
        side: Side,
        price: Price,
        reference: Price,
    ) -> Result<bool, Overflow> {
        let ratio = match side {
            Side::Buy => self.buy_price_ratio,
            Side::Sell => self.sell_price_ratio,
        };
        let Some((least, most)) = ratio else { return Ok(true) };
        let bound = |ratio: Decimal| reference.to_decimal().checked_mul(ratio).ok_or(Overflow);
        Ok((bound(least)?..=bound(most)?).contains(&price.to_decimal()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_of_both_markets_are_read() {
        let read = |text: &str| {
            let filters: Vec<Filter> = serde_json::from_str(text).unwrap();
            OrderRules::read(&filters)
        };
        let futures = read(
            r#"[{"filterType":"MARKET_LOT_SIZE","minQty":"0.001","maxQty":"120","stepSize":"0.001"},
                {"filterType":"MAX_NUM_ORDERS","limit":200},
                {"filterType":"MAX_NUM_ALGO_ORDERS","limit":10},
                {"filterType":"PERCENT_PRICE","multiplierUp":"1.0500","multiplierDown":"0.9500"}]"#,
        )
        .unwrap();
        assert_eq!((futures.max_orders, futures.max_conditional_orders), (Some(200), Some(10)));
        let quantity = |text: &str| text.parse::<Quantity>().unwrap();
        assert_eq!(futures.market_part(quantity("500")), quantity("120"));
        assert_eq!(futures.market_part(quantity("1.0005")), quantity("1"));
        let price = |text: &str| text.parse::<Price>().unwrap();
        let takes = |p| futures.takes_price(Side::Sell, price(p), price("100"));
        assert_eq!([takes("95"), takes("105.00000001")], [Ok(true), Ok(false)]);
        let spot = read(
            r#"[{"filterType":"PERCENT_PRICE_BY_SIDE","bidMultiplierUp":"5","bidMultiplierDown":"0.2",
                "askMultiplierUp":"4","askMultiplierDown":"0.5","avgPriceMins":5},
                {"filterType":"MAX_NUM_ORDERS","maxNumOrders":25},{"filterType":"ICEBERG_PARTS"}]"#,
        )
        .unwrap();
        assert_eq!(spot.max_orders, Some(25));
        assert_eq!(spot.takes_price(Side::Buy, price("4.5"), price("1")), Ok(true));
        assert_eq!(spot.takes_price(Side::Sell, price("4.5"), price("1")), Ok(false));
        assert!(
            read(r#"[{"filterType":"PERCENT_PRICE","multiplierUp":"x","multiplierDown":"1"}]"#)
                .is_err()
        );
    }
}
