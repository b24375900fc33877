//! The panes over one time axis: equity, drawdown, candles with trades.

use domain::candle::Candle;
use domain::signal::Direction;
use domain::time::UtcMs;

use crate::ink::Ink;
use crate::number::percent;
use crate::plot::{Drawn, Plot};
use crate::sample;
use crate::shape::{Anchor, Frame, Point, Shape};
use crate::ticks::{self, Moment, Scale};

/// More trades than this are drawn small and without the line from entry to exit.
const MANY_TRADES: usize = 120;

/// A canvas of panes. Values are labelled at the right, beyond `frame`; time below it.
pub(crate) struct Panes<'a> {
    plot: &'a Plot<'a>,
    frame: Frame,
    time: Scale,
    moments: Vec<Moment>,
    text: f64,
    shapes: Vec<Shape>,
}

/// All panes of a plot with one of its pairs, in `frame`; `text` is the size of labels in pixels.
pub(crate) fn draw(
    plot: &Plot<'_>,
    pair: Option<&Drawn<'_>>,
    frame: Frame,
    text: f64,
) -> Vec<Shape> {
    let (low, high) = (plot.from.ms() as f64, plot.to.ms() as f64);
    let time = Scale { low, high, from: frame.left, to: frame.right() };
    let moments = ticks::moments(plot.from, plot.to, frame.width / (text * 7.0));
    let mut panes = Panes { plot, frame, time, moments, text, shapes: Vec::new() };
    let [equity, fall, candles] = frame.slices([0.33, 0.15, 0.52], text * 1.6);
    panes.equity(equity);
    panes.fall(fall);
    panes.candles(candles, pair);
    panes.axis();
    panes.shapes
}

