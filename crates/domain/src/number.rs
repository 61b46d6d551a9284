//! Exact decimals for money: `i128` mantissas with 18 decimals.
//!
//! No operator is implemented. Every operation is a named method that says
//! when it fails and how it rounds, so nothing overflows or rounds in silence.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use minicbor::data::Type;
use minicbor::decode::{self, Decoder};
use minicbor::encode::{self, Encoder, Write};
use serde::de::{self, Deserialize, Deserializer};
use serde::ser::{self, Serialize, Serializer};
use serde_json::value::RawValue;
use smol_str::SmolStr;

/// The mantissa of one: ten to the power of [`Decimal::SCALE_DIGITS`].
const UNIT: u128 = 10u128.pow(Decimal::SCALE_DIGITS);
const BY_UNIT: Divisor = Divisor::new(UNIT);
const BY_UNIT_SQUARED: Divisor = Divisor::new(UNIT * UNIT);

/// The longest JSON number we read, in characters.
const LITERAL_CHARS_MAX: usize = 64;
/// The most significant digits a double's shortest text can have.
const DOUBLE_DIGITS_MAX: usize = 17;
/// Doubles end just above 10^308; a [`NumberText`] stays below that power.
const DOUBLE_EXPONENT_MAX: i32 = 308;
/// `-170141183460469231731.687303715884105728`, the longest canonical text.
const TEXT_BYTES_MAX: usize = 41;

/// Why a number was refused or could not be computed.
///
/// A position counts characters from zero; at the length of the text it means
/// that the text ended too early.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum NumberError {
    /// The result does not fit in 127 bits and a sign.
    #[error("the result is beyond the range of a decimal")]
    Overflow,
    /// The divisor was zero.
    #[error("division by zero")]
    DivisionByZero,
    /// A lot, tick or other step was zero or negative.
    #[error("the step is not positive")]
    StepNotPositive,
    /// There was no text.
    #[error("the number is empty")]
    Empty,
    /// The text is not a plain number from this position on.
    #[error("unexpected character, or end of the number, at position {position}")]
    UnexpectedCharacter {
        /// Of the offending character.
        position: usize,
    },
    /// A decimal beyond the eighteenth is not zero.
    #[error("more than 18 decimals, at position {position}")]
    TooManyDecimals {
        /// Of the first decimal that would be lost.
        position: usize,
    },
    /// A JSON number has more digits than we keep, or than we read.
    #[error("the number has too many digits")]
    TooManyDigits,
    /// The number is well formed but too large to hold.
    #[error("the number is out of range")]
    OutOfRange,
}

/// What happens to the part of a result beyond the eighteenth decimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rounding {
    /// Toward zero.
    Down,
    /// Away from zero.
    Up,
    /// Toward negative infinity.
    Floor,
    /// Toward positive infinity.
    Ceil,
    /// To the nearest; a tie goes to the even last digit.
    HalfEven,
}

/// An exact number with 18 decimals, between about -1.7e20 and 1.7e20.
///
/// It carries no unit; [`Px`], [`Qty`], [`Notional`] and [`Ratio`] do. Aligned to 8 bytes, not to the 16 of its mantissa:
/// what holds a decimal is smaller for it, and cheaper to allocate.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[repr(Rust, packed(8))]
pub struct Decimal(i128);

impl Decimal {
    /// Decimals held by every value.
    pub const SCALE_DIGITS: u32 = 18;
    /// Zero.
    pub const ZERO: Self = Self(0);
    /// One.
    pub const ONE: Self = Self(10i128.pow(Self::SCALE_DIGITS));
    /// The largest value, about 1.7e20.
    pub const MAX: Self = Self(i128::MAX);
    /// The smallest value, about -1.7e20.
    pub const MIN: Self = Self(i128::MIN);

    /// Returns the value of so many units of 10^-18.
    pub const fn from_mantissa(mantissa: i128) -> Self {
        Self(mantissa)
    }

    /// Returns the value in units of 10^-18.
    pub const fn mantissa(self) -> i128 {
        self.0
    }

    /// Returns a whole number; every `i64` fits.
    pub const fn from_int(whole: i64) -> Self {
        Self(whole as i128 * Self::ONE.0)
    }

