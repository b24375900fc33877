//! Killed at any moment, a run goes on as if nothing had been.

use std::time::Duration;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::harness::{PATIENCE, now};
use crate::market::Market;
use crate::site::{Site, Undisturbed, head};

/// Of each kind of store.
const KILLS: usize = 10;
const KILLS_PER_RUN: usize = 5;
/// The beginning, in which the store, the key and the first entry are made.
const BEGINNING: Duration = Duration::from_millis(300);

/// Kills runs until there were enough kills, and holds each that ends against the undisturbed one.
fn kill_and_go_on(seed: u64, mut site: impl FnMut() -> Site) {
    let undisturbed = Undisturbed::get();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut kills = 0;
    while kills < KILLS {
        let site = site();
        let market = Market::start(&site.folder, &[]);
        let mut left = KILLS_PER_RUN.min(KILLS - kills);
        let mut is_first = true;
        let ended = loop {
            let mut process = site.run(&market).start();
            let reach = if is_first { BEGINNING } else { undisturbed.took.mul_f64(0.7) };
            is_first = false;
            let moment = reach.mul_f64(rng.random());
            let started = now();
            while left > 0 && started.elapsed() < moment && process.is_running() {
                std::thread::sleep(Duration::from_millis(1));
            }
            if left == 0 || !process.is_running() {
                break process.end(PATIENCE);
            }
            process.kill();
            (left, kills) = (left - 1, kills + 1);
            println!("kill {kills} after {moment:?}, the market at {}", market.status()["now_ms"]);
        };
        let summary = ended.json();
        assert_eq!(summary["finished"], true);
        assert_eq!(head(&summary), undisturbed.head());
        for name in ["decisions", "denials", "fills", "orders", "signals", "final_equity"] {
            assert_eq!(summary[name], undisturbed.summary[name], "{name}");
        }
        site.folder.assert_deserted_but(&[market.id()]);
        assert_eq!(site.content("paper"), undisturbed.content);
        assert_eq!(site.verify().json()["holds"], true);
    }
}

#[test]
fn killed_at_random_moments_on_the_embedded_store() {
    kill_and_go_on(1, || Site::embedded("killed"));
}

#[test]
fn killed_at_random_moments_on_an_external_store() {
    kill_and_go_on(2, || Site::external("killed"));
}
