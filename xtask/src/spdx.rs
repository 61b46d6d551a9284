//! Licence expressions: `A OR B`, `A AND B`, `A WITH E`, parentheses, and crates.io's old `A/B` for `A OR B`.
//!
//! `WITH` binds tightest, then `AND`, then `OR`. Source: SPDX Specification 2.3, Annex D.

/// A parsed expression.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Expression {
    /// One licence, with its exception if it has one: `Apache-2.0 WITH LLVM-exception`.
    Licence(String),
    Either(Box<Expression>, Box<Expression>),
    Both(Box<Expression>, Box<Expression>),
}

impl Expression {
    /// Says whether some choice of licences in the expression is allowed throughout.
    pub(crate) fn is_satisfied(&self, allowed: &[&str]) -> bool {
        match self {
            Self::Licence(name) => allowed.contains(&name.as_str()),
            Self::Either(left, right) => left.is_satisfied(allowed) || right.is_satisfied(allowed),
            Self::Both(left, right) => left.is_satisfied(allowed) && right.is_satisfied(allowed),
        }
    }
}

/// Reads an expression, or says at which word it stops making sense.
pub(crate) fn parse(text: &str) -> Result<Expression, String> {
    let spaced = text.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut words = Words { left: spaced.split_whitespace().collect::<Vec<_>>() };
    words.left.reverse();
    let expression = words.either()?;
    match words.left.pop() {
        None => Ok(expression),
        Some(word) => Err(format!("did not expect `{word}`")),
    }
}

/// The words still to be read, the next one last.
struct Words<'a> {
    left: Vec<&'a str>,
}

impl Words<'_> {
    fn either(&mut self) -> Result<Expression, String> {
        let mut expression = self.both()?;
        while self.take("OR") {
            expression = Expression::Either(Box::new(expression), Box::new(self.both()?));
        }
        Ok(expression)
    }

    fn both(&mut self) -> Result<Expression, String> {
        let mut expression = self.one()?;
        while self.take("AND") {
            expression = Expression::Both(Box::new(expression), Box::new(self.one()?));
        }
        Ok(expression)
    }

    fn one(&mut self) -> Result<Expression, String> {
        if self.take("(") {
            let expression = self.either()?;
            return if self.take(")") {
                Ok(expression)
            } else {
                Err("a parenthesis is not closed".into())
            };
        }
        let name = self.name()?;
        if self.take("WITH") {
            let exception = self.name()?;
            return Ok(Expression::Licence(format!("{name} WITH {exception}")));
        }
        Ok(Expression::Licence(name))
    }

    fn name(&mut self) -> Result<String, String> {
        match self.left.pop() {
            None => Err("a licence is missing at the end".into()),
            Some(word @ ("OR" | "AND" | "WITH" | "(" | ")")) => {
                Err(format!("expected a licence, found `{word}`"))
            }
            Some(word) => Ok(word.to_owned()),
        }
    }

    fn take(&mut self, word: &str) -> bool {
        self.left.pop_if(|next| *next == word).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn satisfied(text: &str) -> bool {
        let allowed = ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "Unicode-3.0"];
        parse(text).expect("a licence expression").is_satisfied(&allowed)
    }

    #[test]
    fn one_allowed_choice_is_enough() {
        for text in
            ["MIT", "GPL-3.0 OR MIT", "MIT/Apache-2.0", "MIT OR Apache-2.0 OR LGPL-2.1-or-later"]
        {
            assert!(satisfied(text), "{text}");
        }
        for text in ["GPL-3.0", "GPL-3.0 OR LGPL-3.0", "GPL-2.0/GPL-3.0"] {
            assert!(!satisfied(text), "{text}");
        }
    }

    #[test]
    fn every_part_of_a_conjunction_must_be_allowed() {
        assert!(satisfied("(MIT OR Apache-2.0) AND Unicode-3.0"));
        assert!(!satisfied("(MIT OR Apache-2.0) AND GPL-3.0"));
        assert!(!satisfied("MIT AND GPL-3.0"));
    }

    #[test]
    fn and_binds_tighter_than_or() {
        assert!(satisfied("MIT OR GPL-3.0 AND LGPL-3.0"));
        assert!(satisfied("GPL-3.0 AND LGPL-3.0 OR MIT"));
        assert!(!satisfied("(MIT OR GPL-3.0) AND LGPL-3.0"));
    }

    #[test]
    fn an_exception_makes_another_licence() {
        assert!(satisfied("Apache-2.0 WITH LLVM-exception"));
        assert!(!satisfied("MIT WITH LLVM-exception"));
        assert!(!satisfied("GPL-2.0 WITH Classpath-exception-2.0"));
        assert!(satisfied("GPL-2.0 WITH Classpath-exception-2.0 OR MIT"));
    }

    #[test]
    fn a_name_that_only_looks_alike_is_not_allowed() {
        for text in ["mit", "MIT-0", "Apache-2.0+", "LicenseRef-MIT"] {
            assert!(!satisfied(text), "{text}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "",
            "MIT OR",
            "OR MIT",
            "MIT Apache-2.0",
            "(MIT",
            "MIT)",
            "()",
            "MIT WITH",
            "MIT or Apache-2.0",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
