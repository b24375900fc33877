//! Text for whoever reads: results on stdout, words beside them on stderr.

use std::io::{self, Write as _};

use crate::ending::Outcome;

/// Prints a result. A reader who has seen enough (`| head`) is no failure.
pub(crate) fn print(text: &str) -> Outcome<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Tells people something beside the result. Nobody there to be told is no failure.
pub(crate) fn tell(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}
