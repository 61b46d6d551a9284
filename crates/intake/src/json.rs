//! JSON with places: every value knows where it stands and keeps the text of its number.
//!
//! `serde_json` reads the same language (a test compares the two on any bytes), but it cannot say in which field a
//! bare `NaN` stands, nor the column of a duplicate or unknown field, nor tell a text that ended too early from a
//! wrong one once values are nested in raw ones. Python writes NaN, so that matters here. Beyond RFC 8259 this reader
//! accepts the tokens `NaN`, `Infinity` and `-Infinity` as [`Value::NotFinite`], for the field's reader to refuse by
//! name; it refuses duplicate keys, and nesting and sizes beyond explicit limits.

use std::borrow::Cow;

use crate::refusal::{Excerpt, Fault, RefusalKind};

/// The deepest nesting followed; our formats need five.
pub(crate) const DEPTH_MAX: usize = 16;

/// A value and where it stands.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Node<'a> {
    /// Byte offset of its first character.
    pub(crate) at: usize,
    pub(crate) value: Value<'a>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    Null,
    Bool(bool),
    /// A number's text, which has the grammar of JSON.
    Number(&'a str),
    /// `NaN`, `Infinity` or `-Infinity`.
    NotFinite(&'a str),
    String(Cow<'a, str>),
    Array(Vec<Node<'a>>),
    Object(Vec<Member<'a>>),
}

impl Value<'_> {
    /// The type's name in a sentence.
    pub(crate) const fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(true) => "true",
            Self::Bool(false) => "false",
            Self::Number(_) => "a number",
            Self::NotFinite(_) => "no number",
            Self::String(_) => "a string",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
        }
    }
}

/// One field of an object.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Member<'a> {
    pub(crate) key: Cow<'a, str>,
    pub(crate) key_at: usize,
    pub(crate) node: Node<'a>,
}

/// Reads one document of at most `values_max` values, which bounds the memory it takes.
pub(crate) fn parse(text: &str, values_max: usize) -> Result<Node<'_>, Fault> {
    let mut scanner = Scanner { text, at: 0, values: 0, values_max };
    let node = scanner.value(0)?;
    scanner.skip_space();
    if scanner.peek().is_some() { Err(scanner.unexpected("nothing more")) } else { Ok(node) }
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
    values: usize,
    values_max: usize,
}

impl<'a> Scanner<'a> {
    fn value(&mut self, depth: usize) -> Result<Node<'a>, Fault> {
        self.skip_space();
        self.values += 1;
        if self.values > self.values_max {
            return Err(self.fault(RefusalKind::TooManyValues { limit: self.values_max }));
        }
        let at = self.at;
        let value = match self.peek() {
            Some(b'{') => Value::Object(self.object(self.deeper(depth)?)?),
            Some(b'[') => Value::Array(self.array(self.deeper(depth)?)?),
            Some(b'"') => Value::String(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            _ => self.word()?,
        };
        Ok(Node { at, value })
    }

    fn deeper(&self, depth: usize) -> Result<usize, Fault> {
        if depth < DEPTH_MAX {
            Ok(depth + 1)
        } else {
            Err(self.fault(RefusalKind::TooDeep { limit: DEPTH_MAX }))
        }
    }