    /// Returns whether the value is zero.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Returns whether the value is above zero.
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }

    /// Returns whether the value is below zero.
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// Returns -1, 0 or 1: the sign, as a plain integer.
    pub const fn signum(self) -> i32 {
        self.0.signum() as i32
    }

    /// Returns the sum.
    ///
    /// # Errors
    ///
    /// `Overflow` when it is out of range.
    pub fn checked_add(self, rhs: Self) -> Result<Self, NumberError> {
        self.0.checked_add(rhs.0).map(Self).ok_or(NumberError::Overflow)
    }

    /// Returns the difference.
    ///
    /// # Errors
    ///
    /// `Overflow` when it is out of range.
    pub fn checked_sub(self, rhs: Self) -> Result<Self, NumberError> {
        self.0.checked_sub(rhs.0).map(Self).ok_or(NumberError::Overflow)
    }

    /// Returns the value with the other sign.
    ///
    /// # Errors
    ///
    /// `Overflow` for [`Decimal::MIN`], which has no opposite.
    pub fn checked_neg(self) -> Result<Self, NumberError> {
        self.0.checked_neg().map(Self).ok_or(NumberError::Overflow)
    }

    /// Returns the value without its sign.
    ///
    /// # Errors
    ///
    /// `Overflow` for [`Decimal::MIN`], which has no opposite.
    pub fn checked_abs(self) -> Result<Self, NumberError> {
        self.0.checked_abs().map(Self).ok_or(NumberError::Overflow)
    }

    /// Returns the product, rounded once.
    ///
    /// # Errors
    ///
    /// `Overflow` when it is out of range.
    pub fn checked_mul(self, rhs: Self, rounding: Rounding) -> Result<Self, NumberError> {
        let negative = (self.0 ^ rhs.0) < 0;
        let product = Wide::product(self.0.unsigned_abs(), rhs.0.unsigned_abs());
        if product.high == 0 {
            return Cut::by_unit(product.low).rounded(negative, rounding);
        }
        BY_UNIT.divide_rounded(product, negative, rounding)
    }

    /// Returns the quotient, rounded once.
    ///
    /// # Errors
    ///
    /// `DivisionByZero`; `Overflow` when the quotient is out of range.
    pub fn checked_div(self, rhs: Self, rounding: Rounding) -> Result<Self, NumberError> {
        Self::ONE.checked_mul_div(self, rhs, rounding)
    }

    /// Returns `self * mul / div`, rounded once; the product cannot overflow.
    ///
    /// # Errors
    ///
    /// `DivisionByZero`; `Overflow` when the result is out of range.
    pub fn checked_mul_div(
        self,
        mul: Self,
        div: Self,
        rounding: Rounding,
    ) -> Result<Self, NumberError> {
        if div.is_zero() {
            return Err(NumberError::DivisionByZero);
        }
        let negative = (self.0 ^ mul.0 ^ div.0) < 0;
        let product = Wide::product(self.0.unsigned_abs(), mul.0.unsigned_abs());
        let div = div.0.unsigned_abs();
        if product.high == 0 {
            return Cut::of(product.low, div).rounded(negative, rounding);
        }
        Divisor::new(div).divide_rounded(product, negative, rounding)
    }

    /// Returns the nearest multiple of `step` toward negative infinity.
    ///
    /// # Errors
    ///
    /// `StepNotPositive`; `Overflow` when that multiple is out of range.
    pub fn floor_to(self, step: Self) -> Result<Self, NumberError> {
        let excess = self.excess_over(step)?;
        let borrow = if excess < 0 { step.0 } else { 0 };
        (self.0 - excess).checked_sub(borrow).map(Self).ok_or(NumberError::Overflow)
    }

    /// Returns the nearest multiple of `step` toward positive infinity.
    ///
    /// # Errors
    ///
    /// `StepNotPositive`; `Overflow` when that multiple is out of range.
    pub fn ceil_to(self, step: Self) -> Result<Self, NumberError> {
        let excess = self.excess_over(step)?;
        let carry = if excess > 0 { step.0 } else { 0 };
        (self.0 - excess).checked_add(carry).map(Self).ok_or(NumberError::Overflow)
    }

    /// Returns the nearest multiple of `step` toward zero.
    ///
    /// # Errors
    ///
    /// `StepNotPositive`.
    pub fn truncate_to(self, step: Self) -> Result<Self, NumberError> {
        Ok(Self(self.0 - self.excess_over(step)?))
    }

    /// Returns whether the value is a whole number of steps.
    ///
    /// # Errors
    ///
    /// `StepNotPositive`.
    pub fn is_multiple_of(self, step: Self) -> Result<bool, NumberError> {
        Ok(self.excess_over(step)? == 0)
    }

    /// The remainder after whole steps toward zero, with the sign of `self`.
    fn excess_over(self, step: Self) -> Result<i128, NumberError> {
        if step.is_positive() { Ok(self.0 % step.0) } else { Err(NumberError::StepNotPositive) }
    }

    /// `self * second * third`, rounded once.
    fn checked_mul_mul(
        self,
        second: Self,
        third: Self,
        rounding: Rounding,
    ) -> Result<Self, NumberError> {
        if third == Self::ONE {
            return self.checked_mul(second, rounding);
        }
        let negative = (self.0 ^ second.0 ^ third.0) < 0;
        let product = Wide::product(self.0.unsigned_abs(), second.0.unsigned_abs())
            .checked_mul(third.0.unsigned_abs())?;
        BY_UNIT_SQUARED.divide_rounded(product, negative, rounding)
    }

    /// `self / (first * second)`, rounded once.
    fn checked_div_div(
        self,
        first: Self,
        second: Self,
        rounding: Rounding,
    ) -> Result<Self, NumberError> {
        if second == Self::ONE {
            return self.checked_div(first, rounding);
        }
        if first.is_zero() || second.is_zero() {
            return Err(NumberError::DivisionByZero);
        }
        let negative = (self.0 ^ first.0 ^ second.0) < 0;
        let dividend = Wide::product(self.0.unsigned_abs(), UNIT * UNIT);
        divide_twice(dividend, first.0.unsigned_abs(), second.0.unsigned_abs())?
            .rounded(negative, rounding)
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Decimal({self})")
    }
}

/// A 256-bit unsigned intermediate.
#[derive(Clone, Copy)]
struct Wide {
    high: u128,
    low: u128,
}

