//! What the verbs that list have in common: which rows, in which form.

use chrono::{DateTime, NaiveDate, NaiveDateTime};
use domain::time::UtcMs;
use serde::Serialize;
use store::rows::Filter;

use crate::cli::Listing;
use crate::ending::{Code, Failure, Outcome};
use crate::verbs::output::{self, Column};

/// Rows of a table for people, where they don't say how many.
const SCREENFUL: u32 = 50;

/// How to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Table,
    Csv,
    Json,
}

/// Which rows to print, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    /// How.
    pub(crate) form: Form,
    /// Which, without a limit.
    pub(crate) filter: Filter,
    /// The latest so many.
    pub(crate) limit: Option<u32>,
}

impl Asked {
    /// From the flags.
    pub(crate) fn of(listing: &Listing, json: bool) -> Outcome<Self> {
        let wrong = |message: String| Failure::new(Code::Usage, message);
        let form = match (json, listing.csv) {
            (true, true) => return Err(wrong("--json and --csv exclude each other".to_owned())),
            (true, false) => Form::Json,
            (false, true) => Form::Csv,
            (false, false) => Form::Table,
        };
        let instrument = listing.pair.as_deref().map(str::parse).transpose();
        let moment = |flag: &str, text: &Option<String>| {
            let moment = text.as_deref().map(parse_moment).transpose();
            moment.map_err(|problem| wrong(format!("{flag}: {problem}")))
        };
        let filter = Filter {
            instrument: instrument.map_err(|error| wrong(format!("--pair: {error}")))?,
            from: moment("--from", &listing.from)?,
            to: moment("--to", &listing.to)?,
            limit: None,
        };
        if let (Some(from), Some(to)) = (filter.from, filter.to)
            && from >= to
        {
            return Err(wrong(format!("--from {from} is not before --to {to}")));
        }
        let limit = listing.limit.or((form == Form::Table).then_some(SCREENFUL));
        Ok(Self { form, filter, limit })
    }

    /// What to ask of the store: one more than is shown, to know whether there are more.
    pub(crate) fn of_store(&self) -> Filter {
        Filter { limit: self.limit.map(|limit| limit.saturating_add(1)), ..self.filter }
    }

    /// Prints the latest of `rows`, which are `things`; `moments` names the fields that are.
    pub(crate) fn print<R: Serialize>(
        &self,
        things: &str,
        columns: &[Column<R>],
        rows: &[R],
        moments: &[&str],
    ) -> Outcome<()> {
        let shown = self.latest(rows);
        match self.form {
            Form::Json => output::print(&output::array(shown, moments)?)?,
            Form::Csv => output::print(&output::csv(columns, shown))?,
            Form::Table if rows.is_empty() => {}
            Form::Table => output::print(&output::table(columns, shown))?,
        }
        if rows.is_empty() {
            let filtered = self.filter != Filter::default();
            let hint = if filtered { " with these filters" } else { " yet" };
            output::tell(&format!("there are no {things}{hint}\n"));
        } else if self.form == Form::Table && shown.len() < rows.len() {
            let latest = shown.len();
            output::tell(&format!(
                "these are the latest {latest}; --limit N shows more, --csv all\n"
            ));
        }
        Ok(())
    }

    fn latest<'a, R>(&self, rows: &'a [R]) -> &'a [R] {
        let limit = self.limit.and_then(|limit| usize::try_from(limit).ok());
        let cut = limit.map_or(0, |limit| rows.len().saturating_sub(limit));
        &rows[cut..]
    }
}

/// A moment as people write it: a day, a day and a time, or milliseconds since 1970. Without an
/// offset it is UTC.
fn parse_moment(text: &str) -> Result<UtcMs, String> {
    let text = text.trim();
    let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if is_number && (12..=14).contains(&text.len()) {
        return text.parse().map(UtcMs::new).map_err(|_| format!("'{text}' is too large"));
    }
    let midnight = |day: NaiveDate| Some(day.and_hms_opt(0, 0, 0)?.and_utc());
    let day = ["%Y-%m-%d", "%Y%m%d"].iter().find_map(|form| {
        NaiveDate::parse_from_str(text, form).ok().filter(|_| !is_number || text.len() == 8)
    });
    let time = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"];
    let bare = text.trim_end_matches('Z');
    let naive = || time.iter().find_map(|form| NaiveDateTime::parse_from_str(bare, form).ok());
    let moment = day
        .and_then(midnight)
        .or_else(|| DateTime::parse_from_rfc3339(text).ok().map(|moment| moment.to_utc()))
        .or_else(|| naive().map(|moment| moment.and_utc()));
    moment.map(|moment| UtcMs::new(moment.timestamp_millis())).ok_or_else(|| {
        format!("'{text}' is no moment: write 2024-01-31, 2024-01-31T12:00:00Z or milliseconds")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing() -> Listing {
        Listing { pair: None, from: None, to: None, limit: None, csv: false }
    }

    #[test]
    fn moments_are_read_in_the_forms_that_people_write() {
        let midnight = 1_706_659_200_000;
        for text in [
            "2024-01-31",
            "20240131",
            "2024-01-31T00:00",
            "2024-01-31 00:00:00",
            "2024-01-31T00:00:00Z",
            "2024-01-31T00:00Z",
            "2024-01-31T01:00:00+01:00",
            "1706659200000",
        ] {
            assert_eq!(parse_moment(text), Ok(UtcMs::new(midnight)), "{text}");
        }
        for text in ["", "yesterday", "2024-13-01", "1706659200", "2024-02-30", "12:00", "-5"] {
            assert!(parse_moment(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_table_shows_a_screenful_and_programs_get_all() {
        assert_eq!(Asked::of(&listing(), false).unwrap().limit, Some(SCREENFUL));
        assert_eq!(Asked::of(&listing(), true).unwrap().limit, None);
        let limited = Listing { limit: Some(2), csv: true, ..listing() };
        let asked = Asked::of(&limited, false).unwrap();
        assert_eq!((asked.limit, asked.of_store().limit), (Some(2), Some(3)));
        assert_eq!(asked.latest(&[1, 2, 3]), [2, 3]);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let time = |text: &str| Some(text.to_owned());
        for wrong in [
            Listing { pair: time("BTC?"), ..listing() },
            Listing { from: time("2024-02-01"), to: time("2024-01-01"), ..listing() },
            Listing { to: time("soon"), ..listing() },
        ] {
            assert_eq!(Asked::of(&wrong, false).unwrap_err().code, Code::Usage);
        }
        assert!(Asked::of(&Listing { csv: true, ..listing() }, true).is_err());
    }
}
