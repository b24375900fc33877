//! Draws scenes to look at: `cargo run -p chart --example draw -- FOLDER`.

#[path = "../tests/it/scenes.rs"]
mod scenes;

use std::path::Path;

use domain::timeframe::Timeframe;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| ".".to_owned());
    let mut drawn = vec![("usual", scenes::usual())];
    let year = scenes::walk(Timeframe::M1, 525_600, 42_000.0, 3);
    let pairs = vec![scenes::pair("BTC/USDT", year, 24)];
    drawn.push(("year", scenes::around("A year of minutes", pairs)));
    if let Some(candles) = scenes::real("spot/1h/BTCUSDT-1h.csv.gz") {
        let pairs = vec![scenes::pair("BTC/USDT", candles, 300)];
        drawn.push(("real", scenes::around("All hours of BTC/USDT", pairs)));
    }
    if let Some(candles) = scenes::real("spot/5m/BTCUSDT-5m-20230316-20230501.csv.gz") {
        let pairs = vec![scenes::pair("BTC/USDT", candles, 400)];
        drawn.push(("weeks", scenes::around("Seven weeks", pairs)));
    }
    for (name, scene) in drawn {
        let path = Path::new(&folder).join(name);
        let (page, picture) = (chart::html(&scene), chart::png(&scene, 1600, 1200)?);
        println!("{name}: page {} bytes, picture {} bytes", page.len(), picture.len());
        std::fs::write(path.with_extension("html"), page)?;
        std::fs::write(path.with_extension("png"), picture)?;
    }
    Ok(())
}
