//! `plot`: a page and a picture of a run, written whole, or nothing.

use std::fs;

use crate::site::Site;

/// Two months of hours that rise and fall, with a day missing. Volumes tell the smallest quantity.
fn candles() -> String {
    let mut text = "open_time_ms,open,high,low,close,volume\n".to_owned();
    let price = |hour: i64| 20_000.0 + 1_500.0 * (hour as f64 / 37.0).sin() + hour as f64;
    for hour in (0..1440).filter(|hour| !(700..724).contains(hour)) {
        let (open, close) = (price(hour), price(hour + 1));
        let (high, low) = (open.max(close) + 5.0, open.min(close) - 5.0);
        let at = 1_672_531_200_000 + hour * 3_600_000;
        text += &format!("{at},{open:.2},{high:.2},{low:.2},{close:.2},10.00001\n");
    }
    text
}

#[test]
fn a_run_becomes_a_page_and_a_picture() {
    let site = Site::embedded("plots");
    let file = site.folder.write("candles/BTCUSDT-1h.csv", &candles());
    let (page, picture) = (site.folder.path().join("run.html"), site.folder.path().join("run.png"));
    fs::write(&page, "what was there").unwrap();
    let [candles, out, png] = [&file, &page, &picture].map(|path| path.to_str().unwrap());
    let flags = ["plot", "--strategy", "ema-cross", "--candles", candles];
    let files = ["--out", out, "--png", png];
    let ended = site.verb(&[&flags[..], &files].concat()).end();
    assert_eq!((ended.code, ended.out), (Some(0), format!("{out}\n{png}\n")));
    let drawn = fs::read_to_string(&page).unwrap();
    for part in ["<h1>Backtest: ema-cross</h1>", "BTC/USDT at each 1h", "24 candles are missing"] {
        assert!(drawn.contains(part), "{part}");
    }
    let first = fs::read(&picture).unwrap();
    assert!(first.starts_with(b"\x89PNG"));

    let json = site.verb(&[&flags[..], &files, &["--json"]].concat()).end().json();
    assert_eq!((&json["page"], &json["picture"]), (&out.into(), &png.into()));
    assert_eq!(fs::read_to_string(&page).unwrap(), drawn);
    assert_eq!(fs::read(&picture).unwrap(), first);

    let refused = site.verb(&[&flags[..], &["--out", out, "--png", out]].concat()).end();
    refused.assert_refused(2, &["same file"]);
    let missing = site.folder.path().join("none/run.html");
    let nowhere = ["--out", missing.to_str().unwrap(), "--png", png];
    site.verb(&[&flags[..], &nowhere].concat()).end().assert_refused(1, &["can't write", "none"]);
    site.folder.assert_deserted();
}
