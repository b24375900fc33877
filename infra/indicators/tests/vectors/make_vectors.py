#!/usr/bin/env python3
"""What TA-Lib's C library says, for the tests and the benchmark of this crate.

    make_vectors.py                      write vectors.csv.gz beside this script
    make_vectors.py --readings IN OUT    readings of a candle file (csv.gz), rows of f64, NaN = none
    make_vectors.py --time IN            time TA-Lib over candles given as rows of six f64

Needs numpy and TA-Lib from PyPI (the vectors were made with TA-Lib 0.8.2, C library 0.8.1); without
them it exits with 77, which the tests take as "skip".
"""

import argparse
import csv
import gzip
import io
import pathlib
import sys
import time

try:
    import numpy as np
    import talib
except ImportError as error:
    print(f"{error}", file=sys.stderr)
    sys.exit(77)

HEADER = ["open_time_ms", "open", "high", "low", "close", "volume"]
COLUMNS = (
    "sma_50 ema_9 ema_21 ema_50 ema_200 macd macd_signal macd_histogram rsi_14 stoch_k stoch_d "
    "bb_upper bb_middle bb_lower atr_14 adx_14 plus_di_14 minus_di_14 obv vwap_session vwap_20 "
    "roc_10 cci_20 mfi_14 willr_14"
).split()
SEED = 20170817
COUNT = 1100
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


def seeded_candles(count):
    """Hourly candles: volatility clusters, jumps, flat and quiet stretches, hours without trade."""
    rng = np.random.default_rng(SEED)
    rows = []
    price, variance = 4200.0, 1e-4
    for i in range(count):
        # GARCH(1,1) around 0.8 % an hour, and a jump now and then.
        move = np.sqrt(variance) * rng.standard_normal()
        variance = 4e-6 + 0.12 * move * move + 0.82 * variance
        if rng.random() < 0.01:
            move += rng.choice([-1, 1]) * rng.uniform(0.05, 0.3)
        before, price = price, max(price * np.exp(move), 1.0)
        wick = np.sqrt(variance) * np.abs(rng.standard_normal(2)) / 2
        high = max(before, price) * (1 + wick[0])
        low = min(before, price) * (1 - wick[1])
        volume = rng.lognormal(3.0, 1.2) * (1 + 40 * abs(move))
        if rng.random() < 0.03:
            volume = 0.0
        if 300 <= i < 330 or 700 <= i < 765:  # nothing moves; traded at first, then not even that
            price = high = low = before
            volume = volume if i % 100 < 10 else 0.0
        elif 420 <= i < 460:  # one tick up or down at most
            price = before + 0.01 * rng.integers(-1, 2)
            high, low = max(before, price), min(before, price)
        elif 520 <= i < 540:  # candles without range of their own that move from one to the next
            high = low = before = price
        price = round(float(price), 2)
        high = max(round(float(high), 2), price)
        low = min(round(float(low), 2), price)
        before = min(max(round(float(before), 2), low), high)
        rows.append((1_502_928_000_000 + i * HOUR_MS, before, high, low, price, round(volume, 6)))
    return np.array(rows)


def read_candles(path):
    with gzip.open(path, "rt", newline="") as file:
        reader = csv.reader(file)
        assert next(reader) == HEADER, f"{path}: unexpected header"
        return np.array([[float(field) for field in row] for row in reader])


def arrays(candles):
    return (np.ascontiguousarray(column) for column in candles.T[2:])


def vwap_session(typical, volume, day):
    """Cumulative sums that begin anew with each UTC day."""
    out = np.empty(len(typical))
    for name in np.unique(day):
        of_day = day == name
        traded = np.cumsum(volume[of_day])
        with np.errstate(invalid="ignore", divide="ignore"):
            price = np.cumsum(typical[of_day] * volume[of_day]) / traded
        out[of_day] = np.where(traded > 0, price, np.nan)
    return out