impl Wide {
    fn product(a: u128, b: u128) -> Self {
        let (low, high) = a.carrying_mul(b, 0);
        Self { high, low }
    }

    /// `Overflow` past 256 bits, which is far past any final result.
    fn checked_mul(self, factor: u128) -> Result<Self, NumberError> {
        let (low, carry) = self.low.carrying_mul(factor, 0);
        let (high, lost) = self.high.carrying_mul(factor, carry);
        if lost == 0 { Ok(Self { high, low }) } else { Err(NumberError::Overflow) }
    }
}

/// A magnitude cut off at the last digit, and what was cut off.
struct Cut {
    quotient: u128,
    exact: bool,
    /// The discarded part against half a unit of the last digit.
    against_half: Ordering,
}

impl Cut {
    /// Divides by the unit, digit by digit of 64 bits: most products need no more.
    fn by_unit(dividend: u128) -> Self {
        const DIVISOR: u64 = low_half(UNIT << BY_UNIT_SHIFT);
        let dividend_top = dividend >> (128 - BY_UNIT_SHIFT);
        let dividend = dividend << BY_UNIT_SHIFT;
        let (first, rest) = next_small_digit(low_half(dividend_top), high_half(dividend), DIVISOR);
        let (second, rest) = next_small_digit(rest, low_half(dividend), DIVISOR);
        let remainder = rest >> BY_UNIT_SHIFT;
        let unit = low_half(UNIT);
        Self {
            quotient: join(first, second),
            exact: remainder == 0,
            against_half: remainder.cmp(&(unit - remainder)),
        }
    }

    /// Divides; the divisor must not be zero.
    fn of(dividend: u128, divisor: u128) -> Self {
        let quotient = dividend / divisor;
        let remainder = dividend - quotient * divisor;
        let against_half = remainder.cmp(&(divisor - remainder));
        Self { quotient, exact: remainder == 0, against_half }
    }

    fn rounded(self, negative: bool, rounding: Rounding) -> Result<Decimal, NumberError> {
        let away = match rounding {
            Rounding::Down => false,
            Rounding::Up => !self.exact,
            Rounding::Floor => negative && !self.exact,
            Rounding::Ceil => !negative && !self.exact,
            Rounding::HalfEven => match self.against_half {
                Ordering::Less => false,
                Ordering::Equal => self.quotient & 1 == 1,
                Ordering::Greater => true,
            },
        };
        let magnitude = self.quotient.checked_add(u128::from(away)).ok_or(NumberError::Overflow)?;
        signed(negative, magnitude).ok_or(NumberError::Overflow)
    }
}

fn signed(negative: bool, magnitude: u128) -> Option<Decimal> {
    let mantissa = if negative {
        0i128.checked_sub_unsigned(magnitude)
    } else {
        0i128.checked_add_unsigned(magnitude)
    };
    mantissa.map(Decimal)
}

/// A divisor made ready for 256-bit dividends: no division per quotient digit.
///
/// Digits are 64 bits wide. Source: Moeller and Granlund (2011), Improved
/// Division by Invariant Integers, algorithms 4 to 6.
#[derive(Clone, Copy)]
struct Divisor {
    value: u128,
    /// Leading zeros of `value`.
    shift: u32,
    /// `value << shift`, so that the top bit is set.
    normal: u128,
    reciprocal: u64,
}

/// How far the unit is from filling 64 bits, and the reciprocal of what fills them.
const BY_UNIT_SHIFT: u32 = low_half(UNIT).leading_zeros();
const BY_UNIT_RECIPROCAL: u64 =
    low_half(u128::MAX / (UNIT << BY_UNIT_SHIFT) - (u64::MAX as u128 + 1));

/// One digit of the quotient of `rest` followed by `digit`, `rest` being below the divisor.
///
/// Source: Moller and Granlund (2011), Improved division by invariant integers, algorithm 4.
#[inline]
fn next_small_digit(rest: u64, digit: u64, divisor: u64) -> (u64, u64) {
    let estimate =
        (u128::from(BY_UNIT_RECIPROCAL) * u128::from(rest)).wrapping_add(join(rest, digit));
    let mut quotient = high_half(estimate).wrapping_add(1);
    let mut rest = digit.wrapping_sub(quotient.wrapping_mul(divisor));
    if rest > low_half(estimate) {
        quotient = quotient.wrapping_sub(1);
        rest = rest.wrapping_add(divisor);
    }
    if rest >= divisor {
        quotient = quotient.wrapping_add(1);
        rest -= divisor;
    }
    (quotient, rest)
}

#[expect(
    clippy::inline_always,
    reason = "a product takes a third less time when its divisor is constant"
)]
impl Divisor {
    /// The value must not be zero.
    const fn new(value: u128) -> Self {
        let shift = value.leading_zeros();
        let normal = value << shift;
        Self { value, shift, normal, reciprocal: reciprocal_of(normal) }
    }

    /// Divides and rounds; `Overflow` when the result is out of range.
    #[inline(always)]
    fn divide_rounded(
        &self,
        dividend: Wide,
        negative: bool,
        rounding: Rounding,
    ) -> Result<Decimal, NumberError> {
        if dividend.high >= self.value {
            return Err(NumberError::Overflow);
        }
        let (quotient, remainder) = self.divide(dividend);
        let against_half = remainder.cmp(&(self.value - remainder));
        Cut { quotient, exact: remainder == 0, against_half }.rounded(negative, rounding)
    }

