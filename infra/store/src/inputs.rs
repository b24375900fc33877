//! What the collector released, written and read back in order.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use domain::candle::Candle;
use domain::canonical;
use domain::event::{Event, Released, Sequenced};
use domain::instrument::InstrumentId;
use domain::time::UtcMs;
use domain::timeframe::Timeframe;
use futures_util::TryStreamExt;
use serde::Serialize;
use sqlx::postgres::{PgConnection, PgPool, PgPoolCopyExt};

use crate::copy::Fields;
use crate::error::StoreError;
use crate::rows::{self, from_bigint};
use crate::store::Store;

/// Numbers of one page. Large enough that asking for a page costs nothing beside reading it. A page
/// is a range and not a count, since a range is read from the index under any statistics.
const PAGE: u64 = 50_000;

#[derive(Serialize)]
struct Row {
    input_seq: u64,
    watermark: UtcMs,
    payload: String,
}

/// Writes all events that have no row among the candles: those of other kinds, and candles whose
/// `input_seq` is in `repeated`.
pub(crate) async fn write(
    connection: &mut PgConnection,
    released: &[Released],
    repeated: &BTreeSet<u64>,
) -> Result<(), StoreError> {
    let mut found = Vec::new();
    for release in released {
        for Sequenced { input_seq, event } in release.events.iter() {
            if matches!(event, Event::CandleClosed { .. }) && !repeated.contains(input_seq) {
                continue;
            }
            let payload = canonical::encode(event)
                .map_err(|error| StoreError::OutOfRange { what: error.to_string() })?;
            found.push(Row { input_seq: *input_seq, watermark: release.watermark, payload });
        }
    }
    let statement = "insert into inputs \
        select input_seq, utc_of(watermark), payload from json_to_recordset($1::json) \
        as r(input_seq bigint, watermark bigint, payload text) on conflict do nothing";
    rows::write(connection, statement, &found).await
}

/// The highest `input_seq` that is stored; 0 for none.
pub(crate) async fn last_seq(connection: &mut PgConnection) -> Result<u64, StoreError> {
    let last: i64 = sqlx::query_scalar(
        "select greatest((select coalesce(max(input_seq), 0) from candles), \
                         (select coalesce(max(input_seq), 0) from inputs))",
    )
    .fetch_one(connection)
    .await?;
    from_bigint(last, "input")
}

impl Store {
    /// What was released after `after_seq` and is stored by now, oldest first.
    ///
    /// # Errors
    /// Those of any read: [`StoreError::Lost`], [`StoreError::NotMigrated`].
    pub async fn inputs(&self, after_seq: u64) -> Result<Inputs, StoreError> {
        Ok(Inputs {
            pool: self.pool.clone(),
            after_seq,
            last_seq: self.last_input_seq().await?,
            open: Vec::new(),
            watermark: None,
            known: BTreeMap::new(),
        })
    }

    /// The highest `input_seq` that is stored; 0 for none.
    ///
    /// # Errors
    /// Those of any read: [`StoreError::Lost`], [`StoreError::NotMigrated`].
    pub async fn last_input_seq(&self) -> Result<u64, StoreError> {
        let mut connection = self.pool.acquire().await?;
        last_seq(&mut connection).await
    }
}

/// Reads page by page, so that years of candles need little memory.
#[derive(Debug)]
pub struct Inputs {
    pool: PgPool,
    after_seq: u64,
    last_seq: u64,
    /// Events of the last watermark, to which the next page may add.
    open: Vec<Sequenced>,
    watermark: Option<UtcMs>,
    known: BTreeMap<String, InstrumentId>,
}

impl Inputs {
    /// The next page: complete watermarks, in order. None at the end.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] for a row that is no event and for an `input_seq` that is there
    /// twice, and those of any read.
    pub async fn next(&mut self) -> Result<Option<Vec<Released>>, StoreError> {
        let mut page = Vec::new();
        while page.is_empty() && self.after_seq < self.last_seq {
            self.read(&mut page).await?;
        }
        if self.after_seq >= self.last_seq {
            self.close_watermark(&mut page);
        }
        Ok(Some(page).filter(|page| !page.is_empty()))
    }

    async fn read(&mut self, page: &mut Vec<Released>) -> Result<(), StoreError> {
        let end = self.last_seq.min(self.after_seq.saturating_add(PAGE));
        let range = format!("input_seq between {} and {end}", self.after_seq.saturating_add(1));
        let statement = format!(
            "copy (
                select input_seq, watermark, instrument, timeframe, open_time,
                       open, high, low, close, volume_base, null::text as payload
                from candles where {range}
                union all
                select input_seq, watermark, null, null, null,
                       null, null, null, null, null, payload
                from inputs where {range}
                order by input_seq
            ) to stdout (format binary)"
        );
        let pool = self.pool.clone();
        let mut stream = pool.copy_out_raw(&statement).await?;
        while let Some(message) = stream.try_next().await? {
            let Some(mut fields) = Fields::of_row(&message, 11)? else { continue };
            let input_seq = from_bigint(fields.bigint()?, "input")?;
            let watermark = fields.moment()?;
            if input_seq <= self.after_seq {
                return Err(StoreError::corrupt(format!("input {input_seq} is there twice")));
            }
            self.after_seq = input_seq;
            if self.watermark != Some(watermark) {
                self.close_watermark(page);
                self.watermark = Some(watermark);
            }
            let event = self.event(&mut fields)?;
            self.open.push(Sequenced { input_seq, event });
        }
        self.after_seq = end;
        Ok(())
    }

    fn close_watermark(&mut self, page: &mut Vec<Released>) {
        if let Some(watermark) = self.watermark.take() {
            let events = std::mem::take(&mut self.open).into();
            page.push(Released { watermark, events });
        }
    }

    fn event(&mut self, fields: &mut Fields<'_>) -> Result<Event, StoreError> {
        let at = self.after_seq;
        let unreadable = |error: &dyn std::fmt::Display| {
            StoreError::corrupt(format!("input {at} can't be read: {error}"))
        };
        let (instrument, timeframe) = (fields.text()?, fields.text()?);
        let (Some(instrument), Some(timeframe)) = (instrument, timeframe) else {
            for _ in 0..6 {
                fields.skip()?;
            }
            let payload = fields.text()?.unwrap_or_default();
            return canonical::decode(payload).map_err(|error| unreadable(&error));
        };
        let instrument = match self.known.get(instrument) {
            Some(known) => *known,
            None => {
                let id: InstrumentId = instrument.parse().map_err(|error| unreadable(&error))?;
                self.known.insert(instrument.to_owned(), id);
                id
            }
        };
        let timeframe: Timeframe = timeframe.parse().map_err(|error| unreadable(&error))?;
        let open_time = fields.moment()?;
        let ohlc = [fields.price()?, fields.price()?, fields.price()?, fields.price()?];
        let candle = Candle::new(timeframe, open_time, ohlc, fields.double()?)
            .map_err(|error| unreadable(&error))?;
        Ok(Event::CandleClosed { instrument, candle })
    }
}
