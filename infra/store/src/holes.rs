//! Where the venue has no candles, and candles that it changed later.

use domain::candle::Candle;
use domain::instrument::InstrumentId;
use domain::money::Price;
use domain::time::UtcMs;
use domain::timeframe::Timeframe;
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgConnection;

use crate::error::StoreError;
use crate::rows::{self, Filter};
use crate::store::Store;

/// A stretch of candles that the venue itself doesn't have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoleRow {
    /// Of what.
    pub instrument: InstrumentId,
    /// Of which timeframe.
    pub timeframe: Timeframe,
    /// Open of the first candle that is missing.
    pub from_time: UtcMs,
    /// Open of the first candle after the hole.
    pub until_time: UtcMs,
    /// How many are missing.
    pub missing: u64,
}

/// A candle as the venue has it now, after another form of it, or its absence, was released.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CorrectionRow {
    /// Of what.
    pub instrument: InstrumentId,
    /// The candle as it is now.
    pub candle: Candle,
    /// The watermark at which it was noticed.
    pub noticed_at: UtcMs,
}

/// A correction with its candle spread out, as the table has it.
#[derive(Serialize, Deserialize)]
struct Flat {
    instrument: InstrumentId,
    timeframe: Timeframe,
    open_time: UtcMs,
    open: Price,
    high: Price,
    low: Price,
    close: Price,
    volume_base: f64,
    noticed_at: UtcMs,
}

/// A hole that is found to be longer grows.
pub(crate) async fn write_holes(
    connection: &mut PgConnection,
    found: &[HoleRow],
) -> Result<(), StoreError> {
    let statement = "insert into candle_holes \
        select instrument, timeframe, utc_of(from_time), max(utc_of(until_time)), max(missing) \
        from json_to_recordset($1::json) as r(instrument text, timeframe text, \
            from_time bigint, until_time bigint, missing bigint) \
        group by 1, 2, 3 \
        on conflict (instrument, timeframe, from_time) do update set \
            until_time = excluded.until_time, missing = excluded.missing \
        where excluded.missing > candle_holes.missing";
    rows::write(connection, statement, found).await
}

pub(crate) async fn write_corrections(
    connection: &mut PgConnection,
    found: &[CorrectionRow],
) -> Result<(), StoreError> {
    let flat: Vec<Flat> = found
        .iter()
        .map(|CorrectionRow { instrument, candle, noticed_at }| Flat {
            instrument: *instrument,
            timeframe: candle.timeframe,
            open_time: candle.open_time,
            open: candle.open,
            high: candle.high,
            low: candle.low,
            close: candle.close,
            volume_base: candle.volume_base,
            noticed_at: *noticed_at,
        })
        .collect();
    let statement = "insert into candle_corrections \
        select instrument, timeframe, utc_of(open_time), open, high, low, close, volume_base, \
            utc_of(noticed_at) \
        from json_to_recordset($1::json) as r(instrument text, timeframe text, \
            open_time bigint, open numeric, high numeric, low numeric, close numeric, \
            volume_base double precision, noticed_at bigint) \
        on conflict do nothing";
    rows::write(connection, statement, &flat).await
}

impl Store {
    /// The holes, by where they begin.
    ///
    /// # Errors
    /// Those of any read: [`StoreError::Lost`], [`StoreError::NotMigrated`].
    pub async fn holes(&self, filter: &Filter) -> Result<Vec<HoleRow>, StoreError> {
        let columns = "instrument, timeframe, ms_of(from_time) as from_time, \
                       ms_of(until_time) as until_time, missing";
        let order = ("t.from_time", "(t.instrument, t.timeframe)");
        self.list((columns, "candle_holes"), order, filter).await
    }

    /// The corrections, by when they were noticed.
    ///
    /// # Errors
    /// Those of any read, and [`StoreError::Corrupt`] for a row that is no candle.
    pub async fn corrections(&self, filter: &Filter) -> Result<Vec<CorrectionRow>, StoreError> {
        let columns = "instrument, timeframe, ms_of(open_time) as open_time, open::text as open, \
                       high::text as high, low::text as low, close::text as close, volume_base, \
                       ms_of(noticed_at) as noticed_at";
        let order = ("t.noticed_at", "(t.instrument, t.timeframe, t.open_time)");
        let found: Vec<Flat> = self.list((columns, "candle_corrections"), order, filter).await?;
        let candles = found.into_iter().map(|row| {
            let ohlc = [row.open, row.high, row.low, row.close];
            let candle = Candle::new(row.timeframe, row.open_time, ohlc, row.volume_base)
                .map_err(|error| StoreError::corrupt(format!("a correction: {error}")))?;
            let Flat { instrument, noticed_at, .. } = row;
            Ok(CorrectionRow { instrument, candle, noticed_at })
        });
        candles.collect()
    }
}
