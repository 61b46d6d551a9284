//! Decimals against `num-bigint`, and their texts and encodings.

use std::cmp::Ordering;
use std::fmt::Debug;

use fillwright_domain::number::{
    Decimal, Notional, NumberError, NumberText, Px, Qty, Ratio, Rounding,
};
use num_bigint::{BigInt, Sign};
use proptest::prelude::*;

const ROUNDINGS: [Rounding; 5] =
    [Rounding::Down, Rounding::Up, Rounding::Floor, Rounding::Ceil, Rounding::HalfEven];

// Arithmetic against integers of any size.

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn sums_and_differences_are_exact_or_refused(a in decimal(), b in decimal()) {
        prop_assert_eq!(a.checked_add(b), in_range(&(big(a) + big(b))));
        prop_assert_eq!(a.checked_sub(b), in_range(&(big(a) - big(b))));
        prop_assert_eq!(a.checked_neg(), in_range(&-big(a)));
        prop_assert_eq!(a.checked_abs(), in_range(&BigInt::from(big(a).magnitude().clone())));
    }

    #[test]
    fn products_are_rounded_once(a in decimal(), b in decimal()) {
        for rounding in ROUNDINGS {
            let expected = quotient(&(big(a) * big(b)), &unit(), rounding);
            prop_assert_eq!(a.checked_mul(b, rounding), expected);
        }
    }

    #[test]
    fn quotients_are_rounded_once(a in decimal(), b in decimal()) {
        for rounding in ROUNDINGS {
            prop_assert_eq!(a.checked_div(b, rounding), quotient(&(big(a) * unit()), &big(b), rounding));
        }
    }

    #[test]
    fn products_over_a_divisor_are_rounded_once(a in decimal(), b in decimal(), c in decimal()) {
        for rounding in ROUNDINGS {
            let expected = quotient(&(big(a) * big(b)), &big(c), rounding);
            prop_assert_eq!(a.checked_mul_div(b, c, rounding), expected);
        }
    }

    #[test]
    fn notionals_of_contracts_are_rounded_once(a in decimal(), b in decimal(), c in decimal()) {
        for rounding in ROUNDINGS {
            let expected = quotient(&(big(a) * big(b) * big(c)), &(unit() * unit()), rounding);
            let notional = Px::new(a).notional_of(Qty::new(b), Ratio::new(c), rounding);
            prop_assert_eq!(notional.map(Notional::get), expected);
        }
    }

    #[test]
    fn quantities_of_contracts_are_rounded_once(a in decimal(), b in decimal(), c in decimal()) {
        for rounding in ROUNDINGS {
            let expected = quotient(&(big(a) * unit() * unit()), &(big(b) * big(c)), rounding);
            let qty = Notional::new(a).qty_at(Px::new(b), Ratio::new(c), rounding);
            prop_assert_eq!(qty.map(Qty::get), expected);
        }
    }

    #[test]
    fn steps_are_reached_in_the_direction_asked(a in decimal(), step in decimal()) {
        let to_step = |rounding| steps(a, step, rounding);
        prop_assert_eq!(a.floor_to(step), to_step(Rounding::Floor));
        prop_assert_eq!(a.ceil_to(step), to_step(Rounding::Ceil));
        prop_assert_eq!(a.truncate_to(step), to_step(Rounding::Down));
        prop_assert_eq!(a.is_multiple_of(step), to_step(Rounding::Down).map(|whole| whole == a));
    }

    #[test]
    fn signs_agree_with_the_mantissa(a in decimal()) {
        prop_assert_eq!(Decimal::from_mantissa(a.mantissa()), a);
        prop_assert_eq!(i128::from(a.signum()), a.mantissa().signum());
        let signs = (a.is_negative(), a.is_zero(), a.is_positive());
        prop_assert_eq!(signs, (a < Decimal::ZERO, a == Decimal::ZERO, a > Decimal::ZERO));
    }
}