def vwap_rolling(typical, volume, n):
    """Each window summed by itself."""
    out = np.full(len(typical), np.nan)
    windows = np.lib.stride_tricks.sliding_window_view
    traded = windows(volume, n).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        price = windows(typical * volume, n).sum(axis=1) / traded
    out[n - 1 :] = np.where(traded > 0, price, np.nan)
    return out


def calls(candles):
    """TA-Lib's functions of the set: the columns that each gives, and the call."""
    high, low, close, volume = arrays(candles)
    return [
        (["sma_50"], lambda: talib.SMA(close, 50)),
        (["ema_9"], lambda: talib.EMA(close, 9)),
        (["ema_21"], lambda: talib.EMA(close, 21)),
        (["ema_50"], lambda: talib.EMA(close, 50)),
        (["ema_200"], lambda: talib.EMA(close, 200)),
        (["macd", "macd_signal", "macd_histogram"], lambda: talib.MACD(close, 12, 26, 9)),
        (["rsi_14"], lambda: talib.RSI(close, 14)),
        (["stoch_k", "stoch_d"], lambda: talib.STOCH(high, low, close, 14, 3, 0, 3, 0)),
        (["bb_upper", "bb_middle", "bb_lower"], lambda: talib.BBANDS(close, 20, 2.0, 2.0, 0)),
        (["atr_14"], lambda: talib.ATR(high, low, close, 14)),
        (["adx_14"], lambda: talib.ADX(high, low, close, 14)),
        (["obv"], lambda: talib.OBV(close, volume)),
        (["roc_10"], lambda: talib.ROC(close, 10)),
        (["cci_20"], lambda: talib.CCI(high, low, close, 20)),
        (["mfi_14"], lambda: talib.MFI(high, low, close, volume, 14)),
        (["willr_14"], lambda: talib.WILLR(high, low, close, 14)),
    ]


def readings(candles):
    columns = {}
    for names, call in calls(candles):
        result = call()
        columns.update(zip(names, result if len(names) > 1 else [result]))
    high, low, close, volume = arrays(candles)
    columns["plus_di_14"] = talib.PLUS_DI(high, low, close, 14)
    columns["minus_di_14"] = talib.MINUS_DI(high, low, close, 14)
    typical = (high + low + close) / 3
    day = candles[:, 0].astype(np.int64) // DAY_MS
    columns["vwap_session"] = vwap_session(typical, volume, day)
    columns["vwap_20"] = vwap_rolling(typical, volume, 20)
    return np.column_stack([columns[name] for name in COLUMNS])


def write_vectors(path):
    candles = seeded_candles(COUNT)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER + COLUMNS)
    for candle, row in zip(candles, readings(candles)):
        fields = [str(int(candle[0]))] + [repr(float(value)) for value in candle[1:]]
        fields += ["" if np.isnan(value) else repr(float(value)) for value in row]
        writer.writerow(fields)
    # No time stamp, so that the same candles give the same file.
    with open(path, "wb") as file, gzip.GzipFile("", "wb", 9, file, mtime=0) as packed:
        packed.write(text.getvalue().encode())


def measure(path):
    """Best of fifteen rounds for each function, in ns per candle; then their sum."""
    candles = np.fromfile(path, dtype="<f8").reshape(-1, 6)
    total = 0.0
    for names, call in calls(candles):
        best = float("inf")
        for _ in range(15):
            start = time.perf_counter_ns()
            call()
            best = min(best, time.perf_counter_ns() - start)
        print(f"{names[0]} {best / len(candles):.3f}")
        total += best / len(candles)
    print(f"total {total:.3f}")


def main():
    parser = argparse.ArgumentParser()
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--readings", nargs=2, metavar=("IN", "OUT"))
    mode.add_argument("--time", metavar="IN")
    arguments = parser.parse_args()
    if arguments.readings:
        readings(read_candles(arguments.readings[0])).astype("<f8").tofile(arguments.readings[1])
    elif arguments.time:
        measure(arguments.time)
    else:
        write_vectors(pathlib.Path(__file__).with_name("vectors.csv.gz"))


if __name__ == "__main__":
    main()
