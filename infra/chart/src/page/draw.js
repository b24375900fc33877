// Panes of a view as SVG; the page's script decides what is in view.

// Pixels that a trade needs to be drawn with its line, and to be drawn at all; width and height of
// the columns that stand for more of them; highest by lowest of a logarithmic axis.
const WIDE_TRADE = 10, NARROW_TRADE = 2, COLUMN = 4, COLUMNS_HEIGHT = 0.16, WIDE = 4;
const esc = text => String(text).replace(/[&<>"']/g, c => "&#" + c.charCodeAt(0) + ";");
const px = v => Math.round(v * 10) / 10;
const path = (points, end = "") => points.map((p, i) => (i ? "L" : "M") + px(p[0]) + " " + px(p[1])).join("") + end;
const line = (ink, width, d) => d ? `<path class="line ${ink}" stroke-width="${width}" d="${d}"/>` : "";
const fill = (ink, opacity, d) => d ? `<path class="fill ${ink}" opacity="${opacity}" d="${d}"/>` : "";
const label = (ink, anchor, x, y, text, size = 12) =>
  `<text class="${ink}" font-size="${size}" text-anchor="${anchor}" x="${px(x)}" y="${px(y)}">${esc(text)}</text>`;
const box = (x, y, w, h) => `M${px(x)} ${px(y)}h${px(w)}v${px(h)}h${px(-w)}z`;
const triangle = (x, y, size) => path([[x, y], [x - Math.abs(size), y + size * 1.7], [x + Math.abs(size), y + size * 1.7]], "z");

// A scale over values with a margin; `at` is a value's pixel, `of` a pixel's value.
function scaleOver(low, high, margin, from, to) {
  if (!(low <= high)) [low, high] = [0, 1];
  const isLog = low > 0 && high > low * WIDE;
  if (isLog) [low, high] = [Math.log10(low), Math.log10(high)];
  const room = high > low ? (high - low) * margin : Math.max(1, Math.abs(low)) * 0.05;
  low -= room;
  high += room;
  const at = v => from + ((isLog ? Math.log10(Math.max(v, 1e-9)) : v) - low) / (high - low) * (to - from);
  const of = y => { const v = low + (y - from) / (to - from) * (high - low); return isLog ? 10 ** v : v; };
  return { isLog, low, high, at, of };
}

// The points of a curve in view and one more at each end.
function inView(curve, from, to) {
  const first = Math.max(0, placeOf(curve.t, from)), last = Math.min(curve.t.length - 1, placeOf(curve.t, to) + 1), out = [];
  for (let i = first; i <= last; i++) out.push([curve.t[i], curve.v[i]]);
  return out;
}
function extent(points, more = []) {
  let low = Infinity, high = -Infinity;
  for (const [, v] of points) { low = Math.min(low, v); high = Math.max(high, v); }
  for (const [, v] of more) { low = Math.min(low, v); high = Math.max(high, v); }
  return [low, high];
}

// Everything in view: the SVG, and what a pointer needs to find its way in it.
function drawPanes(data, view, width, height) {
  const { from, to } = view, pair = data.pairs[view.pair], top = 20, bottom = height - 26, gap = 26, left = 1;
  const room = bottom - top - 2 * gap, tall = [0.32, 0.15, 0.53].map(part => part * room);
  const equity = inView(data.equity, from, to), hold = view.held ? inView(data.hold, from, to) : [], fall = inView(data.fall, from, to);
  const tops = [top, top + tall[0] + gap, top + tall[0] + tall[1] + 2 * gap];
  const worth = scaleOver(...extent(equity, hold), 0.06, tops[0] + tall[0], tops[0]);
  const deepest = Math.min(extent(fall)[0], -0.001);
  const depth = scaleOver((Number.isFinite(deepest) ? deepest : -0.001) * 1.08, 0, 0, tops[1] + tall[1], tops[1]);
  const ticksOf = (scale, i, each) => (scale.isLog ? powerTicks : valueTicks)(scale.low, scale.high, tall[i] / each);
  const guess = pair && pair.t.length ? merged(pair, from, to, (to - from) / Math.max(1, (width - 70) / 3)) : { candles: [], span: 1 };
  const levels = guess.candles.flatMap(c => [[0, c.l], [0, c.h]]);
  const seen = data.trades.filter(t => t.pair === view.pair && t.exit >= from && t.entry <= to);
  const crowded = seen.length * NARROW_TRADE >= width - 70, columns = crowded ? tall[2] * COLUMNS_HEIGHT + 24 : 0;
  const cost = scaleOver(...extent(levels), 0.06, tops[2] + tall[2] - columns, tops[2]);
  const worthTicks = ticksOf(worth, 0, 44), depthTicks = ticksOf(depth, 1, 36), costTicks = ticksOf(cost, 2, 44);
  const texts = [
    worthTicks.ticks.map(v => number(v, worthTicks.decimals)),
    depthTicks.ticks.map(v => percent(v, Math.max(0, depthTicks.decimals - 2))),
    costTicks.ticks.map(v => number(v, costTicks.decimals)),
  ];
  const longest = Math.max(4, ...texts.flat().map(t => t.length)), right = width - 14 - longest * 7;
  const time = { at: t => left + (t - from) / (to - from) * (right - left), of: x => from + (x - left) / (right - left) * (to - from) };
  const moments = timeTicks(from, to, (right - left) / 84);
  const axis = scale => scale.isLog ? ", logarithmic" : "";
  const names = ["Equity, " + data.quote + axis(worth), "Drawdown", pair ? pair.name + (guess.name ? " · " + guess.name : "") + axis(cost) : ""];
  let grid = "", out = "", over = "";
  const panes = [[worth, worthTicks], [depth, depthTicks], [cost, costTicks]].map(([scale, { ticks }], i) => {
    for (const v of ticks) grid += `M${left} ${px(scale.at(v))}H${px(right)}`;
    for (const [at] of moments) grid += `M${px(time.at(at))} ${px(tops[i])}V${px(tops[i] + tall[i])}`;
    ticks.forEach((v, n) => { over += label("muted", "start", right + 8, scale.at(v) + 4, texts[i][n]); });
    over += label("ink strong", "start", left, tops[i] - 6, names[i]);
    return { scale, top: tops[i], bottom: tops[i] + tall[i] };
  });
  if (hold.length) {
    const beside = left + names[0].length * 7.4 + 24;
    const sample = line("hold", 1.2, `M${px(beside)} ${px(tops[0] - 10)}h18`);
    over += `<g id="legend">${sample}${label("muted", "start", beside + 24, tops[0] - 6, "Buy and hold")}</g>`;
  }
  moments.forEach(([at, text, strong], i) => {
    const x = time.at(at), anchor = x < 32 ? "start" : x > width - 40 ? "end" : "middle";
    // A month's name is wider than a day's: what would touch its neighbour is left out.
    const near = i && x - time.at(moments[i - 1][0]) < 58 && !strong;
    if (!near) over += label(strong ? "ink strong" : "muted", anchor, x, bottom + 18, text);
  });
  const points = (curve, scale) => curve.map(([t, v]) => [time.at(t), scale.at(v)]);
  out += line("grid", 1, grid);
  out += `<g clip-path="url(#clip)">`;
  if (hold.length) out += line("hold", 1.2, path(points(hold, worth)));
  if (equity.length) out += line("equity", 1.6, path(points(equity, worth)));
  if (fall.length) {
    const low = points(fall, depth);
    out += fill("loss", 0.18, path([[low[0][0], tops[1]], ...low, [low[low.length - 1][0], tops[1]]], "z")) + line("loss", 1.2, path(low));
  }
  const marks = crowded ? { svg: drawProfits(seen, time, { left, right, top: tops[2], bottom }), marks: [] } :
    drawTrades(seen, view.picked, time, cost, right - left);
  if (pair) {
    out += fill("hole", 0.5, pair.holes.filter(h => h[1] > from && h[0] < to).map(h => {
      const x = time.at(h[0]);
      return box(x, tops[2], Math.max(1, time.at(h[1]) - x), tall[2]);
    }).join(""));
    for (const rising of [true, false]) {
      const kind = guess.candles.filter(c => (c.c >= c.o) === rising), ink = rising ? "up" : "down";
      const middle = c => px(time.at(c.t + guess.span / 2)), wide = Math.max(1, (time.at(from + guess.span) - left) * 0.7);
      out += line(ink, 1, kind.map(c => `M${middle(c)} ${px(cost.at(c.h))}V${px(cost.at(c.l))}`).join(""));
      out += fill(ink, 1, kind.map(c => {
        const high = cost.at(Math.max(c.o, c.c)), low = cost.at(Math.min(c.o, c.c));
        return box(middle(c) - wide / 2, high, wide, Math.max(1, low - high));
      }).join(""));
    }
    out += marks.svg;
  }
  out += "</g>" + over;
  const clip = `<clipPath id="clip"><rect x="0" y="0" width="${px(right)}" height="${height}"/></clipPath>`;
  return { svg: clip + out + `<g id="over"></g>`, time, panes, left, right, bottom, marks: marks.marks, candles: guess };
}

// What the trades that ended in a column brought together, from a line near the bottom.
function drawProfits(trades, time, { left, right, top, bottom }) {
  const sums = new Array(Math.floor((right - left) / COLUMN) + 1).fill(0);
  for (const trade of trades) {
    const column = Math.floor((time.at(trade.exit) - left) / COLUMN);
    if (column >= 0 && column < sums.length) sums[column] += trade.profit;
  }
  const most = Math.max(1e-9, ...sums.map(Math.abs)), tallest = (bottom - top) * COLUMNS_HEIGHT / 2, middle = bottom - tallest;
  const bars = won => sums.map((sum, i) => {
    const tall = Math.abs(sum) / most * tallest;
    return sum && (sum > 0) === won ? box(left + i * COLUMN, won ? middle - tall : middle, COLUMN - 1, tall) : "";
  }).join("");
  return fill("gain", 0.9, bars(true)) + fill("loss", 0.9, bars(false)) +
    label("muted", "start", left, middle - tallest - 5, `Profit of ${number(trades.length, 0)} trades by exit; zoom in to see each`);
}

function drawTrades(seen, picked, time, cost, wide) {
  const few = seen.length * WIDE_TRADE <= wide, size = few ? 5 : 3, marks = [];
  let svg = "";
  for (const [ink, won] of [["gain", true], ["loss", false]]) {
    let lines = "", shapes = "";
    for (const trade of seen) {
      if ((trade.profit >= 0) !== won) continue;
      const up = trade.direction < 0 ? -1 : 1;
      const entry = [time.at(trade.entry), cost.at(trade.entryPrice)], exit = [time.at(trade.exit), cost.at(trade.exitPrice)];
      lines += path([entry, exit]);
      shapes += triangle(...entry, size * up) + (trade.leftOpen ? "" : triangle(...exit, -size * up));
      marks.push({ trade, at: [entry[0], entry[1] + size * up] }, { trade, at: [exit[0], exit[1] - size * up] });
      if (trade === picked) {
        const ring = ([x, y]) => `M${px(x - 11)} ${px(y)}a11 11 0 1 0 22 0a11 11 0 1 0 -22 0`;
        svg += line("ink", 1.5, ring(entry) + (trade.leftOpen ? "" : ring(exit)));
        if (!few) lines += path([entry, exit]);
      }
    }
    svg += (few ? line(ink, 1.2, lines) : "") + fill(ink, few ? 1 : 0.7, shapes);
  }
  return { svg, marks };
}
