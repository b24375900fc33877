//! The configuration as a whole, by tables of inputs and what they lead to.

mod layers;
mod live;
mod mail;
mod profile;
mod refused;
mod secrets;
mod store;
mod template;

use std::path::PathBuf;

use super::load::{Loaded, load};
use super::sources::Sources;

/// Nothing but a home.
fn nothing() -> Sources {
    let environment = [("HOME".to_owned(), "/home/ann".to_owned())].into();
    Sources { environment, ..Sources::default() }
}

fn with_toml(text: &str) -> Sources {
    Sources { toml: Some((PathBuf::from("sextant.toml"), text.to_owned())), ..nothing() }
}

fn with_dotenv(text: &str) -> Sources {
    Sources { dotenv: Some((PathBuf::from(".env"), text.to_owned())), ..nothing() }
}

fn with_environment(variables: &[(&str, &str)]) -> Sources {
    let mut sources = nothing();
    for (name, value) in variables {
        sources.environment.insert((*name).to_owned(), (*value).to_owned());
    }
    sources
}

fn loaded(sources: &Sources) -> Loaded {
    load(sources).unwrap_or_else(|errors| panic!("{errors}"))
}

fn errors(sources: &Sources) -> Vec<String> {
    load(sources)
        .map(|_| Vec::new())
        .unwrap_or_else(|e| e.0.iter().map(|e| e.to_string()).collect())
}

fn warnings(sources: &Sources) -> Vec<String> {
    loaded(sources).warnings.iter().map(ToString::to_string).collect()
}
