//! Bytes as hexadecimal text and back.

use fillwright_domain::{OrderIntentId, hex};

#[test]
fn every_byte_comes_back_in_either_case() {
    let bytes: [u8; 256] = std::array::from_fn(|byte| u8::try_from(byte).expect("a byte"));
    let text = hex::write(&bytes);
    assert_eq!(&text[..8], "00010203");
    assert_eq!(hex::read(text.as_bytes()), Some(bytes));
    assert_eq!(hex::read(text.to_uppercase().as_bytes()), Some(bytes));
}

#[test]
fn what_is_not_exactly_so_many_digits_is_refused() {
    for text in ["", "0", "0g", "+f", "-1", "000", "0000", " 0", "é"] {
        assert_eq!(hex::read::<1>(text.as_bytes()), None, "{text:?}");
    }
    assert!("+0000000-0000-8000-8000-000000000000".parse::<OrderIntentId>().is_err());
}
