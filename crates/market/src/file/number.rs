//! Whole numbers in one to nine bytes, and the two widths prices are kept in.

use super::Damage;
use fillwright_domain::Decimal;

/// A buffer is padded with so many zeros, so that a number is loaded whole wherever it begins.
pub(super) const PADDING: usize = 9;

/// Writes numbers. The ones at the low end of the first byte say how many bytes follow; the bits of the number stand above
/// them, lowest first. A first byte of eight ones is followed by all 64 bits.
pub(super) fn put(out: &mut Vec<u8>, value: u64) {
    let bits = u64::BITS - value.leading_zeros();
    let bytes = bits.div_ceil(7).max(1);
    if bytes > 8 {
        out.push(0xff);
        out.extend_from_slice(&value.to_le_bytes());
        return;
    }
    let ones = (1 << (bytes - 1)) - 1;
    // With eight bytes, the ones and their end take the first; with fewer, the number shares it.
    let word = if bytes == 8 { value << 8 | ones } else { value << bytes | ones };
    out.extend_from_slice(&word.to_le_bytes()[..bytes as usize]);
}

/// Small numbers of either sign as small numbers without one.
pub(super) const fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

const fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -((value & 1).cast_signed())
}

/// Reads numbers from a padded buffer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) const fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    pub(super) const fn at(&self) -> usize {
        self.at
    }

    #[inline]
    fn word(&self, at: usize) -> Result<u64, Damage> {
        let bytes = self.bytes.get(at..).and_then(|rest| rest.first_chunk::<8>());
        bytes.map(|bytes| u64::from_le_bytes(*bytes)).ok_or(Damage::Malformed)
    }

    #[inline]
    pub(super) fn byte(&mut self) -> Result<u8, Damage> {
        let byte = *self.bytes.get(self.at).ok_or(Damage::Malformed)?;
        self.at += 1;
        Ok(byte)
    }

    #[inline]
    pub(super) fn number(&mut self) -> Result<u64, Damage> {
        let word = self.word(self.at)?;
        let ones = word.trailing_ones();
        if ones >= 8 {
            let value = self.word(self.at + 1)?;
            self.at += 9;
            return Ok(value);
        }
        let bytes = ones + 1;
        self.at += bytes as usize;
        Ok((word >> bytes) & ((1 << (7 * bytes)) - 1))
    }

    #[inline]
    pub(super) fn signed(&mut self) -> Result<i64, Damage> {
        self.number().map(unzigzag)
    }

    pub(super) fn index(&mut self) -> Result<usize, Damage> {
        usize::try_from(self.number()?).map_err(|_| Damage::Malformed)
    }

    pub(super) fn text(&mut self) -> Result<&'a str, Damage> {
        let bytes = self.index()?;
        let end = self.at.checked_add(bytes).ok_or(Damage::Malformed)?;
        let text = self.bytes.get(self.at..end).ok_or(Damage::Malformed)?;
        self.at = end;
        std::str::from_utf8(text).map_err(|_| Damage::Malformed)
    }
}

/// How wide the numbers of a block are.
pub(super) trait Width: Copy + Default {
    /// What a value of one unit is worth.
    type Unit: Copy;

    /// The unit of so many decimals.
    fn unit(decimals: u8) -> Result<Self::Unit, Damage>;
    /// A decimal in whole units, if it can be held.
    fn of(value: Decimal, unit: Self::Unit) -> Option<Self>;
    /// The decimal of so many units.
    fn decimal(self, unit: Self::Unit) -> Decimal;
    /// Writes the difference from `last`.
    fn put_from(self, last: Self, out: &mut Vec<u8>);
    /// Reads a difference, and adds it to `last`.
    fn read_from(last: Self, cursor: &mut Cursor<'_>) -> Result<Self, Damage>;
}

/// Values up to here can be held in 64 bits, and so can the difference of any two of them.
const NARROW_MAX: i128 = 1 << 62;

impl Width for i64 {
    type Unit = i64;

    fn unit(decimals: u8) -> Result<i64, Damage> {
        let zeros = Decimal::SCALE_DIGITS.checked_sub(decimals.into()).ok_or(Damage::Malformed)?;
        Ok(10_i64.pow(zeros))
    }

