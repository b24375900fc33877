//! How verbs get at a run's store, whether it runs or not.

use domain::ids::Id;
use store::decisions::DecisionRow;
use store::embedded::Embedded;
use store::store::Store;

use crate::config::settings::Settings;
use crate::ending::{Code, Failure, Outcome};
use crate::place::{self, Place};

/// Lets `work` read the store of the run that was begun last. Makes none where there is none.
pub(crate) fn read<T>(
    settings: &Settings,
    work: impl AsyncFnOnce(&Store, &Place) -> Outcome<T>,
) -> Outcome<T> {
    let place = Place::of(settings, &place::current(&settings.data_dir));
    if place.url.is_none() && !Embedded::exists(&place.folder) {
        let message = format!(
            "nothing has run yet in {}: start with `sextant demo` or `sextant run`, or name \
             another folder with --data-dir",
            settings.data_dir.display()
        );
        return Err(Failure::new(Code::Store, message));
    }
    tracing::debug!("reading {place}");
    actix::System::new().block_on(async {
        let open = place.open_to_read().await?;
        let done = work(&open.store, &place).await.map_err(|failure| match failure.code {
            Code::Store => failure.context(place.clone()),
            _ => failure,
        });
        let closed = open.close().await;
        let done = done?;
        closed?;
        Ok(done)
    })
}

/// Candidates that are named where a prefix is not enough.
const NAMED: u32 = 5;

/// The one decision whose id begins with `prefix`.
pub(crate) async fn decision(store: &Store, prefix: &str) -> Outcome<DecisionRow> {
    let prefix = prefix.trim().to_ascii_lowercase();
    let is_prefix = (1..=24).contains(&prefix.len())
        && prefix.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    if !is_prefix {
        let message = format!(
            "'{}' is no decision's id: ids are 24 hexadecimal digits, of which the first few do; \
             `sextant decisions` lists them",
            prefix.chars().take(40).collect::<String>()
        );
        return Err(Failure::new(Code::Usage, message));
    }
    let found = store.decisions_beginning(&prefix, NAMED + 1).await?;
    pick(&prefix, found, |row| row.id)
}

fn pick<R>(prefix: &str, mut found: Vec<R>, id: impl Fn(&R) -> Id) -> Outcome<R> {
    match (found.pop(), found.len()) {
        (Some(only), 0) => Ok(only),
        (None, _) => {
            let message =
                format!("no decision's id begins with '{prefix}'; `sextant decisions` lists them");
            Err(Failure::new(Code::Usage, message))
        }
        (Some(last), others) => {
            found.push(last);
            let ids: Vec<_> = found.iter().take(5).map(|row| id(row).to_string()).collect();
            let more = if others >= ids.len() { ", …" } else { "" };
            let message =
                format!("several decisions' ids begin with '{prefix}': {}{more}", ids.join(", "));
            Err(Failure::new(Code::Usage, message))
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::ids::RunSeed;

    use super::*;

    #[test]
    fn a_prefix_must_name_one() {
        let ids: Vec<_> = (0..7).map(|n| Id::of(RunSeed(1), n, "decision", "A")).collect();
        assert_eq!(pick("a", vec![ids[0]], |id| *id).unwrap(), ids[0]);
        let none = pick("a", Vec::<Id>::new(), |id| *id).unwrap_err();
        assert!(none.to_string().starts_with("no decision's id begins with 'a'"));
        let two = pick("a", ids[..2].to_vec(), |id| *id).unwrap_err().to_string();
        assert!(two.ends_with(&format!("{}, {}", ids[0], ids[1])), "{two}");
        let many = pick("a", ids[..6].to_vec(), |id| *id).unwrap_err().to_string();
        assert!(many.ends_with(", …") && !many.contains(&ids[5].to_string()), "{many}");
    }
}
