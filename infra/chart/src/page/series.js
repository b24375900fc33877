"use strict";
// Numbers, moments and series. Times are in seconds.

const MINUS = "\u2212", THIN = "\u202f";

function number(value, decimals) {
  const text = Math.abs(value).toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  return (value < 0 && /[1-9]/.test(text) ? MINUS : "") + text;
}
function percent(ratio, decimals, signed) {
  const text = number(ratio * 100, decimals);
  return (signed && ratio > 0 && /[1-9]/.test(text) ? "+" : "") + text + THIN + "%";
}
function price(value) {
  const whole = Math.ceil(Math.log10(Math.max(Math.abs(value), 1e-9)));
  const decimals = Math.min(8, Math.max(2, 6 - whole));
  return Math.abs(value).toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: decimals });
}
const minute = at => new Date(at * 1000).toISOString().slice(0, 16).replace("T", " ");
function held(seconds) {
  const all = Math.floor(seconds / 60), days = Math.floor(all / 1440), hours = Math.floor(all / 60) % 24, minutes = all % 60;
  if (days) return days + THIN + "d" + (hours ? " " + hours + THIN + "h" : "");
  if (hours) return hours + THIN + "h" + (minutes ? " " + minutes + THIN + "min" : "");
  return minutes + THIN + "min";
}
function spanName(seconds) {
  for (const [unit, name] of [[86400, "d"], [3600, "h"], [60, "m"]]) {
    if (seconds % unit === 0) return seconds / unit + name;
  }
  return seconds + "s";
}

function readCurve(numbers) {
  const scale = 10 ** numbers[0], t = [], v = [];
  let at = 0, value = 0;
  for (let i = 1; i < numbers.length; i += 2) {
    at += numbers[i];
    value += numbers[i + 1];
    t.push(at);
    v.push(value / scale);
  }
  return { t, v };
}
function readPair(pair) {
  const t = pair.opens.slice(0, 1), unit = 10 ** pair.unit / 1e8;
  for (let i = 1; i < pair.opens.length; i += 2) {
    for (let n = 0; n < pair.opens[i + 1]; n++) t.push(t[t.length - 1] + pair.opens[i]);
  }
  const o = [], h = [], l = [], c = [], p = pair.prices;
  let close = 0;
  for (let i = 0; i < p.length; i += 4) {
    const open = close + p[i];
    close = open + p[i + 1];
    o.push(open * unit);
    c.push(close * unit);
    h.push((Math.max(open, close) + p[i + 2]) * unit);
    l.push((Math.min(open, close) - p[i + 3]) * unit);
  }
  return { name: pair.name, timeframe: pair.timeframe, span: pair.span, t, o, h, l, c, holes: pair.holes };
}
function readTrade(row, i, reasons) {
  const [pair, entry, held, direction, entryPrice, exitPrice, profit, ratio, reason, leftOpen] = row;
  return { i, pair, entry, exit: entry + held, held, direction, entryPrice, exitPrice, profit, ratio, reason: reasons[reason], leftOpen };
}

// The place of the last of sorted times that is not after `at`; −1 where there is none.
function placeOf(times, at) {
  let low = 0, high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] <= at) low = middle + 1; else high = middle;
  }
  return low - 1;
}

// Neighbouring candles of a view as one, so that each is at least `least` seconds wide.
function merged(pair, from, to, least) {
  const by = [1, 2, 3, 4, 6, 12, 24, 48, 72, 144, 288, 576].find(n => n * pair.span >= least) || 1152;
  const span = by * pair.span, out = [];
  let last = null;
  for (let i = Math.max(0, placeOf(pair.t, from - span)); i < pair.t.length && pair.t[i] <= to; i++) {
    const t = by === 1 ? pair.t[i] : Math.floor(pair.t[i] / span) * span;
    if (last && last.t === t) {
      last.h = Math.max(last.h, pair.h[i]);
      last.l = Math.min(last.l, pair.l[i]);
      last.c = pair.c[i];
    } else {
      last = { t, o: pair.o[i], h: pair.h[i], l: pair.l[i], c: pair.c[i] };
      out.push(last);
    }
  }
  return { candles: out, span, name: by === 1 ? pair.timeframe : spanName(span) };
}

// The same on a logarithmic axis, of logarithms: 1, 2, 5, 10, … or fewer, or more.
function powerTicks(low, high, wanted) {
  const each = wanted / (high - low), ticks = [];
  const steps = each >= 6 ? [1, 1.5, 2, 3, 4, 5, 7] : each >= 3 ? [1, 2, 5] : each >= 2 ? [1, 3] : [1];
  for (let e = Math.max(-9, Math.floor(low)); e <= Math.min(15, high); e++) {
    for (const step of steps) {
      const value = step * 10 ** e, log = Math.log10(value);
      if (log >= low && log <= high) ticks.push(value);
    }
  }
  const least = ticks.length ? Math.floor(Math.log10(ticks[0])) : 0;
  return { ticks, decimals: Math.min(8, Math.max(0, (each >= 6 ? 1 : 0) - least)) };
}

// Round values between two, about `wanted` of them, and the decimals that tell them apart.
function valueTicks(low, high, wanted) {
  const rough = (high - low) / Math.max(1, wanted), exponent = Math.floor(Math.log10(rough)), ten = 10 ** exponent;
  const factor = [1, 2, 2.5, 5].find(f => f * ten >= rough) || 10, step = factor * ten;
  const decimals = Math.min(8, Math.max(0, (factor === 2.5 ? 1 : factor === 10 ? -1 : 0) - exponent)), ticks = [];
  for (let i = Math.ceil(low / step); i * step <= high && ticks.length < 50; i++) ticks.push(i * step);
  return { ticks, decimals };
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
// Round moments between two, at most about `atMost`: [at, label, whether a larger unit begins].
function timeTicks(from, to, atMost) {
  const rough = (to - from) / Math.max(1, atMost), out = [], day = 86400;
  const step = [60, 300, 900, 1800, 3600, 7200, 14400, 21600, 43200, day, 2 * day, 4 * day, 8 * day].find(s => s >= rough);
  if (step < day) {
    for (let at = Math.ceil(from / step) * step; at <= to; at += step) {
      const d = new Date(at * 1000), strong = at % day === 0;
      out.push([at, strong ? d.getUTCDate() + " " + MONTHS[d.getUTCMonth()] : d.toISOString().slice(11, 16), strong]);
    }
  } else if (step) {
    const days = step / day;
    for (let at = Math.ceil(from / day) * day; at <= to; at += day) {
      const d = new Date(at * 1000), into = d.getUTCDate() - 1, month = MONTHS[d.getUTCMonth()];
      if (into % days || (days > 1 && into + Math.floor(days / 2) >= 30)) continue;
      out.push([at, into ? into + 1 + " " + month : month + " " + d.getUTCFullYear(), !into]);
    }
  } else {
    const months = [1, 2, 3, 6, 12, 24, 60, 120].find(m => m * 30.44 * day >= rough) || 240, years = Math.max(1, months / 12);
    const first = Math.floor(new Date(from * 1000).getUTCFullYear() / years) * years;
    for (let i = 0; out.length < 100; i++) {
      const at = Date.UTC(first, i * months, 1) / 1000, month = (i * months) % 12;
      if (at > to) break;
      if (at >= from) out.push([at, month ? MONTHS[month] : String(new Date(at * 1000).getUTCFullYear()), !month]);
    }
  }
  return out;
}