    /// Quotient and remainder, where `dividend.high` is below the divisor.
    #[inline(always)]
    fn divide(&self, dividend: Wide) -> (u128, u128) {
        let spill = (dividend.low >> 1) >> (127 - self.shift);
        let high = (dividend.high << self.shift) | spill;
        let low = dividend.low << self.shift;
        let (first, rest) = self.next_digit(high, high_half(low));
        let (second, rest) = self.next_digit(rest, low_half(low));
        ((u128::from(first) << 64) | u128::from(second), rest >> self.shift)
    }

    /// Quotient and remainder of any dividend.
    fn divide_wide(&self, dividend: Wide) -> (Wide, u128) {
        let high = dividend.high / self.value;
        let rest = dividend.high % self.value;
        let (low, rest) = self.divide(Wide { high: rest, low: dividend.low });
        (Wide { high, low }, rest)
    }

    /// One digit of the quotient of `rest` followed by `digit` (algorithm 5).
    #[inline(always)]
    fn next_digit(&self, rest: u128, digit: u64) -> (u64, u128) {
        let (top, second) = (high_half(rest), low_half(rest));
        let estimate = (u128::from(self.reciprocal) * u128::from(top)).wrapping_add(rest);
        let mut quotient = high_half(estimate).wrapping_add(1);
        let kept = second.wrapping_sub(high_half(estimate).wrapping_mul(high_half(self.normal)));
        let mut rest = join(kept, digit)
            .wrapping_sub(u128::from(low_half(self.normal)) * u128::from(high_half(estimate)))
            .wrapping_sub(self.normal);
        if high_half(rest) >= low_half(estimate) {
            quotient = quotient.wrapping_sub(1);
            rest = rest.wrapping_add(self.normal);
        }
        if rest >= self.normal {
            quotient = quotient.wrapping_add(1);
            rest -= self.normal;
        }
        (quotient, rest)
    }
}

/// `floor((2^192 - 1) / normal) - 2^64` (algorithm 6).
const fn reciprocal_of(normal: u128) -> u64 {
    let (top, bottom) = (high_half(normal), low_half(normal));
    let mut reciprocal = low_half(join(!top, u64::MAX) / top as u128);
    let mut rest = top.wrapping_mul(reciprocal).wrapping_add(bottom);
    if rest < bottom {
        reciprocal -= 1;
        if rest >= top {
            reciprocal -= 1;
            rest -= top;
        }
        rest = rest.wrapping_sub(top);
    }
    let product = reciprocal as u128 * bottom as u128;
    rest = rest.wrapping_add(high_half(product));
    if rest < high_half(product) {
        reciprocal -= 1;
        if join(rest, low_half(product)) >= normal {
            reciprocal -= 1;
        }
    }
    reciprocal
}

/// Divides by a product that may itself exceed 128 bits. Cutting off after
/// each division gives the same quotient as cutting off once.
fn divide_twice(dividend: Wide, first: u128, second: u128) -> Result<Cut, NumberError> {
    let (partial, first_rest) = Divisor::new(first).divide_wide(dividend);
    if partial.high >= second {
        return Err(NumberError::Overflow);
    }
    let (quotient, second_rest) = Divisor::new(second).divide(partial);
    // The discarded part is (second_rest + first_rest / first) / second.
    let missing = second - second_rest;
    let against_half = match second_rest.cmp(&missing) {
        Ordering::Equal if first_rest > 0 => Ordering::Greater,
        Ordering::Less if missing - second_rest == 1 => first_rest.cmp(&(first - first_rest)),
        other => other,
    };
    Ok(Cut { quotient, exact: first_rest == 0 && second_rest == 0, against_half })
}

const fn high_half(value: u128) -> u64 {
    (value >> 64) as u64
}

#[expect(clippy::cast_possible_truncation, reason = "it keeps the low half")]
const fn low_half(value: u128) -> u64 {
    value as u64
}

const fn join(high: u64, low: u64) -> u128 {
    (high as u128) << 64 | low as u128
}

/// What a JSON number became.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parsed {
    /// The value, cut toward zero when it does not fit in 18 decimals.
    pub value: Decimal,
    /// Whether decimals were cut off.
    pub truncated: bool,
}

impl Decimal {
    /// Reads a plain decimal: `-`, digits, and a point between digits. No
    /// exponent, `+` or space; decimals beyond the eighteenth must be zero.
    ///
    /// # Errors
    ///
    /// `Empty`, `UnexpectedCharacter`, `TooManyDecimals` or `OutOfRange`.
    pub fn parse(text: &str) -> Result<Self, NumberError> {
        let literal = Literal::scan(text.as_bytes())?;
        if literal.end < text.len() {
            return Err(NumberError::UnexpectedCharacter { position: literal.end });
        }
        let fraction = literal.fraction_mantissa()?;
        let whole = whole_number(literal.whole).ok_or(NumberError::OutOfRange)?;
        let magnitude = whole.checked_mul(UNIT).and_then(|whole| whole.checked_add(fraction));
        magnitude
            .and_then(|magnitude| signed(literal.negative, magnitude))
            .ok_or(NumberError::OutOfRange)
    }