    fn object(&mut self, depth: usize) -> Result<Vec<Member<'a>>, Fault> {
        let mut members = Vec::new();
        self.at += 1;
        self.skip_space();
        if self.eat(b'}') {
            return Ok(members);
        }
        loop {
            members.push(self.member(depth)?);
            self.skip_space();
            if self.eat(b'}') {
                return refuse_duplicates(&members).map(|()| members);
            }
            self.expect(b',', "a comma or the end of the object")?;
        }
    }

    fn member(&mut self, depth: usize) -> Result<Member<'a>, Fault> {
        self.skip_space();
        let key_at = self.at;
        if self.peek() != Some(b'"') {
            return Err(self.unexpected("a field's name in quotes"));
        }
        let key = self.string()?;
        self.skip_space();
        self.expect(b':', "a colon")?;
        let node = self.value(depth).map_err(|fault| fault.inside(&key))?;
        Ok(Member { key, key_at, node })
    }

    fn array(&mut self, depth: usize) -> Result<Vec<Node<'a>>, Fault> {
        let mut nodes = Vec::new();
        self.at += 1;
        self.skip_space();
        if self.eat(b']') {
            return Ok(nodes);
        }
        loop {
            nodes.push(self.value(depth).map_err(|fault| fault.inside_element(nodes.len()))?);
            self.skip_space();
            if self.eat(b']') {
                return Ok(nodes);
            }
            self.expect(b',', "a comma or the end of the array")?;
        }
    }

    fn number(&mut self) -> Result<Value<'a>, Fault> {
        let start = self.at;
        if self.eat(b'-') && self.peek() == Some(b'I') {
            return self
                .exact_word("Infinity")
                .map(|()| Value::NotFinite(&self.text[start..self.at]));
        }
        let leading_zero = self.eat(b'0');
        if !leading_zero {
            self.digits()?;
        } else if matches!(self.peek(), Some(b'0'..=b'9')) {
            return Err(self.unexpected("a point or the end of the number"));
        }
        if self.eat(b'.') {
            self.digits()?;
        }
        if self.eat(b'e') || self.eat(b'E') {
            let _sign = self.eat(b'+') || self.eat(b'-');
            self.digits()?;
        }
        Ok(Value::Number(&self.text[start..self.at]))
    }

    fn digits(&mut self) -> Result<(), Fault> {
        let count = self.rest().bytes().take_while(u8::is_ascii_digit).count();
        self.at += count;
        if count == 0 { Err(self.unexpected("a digit")) } else { Ok(()) }
    }

    fn word(&mut self) -> Result<Value<'a>, Fault> {
        let (word, value) = match self.peek() {
            Some(b't') => ("true", Value::Bool(true)),
            Some(b'f') => ("false", Value::Bool(false)),
            Some(b'n') => ("null", Value::Null),
            Some(b'N') => ("NaN", Value::NotFinite("NaN")),
            Some(b'I') => ("Infinity", Value::NotFinite("Infinity")),
            _ => return Err(self.unexpected("a value")),
        };
        self.exact_word(word).map(|()| value)
    }

    fn exact_word(&mut self, word: &str) -> Result<(), Fault> {
        let rest = self.rest();
        if rest.starts_with(word) {
            self.at += word.len();
            return Ok(());
        }
        if word.starts_with(rest) {
            self.at = self.text.len();
        }
        Err(self.unexpected("a value"))
    }

    fn string(&mut self) -> Result<Cow<'a, str>, Fault> {
        self.at += 1;
        let plain = self.plain_run();
        if self.eat(b'"') {
            return Ok(Cow::Borrowed(plain));
        }
        let mut text = plain.to_owned();
        while !self.eat(b'"') {
            self.expect(b'\\', "an escaped control character")?;
            text.push(self.escape()?);
            text.push_str(self.plain_run());
        }
        Ok(Cow::Owned(text))
    }

    /// Characters up to a quote, an escape or a control character.
    fn plain_run(&mut self) -> &'a str {
        let rest = self.rest();
        let special = |byte: u8| matches!(byte, b'"' | b'\\' | 0..=0x1f);
        let length = rest.bytes().position(special).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    /// What stands behind a backslash.
    fn escape(&mut self) -> Result<char, Fault> {
        let plain = match self.peek() {
            Some(b @ (b'"' | b'\\' | b'/')) => char::from(b),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(),
            _ => return Err(self.unexpected("an escape of JSON")),
        };
        self.at += 1;
        Ok(plain)
    }

    /// `u` and four digits, or two such for a character beyond the basic plane.
    fn unicode_escape(&mut self) -> Result<char, Fault> {
        let first = self.code_unit()?;
        if !(0xd800..0xdc00).contains(&first) {
            return char::from_u32(first)
                .ok_or_else(|| self.unexpected("the first half of a character"));
        }
        self.expect(b'\\', "the second half of a character")?;
        if self.peek() != Some(b'u') {
            return Err(self.unexpected("the second half of a character"));
        }
        let second = self.code_unit()?.checked_sub(0xdc00).filter(|low| *low < 0x400);
        let code = second.map(|low| 0x1_0000 + ((first - 0xd800) << 10) + low);
        code.and_then(char::from_u32)
            .ok_or_else(|| self.unexpected("the second half of a character"))
    }

    /// The `u` and the four hexadecimal digits of an escape.
    fn code_unit(&mut self) -> Result<u32, Fault> {
        self.at += 1;
        let mut code = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            code = code * 16 + digit.ok_or_else(|| self.unexpected("four hexadecimal digits"))?;
            self.at += 1;
        }
        Ok(code)
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, byte: u8, expected: &'static str) -> Result<(), Fault> {
        if self.eat(byte) { Ok(()) } else { Err(self.unexpected(expected)) }
    }

    /// The character here is not what should be here; at the end of the text, the text is unfinished.
    fn unexpected(&self, expected: &'static str) -> Fault {
        let mut found = [0; 4];
        match self.text.get(self.at..).and_then(|rest| rest.chars().next()) {
            None => self.fault(RefusalKind::Unfinished),
            Some(c) => {
                let found = Excerpt::of(c.encode_utf8(&mut found));
                self.fault(RefusalKind::Syntax { found, expected })
            }
        }
    }

    fn fault(&self, kind: RefusalKind) -> Fault {
        Fault::new(self.at, kind)
    }
}