#[test]
fn extremes_meet_each_other_under_every_rounding() {
    let extremes = [i128::MIN, i128::MIN + 1, -1, 0, 1, 10i128.pow(18), i128::MAX - 1, i128::MAX];
    for a in extremes.map(Decimal::from_mantissa) {
        for b in extremes.map(Decimal::from_mantissa) {
            for rounding in ROUNDINGS {
                let product = quotient(&(big(a) * big(b)), &unit(), rounding);
                assert_eq!(a.checked_mul(b, rounding), product, "{a} * {b} {rounding:?}");
                let ratio = quotient(&(big(a) * unit()), &big(b), rounding);
                assert_eq!(a.checked_div(b, rounding), ratio, "{a} / {b} {rounding:?}");
            }
        }
    }
}

#[test]
fn a_quotient_just_past_128_bits_is_refused() {
    let amount = Decimal::MAX;
    let high: BigInt = (big(amount) * unit() * unit()) >> 128;
    let contract_size = in_range(&high).expect("below 2^127");
    let qty = Notional::new(amount).qty_at(
        Px::new(Decimal::from_mantissa(1)),
        Ratio::new(contract_size),
        Rounding::Down,
    );
    assert_eq!(qty, Err(NumberError::Overflow));
}

#[test]
fn ties_go_to_the_even_digit() {
    let half = dec("0.5");
    for (mantissa, expected) in [(1, 0), (3, 2), (5, 2), (-1, 0), (-3, -2), (-5, -2)] {
        let product = Decimal::from_mantissa(mantissa).checked_mul(half, Rounding::HalfEven);
        assert_eq!(product, Ok(Decimal::from_mantissa(expected)));
    }
}

#[test]
fn tokens_of_18_decimals_and_quantities_of_1e12_stay_exact() {
    let qty = dec("1000000000000.000000000000000001");
    assert_eq!(qty.to_string(), "1000000000000.000000000000000001");
    let notional = Px::new(dec("0.000001")).notional_of(
        Qty::new(dec("1000000000000.000000000001")),
        Ratio::new(Decimal::ONE),
        Rounding::Down,
    );
    assert_eq!(notional, Ok(Notional::new(dec("1000000.000000000000000001"))));
    let largest = dec("1000000000000").checked_mul(dec("100000000"), Rounding::Down);
    assert_eq!(largest, Ok(dec("100000000000000000000")));
}

#[test]
fn units_combine_into_the_unit_they_make() {
    let contract_size = Ratio::new(dec("0.1"));
    let (px, qty) = (Px::new(dec("20000.5")), Qty::new(dec("-3")));
    let notional = px.notional_of(qty, contract_size, Rounding::HalfEven).expect("in range");
    assert_eq!(notional.to_string(), "-6000.15");
    assert_eq!(notional.qty_at(px, contract_size, Rounding::HalfEven), Ok(qty));
    assert_eq!(notional.over(notional, Rounding::Down), Ok(Ratio::new(Decimal::ONE)));
    let half = Ratio::new(dec("0.5"));
    assert_eq!(half.of_notional(notional, Rounding::Down), Ok(Notional::new(dec("-3000.075"))));
    assert_eq!(half.of_qty(qty, Rounding::Down), Ok(Qty::new(dec("-1.5"))));
}

#[test]
fn lots_go_toward_zero_and_ticks_where_asked() {
    let lot = Qty::new(dec("0.5"));
    assert_eq!(Qty::new(dec("1.7")).floor_to_lot(lot), Ok(Qty::new(dec("1.5"))));
    assert_eq!(Qty::new(dec("-1.7")).floor_to_lot(lot), Ok(Qty::new(dec("-1.5"))));
    assert_eq!(lot.floor_to_lot(Qty::ZERO), Err(NumberError::StepNotPositive));
    let tick = Px::new(dec("0.05"));
    assert_eq!(Px::new(dec("20.02")).floor_to_tick(tick), Ok(Px::new(dec("20"))));
    assert_eq!(Px::new(dec("20.02")).ceil_to_tick(tick), Ok(Px::new(dec("20.05"))));
    assert_eq!(Px::new(dec("-0.01")).floor_to_tick(tick), Ok(Px::new(dec("-0.05"))));
}

// Texts.