    /// Reads the literal text of a JSON number, which may have an exponent.
    ///
    /// Non-zero decimals beyond the eighteenth are cut off toward zero when
    /// the literal has at most 17 significant digits, as a double's shortest
    /// text has; such digits are noise of the double, not money.
    ///
    /// # Errors
    ///
    /// `Empty` or `UnexpectedCharacter` when it is not a JSON number;
    /// `TooManyDigits` past 64 characters, or when exact decimals would be
    /// lost; `OutOfRange`.
    pub fn parse_json_number(text: &str) -> Result<Parsed, NumberError> {
        let literal = Literal::scan_json(text)?;
        let digits = Digits::of(&literal);
        let shift = digits.exponent + Self::SCALE_DIGITS.cast_signed();
        let power = shift.unsigned_abs();
        if shift >= 0 || digits.count == 0 {
            let value = digits.scaled_up(power, literal.negative).ok_or(NumberError::OutOfRange)?;
            return Ok(Parsed { value, truncated: false });
        }
        if digits.count > DOUBLE_DIGITS_MAX {
            return Err(NumberError::TooManyDigits);
        }
        let value = digits.scaled_down(power, literal.negative).ok_or(NumberError::OutOfRange)?;
        Ok(Parsed { value, truncated: true })
    }
}

impl FromStr for Decimal {
    type Err = NumberError;

    fn from_str(text: &str) -> Result<Self, NumberError> {
        Self::parse(text)
    }
}

/// The parts of a number's text.
struct Literal<'a> {
    negative: bool,
    whole: &'a [u8],
    fraction: &'a [u8],
    /// Clamped far beyond any use, so that sums with it cannot overflow.
    exponent: i32,
    /// Where the number ended, in bytes.
    end: usize,
}

impl<'a> Literal<'a> {
    /// Reads sign, digits and fraction, as far as they go.
    fn scan(text: &'a [u8]) -> Result<Self, NumberError> {
        if text.is_empty() {
            return Err(NumberError::Empty);
        }
        let negative = text[0] == b'-';
        let start = usize::from(negative);
        let point = digits_end(text, start)?;
        let whole = &text[start..point];
        if text.get(point) != Some(&b'.') {
            return Ok(Self { negative, whole, fraction: &[], exponent: 0, end: point });
        }
        let end = digits_end(text, point + 1)?;
        Ok(Self { negative, whole, fraction: &text[point + 1..end], exponent: 0, end })
    }

    /// Reads the whole text by the grammar of JSON (RFC 8259, section 6).
    fn scan_json(text: &'a str) -> Result<Self, NumberError> {
        if text.len() > LITERAL_CHARS_MAX {
            return Err(NumberError::TooManyDigits);
        }
        let text = text.as_bytes();
        let mut literal = Self::scan(text)?;
        if literal.whole.len() > 1 && literal.whole[0] == b'0' {
            let position = usize::from(literal.negative) + 1;
            return Err(NumberError::UnexpectedCharacter { position });
        }
        if matches!(text.get(literal.end), Some(b'e' | b'E')) {
            (literal.exponent, literal.end) = scan_exponent(text, literal.end + 1)?;
        }
        if literal.end < text.len() {
            return Err(NumberError::UnexpectedCharacter { position: literal.end });
        }
        Ok(literal)
    }

    /// The fraction in units of 10^-18.
    fn fraction_mantissa(&self) -> Result<u128, NumberError> {
        let kept = self.fraction.len().min(18);
        let (kept, rest) = self.fraction.split_at(kept);
        if let Some(lost) = rest.iter().position(|&digit| digit != b'0') {
            let position = self.end - rest.len() + lost;
            return Err(NumberError::TooManyDecimals { position });
        }
        Ok(u128::from(small_number(kept) * POWERS_OF_TEN[18 - kept.len()]))
    }
}

/// Returns where a run of at least one digit ends.
fn digits_end(text: &[u8], start: usize) -> Result<usize, NumberError> {
    let rest = text.get(start..).unwrap_or_default();
    let count = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
    if count == 0 {
        return Err(NumberError::UnexpectedCharacter { position: start });
    }
    Ok(start + count)
}

/// Returns the exponent and where it ended.
fn scan_exponent(text: &[u8], start: usize) -> Result<(i32, usize), NumberError> {
    const CLAMP: i32 = 100_000;
    let sign = text.get(start).copied().filter(|sign| matches!(sign, b'+' | b'-'));
    let digits = start + usize::from(sign.is_some());
    let end = digits_end(text, digits)?;
    let magnitude = text[digits..end]
        .iter()
        .fold(0, |value: i32, digit| (value * 10 + i32::from(digit - b'0')).min(CLAMP));
    Ok((if sign == Some(b'-') { -magnitude } else { magnitude }, end))
}

const POWERS_OF_TEN: [u64; 20] = {
    let mut powers = [1; 20];
    let mut index = 1;
    while index < powers.len() {
        powers[index] = powers[index - 1] * 10;
        index += 1;
    }
    powers
};

/// The value of at most 19 digits.
fn small_number(digits: &[u8]) -> u64 {
    digits.iter().fold(0, |value, digit| value * 10 + u64::from(digit - b'0'))
}

