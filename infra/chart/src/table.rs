//! The page's tables: figures, months, trades, notes.

use std::fmt::Write;

use crate::html::escape;
use crate::ink::Ink;
use crate::months::NAMES;
use crate::number::{minute, number, percent, price, span};
use crate::plot::Plot;

/// Trades that are listed without the script.
const ROWS: usize = 25;

/// Names and values as a list; nothing of nothing.
pub(crate) fn figures(metrics: &[(String, String)], class: &str) -> String {
    if metrics.is_empty() {
        return String::new();
    }
    let item = |(name, value): &(String, String)| {
        format!("<div><dt>{}</dt><dd>{}</dd></div>\n", escape(name), escape(value))
    };
    let items: String = metrics.iter().map(item).collect();
    format!("<dl class=\"{class}\">\n{items}</dl>\n")
}

/// Years by months, coloured.
pub(crate) fn months(plot: &Plot<'_>) -> String {
    if plot.years.is_empty() {
        return String::new();
    }
    let heads: String = NAMES.iter().map(|n| format!("<th scope=\"col\">{n}</th>")).collect();
    let mut out = format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Monthly returns\">\
         <table class=\"months\">\n<thead><tr><th scope=\"col\">Year</th>{heads}\
         <th scope=\"col\">Total</th></tr></thead>\n<tbody>\n"
    );
    let most = plot.largest_month();
    for year in &plot.years {
        let _ = write!(out, "<tr><th scope=\"row\">{}</th>", year.year);
        for month in year.months {
            let _ = match month {
                Some(ratio) => write!(
                    out,
                    "<td class=\"{}\" style=\"--w:{:.0}%\">{}</td>",
                    Ink::of(ratio).class(),
                    plot.warmth(ratio, most) * 100.0,
                    bare(ratio),
                ),
                None => write!(out, "<td></td>"),
            };
        }
        let _ = writeln!(out, "<td class=\"total\">{}</td></tr>", bare(year.total));
    }
    out.push_str("</tbody>\n</table></div>\n<p class=\"small\">Percent, from month end to month end; years compounded.</p>\n");
    out
}

/// Percent without its sign, which the table's caption says once.
fn bare(ratio: f64) -> String {
    let text = percent(ratio, 1, true);
    text.trim_end_matches(['%', '\u{202f}']).to_owned()
}

/// The first trades; the script lists the rest.
pub(crate) fn trades(plot: &Plot<'_>) -> String {
    let trades = plot.by_exit();
    if trades.is_empty() {
        return String::new();
    }
    let decimals = plot.money_decimals();
    let mut rows = String::new();
    for (i, (pair, trade)) in trades.iter().take(ROWS).enumerate() {
        let class = Ink::of(trade.profit_quote).class();
        let _ = writeln!(
            rows,
            "<tr><td>{}</td><td class=\"text\">{}</td><td class=\"text\">{}</td><td>{}</td>\
             <td>{}</td><td>{}</td><td>{}</td><td>{}</td><td class=\"{class}\">{}</td>\
             <td class=\"{class}\">{}</td><td class=\"text\">{}</td></tr>",
            i + 1,
            escape(&plot.pairs[*pair].pair.name),
            trade.direction,
            minute(trade.entry_time),
            price(trade.entry_price),
            minute(trade.exit_time),
            price(trade.exit_price),
            span(trade.exit_time.since(trade.entry_time)),
            number(trade.profit_quote, decimals),
            percent(trade.profit_ratio, 2, true),
            escape(&trade.reason),
        );
    }
    let quote = escape(&plot.scene.quote);
    let profit = format!("Profit, {quote}");
    let names = [
        "#",
        "Pair",
        "Side",
        "Entry",
        "at",
        "Exit",
        "at",
        "Held",
        &profit,
        "Profit",
        "Exit reason",
    ];
    let heads: String = names.iter().map(|n| format!("<th scope=\"col\">{n}</th>")).collect();
    let shown = trades.len().min(ROWS);
    format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Trades\">\
         <table class=\"trades\" id=\"trades\">\n<thead><tr>{heads}</tr></thead>\n\
         <tbody>\n{rows}</tbody>\n</table></div>\n\
         <p class=\"small pager\" id=\"pager\">Trades 1 to {shown} of {}.</p>\n",
        trades.len()
    )
}

/// What to know before believing any of it.
pub(crate) fn notes(plot: &Plot<'_>) -> String {
    let items: String =
        plot.notes().iter().map(|note| format!("<li>{}</li>\n", escape(note))).collect();
    if items.is_empty() { items } else { format!("<ul>\n{items}</ul>\n") }
}
