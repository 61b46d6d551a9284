//! Times, figures and hashes as a person reads them.

use fillwright_domain::{Decimal, Notional, Qty, Ratio, Rounding, Timestamp, hex};
use fillwright_journal::Hash;

/// An instant as RFC 3339, in UTC, in whole milli-, micro- or nanoseconds.
pub(crate) fn at(at: Timestamp) -> String {
    let Ok(instant) = jiff::Timestamp::from_nanosecond(i128::from(at.as_ns())) else {
        return format!("{} ns since 1970", at.as_ns());
    };
    match at.as_ns() {
        ns if ns % 1_000_000_000 == 0 => format!("{instant}"),
        ns if ns % 1_000_000 == 0 => format!("{instant:.3}"),
        ns if ns % 1_000 == 0 => format!("{instant:.6}"),
        _ => format!("{instant:.9}"),
    }
}

/// A hash in hexadecimal digits.
pub(crate) fn hash(hash: &Hash) -> String {
    hex::write(hash)
}

/// A fraction in percent, at most four decimals: `12.5 %`.
pub(crate) fn percent(ratio: Ratio) -> String {
    let hundredfold = ratio.get().checked_mul(Decimal::from_int(100), Rounding::HalfEven);
    hundredfold.map_or_else(|_| ratio.to_string(), |percent| format!("{} %", rounded(percent, 4)))
}

/// An amount of money to the cent, with thousands apart: `134,000.50`.
pub(crate) fn money(amount: Notional) -> String {
    grouped(&with_cents(&rounded(amount.get(), 2).to_string()))
}

/// Writes out both decimals of a text that has at most two.
fn with_cents(text: &str) -> String {
    let decimals = text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let point = if decimals == 0 { "." } else { "" };
    format!("{text}{point}{}", "0".repeat(2 - decimals.min(2)))
}

/// A figure in full, with thousands apart.
pub(crate) fn quantity(qty: Qty) -> String {
    grouped(&qty.to_string())
}

/// One figure over another with two decimals, rounded up so that a breach never looks like a pass.
pub(crate) fn multiple(figure: Notional, whole: Notional) -> Option<String> {
    let ratio = figure.over(whole, Rounding::Up).ok()?.get();
    let cent = Decimal::ONE.checked_div(Decimal::from_int(100), Rounding::Down).ok()?;
    Some(with_cents(&ratio.ceil_to(cent).ok()?.to_string()))
}

/// A number and its noun: `1 entry`, `2 entries`.
pub(crate) fn count(n: u64, one: &str, many: &str) -> String {
    let noun = if n == 1 { one } else { many };
    format!("{} {noun}", grouped(&n.to_string()))
}

/// Rounds to so many decimals, halves up.
fn rounded(value: Decimal, decimals: u32) -> Decimal {
    let step = Decimal::from_mantissa(10i128.pow(Decimal::SCALE_DIGITS - decimals));
    let nearest = || {
        let half = Decimal::from_mantissa(step.mantissa() / 2);
        value.checked_add(half)?.floor_to(step)
    };
    nearest().unwrap_or(value)
}

/// Breaks a text between words, so that no line is longer than so many characters; lines behind the first are set in.
pub(crate) fn wrapped(text: &str, width: usize, indent: &str) -> String {
    let (mut out, mut length) = (String::new(), 0);
    for word in text.split(' ') {
        let word_length = word.chars().count();
        if length > 0 && length + 1 + word_length > width {
            out.push('\n');
            out.push_str(indent);
            length = indent.chars().count();
        } else if length > 0 {
            out.push(' ');
            length += 1;
        }
        out.push_str(word);
        length += word_length;
    }
    out
}

fn grouped(text: &str) -> String {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
    let (whole, rest) = digits.find('.').map_or((digits, ""), |point| digits.split_at(point));
    let mut out = String::from(sign);
    for (position, digit) in whole.chars().enumerate() {
        if position > 0 && (whole.len() - position).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out.push_str(rest);
    out
}

/// The first of so many entries.
pub(crate) fn entries(seqs: &[u64], count: u64) -> String {
    const SHOWN: usize = 5;
    let shown = seqs.iter().take(SHOWN).map(ToString::to_string).collect::<Vec<_>>().join(", ");
    match count.saturating_sub(SHOWN as u64) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_as_people_write_them() {
        let read = |text: &str| text.parse::<Decimal>().expect("a decimal");
        assert_eq!(percent(Ratio::new(read("0.125"))), "12.5 %");
        assert_eq!(percent(Ratio::new(read("-0.333333333"))), "-33.3333 %");
        assert_eq!(money(Notional::new(read("-1234567.891"))), "-1,234,567.89");
        assert_eq!(quantity(Qty::new(read("1000000.5"))), "1,000,000.5");
        assert_eq!(count(1, "entry", "entries"), "1 entry");
        assert_eq!(count(1200, "entry", "entries"), "1,200 entries");
    }

    #[test]
    fn instants_keep_their_digits_in_threes() {
        let told = |ns| at(Timestamp::from_ns(ns));
        assert_eq!(told(1_767_711_600_000_000_000), "2026-01-06T15:00:00Z");
        assert_eq!(told(1_767_711_600_040_000_000), "2026-01-06T15:00:00.040Z");
        assert_eq!(told(1_767_711_600_000_000_001), "2026-01-06T15:00:00.000000001Z");
    }

    #[test]
    fn a_long_text_is_broken_between_words() {
        assert_eq!(wrapped("one two three four", 9, "  "), "one two\n  three\n  four");
        assert_eq!(wrapped("one", 2, "  "), "one");
    }

    #[test]
    fn a_multiple_is_rounded_up() {
        let read = |text: &str| Notional::new(text.parse::<Decimal>().expect("a decimal"));
        assert_eq!(multiple(read("200000.01"), read("100000")).as_deref(), Some("2.01"));
        assert_eq!(multiple(read("150000"), read("100000")).as_deref(), Some("1.50"));
        assert_eq!(multiple(read("100000"), read("100000")).as_deref(), Some("1.00"));
        assert_eq!(multiple(read("1"), read("0")), None);
    }
}
