//! `verify`: whether the ledger is as it was written.

use std::process::ExitCode;

use serde_json::json;
use store::store::Store;
use store::verify::{Fault, Report};

use crate::config::settings::Settings;
use crate::ending::{Code, Outcome};
use crate::place::Place;
use crate::verbs::{output, reading};

/// Walks the chain and prints the first fault.
pub(crate) fn verify(settings: &Settings, json: bool) -> Outcome<ExitCode> {
    let (report, place, entry) = reading::read(settings, async |store, place| {
        let report = store.verify(&place.seals()?).await?;
        let entry = describe(store, &report).await;
        Ok((report, place.clone(), entry))
    })?;
    let message = report.fault.as_ref().map(|fault| format!("{fault}{entry}"));
    let advice = report.fault.as_ref().map(|fault| advice(fault, &place)).transpose()?;
    if json {
        output::print_json(&json!({
            "holds": report.fault.is_none(),
            "entries": report.entries,
            "head_hash": report.head.hash,
            "fault": report.fault,
            "message": message,
            "advice": advice,
        }))?;
    } else {
        let counted = match report.fault {
            None => "entries",
            Some(_) => "entries are good",
        };
        let mut text = format!("{} {counted}, head {}\n", report.entries, report.head.hash);
        text += &match (message, advice) {
            (Some(message), Some(advice)) => format!("the chain is broken: {message}\n{advice}\n"),
            _ if report.entries == 0 => "the ledger is empty\n".to_owned(),
            _ => "the chain holds\n".to_owned(),
        };
        output::print(&text)?;
    }
    Ok(match report.fault {
        None => ExitCode::SUCCESS,
        Some(_) => ExitCode::from(Code::Failed as u8),
    })
}

/// What the entry at the fault says that it is, if it can be read.
async fn describe(store: &Store, report: &Report) -> String {
    let seq = match report.fault {
        Some(Fault::Altered { seq } | Fault::Inserted { seq } | Fault::ForgedSeal { seq }) => seq,
        _ => return String::new(),
    };
    let seq = u64::try_from(seq).unwrap_or(0);
    match store.ledger_entries(seq, seq).await.as_deref() {
        Ok([entry]) => format!(" (a {} of {})", entry.kind, entry.at),
        _ => String::new(),
    }
}

/// What to do about it.
fn advice(fault: &Fault, place: &Place) -> Outcome<String> {
    let seals = place.seals()?;
    let restore = |file: std::path::PathBuf, why: &str| {
        format!("restore {} from a backup: {why}", file.display())
    };
    Ok(match fault {
        Fault::KeyMissing => {
            restore(seals.key_file(), "without the key nothing proves that the entries are ours")
        }
        Fault::HeadMissing | Fault::HeadAltered { .. } => {
            restore(seals.head_file(), "without it a tail that was cut off can't be told")
        }
        Fault::RowMissing { .. } | Fault::RowExtra { .. } => {
            "the ledger itself holds, what shows it does not: restore a backup of the database"
                .to_owned()
        }
        Fault::InputMissing { .. } | Fault::InputDoubled { .. } => {
            "the ledger itself holds, but it can't be replayed from these candles: restore a \
             backup of the database"
                .to_owned()
        }
        _ => "trade no further on this store: keep a copy to find out who changed it, and restore \
              a backup"
            .to_owned(),
    })
}
