//! Candles as Binance writes them, by hand: a replay at full speed does little else.
//!
//! The candles hold no quote volume, number of trades or taker's share, so these fields read
//! nought, and the ids of the first and last trade −1, as Binance's do where nothing was traded.

use domain::aggregate::volume_units;
use domain::candle::Candle;
use domain::money::Price;

use crate::history::Series;

/// `[open time, "open", "high", "low", "close", "volume", close time, "quote volume", trades,
/// "taker base volume", "taker quote volume", "0"]`
pub(crate) fn row(out: &mut Vec<u8>, candle: &Candle) {
    out.push(b'[');
    integer(out, candle.open_time.ms());
    for price in [candle.open, candle.high, candle.low, candle.close] {
        out.extend_from_slice(b",\"");
        decimal(out, price);
        out.push(b'"');
    }
    out.extend_from_slice(b",\"");
    volume(out, candle.volume_base);
    out.extend_from_slice(b"\",");
    integer(out, last_ms(candle));
    out.extend_from_slice(br#","0.00000000",0,"0.00000000","0.00000000","0"]"#);
}

/// The payload of a stream's message that says that `candle` has closed.
pub(crate) fn closed(out: &mut Vec<u8>, series: &Series, candle: &Candle) {
    out.extend_from_slice(br#"{"e":"kline","E":"#);
    integer(out, candle.close_time().ms());
    out.extend_from_slice(br#","s":""#);
    out.extend_from_slice(series.symbol.as_bytes());
    out.extend_from_slice(br#"","k":{"t":"#);
    integer(out, candle.open_time.ms());
    out.extend_from_slice(br#","T":"#);
    integer(out, last_ms(candle));
    out.extend_from_slice(br#","s":""#);
    out.extend_from_slice(series.symbol.as_bytes());
    out.extend_from_slice(br#"","i":""#);
    out.extend_from_slice(series.timeframe.name().as_bytes());
    out.extend_from_slice(br#"","f":-1,"L":-1"#);
    let prices: [(&[u8], _); 4] = [
        (br#","o":""#, candle.open),
        (br#"","c":""#, candle.close),
        (br#"","h":""#, candle.high),
        (br#"","l":""#, candle.low),
    ];
    for (key, price) in prices {
        out.extend_from_slice(key);
        decimal(out, price);
    }
    out.extend_from_slice(br#"","v":""#);
    volume(out, candle.volume_base);
    out.extend_from_slice(
        br#"","n":0,"x":true,"q":"0.00000000","V":"0.00000000","Q":"0.00000000","B":"0"}}"#,
    );
}

/// The same payload as a stream of its own sends it, or wrapped for a combined connection.
pub(crate) fn message(payload: &[u8], stream: Option<&str>) -> String {
    let mut out = Vec::with_capacity(payload.len() + 48);
    match stream {
        None => out.extend_from_slice(payload),
        Some(stream) => {
            out.extend_from_slice(br#"{"stream":""#);
            out.extend_from_slice(stream.as_bytes());
            out.extend_from_slice(br#"","data":"#);
            out.extend_from_slice(payload);
            out.push(b'}');
        }
    }
    String::from_utf8(out).expect("payloads and stream names are ASCII")
}

/// A price with eight decimals.
pub(crate) fn price_text(price: Price) -> String {
    let mut out = Vec::with_capacity(24);
    decimal(&mut out, price);
    String::from_utf8(out).expect("digits are ASCII")
}

/// Binance ends a candle a millisecond before the next one opens.
fn last_ms(candle: &Candle) -> i64 {
    candle.close_time().ms() - 1
}

/// Candle prices are positive.
fn decimal(out: &mut Vec<u8>, price: Price) {
    fixed(out, price.raw().unsigned_abs().into());
}

/// Eight decimals: for a volume that was read with at most eight, the text it was read from.
fn volume(out: &mut Vec<u8>, value: f64) {
    fixed(out, volume_units(value).unsigned_abs());
}

const ONE: u128 = 100_000_000;

fn fixed(out: &mut Vec<u8>, units: u128) {
    match u64::try_from(units) {
        Ok(units) => {
            unsigned(out, units / ONE as u64);
            let mut digits = [b'0'; 9];
            let mut rest = (units % ONE as u64) as u32;
            for digit in digits[1..].iter_mut().rev() {
                *digit = b'0' + (rest % 10) as u8;
                rest /= 10;
            }
            digits[0] = b'.';
            out.extend_from_slice(&digits);
        }
        Err(_) => out.extend_from_slice(format!("{}.{:08}", units / ONE, units % ONE).as_bytes()),
    }
}

fn integer(out: &mut Vec<u8>, value: i64) {
    if value < 0 {
        out.push(b'-');
    }
    unsigned(out, value.unsigned_abs());
}

fn unsigned(out: &mut Vec<u8>, mut value: u64) {
    let mut digits = [0; 20];
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[start..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn numbers_are_written_in_full() {
        for (value, expected) in [(0, "0"), (-1, "-1"), (i64::MAX, "9223372036854775807")] {
            assert_eq!(text(|out| integer(out, value)), expected);
        }
        assert_eq!(text(|out| decimal(out, "0.00000304".parse().unwrap())), "0.00000304");
        assert_eq!(text(|out| decimal(out, "58720.45".parse().unwrap())), "58720.45000000");
    }

    #[test]
    fn volumes_read_back_as_they_were() {
        let written = ["0", "0.00000001", "61.685675", "254232.2", "123456789.3", "0.99999999"];
        for volume_text in written {
            let value: f64 = volume_text.parse().unwrap();
            let text = text(|out| volume(out, value));
            assert_eq!(text.parse::<f64>().unwrap(), value, "{text}");
            assert_eq!(text.split_once('.').unwrap().1.len(), 8, "{text}");
        }
        assert!(text(|out| volume(out, 1e300)).contains('.'));
        assert_eq!(text(|out| volume(out, 0.999_999_999)), "1.00000000");
    }
}