    fn of(value: Decimal, unit: i64) -> Option<Self> {
        let (mantissa, unit) = (value.mantissa(), i128::from(unit));
        let is_whole = mantissa % unit == 0;
        let value = mantissa / unit;
        (is_whole && value.abs() < NARROW_MAX).then(|| i64::try_from(value).ok()).flatten()
    }

    #[inline]
    fn decimal(self, unit: i64) -> Decimal {
        Decimal::from_mantissa(i128::from(self) * i128::from(unit))
    }

    fn put_from(self, last: Self, out: &mut Vec<u8>) {
        put(out, zigzag(self.wrapping_sub(last)));
    }

    #[inline]
    fn read_from(last: Self, cursor: &mut Cursor<'_>) -> Result<Self, Damage> {
        Ok(last.wrapping_add(cursor.signed()?))
    }
}

impl Width for i128 {
    /// Every decimal there is is a whole number of the smallest.
    type Unit = ();

    fn unit(decimals: u8) -> Result<(), Damage> {
        if u32::from(decimals) == Decimal::SCALE_DIGITS { Ok(()) } else { Err(Damage::Malformed) }
    }

    fn of(value: Decimal, (): ()) -> Option<Self> {
        Some(value.mantissa())
    }

    fn decimal(self, (): ()) -> Decimal {
        Decimal::from_mantissa(self)
    }

    fn put_from(self, last: Self, out: &mut Vec<u8>) {
        let difference = self.wrapping_sub(last);
        let value = ((difference << 1) ^ (difference >> 127)).cast_unsigned();
        let low = value & u128::from(u64::MAX);
        put(out, u64::try_from(low).unwrap_or_default());
        put(out, u64::try_from(value >> 64).unwrap_or_default());
    }

    fn read_from(last: Self, cursor: &mut Cursor<'_>) -> Result<Self, Damage> {
        let low = u128::from(cursor.number()?);
        let value = u128::from(cursor.number()?) << 64 | low;
        let difference = (value >> 1).cast_signed() ^ -((value & 1).cast_signed());
        Ok(last.wrapping_add(difference))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn padded(mut bytes: Vec<u8>) -> Vec<u8> {
        bytes.extend_from_slice(&[0; PADDING]);
        bytes
    }

    #[test]
    fn a_number_is_as_long_as_it_has_sevens_of_bits() {
        for (bytes, value) in [(1, 0), (1, 127), (2, 128), (2, (1 << 14) - 1), (7, (1 << 49) - 1)] {
            let mut out = Vec::new();
            put(&mut out, value);
            assert_eq!(out.len(), bytes, "{value}");
        }
        for (bytes, value) in [(8, 1 << 49), (8, (1 << 56) - 1), (9, 1 << 56), (9, u64::MAX)] {
            let mut out = Vec::new();
            put(&mut out, value);
            assert_eq!(out.len(), bytes, "{value}");
        }
    }

    proptest! {
        #[test]
        fn numbers_of_any_length_are_read_as_they_were_written(
            values in proptest::collection::vec((any::<u64>(), 0u32..64), 1..20)
        ) {
            let values: Vec<u64> = values.iter().map(|(value, shift)| value >> shift).collect();
            let mut out = Vec::new();
            for value in &values {
                put(&mut out, *value);
            }
            let (length, out) = (out.len(), padded(out));
            let mut cursor = Cursor::new(&out, 0);
            for value in values {
                prop_assert_eq!(cursor.number(), Ok(value));
            }
            prop_assert_eq!(cursor.at(), length);
        }

        #[test]
        fn differences_of_either_width_come_back(last: i128, value: i128, a: i64, b: i64) {
            let mut out = Vec::new();
            value.put_from(last, &mut out);
            a.put_from(b, &mut out);
            let out = padded(out);
            let mut cursor = Cursor::new(&out, 0);
            prop_assert_eq!(i128::read_from(last, &mut cursor), Ok(value));
            prop_assert_eq!(i64::read_from(b, &mut cursor), Ok(a));
        }

        #[test]
        fn any_bytes_are_numbers_or_refused(bytes: Vec<u8>) {
            let bytes = padded(bytes);
            let mut cursor = Cursor::new(&bytes, 0);
            while cursor.number().is_ok() {}
        }
    }
}
