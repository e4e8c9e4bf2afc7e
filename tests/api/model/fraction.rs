//! Exact fractions: what money and shares of periods are in the model. Rounded only where the rules say so.

use std::cmp::Ordering;
use std::ops::{Add, Mul, Sub};

/// A reduced fraction; the denominator is positive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fraction {
    over: i128,
    under: i128,
}

impl Fraction {
    /// Nothing.
    pub const ZERO: Self = Self { over: 0, under: 1 };

    /// `over` / `under`.
    pub fn of(over: i128, under: i128) -> Self {
        assert_ne!(under, 0, "nothing can be shared among nobody");
        let divisor = greatest_common_divisor(over.abs(), under.abs()) * under.signum();
        Self {
            over: over / divisor,
            under: under / divisor,
        }
    }

    /// A whole number.
    pub fn whole(number: i128) -> Self {
        Self::of(number, 1)
    }

    /// A decimal such as `19.99`.
    pub fn decimal(text: &str) -> Self {
        let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
        let places = u32::try_from(decimals.len()).expect("a short decimal");
        let digits: i128 = format!("{whole}{decimals}").parse().expect("a decimal");
        Self::of(digits, 10_i128.pow(places))
    }

    /// The nearest whole number, half away from zero (rules 8.4).
    pub fn rounded(self) -> i128 {
        let doubled = 2 * self.over.abs() + self.under;
        self.over.signum() * (doubled / (2 * self.under))
    }
}

impl Add for Fraction {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self::of(
            self.over * other.under + other.over * self.under,
            self.under * other.under,
        )
    }
}

impl Sub for Fraction {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self + Self::of(-other.over, other.under)
    }
}

impl Mul for Fraction {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        Self::of(self.over * other.over, self.under * other.under)
    }
}

impl PartialOrd for Fraction {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some((self.over * other.under).cmp(&(other.over * self.under)))
    }
}

fn greatest_common_divisor(left: i128, right: i128) -> i128 {
    if right == 0 {
        left.max(1)
    } else {
        greatest_common_divisor(right, left % right)
    }
}

#[test]
fn fractions_are_exact_and_rounded_half_away_from_zero() {
    assert_eq!(Fraction::of(1, 3) + Fraction::of(1, 6), Fraction::of(-1, -2));
    assert_eq!(
        Fraction::decimal("24.90") - Fraction::decimal("24"),
        Fraction::of(9, 10)
    );
    assert_eq!(Fraction::of(2, 3) * Fraction::of(3, 4), Fraction::of(1, 2));
    assert!(Fraction::of(-1, 2) < Fraction::ZERO);
    let halves = [5, 3, 1, -1, -3, 4].map(|half| Fraction::of(half, 2).rounded());
    assert_eq!(halves, [3, 2, 1, -1, -2, 2]);
}