proptest! {
    #[test]
    fn every_decimal_survives_its_text(a in decimal()) {
        let text = a.to_string();
        prop_assert_eq!(Decimal::parse(&text), Ok(a));
        prop_assert_eq!(Decimal::parse_json_number(&text).map(|parsed| (parsed.value, parsed.truncated)), Ok((a, false)));
        prop_assert!(!text.contains('.') || !text.ends_with(['0', '.']), "{} is not the shortest", text);
    }

    #[test]
    fn any_text_is_read_alike_or_refused(text in "-?[0-9]{0,24}\\.?[0-9]{0,22}") {
        if let Ok(value) = Decimal::parse(&text) {
            let digits = text.trim_start_matches('-').replace('.', "");
            let decimals = text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
            let scaled = digits.parse::<BigInt>().expect("digits") * BigInt::from(10).pow(18);
            let magnitude = BigInt::from(big(value).magnitude().clone());
            let power = u32::try_from(decimals).expect("short");
            prop_assert_eq!(magnitude * BigInt::from(10).pow(power), scaled);
        }
    }

    #[test]
    fn nothing_panics_on_strange_texts(text in "\\PC{0,70}", json in "-?[0-9]{0,40}\\.?[0-9]{0,30}[eE]?[-+]?[0-9]{0,12}") {
        for text in [&text, &json] {
            let _ = (Decimal::parse(text), Decimal::parse_json_number(text), NumberText::parse(text));
        }
    }
}

#[test]
fn plain_decimals_are_read_strictly() {
    let read = |text: &str| text.parse::<Decimal>().map(|value| value.to_string());
    check(
        read,
        &[
            ("2.5", "2.5"),
            ("-0.000001", "-0.000001"),
            ("20000", "20000"),
            ("0020000.500", "20000.5"),
            ("-0", "0"),
            ("-0.000", "0"),
            ("1.0000000000000000000", "1"),
            ("0.0000000000000000010000", "0.000000000000000001"),
            (
                "170141183460469231731.687303715884105727",
                "170141183460469231731.687303715884105727",
            ),
            (
                "-170141183460469231731.687303715884105728",
                "-170141183460469231731.687303715884105728",
            ),
            ("000000000000000000000000000000000000000000000007", "7"),
            ("", "Empty"),
            ("-", "UnexpectedCharacter { position: 1 }"),
            ("+1", "UnexpectedCharacter { position: 0 }"),
            (" 1", "UnexpectedCharacter { position: 0 }"),
            ("1 ", "UnexpectedCharacter { position: 1 }"),
            ("--1", "UnexpectedCharacter { position: 1 }"),
            (".5", "UnexpectedCharacter { position: 0 }"),
            ("-.5", "UnexpectedCharacter { position: 1 }"),
            ("5.", "UnexpectedCharacter { position: 2 }"),
            ("1.2.3", "UnexpectedCharacter { position: 3 }"),
            ("1,5", "UnexpectedCharacter { position: 1 }"),
            ("1_000", "UnexpectedCharacter { position: 1 }"),
            ("1e5", "UnexpectedCharacter { position: 1 }"),
            ("1.5x", "UnexpectedCharacter { position: 3 }"),
            ("NaN", "UnexpectedCharacter { position: 0 }"),
            ("٣", "UnexpectedCharacter { position: 0 }"),
            ("0.0000000000000000001", "TooManyDecimals { position: 20 }"),
            ("-1.00000000000000000000001", "TooManyDecimals { position: 25 }"),
            ("170141183460469231731.687303715884105728", "OutOfRange"),
            ("-170141183460469231731.687303715884105729", "OutOfRange"),
            ("340282366920938463463374607431768211456", "OutOfRange"),
            ("1000000000000000000000000000000000000000000000000", "OutOfRange"),
        ],
    );
}

