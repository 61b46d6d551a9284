//! Typed reading of located JSON: one method a type, each saying what to write instead.

use std::fmt::Display;
use std::ops::RangeInclusive;

use fillwright_domain::ids::check_id;
use fillwright_domain::number::Parsed;
use fillwright_domain::{Decimal, NumberError, NumberText, Text};

use crate::json::{Member, Node, Value};
use crate::refusal::{Excerpt, Fault, RefusalKind};

/// The longest free text kept, in bytes.
pub(crate) const TEXT_BYTES_MAX: usize = 4096;

/// The fields of an object, looked up by name.
pub(crate) struct Fields<'n, 'a> {
    at: usize,
    members: &'n [Member<'a>],
}

impl<'n, 'a> Fields<'n, 'a> {
    pub(crate) fn of(node: &'n Node<'a>) -> Result<Self, Fault> {
        match &node.value {
            Value::Object(members) => Ok(Self { at: node.at, members }),
            _ => Err(node.wrong_type("an object")),
        }
    }

    /// Refuses the first field that is not known.
    pub(crate) fn only(self, known: &'static [&'static str]) -> Result<Self, Fault> {
        match self.members.iter().find(|member| !known.contains(&&*member.key)) {
            Some(member) => {
                Err(Fault::new(member.key_at, RefusalKind::UnknownField { known })
                    .inside(&member.key))
            }
            None => Ok(self),
        }
    }

    pub(crate) fn members(&self) -> &'n [Member<'a>] {
        self.members
    }

    pub(crate) fn get(&self, name: &str) -> Option<&'n Node<'a>> {
        self.members.iter().find(|member| member.key == name).map(|member| &member.node)
    }

    pub(crate) fn required<T>(
        &self,
        name: &str,
        read: impl FnOnce(&'n Node<'a>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let missing = || Fault::new(self.at, RefusalKind::MissingField).inside(name);
        read(self.get(name).ok_or_else(missing)?).map_err(|fault| fault.inside(name))
    }

    /// `None` where the field is absent; null is a value like any other.
    pub(crate) fn optional<T>(
        &self,
        name: &str,
        read: impl FnOnce(&'n Node<'a>) -> Result<T, Fault>,
    ) -> Result<Option<T>, Fault> {
        self.get(name).map(read).transpose().map_err(|fault| fault.inside(name))
    }

    /// `None` where the field is absent or null.
    pub(crate) fn nullable<T>(
        &self,
        name: &str,
        read: impl FnOnce(&'n Node<'a>) -> Result<T, Fault>,
    ) -> Result<Option<T>, Fault> {
        let present = self.get(name).filter(|node| node.value != Value::Null);
        present.map(read).transpose().map_err(|fault| fault.inside(name))
    }
}

impl<'a> Node<'a> {
    pub(crate) fn fault(&self, kind: RefusalKind) -> Fault {
        Fault::new(self.at, kind)
    }

    pub(crate) fn wrong_type(&self, expected: &'static str) -> Fault {
        match &self.value {
            Value::NotFinite(token) => {
                self.fault(RefusalKind::NotFinite { token: Excerpt::of(token), expected })
            }
            other => self.fault(RefusalKind::WrongType { found: other.type_name(), expected }),
        }
    }

    /// The value is of the right type and outside the allowed set.
    pub(crate) fn out_of_range(&self, found: &str, expected: &'static str) -> Fault {
        self.fault(RefusalKind::OutOfRange { found: Excerpt::of(found), expected })
    }

    pub(crate) fn string(&self, expected: &'static str) -> Result<&str, Fault> {
        match &self.value {
            Value::String(text) => Ok(text),
            _ => Err(self.wrong_type(expected)),
        }
    }

    /// Free text, within [`TEXT_BYTES_MAX`].
    pub(crate) fn text(&self) -> Result<Text, Fault> {
        let text = self.string("a string")?;
        if text.len() > TEXT_BYTES_MAX {
            return Err(self.fault(RefusalKind::TextTooLong { limit_bytes: TEXT_BYTES_MAX }));
        }
        Ok(Text::new(text))
    }

    /// A text that can name something.
    pub(crate) fn name(&self) -> Result<&str, Fault> {
        let text = self.string("a name in quotes")?;
        check_id(text).map(|()| text).map_err(|error| self.fault(RefusalKind::BadId(error)))
    }

    pub(crate) fn boolean(&self) -> Result<bool, Fault> {
        match self.value {
            Value::Bool(value) => Ok(value),
            _ => Err(self.wrong_type("true or false")),
        }
    }

    pub(crate) fn elements(&self) -> Result<&[Node<'a>], Fault> {
        match &self.value {
            Value::Array(nodes) => Ok(nodes),
            _ => Err(self.wrong_type("an array")),
        }
    }

    /// One of a few words.
    pub(crate) fn one_of<T: Copy>(
        &self,
        words: &[(&str, T)],
        expected: &'static str,
    ) -> Result<T, Fault> {
        let text = self.string(expected)?;
        let found = words.iter().find(|(word, _)| *word == text);
        found.map(|(_, value)| *value).ok_or_else(|| self.out_of_range(text, expected))
    }

    pub(crate) fn number(&self, expected: &'static str) -> Result<&'a str, Fault> {
        match self.value {
            Value::Number(text) => Ok(text),
            _ => Err(self.wrong_type(expected)),
        }
    }

    pub(crate) fn integer<T: std::str::FromStr + PartialOrd + Display>(
        &self,
        range: &RangeInclusive<T>,
        expected: &'static str,
    ) -> Result<T, Fault> {
        let text = self.number(expected)?;
        if text.contains(['.', 'e', 'E']) {
            return Err(
                self.fault(RefusalKind::NotAnInteger { found: Excerpt::of(text), expected })
            );
        }
        let within = text.parse().ok().filter(|value| range.contains(value));
        within.ok_or_else(|| self.out_of_range(text, expected))
    }

    /// A JSON number as an exact decimal.
    pub(crate) fn decimal(&self, expected: &'static str) -> Result<Parsed, Fault> {
        let text = self.number(expected)?;
        Decimal::parse_json_number(text).map_err(|reason| self.not_exact(text, reason, expected))
    }

    /// A JSON number as an exact decimal from 0 to `max`; one cut to zero from below is still negative.
    pub(crate) fn decimal_up_to(
        &self,
        max: Decimal,
        expected: &'static str,
    ) -> Result<Parsed, Fault> {
        let text = self.number(expected)?;
        let parsed = self.decimal(expected)?;
        let negative = parsed.value.is_negative() || (parsed.truncated && text.starts_with('-'));
        if negative || parsed.value > max {
            return Err(self.out_of_range(text, expected));
        }
        Ok(parsed)
    }

    /// A JSON number as it is written.
    pub(crate) fn number_text(&self) -> Result<NumberText, Fault> {
        let expected = "a number of at most 64 characters";
        let text = self.number(expected)?;
        NumberText::parse(text).map_err(|reason| self.not_exact(text, reason, expected))
    }

    pub(crate) fn not_exact(
        &self,
        text: &str,
        reason: NumberError,
        expected: &'static str,
    ) -> Fault {
        self.fault(RefusalKind::NotExact { found: Excerpt::of(text), reason, expected })
    }
}