/// The value of any digits; `None` beyond 128 bits.
fn whole_number(digits: &[u8]) -> Option<u128> {
    if digits.len() <= 19 {
        return Some(u128::from(small_number(digits)));
    }
    digits.iter().try_fold(0u128, |value, digit| {
        value.checked_mul(10)?.checked_add(u128::from(digit - b'0'))
    })
}

/// The significant digits of a JSON number, without zeros at either end.
struct Digits {
    bytes: [u8; LITERAL_CHARS_MAX],
    first: usize,
    count: usize,
    /// The power of ten of the last digit.
    exponent: i32,
}

impl Digits {
    fn of(literal: &Literal<'_>) -> Self {
        let mut bytes = [b'0'; LITERAL_CHARS_MAX];
        let (whole, all) = (literal.whole.len(), literal.whole.len() + literal.fraction.len());
        bytes[..whole].copy_from_slice(literal.whole);
        bytes[whole..all].copy_from_slice(literal.fraction);
        let first = bytes.iter().position(|&digit| digit != b'0').unwrap_or(all);
        let last = bytes.iter().rposition(|&digit| digit != b'0').map_or(first, |last| last + 1);
        let exponent = literal.exponent + length(whole) - length(last);
        Self { bytes, first, count: last - first, exponent }
    }

    fn number(&self) -> Option<u128> {
        whole_number(&self.bytes[self.first..self.first + self.count])
    }

    fn scaled_up(&self, power: u32, negative: bool) -> Option<Decimal> {
        if self.count == 0 {
            return Some(Decimal::ZERO);
        }
        let magnitude = self.number()?.checked_mul(10u128.checked_pow(power)?)?;
        signed(negative, magnitude)
    }

    fn scaled_down(&self, power: u32, negative: bool) -> Option<Decimal> {
        let number = self.number()?;
        signed(negative, 10u128.checked_pow(power).map_or(0, |divisor| number / divisor))
    }

    /// The power of ten of the first digit; `None` for zero.
    fn magnitude(&self) -> Option<i32> {
        (self.count > 0).then(|| self.exponent + length(self.count) - 1)
    }
}

/// A length within [`LITERAL_CHARS_MAX`], as an exponent.
fn length(chars: usize) -> i32 {
    i32::try_from(chars).unwrap_or(i32::MAX)
}

/// The canonical text of a magnitude, written from the end of a buffer.
struct CanonicalText {
    bytes: [u8; TEXT_BYTES_MAX],
    start: usize,
}

impl CanonicalText {
    fn of(magnitude: u128) -> Self {
        let mut text = Self { bytes: [b'0'; TEXT_BYTES_MAX], start: TEXT_BYTES_MAX };
        let (whole, fraction) = BY_UNIT.divide(Wide { high: 0, low: magnitude });
        text.push_fraction(low_half(fraction));
        text.push_whole(whole);
        text
    }

    /// Writes the point and the decimals, without zeros at the end.
    fn push_fraction(&mut self, mut fraction: u64) {
        if fraction == 0 {
            return;
        }
        let mut decimals = 18;
        for zeros in [16, 8, 4, 2, 1] {
            if fraction.is_multiple_of(POWERS_OF_TEN[zeros]) {
                fraction /= POWERS_OF_TEN[zeros];
                decimals -= zeros;
            }
        }
        let point = self.start - decimals - 1;
        self.push_digits(fraction);
        self.bytes[point] = b'.';
        self.start = point;
    }

    fn push_whole(&mut self, whole: u128) {
        const CHUNK: u64 = POWERS_OF_TEN[19];
        let end = self.start;
        if let Ok(whole) = u64::try_from(whole) {
            self.push_digits(whole);
        } else {
            self.push_digits(low_half(whole % u128::from(CHUNK)));
            self.start = end - 19;
            self.push_digits(low_half(whole / u128::from(CHUNK)));
        }
        self.start = self.start.min(end - 1);
    }

    /// Writes nothing for zero; the buffer already holds zeros.
    fn push_digits(&mut self, mut value: u64) {
        while value > 0 {
            self.start -= 1;
            self.bytes[self.start] += (value % 10) as u8;
            value /= 10;
        }
    }

    fn push_sign(&mut self, negative: bool) {
        if negative {
            self.start -= 1;
            self.bytes[self.start] = b'-';
        }
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[self.start..])
            .expect("digits, a point and a sign are ASCII")
    }
}

/// The shortest exact text: `2.5`, `-0.000001`, `20000`.
impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad_integral(!self.is_negative(), "", CanonicalText::of(self.0.unsigned_abs()).as_str())
    }
}

/// A string, because readers of JSON turn numbers into floats.
impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = CanonicalText::of(self.0.unsigned_abs());
        text.push_sign(self.is_negative());
        serializer.serialize_str(text.as_str())
    }
}

/// A string only; a number may already have been through a float.
impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(DecimalVisitor)
    }
}

struct DecimalVisitor;

impl de::Visitor<'_> for DecimalVisitor {
    type Value = Decimal;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a decimal as a string; quote it, as in \"2.5\"")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Decimal, E> {
        Decimal::parse(text).map_err(E::custom)
    }
}