impl Panes<'_> {
    fn equity(&mut self, frame: Frame) {
        let (equity, hold) = (&self.plot.equity, &self.plot.hold);
        let values = equity.iter().chain(hold).map(|p| p.1);
        let scale = Scale::over(values, 0.06, [frame.bottom(), frame.top]);
        let (line, held) = (self.line(equity, scale), self.line(hold, scale));
        let (ticks, decimals) = ticks::values(scale, frame.height / (self.text * 3.6));
        let labels = ticks::labels(&ticks, decimals);
        self.pane(frame, scale, &ticks, &labels, format!("Equity, {}", self.plot.scene.quote));
        if !held.is_empty() {
            self.shapes.push(Shape::Line { ink: Ink::Hold, width: 1.2, lines: vec![held] });
            let at = [frame.left + self.text * 9.0, frame.top - self.text * 0.45];
            let text = "Buy and hold".to_owned();
            self.shapes.push(Shape::text(Ink::Hold, self.text, Anchor::Start, at, text));
        }
        self.shapes.push(Shape::Line { ink: Ink::Equity, width: 1.6, lines: vec![line] });
    }

    fn fall(&mut self, frame: Frame) {
        let lowest = self.plot.fall.iter().map(|p| p.1).fold(0.0, f64::min).min(-0.001);
        let scale = Scale { low: lowest * 1.08, high: 0.0, from: frame.bottom(), to: frame.top };
        let line = self.line(&self.plot.fall, scale);
        let (ticks, decimals) = ticks::values(scale, frame.height / (self.text * 3.0));
        let decimals = decimals.saturating_sub(2);
        let labels: Vec<_> = ticks.iter().map(|t| percent(*t, decimals, false)).collect();
        self.pane(frame, scale, &ticks, &labels, "Drawdown".to_owned());
        if let (Some(first), Some(last)) = (line.first(), line.last()) {
            let ends = ([first[0], frame.top], [last[0], frame.top]);
            let area = [vec![ends.0], line.clone(), vec![ends.1]].concat();
            self.shapes.push(Shape::Fill { ink: Ink::Loss, opacity: 0.18, outlines: vec![area] });
        }
        self.shapes.push(Shape::Line { ink: Ink::Loss, width: 1.2, lines: vec![line] });
    }

    fn candles(&mut self, frame: Frame, pair: Option<&Drawn<'_>>) {
        let Some(drawn) = pair else { return };
        // Narrower candles would be no candles.
        let candles = sample::coarsen(&drawn.candles, (frame.width / 4.0) as usize);
        let values = candles.iter().flat_map(|c| [c.low.to_f64(), c.high.to_f64()]);
        let scale = Scale::over(values, 0.06, [frame.bottom(), frame.top]);
        let (ticks, decimals) = ticks::values(scale, frame.height / (self.text * 3.6));
        let labels = ticks::labels(&ticks, decimals);
        let timeframe = candles.first().map(|c| format!(" · {}", c.timeframe)).unwrap_or_default();
        self.pane(frame, scale, &ticks, &labels, format!("{}{timeframe}", drawn.pair.name));
        let holes = drawn.pair.holes.iter().map(|hole| {
            let (left, right) = (self.x(hole.from), self.x(hole.to));
            Frame { left, width: (right - left).max(1.0), ..frame }.outline()
        });
        let outlines = holes.collect();
        self.shapes.push(Shape::Fill { ink: Ink::Hole, opacity: 0.5, outlines });
        for (ink, rising) in [(Ink::Up, true), (Ink::Down, false)] {
            let of_kind: Vec<_> =
                candles.iter().filter(|c| (c.close >= c.open) == rising).collect();
            let lines = of_kind.iter().map(|c| self.wick(c, scale)).collect();
            self.shapes.push(Shape::Line { ink, width: 1.0, lines });
            let outlines = of_kind.iter().map(|c| self.body(c, scale)).collect();
            self.shapes.push(Shape::Fill { ink, opacity: 1.0, outlines });
        }
        self.trades(drawn, scale);
    }

    fn trades(&mut self, drawn: &Drawn<'_>, price: Scale) {
        let few = drawn.trades.len() <= MANY_TRADES;
        let size = if few { self.text * 0.42 } else { self.text * 0.25 };
        for ink in [Ink::Gain, Ink::Loss] {
            let of_kind = drawn.trades.iter().filter(|t| Ink::of(t.profit_quote) == ink);
            let (mut lines, mut outlines) = (Vec::new(), Vec::new());
            for trade in of_kind {
                let entry = [self.x(trade.entry_time), price.at(trade.entry_price)];
                let exit = [self.x(trade.exit_time), price.at(trade.exit_price)];
                let up = if trade.direction == Direction::Short { -1.0 } else { 1.0 };
                lines.push(vec![entry, exit]);
                outlines.push(triangle(entry, size * up));
                if !trade.left_open {
                    outlines.push(triangle(exit, -size * up));
                }
            }
            if few {
                self.shapes.push(Shape::Line { ink, width: 1.2, lines });
            }
            let opacity = if few { 1.0 } else { 0.7 };
            self.shapes.push(Shape::Fill { ink, opacity, outlines });
        }
    }

    /// A pane's grid, labels and name.
    fn pane(&mut self, frame: Frame, scale: Scale, ticks: &[f64], labels: &[String], name: String) {
        let across = |y: f64| vec![[frame.left, y], [frame.right(), y]];
        let down = |m: &Moment| vec![[self.x(m.at), frame.top], [self.x(m.at), frame.bottom()]];
        let mut lines: Vec<_> = ticks.iter().map(|t| across(scale.at(*t))).collect();
        lines.extend(self.moments.iter().map(down));
        self.shapes.push(Shape::Line { ink: Ink::Grid, width: 1.0, lines });
        for (tick, label) in ticks.iter().zip(labels) {
            let at = [frame.right() + self.text * 0.6, scale.at(*tick) + self.text * 0.35];
            self.shapes.push(Shape::text(Ink::Muted, self.text, Anchor::Start, at, label.clone()));
        }
        let at = [frame.left, frame.top - self.text * 0.45];
        let (ink, size, anchor) = (Ink::Text, self.text, Anchor::Start);
        self.shapes.push(Shape::Text { ink, size, bold: true, anchor, at, text: name });
    }

    fn axis(&mut self) {
        let y = self.frame.bottom() + self.text * 1.5;
        for moment in &self.moments {
            let x = self.time.at(moment.at.ms() as f64);
            let ink = if moment.strong { Ink::Text } else { Ink::Muted };
            let (size, bold, text) = (self.text, moment.strong, moment.label.clone());
            // A label that would run out of the picture stays within it.
            let anchor =
                if x < self.frame.left + size * 2.5 { Anchor::Start } else { Anchor::Middle };
            self.shapes.push(Shape::Text { ink, size, bold, anchor, at: [x, y], text });
        }
    }

    fn x(&self, at: UtcMs) -> f64 {
        self.time.at(at.ms() as f64)
    }

    fn line(&self, curve: &[(UtcMs, f64)], scale: Scale) -> Vec<Point> {
        curve.iter().map(|(at, value)| [self.x(*at), scale.at(*value)]).collect()
    }

    fn wick(&self, candle: &Candle, scale: Scale) -> Vec<Point> {
        let x = (self.x(candle.open_time) + self.x(candle.close_time())) / 2.0;
        vec![[x, scale.at(candle.high.to_f64())], [x, scale.at(candle.low.to_f64())]]
    }

    fn body(&self, candle: &Candle, scale: Scale) -> Vec<Point> {
        let (left, right) = (self.x(candle.open_time), self.x(candle.close_time()));
        let (top, bottom) = (candle.open.max(candle.close), candle.open.min(candle.close));
        let (top, bottom) = (scale.at(top.to_f64()), scale.at(bottom.to_f64()));
        let width = ((right - left) * 0.7).max(1.0);
        let left = (left + right - width) / 2.0;
        // One that went nowhere is still seen.
        Frame { left, top, width, height: (bottom - top).max(1.0) }.outline()
    }
}

/// A triangle whose tip is at a point, below it where `size` is positive.
fn triangle([x, y]: Point, size: f64) -> Vec<Point> {
    let half = size.abs();
    vec![[x, y], [x - half, y + size * 1.7], [x + half, y + size * 1.7]]
}