#[test]
fn json_numbers_keep_what_a_double_can_say() {
    check(
        read_json,
        &[
            ("0", "0"),
            ("-0.0", "0"),
            ("0e99999999999999999999", "0"),
            ("1e-05", "0.00001"),
            ("1E5", "100000"),
            ("-2.50e+1", "-25"),
            ("0.0000000000000000010", "0.000000000000000001"),
            ("1.234567890123456789", "1.234567890123456789"),
            ("1234567890.12345678901234567800e0", "1234567890.123456789012345678"),
            ("0.00012345678901234567", "0.000123456789012345 truncated"),
            ("-9.5367431640625e-05", "-0.000095367431640625"),
            ("-1.2345678901234567e-7", "-0.000000123456789012 truncated"),
            ("5e-324", "0 truncated"),
            ("-1e-99999999999999999999", "0 truncated"),
            ("17e19", "170000000000000000000"),
            ("0.000000000000000000000000000017e48", "17000000000000000000"),
            ("1.0000000000000000001", "TooManyDigits"),
            ("0.1234567890123456789", "TooManyDigits"),
            ("1e21", "OutOfRange"),
            ("1e99999999999999999999", "OutOfRange"),
            ("-170141183460469231732", "OutOfRange"),
        ],
    );
}

#[test]
fn json_numbers_follow_the_grammar() {
    let refused = [
        ("", "Empty"),
        ("-", "UnexpectedCharacter { position: 1 }"),
        ("01", "UnexpectedCharacter { position: 1 }"),
        ("-01", "UnexpectedCharacter { position: 2 }"),
        ("+1", "UnexpectedCharacter { position: 0 }"),
        ("1.", "UnexpectedCharacter { position: 2 }"),
        (".1", "UnexpectedCharacter { position: 0 }"),
        ("1e", "UnexpectedCharacter { position: 2 }"),
        ("1e+", "UnexpectedCharacter { position: 3 }"),
        ("1e+-2", "UnexpectedCharacter { position: 3 }"),
        ("1e5.5", "UnexpectedCharacter { position: 3 }"),
        ("1 ", "UnexpectedCharacter { position: 1 }"),
        ("NaN", "UnexpectedCharacter { position: 0 }"),
        ("-Infinity", "UnexpectedCharacter { position: 1 }"),
        ("null", "UnexpectedCharacter { position: 0 }"),
        ("\"1\"", "UnexpectedCharacter { position: 0 }"),
    ];
    check(read_json, &refused);
    check(read_number_text, &refused);
    let longest = format!("0.{}", "0".repeat(62));
    let too_long = format!("{longest}0");
    check(read_json, &[(&longest, "0"), (&too_long, "TooManyDigits")]);
    check(read_number_text, &[(&longest, &longest), (&too_long, "TooManyDigits")]);
}

#[test]
fn scores_stay_as_they_were_written() {
    check(
        read_number_text,
        &[
            ("0.30000000000000004", "0.30000000000000004"),
            ("-1.50E-07", "-1.50E-07"),
            ("9.99e307", "9.99e307"),
            ("1e-400", "1e-400"),
            ("1e308", "OutOfRange"),
            ("0.1e309", "OutOfRange"),
            ("10e307", "OutOfRange"),
        ],
    );
    assert_eq!(NumberText::default().to_string(), "0");
}

#[test]
fn widths_align_decimals_like_numbers() {
    assert_eq!(
        format!("{:>8}|{:<8}|{:8}", dec("-2.5"), dec("2.5"), Px::new(dec("2.5"))),
        "    -2.5|2.5     |     2.5"
    );
}

// Encodings.

proptest! {
    #[test]
    fn every_decimal_survives_cbor_and_json(a in decimal()) {
        survives_cbor(&a);
        survives_cbor(&(Px::new(a), Qty::new(a), Notional::new(a), Ratio::new(a)));
        let json = serde_json::to_string(&Px::new(a)).expect("a string");
        prop_assert_eq!(&json, &format!("\"{a}\""));
        prop_assert_eq!(serde_json::from_str::<Px>(&json).expect("its own text"), Px::new(a));
    }
}