/// An integer counts millionths; what is finer, or too large for 64 bits of them, is a byte string: the mantissa,
/// big-endian two's complement, without redundant leading sign bytes. Prices, quantities and limits are nearly always
/// whole millionths, which takes half the bytes.
impl<C> minicbor::Encode<C> for Decimal {
    fn encode<W: Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        match millionths(self.0) {
            Some(count) => e.i64(count)?.ok(),
            None => e.bytes(&self.0.to_be_bytes()[16 - bytes_needed(self.0)..])?.ok(),
        }
    }
}

/// Refuses bytes where an integer would do, and redundant bytes, so that a value has one encoding and one hash.
impl<'b, C> minicbor::Decode<'b, C> for Decimal {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
        let position = d.position();
        if d.datatype()? != Type::Bytes {
            let mantissa = i128::from(d.i64()?) * MILLIONTH;
            let known = millionths(mantissa).map(|_| Self(mantissa));
            return known
                .ok_or_else(|| decode::Error::message("decimal out of range").at(position));
        }
        let bytes = d.bytes()?;
        if bytes.len() > 16 {
            return Err(decode::Error::message("decimal longer than 16 bytes").at(position));
        }
        let negative = bytes.first().is_some_and(|&byte| byte >= 0x80);
        let sign = if negative { -1 } else { 0 };
        let mantissa = bytes.iter().fold(sign, |value, &byte| (value << 8) | i128::from(byte));
        if bytes_needed(mantissa) != bytes.len() || millionths(mantissa).is_some() {
            return Err(decode::Error::message("decimal with redundant bytes").at(position));
        }
        Ok(Self(mantissa))
    }
}

/// A millionth, as a mantissa at 18 decimals.
const MILLIONTH: i128 = 1_000_000_000_000;
/// 10^12 is 2^12 times this odd number.
const MILLIONTH_ODD: u128 = 244_140_625;
/// What the odd number times this is, modulo 2^128, is 1: multiplying by it divides exactly where that is possible, and
/// gives a number too large to be a quotient where it is not. Source: Granlund and Montgomery (1994), section 9.
const MILLIONTH_ODD_INVERSE: u128 = inverse(MILLIONTH_ODD);

/// How many millionths a mantissa is, where it is a whole number of them and 64 bits hold it.
fn millionths(mantissa: i128) -> Option<i64> {
    let magnitude = mantissa.unsigned_abs();
    let shift = MILLIONTH.trailing_zeros();
    if magnitude.trailing_zeros() < shift {
        return None;
    }
    let count = (magnitude >> shift).wrapping_mul(MILLIONTH_ODD_INVERSE);
    let count = i64::try_from(count).ok()?;
    Some(if mantissa < 0 { -count } else { count })
}

/// The inverse of an odd number modulo 2^128, by Newton's iteration: each doubles the bits that are right.
const fn inverse(odd: u128) -> u128 {
    let mut inverse = odd;
    let mut right_bits = 3;
    while right_bits < u128::BITS {
        inverse = inverse.wrapping_mul(2_u128.wrapping_sub(odd.wrapping_mul(inverse)));
        right_bits *= 2;
    }
    inverse
}

const fn bytes_needed(mantissa: i128) -> usize {
    let bits = 128 - (mantissa ^ (mantissa >> 127)).leading_zeros();
    if mantissa == 0 { 0 } else { bits as usize / 8 + 1 }
}

/// Declares numbers that have a unit, so that a price is never a quantity.
macro_rules! decimals_with_unit {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default,
            serde::Serialize, serde::Deserialize, minicbor::Encode, minicbor::Decode,
        )]
        #[serde(transparent)]
        #[cbor(transparent)]
        pub struct $name(#[n(0)] Decimal);

        impl $name {
            /// Zero.
            pub const ZERO: Self = Self(Decimal::ZERO);

            /// Gives a plain decimal this unit.
            pub const fn new(value: Decimal) -> Self {
                Self(value)
            }

            /// Returns the decimal without its unit.
            pub const fn get(self) -> Decimal {
                self.0
            }

            /// Returns whether the value is zero.
            pub const fn is_zero(self) -> bool {
                self.0.is_zero()
            }

            /// Returns whether the value is above zero.
            pub const fn is_positive(self) -> bool {
                self.0.is_positive()
            }

            /// Returns whether the value is below zero.
            pub const fn is_negative(self) -> bool {
                self.0.is_negative()
            }

            /// Returns the sum.
            ///
            /// # Errors
            ///
            /// `Overflow` when it is out of range.
            pub fn checked_add(self, rhs: Self) -> Result<Self, NumberError> {
                self.0.checked_add(rhs.0).map(Self)
            }

            /// Returns the difference.
            ///
            /// # Errors
            ///
            /// `Overflow` when it is out of range.
            pub fn checked_sub(self, rhs: Self) -> Result<Self, NumberError> {
                self.0.checked_sub(rhs.0).map(Self)
            }

            /// Returns the value with the other sign.
            ///
            /// # Errors
            ///
            /// `Overflow` for the smallest value, which has no opposite.
            pub fn checked_neg(self) -> Result<Self, NumberError> {
                self.0.checked_neg().map(Self)
            }

            /// Returns the value without its sign.
            ///
            /// # Errors
            ///
            /// `Overflow` for the smallest value, which has no opposite.
            pub fn checked_abs(self) -> Result<Self, NumberError> {
                self.0.checked_abs().map(Self)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = NumberError;

            fn from_str(text: &str) -> Result<Self, NumberError> {
                Decimal::parse(text).map(Self)
            }
        }
    )*};
}