fn refuse_duplicates(members: &[Member]) -> Result<(), Fault> {
    let duplicate =
        if members.len() <= 32 { first_repeat(members) } else { first_repeat_sorted(members) };
    match duplicate {
        Some(member) => {
            Err(Fault::new(member.key_at, RefusalKind::DuplicateField).inside(&member.key))
        }
        None => Ok(()),
    }
}

fn first_repeat<'m, 'a>(members: &'m [Member<'a>]) -> Option<&'m Member<'a>> {
    let repeats = |(i, member): &(usize, &Member)| {
        members[..*i].iter().any(|earlier| earlier.key == member.key)
    };
    members.iter().enumerate().find(repeats).map(|(_, member)| member)
}

fn first_repeat_sorted<'m, 'a>(members: &'m [Member<'a>]) -> Option<&'m Member<'a>> {
    let mut sorted: Vec<&Member> = members.iter().collect();
    sorted.sort_by(|a, b| (&a.key, a.key_at).cmp(&(&b.key, b.key_at)));
    let repeats = sorted.windows(2).filter(|pair| pair[0].key == pair[1].key);
    repeats.map(|pair| pair[1]).min_by_key(|member| member.key_at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Our reader where it is meant to agree with `serde_json`: no bare tokens, no duplicate keys, within the depth.
    fn agrees_with_serde_json(text: &str) -> bool {
        let theirs = serde_json::from_str::<serde_json::Value>(text);
        match parse(text, usize::MAX) {
            Ok(node) => theirs.map_or_else(|_| beyond_theirs(&node), |value| same(&node, &value)),
            Err(fault) => theirs.is_err() || only_ours(&fault.kind),
        }
    }

    fn only_ours(kind: &RefusalKind) -> bool {
        matches!(kind, RefusalKind::DuplicateField | RefusalKind::TooDeep { .. })
    }

    /// Whether a value holds what `serde_json` refuses: a bare token, or a number beyond a double.
    fn beyond_theirs(node: &Node) -> bool {
        match &node.value {
            Value::NotFinite(_) => true,
            Value::Number(text) => text.parse().is_ok_and(f64::is_infinite),
            Value::Array(nodes) => nodes.iter().any(beyond_theirs),
            Value::Object(members) => members.iter().any(|member| beyond_theirs(&member.node)),
            _ => false,
        }
    }

    fn same(node: &Node, theirs: &serde_json::Value) -> bool {
        match (&node.value, theirs) {
            (Value::Null, serde_json::Value::Null) => true,
            (Value::Bool(ours), serde_json::Value::Bool(theirs)) => ours == theirs,
            (Value::Number(ours), serde_json::Value::Number(theirs)) => {
                ours.parse().ok() == theirs.as_f64()
            }
            (Value::String(ours), serde_json::Value::String(theirs)) => ours == theirs,
            (Value::Array(ours), serde_json::Value::Array(theirs)) => {
                ours.len() == theirs.len()
                    && ours.iter().zip(theirs).all(|(ours, theirs)| same(ours, theirs))
            }
            (Value::Object(ours), serde_json::Value::Object(theirs)) => {
                ours.len() == theirs.len()
                    && ours.iter().all(|member| {
                        theirs.get(&*member.key).is_some_and(|value| same(&member.node, value))
                    })
            }
            _ => false,
        }
    }

    #[test]
    fn it_reads_what_serde_json_reads_and_refuses_what_it_refuses() {
        for text in [
            "0",
            "-0",
            "01",
            "1.",
            ".5",
            "1e5",
            "1E+05",
            "-",
            "1e",
            "+1",
            "1e999",
            "\"\\ud83d\\ude00\"",
            "\"\\ud800\"",
            "\"\\ud800\\u0041\"",
            "\"\\udc00\"",
            "\"\\u00zz\"",
            "\"\u{1}\"",
            "\"\u{7f}\"",
            "[1,]",
            "[,]",
            "{,}",
            "{\"a\":}",
            "{\"a\":1,}",
            "tru",
            "nul",
            "nullx",
            "NaN",
            "[NaN]",
            "-Infinity",
            "Inf",
            " 1 ",
            "1 1",
            "\u{feff}1",
            "",
            "{\"a\" 1}",
            "{1:1}",
            "[1 2]",
            "\"\\x\"",
            "\"\\/\"",
            "{\"a\":1,\"a\":2}",
        ] {
            assert!(agrees_with_serde_json(text), "{text:?}: {:?}", parse(text, 100));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn it_agrees_with_serde_json_on_any_mixture_of_tokens(text in tokens()) {
            prop_assert!(agrees_with_serde_json(&text), "{:?}: {:?}", text, parse(&text, usize::MAX));
        }

        #[test]
        fn it_agrees_with_serde_json_on_any_document_cut_anywhere(text in document(3), cut in 0..80_usize) {
            prop_assert!(agrees_with_serde_json(&text));
            if let Some(cut) = text.get(..cut.min(text.len().saturating_sub(1))) {
                prop_assert_eq!(parse(cut, usize::MAX).map_err(|fault| fault.kind).is_ok(), serde_json::from_str::<serde_json::Value>(cut).is_ok());
            }
        }
    }

    fn tokens() -> impl Strategy<Value = String> {
        let token = proptest::sample::select(vec![
            "{", "}", "[", "]", ",", ":", "\"a\"", "\"b\"", "\"", "\\", "\\u12", "1", "-", ".",
            "e5", "0", "true", "null", "Na", "NaN", " ", "\n", "é", "\u{1}",
        ]);
        proptest::collection::vec(token, 0..12).prop_map(|tokens| tokens.concat())
    }

    fn document(depth: u32) -> impl Strategy<Value = String> {
        let leaf = proptest::sample::select(vec![
            "1",
            "-2.5e3",
            "\"x\\n\\u00e9\"",
            "null",
            "false",
            "[]",
            "{}",
        ]);
        leaf.prop_map(str::to_owned).prop_recursive(depth, 20, 4, |inner| {
            let list = proptest::collection::vec(inner, 0..4);
            prop_oneof![
                list.clone().prop_map(|items| format!("[{}]", items.join(" , "))),
                list.prop_map(|items| {
                    let fields: Vec<String> = items
                        .iter()
                        .enumerate()
                        .map(|(i, item)| format!("\"k{i}\": {item}"))
                        .collect();
                    format!("{{{}}}", fields.join(","))
                }),
            ]
        })
    }

    #[test]
    fn a_repeated_key_is_found_among_few_and_among_many() {
        for count in [2, 40] {
            let fields: Vec<String> = (0..count).map(|i| format!("\"k{i}\":1")).collect();
            let text = format!("{{{},\"k1\":2}}", fields.join(","));
            let fault = parse(&text, 100).expect_err("k1 is given twice");
            assert_eq!(
                (fault.kind, fault.field.as_deref()),
                (RefusalKind::DuplicateField, Some("k1"))
            );
            assert_eq!(fault.at, text.rfind("\"k1\"").expect("it is there"));
        }
    }

    #[test]
    fn nesting_and_sizes_end_at_their_limits() {
        let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse(&nested(DEPTH_MAX), 100).is_ok());
        let fault = parse(&nested(DEPTH_MAX + 1), 100).expect_err("one level too deep");
        assert_eq!(fault.kind, RefusalKind::TooDeep { limit: DEPTH_MAX });
        assert!(parse("[1,2]", 3).is_ok());
        assert_eq!(
            parse("[1,2]", 2).expect_err("one too many").kind,
            RefusalKind::TooManyValues { limit: 2 }
        );
    }
}
