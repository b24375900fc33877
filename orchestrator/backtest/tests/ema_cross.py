"""What ema-cross must come to, computed independently of it.

Usage: ema_cross.py FILE close|next-open FEE_RATIO CAPITAL [STAKE [STEP]]
Prints each trade as {"entry_ms", "exit_ms", "entry", "exit", "quantity", "profit"} on a line, then
a last line with the equity at each candle's close as {"at_ms": […], "equity": […]}.
"""

import csv
import gzip
import json
import sys
from decimal import ROUND_FLOOR, Decimal

import numpy

path, fill, fee, capital = sys.argv[1], sys.argv[2], float(sys.argv[3]), float(sys.argv[4])
stake = float(sys.argv[5]) if len(sys.argv) > 5 else None
step = Decimal(sys.argv[6]) if len(sys.argv) > 6 else None

with gzip.open(path, "rt") as file:
    rows = list(csv.reader(file))[1:]
time = numpy.array([int(row[0]) for row in rows])
opens = numpy.array([float(row[1]) for row in rows])
closes = numpy.array([float(row[4]) for row in rows])
span = int(numpy.diff(time).min())


def ema(values, n):
    average = numpy.full(len(values), numpy.nan)
    average[n - 1] = numpy.mean(values[:n])
    for i in range(n, len(values)):
        average[i] = average[i - 1] + (values[i] - average[i - 1]) * 2.0 / (n + 1)
    return average


fast, slow = ema(closes, 9), ema(closes, 21)
with numpy.errstate(invalid="ignore"):
    above, below = fast > slow, fast < slow
    enter = numpy.flatnonzero(above[1:] & (fast[:-1] <= slow[:-1])) + 1
    leave = numpy.flatnonzero(below[1:] & (fast[:-1] >= slow[:-1])) + 1

cash, held, entry, after, at = capital, 0.0, None, 0, 0
events = sorted([(int(i), "enter") for i in enter] + [(int(i), "leave") for i in leave])
change = []  # (candle from whose close on it counts, cash, held)
for signal, what in events:
    place = signal if fill == "close" else signal + 1
    if place >= len(time) or (what == "enter") == (held > 0.0):
        continue
    price = closes[place] if fill == "close" else opens[place]
    moment = int(time[place]) + (span if fill == "close" else 0)
    if what == "enter":
        if stake is None:
            quantity = cash / (price * (1 + fee))
        else:
            quantity = stake / price
            if quantity * price * (1 + fee) > cash:
                continue
        if step is not None:
            quantity = float((Decimal(quantity) / step).to_integral_value(ROUND_FLOOR) * step)
        before = cash
        cash, held = cash - quantity * price * (1 + fee), quantity
        entry = {"entry_ms": moment, "entry": float(price), "quantity": quantity}
    else:
        cash, held = cash + held * price * (1 - fee), 0.0
        trade = entry | {"exit_ms": moment, "exit": float(price), "profit": cash - before}
        print(json.dumps(trade))
    change.append((place, cash, held))

cash, held = numpy.full(len(time), capital), numpy.zeros(len(time))
for place, of_cash, of_held in change:
    cash[place:], held[place:] = of_cash, of_held
equity = cash + held * closes
print(json.dumps({"at_ms": (time + span).tolist(), "equity": equity.tolist()}))