decimals_with_unit! {
    /// A price, in quote currency per unit.
    Px
    /// A quantity, in units or contracts; signed where it is a position.
    Qty
    /// An amount of quote currency.
    Notional
    /// A plain fraction, such as a weight, a leverage or a contract size.
    Ratio
}

impl Px {
    /// Returns what `qty` is worth at this price: price times quantity times
    /// contract size (units per contract), rounded once.
    ///
    /// # Errors
    ///
    /// `Overflow` when it is out of range.
    pub fn notional_of(
        self,
        qty: Qty,
        contract_size: Ratio,
        rounding: Rounding,
    ) -> Result<Notional, NumberError> {
        self.0.checked_mul_mul(qty.0, contract_size.0, rounding).map(Notional)
    }

    /// Returns the highest tick at or below this price.
    ///
    /// # Errors
    ///
    /// `StepNotPositive`; `Overflow` when that tick is out of range.
    pub fn floor_to_tick(self, tick: Self) -> Result<Self, NumberError> {
        self.0.floor_to(tick.0).map(Self)
    }

    /// Returns the lowest tick at or above this price.
    ///
    /// # Errors
    ///
    /// `StepNotPositive`; `Overflow` when that tick is out of range.
    pub fn ceil_to_tick(self, tick: Self) -> Result<Self, NumberError> {
        self.0.ceil_to(tick.0).map(Self)
    }
}

impl Qty {
    /// Returns the quantity in whole lots, toward zero: never more than asked,
    /// for a sale as for a purchase.
    ///
    /// # Errors
    ///
    /// `StepNotPositive`.
    pub fn floor_to_lot(self, lot: Self) -> Result<Self, NumberError> {
        self.0.truncate_to(lot.0).map(Self)
    }
}

impl Notional {
    /// Returns the quantity this amount is worth at `px`: amount over price
    /// times contract size (units per contract), rounded once.
    ///
    /// # Errors
    ///
    /// `DivisionByZero` when price or contract size is zero; `Overflow` when
    /// the quantity is out of range.
    pub fn qty_at(
        self,
        px: Px,
        contract_size: Ratio,
        rounding: Rounding,
    ) -> Result<Qty, NumberError> {
        self.0.checked_div_div(px.0, contract_size.0, rounding).map(Qty)
    }

    /// Returns this amount as a fraction of another.
    ///
    /// # Errors
    ///
    /// `DivisionByZero`; `Overflow` when the fraction is out of range.
    pub fn over(self, whole: Self, rounding: Rounding) -> Result<Ratio, NumberError> {
        self.0.checked_div(whole.0, rounding).map(Ratio)
    }
}

impl Ratio {
    /// The whole: a fraction of 1.
    pub const ONE: Self = Self(Decimal::ONE);

    /// Returns this fraction of an amount.
    ///
    /// # Errors
    ///
    /// `Overflow` when it is out of range.
    pub fn of_notional(self, whole: Notional, rounding: Rounding) -> Result<Notional, NumberError> {
        self.0.checked_mul(whole.0, rounding).map(Notional)
    }

    /// Returns this fraction of a quantity.
    ///
    /// # Errors
    ///
    /// `Overflow` when it is out of range.
    pub fn of_qty(self, whole: Qty, rounding: Rounding) -> Result<Qty, NumberError> {
        self.0.checked_mul(whole.0, rounding).map(Qty)
    }
}

/// A JSON number kept as it was written: a score, never money.
///
/// Equality is that of the text: `1.0` differs from `1`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NumberText(SmolStr);

impl NumberText {
    /// Keeps the text of a JSON number of at most 64 characters, below 1e308
    /// so that every reader's double holds it.
    ///
    /// # Errors
    ///
    /// `Empty` or `UnexpectedCharacter` when it is not a JSON number;
    /// `TooManyDigits` past 64 characters; `OutOfRange`.
    pub fn parse(text: &str) -> Result<Self, NumberError> {
        let literal = Literal::scan_json(text)?;
        match Digits::of(&literal).magnitude() {
            Some(magnitude) if magnitude >= DOUBLE_EXPONENT_MAX => Err(NumberError::OutOfRange),
            _ => Ok(Self(SmolStr::new(text))),
        }
    }

    /// Returns the text as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for NumberText {
    fn default() -> Self {
        Self(SmolStr::new_static("0"))
    }
}

impl fmt::Display for NumberText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for NumberText {
    type Err = NumberError;

    fn from_str(text: &str) -> Result<Self, NumberError> {
        Self::parse(text)
    }
}

/// A raw JSON number, character for character.
impl Serialize for NumberText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw: &RawValue = serde_json::from_str(&self.0).map_err(ser::Error::custom)?;
        raw.serialize(serializer)
    }
}

/// From JSON only, because only there can a number be read without a float.
impl<'de> Deserialize<'de> for NumberText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Self::parse(raw.get()).map_err(de::Error::custom)
    }
}

impl<C> minicbor::Encode<C> for NumberText {
    fn encode<W: Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        e.str(&self.0)?.ok()
    }
}

impl<'b, C> minicbor::Decode<'b, C> for NumberText {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
        let position = d.position();
        Self::parse(d.str()?).map_err(|error| decode::Error::message(error).at(position))
    }
}
