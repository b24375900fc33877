//! The page: one file, no network, readable without its script.

use crate::data;
use crate::number::{date, number, percent};
use crate::panes;
use crate::plot::Plot;
use crate::scene::Scene;
use crate::shape::Frame;
use crate::svg;
use crate::table;

const STYLE: &str = include_str!("page/page.css");
const SCRIPT: [&str; 3] =
    [include_str!("page/series.js"), include_str!("page/draw.js"), include_str!("page/page.js")];
/// Width and height of the picture that is there without the script.
const SIZE: [f64; 2] = [1200.0, 720.0];

/// The whole page, well-formed as XML too. Text from the scene is escaped; what is too much for a
/// page is drawn coarser, and the page says so.
pub fn html(scene: &Scene) -> String {
    let plot = Plot::new(scene);
    let (title, subtitle) = (escape(&scene.title), escape(&scene.subtitle));
    let (tiles, rest) = scene.metrics.split_at(scene.metrics.len().min(6));
    let shown = plot.shown();
    let option = |(i, name): (usize, &str)| {
        let selected = if i == shown { r#" selected="selected""# } else { "" };
        format!(r#"<option value="{i}"{selected}>{}</option>"#, escape(name))
    };
    let names = plot.pairs.iter().map(|p| p.pair.name.as_str()).enumerate();
    let options: String = names.map(option).collect();
    let select = if plot.pairs.len() > 1 {
        format!(r#"<label>Pair <select id="pair">{options}</select></label>"#)
    } else {
        String::new()
    };
    let held = match plot.hold.is_empty() {
        true => "",
        false => {
            r#"<label><input type="checkbox" id="held" checked="checked"/> Buy and hold</label>"#
        }
    };
    let (summary, picture) = (escape(&summary(&plot)), picture(&plot));
    let sections = [
        section("Monthly returns", &table::months(&plot)),
        section("Trades", &table::trades(&plot)),
        section("More figures", &table::figures(rest, "figures")),
        section("Notes", &table::notes(&plot)),
    ];
    let (tiles, sections) = (table::figures(tiles, "tiles"), sections.concat());
    let (data, script) = (data::json(&plot), SCRIPT.concat());
    format!(
        r##"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta name="color-scheme" content="light dark"/>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"/>
<link rel="icon" href="data:,"/>
<title>{title}</title>
<style>
{STYLE}</style>
</head>
<body>
<header>
<h1>{title}</h1>
<p>{subtitle}</p>
</header>
<main>
{tiles}
<section aria-labelledby="chart-name">
<div class="head"><h2 id="chart-name">Equity, drawdown and trades</h2>
<div class="tools" id="tools" hidden="hidden">{held}{select}
<span class="buttons"><button type="button" id="out" aria-label="Zoom out">−</button><button type="button" id="in" aria-label="Zoom in">+</button><button type="button" id="all">All</button></span></div></div>
<figure>
<div class="scroll" id="chart"><svg id="svg" viewBox="0 0 {width} {height}" role="img" aria-label="{summary}">
{picture}</svg></div>
<div id="tip" hidden="hidden"></div>
<p class="hidden" id="said" aria-live="polite"></p>
<figcaption><span class="key gain">▲▼ entry and exit, profit</span> <span class="key loss">▲▼ entry and exit, loss</span> <span class="key"><span class="hole">▮</span> no candles</span> <span id="help" hidden="hidden"><span class="mouse">Drag to move; double-click or Ctrl and wheel to zoom; keys: arrows, + − 0.</span><span class="touch">Drag to move, pinch to zoom, tap for values.</span></span></figcaption>
</figure>
</section>
{sections}</main>
<script type="application/json" id="data">{data}</script>
<script>
{script}</script>
</body>
</html>
"##,
        width = SIZE[0],
        height = SIZE[1],
    )
}

fn picture(plot: &Plot<'_>) -> String {
    let [width, height] = SIZE;
    let frame = Frame { left: 1.0, top: 20.0, width: width - 76.0, height: height - 48.0 };
    svg::elements(&panes::draw(plot, plot.first_shown(), frame, 12.0))
}

/// What there is to see, for those who don't.
fn summary(plot: &Plot<'_>) -> String {
    let (Some(first), Some(last)) = (plot.equity.first(), plot.equity.last()) else {
        return "No equity was recorded.".to_owned();
    };
    let decimals = plot.money_decimals();
    let lowest = plot.fall.iter().map(|p| p.1).fold(0.0, f64::min);
    format!(
        "Equity from {} to {} {} between {} and {}; deepest drawdown {}; {} trades.",
        number(first.1, decimals),
        number(last.1, decimals),
        plot.scene.quote,
        date(first.0),
        date(last.0),
        percent(lowest, 1, false),
        plot.trades[0],
    )
}

/// A section, unless it would be empty.
fn section(name: &str, content: &str) -> String {
    if content.is_empty() {
        return String::new();
    }
    format!("<section>\n<h2>{name}</h2>\n{content}</section>\n")
}

/// Text that may stand in an element or an attribute. Control characters, which may not, are
/// replaced.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(' '),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