#[test]
fn cbor_counts_millionths_where_that_is_exact() {
    for (text, expected) in [
        ("0", &[0x00][..]),
        ("0.000001", &[0x01]),
        ("-0.000001", &[0x20]),
        ("0.05", &[0x19, 0xc3, 0x50]),
        ("119.37", &[0x1a, 0x07, 0x1d, 0x71, 0x10]),
        ("9223372036854.775807", &[0x1b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
    ] {
        let value: Decimal = text.parse().expect("a decimal");
        assert_eq!(minicbor::to_vec(value).expect("infallible"), expected, "{text}");
        survives_cbor(&value);
    }
    let beyond: Decimal = "9223372036854.775808".parse().expect("a decimal");
    assert_eq!(minicbor::to_vec(beyond).expect("infallible")[0], 0x4d, "more than 64 bits hold");
}

#[test]
fn cbor_holds_the_fewest_bytes_of_what_is_finer() {
    for (mantissa, expected) in [
        (0, &[0x00][..]),
        (1, &[0x41, 0x01]),
        (-1, &[0x41, 0xff]),
        (127, &[0x41, 0x7f]),
        (128, &[0x42, 0x00, 0x80]),
        (-128, &[0x41, 0x80]),
        (-129, &[0x42, 0xff, 0x7f]),
    ] {
        let bytes = minicbor::to_vec(Decimal::from_mantissa(mantissa)).expect("infallible");
        assert_eq!(bytes, expected);
    }
    assert_eq!(minicbor::to_vec(Decimal::MIN).expect("infallible").len(), 17);
}

#[test]
fn cbor_refuses_other_forms_of_a_value() {
    let long = [&[0x51][..], &[0x01; 17]].concat();
    let millionth = [0x46, 0x00, 0xe8, 0xd4, 0xa5, 0x10, 0x00];
    let lowest = [0x3b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
    for bytes in [
        &[0x40][..],
        &[0x41, 0x00],
        &[0x42, 0xff, 0x80],
        &[0x42, 0x00, 0x7f],
        &millionth,
        &lowest,
        &long,
        &[0xf5],
    ] {
        assert!(minicbor::decode::<Decimal>(bytes).is_err(), "{bytes:02x?}");
    }
}

#[test]
fn json_refuses_a_decimal_outside_quotes() {
    for json in ["2.5", "2", "-1e3", "null", "[1]"] {
        let error = serde_json::from_str::<Notional>(json).expect_err("not a string").to_string();
        assert!(error.contains("quote it, as in \"2.5\""), "{error}");
    }
    let error = serde_json::from_str::<Notional>("\"1e3\"").expect_err("an exponent").to_string();
    assert!(error.starts_with("unexpected character"), "{error}");
}

#[test]
fn scores_survive_cbor_and_json_verbatim() {
    for text in ["0.30000000000000004", "-1.50E-07", "0"] {
        let score = NumberText::parse(text).expect("a JSON number");
        survives_cbor(&score);
        assert_eq!(serde_json::to_string(&score).expect("a number"), text);
        assert_eq!(serde_json::from_str::<NumberText>(text).expect("a number"), score);
    }
    assert!(serde_json::from_str::<NumberText>("\"1\"").is_err());
    assert!(minicbor::decode::<NumberText>(&minicbor::to_vec("1x").expect("infallible")).is_err());
}

/// Reads each text and compares its canonical form, or the error, with the table.
fn check(read: impl Fn(&str) -> Result<String, NumberError>, table: &[(&str, &str)]) {
    for (text, expected) in table {
        let outcome = read(text).unwrap_or_else(|error| format!("{error:?}"));
        assert_eq!(outcome, *expected, "{text:?}");
    }
}

fn read_json(text: &str) -> Result<String, NumberError> {
    let parsed = Decimal::parse_json_number(text)?;
    Ok(format!("{}{}", parsed.value, if parsed.truncated { " truncated" } else { "" }))
}

fn read_number_text(text: &str) -> Result<String, NumberError> {
    NumberText::parse(text).map(|score| score.to_string())
}

fn survives_cbor<T>(value: &T)
where
    T: Debug + PartialEq + minicbor::Encode<()> + for<'b> minicbor::Decode<'b, ()>,
{
    let bytes = minicbor::to_vec(value).expect("infallible");
    assert_eq!(&minicbor::decode::<T>(&bytes).expect("its own bytes"), value);
}

fn dec(text: &str) -> Decimal {
    text.parse().expect("a decimal")
}

/// Mantissas where arithmetic tends to go wrong: extremes, powers of two and
/// of ten and their neighbours, and ordinary amounts.
fn decimal() -> impl Strategy<Value = Decimal> {
    let near_power_of_two = (0u32..128, -3i128..=3)
        .prop_map(|(power, offset)| 1i128.wrapping_shl(power).wrapping_add(offset));
    let round_in_decimal = (-99i128..=99, 0u32..=38)
        .prop_map(|(digits, power)| digits.wrapping_mul(10i128.pow(power)));
    let amount = (any::<i64>(), 0u32..=18).prop_map(|(n, power)| i128::from(n) * 10i128.pow(power));
    let any_width = (any::<i128>(), 0u32..128).prop_map(|(n, shift)| n >> shift);
    prop_oneof![
        3 => any_width,
        2 => near_power_of_two,
        2 => round_in_decimal,
        2 => amount,
        1 => prop_oneof![Just(i128::MIN), Just(i128::MAX), -20i128..=20],
    ]
    .prop_map(Decimal::from_mantissa)
}

fn big(value: Decimal) -> BigInt {
    BigInt::from(value.mantissa())
}

fn unit() -> BigInt {
    big(Decimal::ONE)
}

fn in_range(mantissa: &BigInt) -> Result<Decimal, NumberError> {
    i128::try_from(mantissa).map(Decimal::from_mantissa).map_err(|_| NumberError::Overflow)
}

fn quotient(
    dividend: &BigInt,
    divisor: &BigInt,
    rounding: Rounding,
) -> Result<Decimal, NumberError> {
    if divisor.sign() == Sign::NoSign {
        return Err(NumberError::DivisionByZero);
    }
    in_range(&rounded(dividend, divisor, rounding))
}

/// The obvious way: divide toward zero, then correct by one.
fn rounded(dividend: &BigInt, divisor: &BigInt, rounding: Rounding) -> BigInt {
    let toward_zero = dividend / divisor;
    let rest = dividend % divisor;
    if rest.sign() == Sign::NoSign {
        return toward_zero;
    }
    let negative = rest.sign() != divisor.sign();
    let away = match rounding {
        Rounding::Down => false,
        Rounding::Up => true,
        Rounding::Floor => negative,
        Rounding::Ceil => !negative,
        Rounding::HalfEven => match (rest.magnitude() * 2u8).cmp(divisor.magnitude()) {
            Ordering::Less => false,
            Ordering::Equal => toward_zero.bit(0),
            Ordering::Greater => true,
        },
    };
    let correction = if negative { -i32::from(away) } else { i32::from(away) };
    toward_zero + correction
}

fn steps(value: Decimal, step: Decimal, rounding: Rounding) -> Result<Decimal, NumberError> {
    if !step.is_positive() {
        return Err(NumberError::StepNotPositive);
    }
    in_range(&(rounded(&big(value), &big(step), rounding) * big(step)))
}

/// Products of less than 128 bits take a short way; plain integers say what they must be.
#[test]
fn small_products_are_those_of_plain_integers() {
    const UNIT: u128 = 1_000_000_000_000_000_000;
    let edges = [0, 1, 2, UNIT / 2 - 1, UNIT / 2, UNIT - 1, UNIT, UNIT + 1, 3 * UNIT / 2];
    let wholes = [0, 1, 7, 1 << 32, u64::MAX.into(), (1 << 68) - 1, u128::MAX / UNIT - 2];
    let mut compared = 0;
    for product in wholes.iter().flat_map(|whole| edges.map(|edge| whole * UNIT + edge)) {
        for factor in (1..64).chain([1 << 32, UNIT - 1, UNIT, 10 * UNIT]) {
            let Ok(other) = i128::try_from(product / factor) else { continue };
            let exact = other.unsigned_abs() * factor;
            let factor = Decimal::from_mantissa(i128::try_from(factor).unwrap());
            let got = Decimal::from_mantissa(other).checked_mul(factor, Rounding::HalfEven);
            let (quotient, rest) = (exact / UNIT, exact % UNIT);
            let up = 2 * rest > UNIT || (2 * rest == UNIT && quotient % 2 == 1);
            let expected = i128::try_from(quotient + u128::from(up)).unwrap();
            assert_eq!(got, Ok(Decimal::from_mantissa(expected)), "{other} by {factor:?}");
            compared += 1;
        }
    }
    assert!(compared > 3_000, "only {compared} products were compared");
}
