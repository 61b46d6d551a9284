//! Exact rationals: what the reference and the oracle calculate with, so that they share no arithmetic with the kernel.

use fillwright_domain::{Decimal, Rounding};
use num_bigint::{BigInt, Sign};
use std::cmp::Ordering;
use std::ops::{Add, Mul, Neg, Sub};

const UNIT: i64 = 1_000_000_000_000_000_000;

/// A fraction with a positive denominator, of any size.
#[derive(Debug, Clone)]
pub struct Exact {
    above: BigInt,
    below: BigInt,
}

/// A decimal as a fraction.
pub fn exact(value: Decimal) -> Exact {
    Exact { above: BigInt::from(value.mantissa()), below: BigInt::from(UNIT) }
}

impl Exact {
    /// A whole number.
    pub fn int(whole: i64) -> Self {
        Self { above: BigInt::from(whole), below: BigInt::from(1) }
    }

    /// Nothing.
    pub fn zero() -> Self {
        Self::int(0)
    }

    /// The quotient; nothing where the divisor is zero.
    pub fn over(&self, divisor: &Self) -> Option<Self> {
        let (above, below) = (&self.above * &divisor.below, &self.below * &divisor.above);
        match below.sign() {
            Sign::NoSign => None,
            Sign::Plus => Some(Self { above, below }),
            Sign::Minus => Some(Self { above: -above, below: -below }),
        }
    }

    /// The value without its sign.
    #[must_use]
    pub fn abs(&self) -> Self {
        if self.is_negative() { -self.clone() } else { self.clone() }
    }

    /// Whether it is above zero.
    pub fn is_positive(&self) -> bool {
        self.above.sign() == Sign::Plus
    }

    /// Whether it is below zero.
    pub fn is_negative(&self) -> bool {
        self.above.sign() == Sign::Minus
    }

    /// Whether it is zero.
    pub fn is_zero(&self) -> bool {
        self.above.sign() == Sign::NoSign
    }

    /// The nearest decimal as the rounding says; nothing where none can hold it.
    pub fn rounded(&self, rounding: Rounding) -> Option<Decimal> {
        let whole = (self.clone() * Self::int(UNIT)).to_whole(rounding);
        i128::try_from(whole).ok().map(Decimal::from_mantissa)
    }

    /// The nearest whole multiple of a step as the rounding says; nothing where the step is not above zero.
    pub fn to_step(&self, step: &Self, rounding: Rounding) -> Option<Self> {
        let steps = self.over(step).filter(|_| step.is_positive())?.to_whole(rounding);
        Some(Self { above: steps, below: BigInt::from(1) } * step.clone())
    }

    /// The nearest whole number as the rounding says.
    pub fn to_whole(&self, rounding: Rounding) -> BigInt {
        let down = floor(&self.above, &self.below);
        let rest = &self.above - &down * &self.below;
        let against_half = (&rest + &rest).cmp(&self.below);
        let up = match rounding {
            Rounding::Floor => false,
            Rounding::Ceil => true,
            Rounding::Down => self.is_negative(),
            Rounding::Up => !self.is_negative(),
            Rounding::HalfEven => {
                against_half == Ordering::Greater
                    || against_half == Ordering::Equal && is_odd(&down)
            }
        };
        if up && rest.sign() != Sign::NoSign { down + 1 } else { down }
    }
}

fn floor(above: &BigInt, below: &BigInt) -> BigInt {
    let toward_zero = above / below;
    if above.sign() == Sign::Minus && &toward_zero * below != *above {
        toward_zero - 1
    } else {
        toward_zero
    }
}

fn is_odd(whole: &BigInt) -> bool {
    whole.bit(0)
}

impl Add for Exact {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            above: self.above * &other.below + other.above * &self.below,
            below: self.below * other.below,
        }
    }
}

impl Neg for Exact {
    type Output = Self;

    fn neg(self) -> Self {
        Self { above: -self.above, below: self.below }
    }
}

impl Sub for Exact {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Mul for Exact {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        Self { above: self.above * other.above, below: self.below * other.below }
    }
}

impl PartialEq for Exact {
    fn eq(&self, other: &Self) -> bool {
        self.partial_cmp(other) == Some(Ordering::Equal)
    }
}

impl PartialOrd for Exact {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        (&self.above * &other.below).partial_cmp(&(&other.above * &self.below))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn halves(halves: i64, rounding: Rounding) -> BigInt {
        Exact::int(halves).over(&Exact::int(2)).expect("two is not zero").to_whole(rounding)
    }

    #[test]
    fn every_rounding_of_a_half_and_its_opposite() {
        let table = [
            (Rounding::Down, 2, -2),
            (Rounding::Up, 3, -3),
            (Rounding::Floor, 2, -3),
            (Rounding::Ceil, 3, -2),
            (Rounding::HalfEven, 2, -2),
        ];
        for (rounding, up, down) in table {
            assert_eq!(
                (halves(5, rounding), halves(-5, rounding)),
                (BigInt::from(up), BigInt::from(down)),
                "{rounding:?}"
            );
            assert_eq!(halves(4, rounding), BigInt::from(2), "{rounding:?} of a whole number");
        }
    }
}
