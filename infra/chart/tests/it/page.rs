//! The page as text: well-formed, closed to the world, bounded.

use chart::scene::{Pair, Scene};
use domain::timeframe::Timeframe;

use crate::scenes;

/// What a page would be to an XML parser: scripts and styles are text of their own.
fn parsed(page: &str) -> String {
    let mut plain = String::new();
    let mut rest = page;
    while let Some(open) = ["<script", "<style"].iter().filter_map(|t| rest.find(t)).min() {
        let head = open + rest[open..].find('>').unwrap() + 1;
        plain.push_str(&rest[..head]);
        let close = ["</script>", "</style>"].iter().filter_map(|t| rest[head..].find(t)).min();
        rest = &rest[head + close.unwrap()..];
    }
    plain.push_str(rest);
    let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
    let document = roxmltree::Document::parse_with_options(&plain, options);
    let document = document.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(document.root_element().tag_name().name(), "html");
    plain
}

/// The data that the script reads.
fn data(page: &str) -> serde_json::Value {
    let from = page.split(r#"<script type="application/json" id="data">"#).nth(1).unwrap();
    serde_json::from_str(from.split("</script>").next().unwrap()).unwrap()
}

#[test]
fn the_page_is_well_formed_names_its_parts_and_reaches_for_nothing() {
    let page = chart::html(&scenes::usual());
    parsed(&page);
    for address in ["http:", "https:", "//", "url(", "@import", "src="] {
        let named = page.match_indices(address).map(|(i, _)| &page[i.saturating_sub(20)..i + 30]);
        // The script's own comments begin with two slashes, and it clips by a name of its own.
        let foreign: Vec<_> = named
            .filter(|text| {
                (address != "//" || text.contains("://")) && !text.contains("url(#clip)")
            })
            .collect();
        assert!(foreign.is_empty(), "{address}: {foreign:?}");
    }
    for part in
        ["default-src 'none'", "role=\"img\"", "aria-label=\"Equity from 10,000.00", "<h2>Trades"]
    {
        assert!(page.contains(part), "{part}");
    }
    assert_eq!(data(&page)["pairs"].as_array().unwrap().len(), 3);
}

#[test]
fn text_from_outside_stays_text() {
    let evil = r#"</script><script>alert(1)</script><img src=x onerror='alert(2)'>"&"#.to_owned()
        + "\u{0}\u{2028}";
    let mut scene = scenes::around(
        &evil,
        vec![scenes::pair(&evil, scenes::walk(Timeframe::H1, 900, 10.0, 1), 90)],
    );
    scene.subtitle.clone_from(&evil);
    scene.quote.clone_from(&evil);
    scene.metrics = (0..9).map(|_| (evil.clone(), evil.clone())).collect();
    scene.notes.push(evil.clone());
    scene.pairs[0].trades[0].reason.clone_from(&evil);
    scene.pairs.push(Pair { name: evil.clone(), ..Pair::default() });
    let page = chart::html(&scene);
    let plain = parsed(&page);
    assert!(!plain.contains("<img") && !page.contains("<script>alert"));
    assert_eq!(page.matches("</script>").count(), 2);
    assert_eq!(data(&page)["pairs"][0]["name"], evil.as_str());
}

#[test]
fn a_year_of_minutes_makes_a_page_below_three_megabytes_and_says_what_it_left_out() {
    let year = scenes::walk(Timeframe::M1, 525_600, 42_000.0, 3);
    let scene = scenes::around("year", vec![scenes::pair("BTC/USDT", year, 20)]);
    let page = chart::html(&scene);
    assert!(page.len() < 2_500_000, "{} bytes", page.len());
    assert!(page.contains("BTC/USDT 525,600 × 1m as 17,520 × 30m."));
    assert!(
        page.contains("Shown are the 10,000 trades with the largest profit or loss, of 26,279.")
    );
    // The highest worth and the lowest are there, to the cent.
    let numbers = data(&page)["equity"].clone();
    let numbers: Vec<i64> = serde_json::from_value(numbers).unwrap();
    let mut at = 0;
    let cents: Vec<i64> = numbers[1..]
        .chunks(2)
        .map(|p| {
            at += p[1];
            at
        })
        .collect();
    let all: Vec<_> = scene.equity.iter().map(|(_, v)| (v * 100.0).round() as i64).collect();
    assert_eq!(cents.iter().min(), all.iter().min());
    assert_eq!((cents.iter().max(), cents.last()), (all.iter().max(), all.last()));
}

#[test]
fn the_data_gives_back_every_candle() {
    let candles = scenes::walk(Timeframe::H1, 500, 0.002, 4);
    let mut given: Vec<_> = candles.clone();
    given.drain(100..140);
    let scene =
        Scene { pairs: vec![scenes::pair("DOGE/USDT", given.clone(), 60)], ..Scene::default() };
    let pair = data(&chart::html(&scene))["pairs"][0].clone();
    let unit = 10i64.pow(pair["unit"].as_u64().unwrap() as u32);
    let list = |name: &str| -> Vec<i64> { serde_json::from_value(pair[name].clone()).unwrap() };
    let opens = list("opens");
    let mut times = vec![opens[0]];
    for run in opens[1..].chunks(2) {
        (0..run[1]).for_each(|_| times.push(times.last().unwrap() + run[0]));
    }
    assert_eq!(times, given.iter().map(|c| c.open_time.ms() / 1000).collect::<Vec<_>>());
    let mut close = 0;
    for (numbers, candle) in list("prices").chunks(4).zip(&given) {
        let open = close + numbers[0];
        close = open + numbers[1];
        let prices = [open, open.max(close) + numbers[2], open.min(close) - numbers[3], close];
        let wanted = [candle.open, candle.high, candle.low, candle.close].map(|p| p.raw());
        assert_eq!(prices.map(|p| p * unit), wanted);
    }
}

#[test]
fn the_same_scene_gives_the_same_bytes_and_an_empty_one_a_page() {
    assert_eq!(chart::html(&scenes::usual()), chart::html(&scenes::usual()));
    let page = chart::html(&Scene::default());
    parsed(&page);
    assert!(page.contains("No equity was recorded."));
    let mut odd = scenes::usual();
    odd.equity[5].1 = f64::NAN;
    odd.hold.iter_mut().for_each(|p| p.1 = f64::INFINITY);
    odd.pairs[0].trades[0].profit_quote = f64::NAN;
    let page = chart::html(&odd);
    parsed(&page);
    data(&page);
    assert!(!page.contains("NaN\"") && !page.contains("LNaN"));
}

#[test]
fn real_outages_are_drawn() {
    let Some(candles) = scenes::real("spot/1h/BTCUSDT-1h.csv.gz") else { return };
    let scene = scenes::around("real", vec![scenes::pair("BTC/USDT", candles, 300)]);
    let page = chart::html(&scene);
    parsed(&page);
    assert!(page.contains("BTC/USDT 68,868 × 1h as 17,2") && page.len() < 1_500_000);
}
