// The page: what is in view, pointer and keys, the list of trades.

(() => {
  const $ = id => document.getElementById(id);
  const raw = JSON.parse($("data").textContent);
  const data = {
    quote: raw.quote, equity: readCurve(raw.equity), hold: readCurve(raw.hold), fall: readCurve(raw.fall),
    pairs: raw.pairs.map(readPair), trades: raw.trades.map((row, i) => readTrade(row, i, raw.reasons)),
  };
  const chart = $("chart"), svg = $("svg"), tip = $("tip");
  const view = { from: raw.from, to: raw.to, pair: raw.shown, picked: null, held: true };
  let drawn = null, pointed = null, waiting = false;

  function draw() {
    waiting = false;
    const width = Math.max(280, chart.clientWidth), height = width < 600 ? 560 : 700;
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    drawn = drawPanes(data, view, width, height);
    svg.innerHTML = drawn.svg;
    $("all").disabled = $("out").disabled = view.from <= raw.from && view.to >= raw.to;
    point();
  }
  function redraw() {
    if (!waiting) requestAnimationFrame(draw);
    waiting = true;
  }

  // What is in view: at least ten candles, at most everything.
  function show(from, to) {
    const whole = raw.to - raw.from, pair = data.pairs[view.pair];
    const span = Math.min(whole, Math.max(to - from, pair && pair.span ? pair.span * 10 : 600));
    const middle = (from + to) / 2;
    view.from = Math.min(Math.max(raw.from, middle - span / 2), raw.to - span);
    view.to = view.from + span;
    redraw();
  }
  const pan = seconds => show(view.from + seconds, view.to + seconds);
  function zoom(factor, at = (view.from + view.to) / 2) {
    show(at - (at - view.from) / factor, at + (view.to - at) / factor);
  }

  // The crosshair, its values and the trade under it.
  function point() {
    const over = svg.querySelector("#over");
    tip.hidden = true;
    // Where it is narrow, the values take the legend's place.
    svg.querySelector("#legend")?.toggleAttribute("hidden", Boolean(pointed) && drawn.right < 500);
    if (!pointed) { over.innerHTML = ""; return; }
    const { left, right, bottom, panes, time, candles, marks } = drawn;
    const x = Math.min(right, Math.max(left, pointed.x)), at = time.of(x), y = pointed.y;
    let d = `M${px(x)} ${px(panes[0].top)}V${px(bottom)}`, out = "";
    const flag = (fx, fy, text, middle) => {
      const wide = text.length * 7 + 10, start = middle ? Math.min(Math.max(0, fx - wide / 2), right - wide) : fx;
      return `<rect class="flag" x="${px(start)}" y="${px(fy - 10)}" width="${wide}" height="20" rx="3"/>` +
        `<text class="onflag" font-size="12" x="${px(start + 5)}" y="${px(fy + 4)}">${esc(text)}</text>`;
    };
    panes.forEach((pane, i) => {
      if (y < pane.top || y > pane.bottom) return;
      const value = pane.scale.of(y);
      d += `M${left} ${px(y)}H${px(right)}`;
      out += flag(right + 3, y, i === 1 ? percent(value, 1) : number(value, value < 1000 ? 2 : 0));
    });
    const value = curve => { const i = placeOf(curve.t, at); return i < 0 ? null : curve.v[i]; };
    const worth = value(data.equity), held = view.held ? value(data.hold) : null, fallen = value(data.fall);
    const candle = candles.candles[placeOf(candles.candles.map(c => c.t), at)];
    const inside = candle && at < candle.t + candles.span;
    const said = [
      worth === null ? "" : number(worth, raw.decimals) + (held === null || right < 500 ? "" : "   held " + number(held, raw.decimals)),
      fallen === null ? "" : percent(fallen, 2),
      !inside ? "" : (right < 500 ? "" : `O ${price(candle.o)}   H ${price(candle.h)}   L ${price(candle.l)}   `) + `C ${price(candle.c)}`,
    ];
    said.forEach((text, i) => { out += label("ink", "end", right, panes[i].top - 6, text); });
    over.innerHTML = line("muted", 1, d).replace("<path", '<path stroke-dasharray="3 3"') + out + flag(x, bottom + 14, minute(at), true);
    if (pointed.keys) $("said").textContent = `${minute(at)}: equity ${said[0]}, drawdown ${said[1]}, ${said[2]}`;
    let near = null, least = 16;
    for (const mark of marks) {
      const far = Math.hypot(mark.at[0] - pointed.x, mark.at[1] - y);
      if (far < least) { near = mark; least = far; }
    }
    if (near) showTip(near);
  }
  function showTip({ trade, at }) {
    const ink = trade.profit < 0 ? "loss" : "gain", side = trade.direction < 0 ? "Short" : "Long";
    tip.innerHTML = `<b>${side}</b> #${trade.i + 1} <b class="${ink}">${number(trade.profit, raw.decimals)} ${esc(data.quote)} (${percent(trade.ratio, 2, true)})</b>` +
      `<br/>in ${minute(trade.entry)} at ${price(trade.entryPrice)}<br/>` +
      (trade.leftOpen ? "still open at the end" : `out ${minute(trade.exit)} at ${price(trade.exitPrice)}`) +
      `<br/>${esc(trade.reason)}, held ${held(trade.held)}`;
    tip.hidden = false;
    const wide = tip.offsetWidth, tall = tip.offsetHeight;
    tip.style.left = Math.min(Math.max(0, at[0] + 14 + wide > chart.clientWidth ? at[0] - wide - 14 : at[0] + 14), chart.clientWidth - wide) + "px";
    tip.style.top = Math.max(0, at[1] - tall - 12) + "px";
  }

  // Pointers: hover, drag, pinch.
  const fingers = new Map();
  const place = event => { const r = svg.getBoundingClientRect(); return { x: event.clientX - r.left, y: event.clientY - r.top }; };
  chart.addEventListener("pointerdown", event => {
    fingers.set(event.pointerId, place(event));
    chart.setPointerCapture(event.pointerId);
    pointed = place(event);
    point();
  });
  chart.addEventListener("pointermove", event => {
    const now = place(event), before = fingers.get(event.pointerId), each = (view.to - view.from) / (drawn.right - drawn.left);
    if (before && fingers.size === 1 && now.x !== before.x) {
      chart.classList.add("dragged");
      pan((before.x - now.x) * each);
    } else if (before && fingers.size === 2) {
      const other = [...fingers].find(([id]) => id !== event.pointerId)[1];
      const was = Math.abs(before.x - other.x), is = Math.abs(now.x - other.x);
      if (was > 10 && is > 10) zoom(is / was, drawn.time.of((now.x + other.x) / 2));
    }
    if (before) fingers.set(event.pointerId, now);
    pointed = now;
    if (!waiting) point();
  });
  const lifted = event => {
    fingers.delete(event.pointerId);
    chart.classList.remove("dragged");
  };
  chart.addEventListener("pointerup", lifted);
  chart.addEventListener("pointercancel", event => { lifted(event); pointed = null; point(); });
  chart.addEventListener("pointerleave", event => {
    if (event.pointerType === "mouse" && !fingers.size) { pointed = null; point(); }
  });
  chart.addEventListener("dblclick", event => zoom(2, drawn.time.of(place(event).x)));
  chart.addEventListener("wheel", event => {
    const sideways = event.shiftKey ? event.deltaY || event.deltaX : Math.abs(event.deltaX) > Math.abs(event.deltaY) ? event.deltaX : 0;
    if (event.ctrlKey || event.metaKey) zoom(2 ** (-event.deltaY / 200), drawn.time.of(place(event).x));
    else if (sideways) pan(sideways * (view.to - view.from) / 1000);
    else return;
    event.preventDefault();
  }, { passive: false });

  // Keys move the crosshair by a candle and what is in view with it.
  chart.addEventListener("keydown", event => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = drawn.candles.span, near = pointed ? drawn.time.of(pointed.x) : (view.from + view.to) / 2;
    const move = by => {
      const at = Math.min(raw.to, Math.max(raw.from, near + by));
      if (at < view.from || at > view.to) { pan(by * 10); draw(); }
      pointed = { x: drawn.time.at(at), y: -1, keys: true };
      point();
    };
    const half = (view.to - view.from) / 2;
    const deeds = {
      ArrowLeft: () => move(-step), ArrowRight: () => move(step), PageUp: () => pan(-half), PageDown: () => pan(half),
      "+": () => zoom(2, near), "=": () => zoom(2, near), "-": () => zoom(0.5, near), 0: () => show(raw.from, raw.to),
      Home: () => show(raw.from, raw.to), Escape: () => { pointed = null; view.picked = null; redraw(); },
    };
    if (!deeds[event.key]) return;
    deeds[event.key]();
    event.preventDefault();
  });
  $("in").addEventListener("click", () => zoom(2));
  $("out").addEventListener("click", () => zoom(0.5));
  $("all").addEventListener("click", () => show(raw.from, raw.to));
  if ($("held")) $("held").addEventListener("change", event => { view.held = event.target.checked; redraw(); });
  if ($("pair")) {
    $("pair").value = view.pair;
    $("pair").addEventListener("change", event => { view.pair = Number(event.target.value); redraw(); });
  }

  function jump(trade) {
    const span = data.pairs[trade.pair].span || 3600, around = Math.max(trade.held * 1.5, span * 40);
    view.pair = trade.pair;
    view.picked = trade;
    pointed = null;
    if ($("pair")) $("pair").value = trade.pair;
    show(trade.entry - around, trade.exit + around);
    chart.scrollIntoView({ block: "center", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
    list();
  }

  // The list of trades: sorted by any column, 25 at a time.
  const many = data.pairs.length > 1;
  const columns = [
    ["#", "", t => t.i, t => `<button type="button">${t.i + 1}</button>`],
    ...(many ? [["Pair", "text", t => data.pairs[t.pair].name, t => esc(data.pairs[t.pair].name)]] : []),
    ["Side", "text wide", t => t.direction, t => t.direction < 0 ? "short" : "long"],
    ["Entry", "", t => t.entry, t => minute(t.entry)],
    ["at", "wide", t => t.entryPrice, t => price(t.entryPrice)],
    ["Exit", "wide", t => t.exit, t => t.leftOpen ? "open" : minute(t.exit)],
    ["at", "wide", t => t.exitPrice, t => price(t.exitPrice)],
    ["Held", "wide", t => t.held, t => held(t.held)],
    ["Profit, " + data.quote, "+", t => t.profit, t => number(t.profit, raw.decimals)],
    ["%", "wide +", t => t.ratio, t => percent(t.ratio, 2, true)],
    ["Exit reason", "text", t => t.reason, t => esc(t.reason)],
  ];
  const listed = { by: 0, down: false, page: 0, trades: data.trades.slice() };
  const PAGE = 25;
  function sort(by) {
    listed.down = listed.by === by ? !listed.down : false;
    listed.by = by;
    listed.page = 0;
    const key = columns[by][2], sign = listed.down ? -1 : 1;
    listed.trades.sort((a, b) => (key(a) < key(b) ? -sign : key(a) > key(b) ? sign : a.i - b.i));
    list();
  }
  function list() {
    if (!data.trades.length) return;
    const table = $("trades"), first = listed.page * PAGE, rows = listed.trades.slice(first, first + PAGE);
    table.tHead.rows[0].innerHTML = columns.map(([name, kind], i) => {
      const sorted = i === listed.by ? ` aria-sort="${listed.down ? "descending" : "ascending"}"` : "";
      const arrow = i === listed.by ? (listed.down ? " ↓" : " ↑") : "";
      return `<th scope="col" class="${kind.replace("+", "")}"${sorted}><button type="button" data-by="${i}">${esc(name)}${arrow}</button></th>`;
    }).join("");
    table.tBodies[0].innerHTML = rows.map(t => {
      const ink = t.profit < 0 ? "loss" : "gain";
      return `<tr data-trade="${t.i}"${t === view.picked ? ' aria-current="true"' : ""}>` +
        columns.map(([, kind, , show]) => `<td class="${kind.replace("+", ink)}">${show(t)}</td>`).join("") + "</tr>";
    }).join("");
    const last = Math.min(first + PAGE, data.trades.length);
    $("pager").innerHTML = `<span>${number(first + 1, 0)} to ${number(last, 0)} of ${number(data.trades.length, 0)}</span>` +
      `<span class="buttons"><button type="button" data-turn="-1" aria-label="Earlier trades"${first ? "" : " disabled"}>‹</button>` +
      `<button type="button" data-turn="1" aria-label="Later trades"${last < data.trades.length ? "" : " disabled"}>›</button></span>`;
  }
  if (data.trades.length) {
    $("trades").addEventListener("click", event => {
      const head = event.target.closest("[data-by]"), row = event.target.closest("[data-trade]");
      if (head) { sort(Number(head.dataset.by)); $("trades").querySelector(`[data-by="${head.dataset.by}"]`).focus(); }
      else if (row) jump(data.trades[Number(row.dataset.trade)]);
    });
    $("pager").addEventListener("click", event => {
      const turn = event.target.closest("[data-turn]");
      if (!turn) return;
      listed.page += Number(turn.dataset.turn);
      list();
      const same = $("pager").querySelector(`[data-turn="${turn.dataset.turn}"]`);
      (same.disabled ? $("pager").querySelector("button:enabled") : same)?.focus();
    });
    list();
  }

  document.documentElement.classList.add("js");
  chart.tabIndex = 0;
  chart.setAttribute("role", "group");
  chart.setAttribute("aria-label", svg.getAttribute("aria-label"));
  chart.setAttribute("aria-describedby", "help");
  $("tools").hidden = $("help").hidden = false;
  new ResizeObserver(redraw).observe(chart);
  draw();
  document.documentElement.dataset.ready = "yes";
})();
