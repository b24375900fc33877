//! Candles: copied in, counted.

use domain::event::Event;
use domain::event::Released;
use domain::timeframe::Timeframe;
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgConnection;

use crate::copy::Rows;
use crate::error::StoreError;
use crate::rows::{parse, to_bigint};
use crate::store::Store;

/// How many candles are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CandleCount {
    /// Of this timeframe.
    pub timeframe: Timeframe,
    /// So many.
    pub candles: u64,
}

const FIELDS: i16 = 10;
/// Bytes of a row, about.
const ROW: usize = 180;

/// The candles among what was released, in COPY's form.
pub(crate) fn encode(released: &[Released]) -> Result<Vec<u8>, StoreError> {
    let events: usize = released.iter().map(|release| release.events.len()).sum();
    let mut rows = Rows::with_capacity(events, ROW);
    for release in released {
        for sequenced in release.events.iter() {
            let Event::CandleClosed { instrument, candle } = &sequenced.event else { continue };
            rows.begin_row(FIELDS);
            rows.text(instrument.as_str());
            rows.text(candle.timeframe.name());
            rows.moment(candle.open_time)?;
            for price in [candle.open, candle.high, candle.low, candle.close] {
                rows.price(price);
            }
            rows.double(candle.volume_base);
            rows.bigint(to_bigint(sequenced.input_seq, "input")?);
            rows.moment(release.watermark)?;
        }
    }
    Ok(rows.finish())
}

/// Writes candles that are all new. Fails where one is there already.
pub(crate) async fn copy_new(
    connection: &mut PgConnection,
    encoded: &[u8],
) -> Result<(), StoreError> {
    let mut copy = connection.copy_in_raw("copy candles from stdin (format binary)").await?;
    copy.send(encoded).await?;
    copy.finish().await?;
    Ok(())
}

/// Writes candles of which some are there already; `first_seq` and `last_seq` enclose them. Gives
/// the `input_seq`s of those whose candle is there under another one.
pub(crate) async fn copy_missing(
    connection: &mut PgConnection,
    encoded: &[u8],
    [first_seq, last_seq]: [i64; 2],
) -> Result<Vec<i64>, StoreError> {
    let make = "create temporary table if not exists incoming_candles (like candles) \
                on commit delete rows";
    sqlx::query(make).execute(&mut *connection).await?;
    let statement = "copy incoming_candles from stdin (format binary)";
    let mut copy = connection.copy_in_raw(statement).await?;
    copy.send(encoded).await?;
    copy.finish().await?;
    // What is there under its own number is left out by one look at a short range; asking the
    // primary key for each row costs ten times as much.
    let insert = "insert into candles select i.* from incoming_candles i \
        left join (select input_seq as known from candles where input_seq between $1 and $2) c \
            on c.known = i.input_seq \
        where c.known is null order by i.input_seq \
        on conflict do nothing";
    let bounds = sqlx::query(insert).bind(first_seq).bind(last_seq);
    bounds.execute(&mut *connection).await?;
    let others = "select input_seq from incoming_candles \
        except select input_seq from candles where input_seq between $1 and $2";
    let others = sqlx::query_scalar(others).bind(first_seq).bind(last_seq);
    Ok(others.fetch_all(connection).await?)
}

impl Store {
    /// How many candles there are, by timeframe from fine to coarse.
    ///
    /// # Errors
    /// Those of any read: [`StoreError::Lost`], [`StoreError::NotMigrated`].
    pub async fn candle_counts(&self) -> Result<Vec<CandleCount>, StoreError> {
        let rows: Vec<String> = sqlx::query_scalar(
            "select to_json(r)::text from \
             (select timeframe, count(*) as candles from candles group by 1) r",
        )
        .fetch_all(&self.pool)
        .await?;
        let counts: Result<Vec<CandleCount>, _> = rows.iter().map(|row| parse(row)).collect();
        let mut counts = counts?;
        counts.sort_by_key(|count| count.timeframe);
        Ok(counts)
    }
}
