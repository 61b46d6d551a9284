//! Rust sources without their comments and literals, so that a rule about code reads code only.

/// One word of code: a run of letters, digits and underscores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Word<'a> {
    pub(crate) text: &'a str,
    /// Byte offset in the code.
    pub(crate) start: usize,
    /// Counted from 1.
    pub(crate) line: usize,
}

impl Word<'_> {
    pub(crate) fn end(&self) -> usize {
        self.start + self.text.len()
    }
}

/// Blanks comments, strings and characters; line breaks stay, so line numbers do too.
pub(crate) fn code_only(source: &str) -> String {
    let characters: Vec<char> = source.chars().collect();
    let mut code = String::with_capacity(source.len());
    let mut at = 0;
    while at < characters.len() {
        let end = comment_end(&characters, at).or_else(|| literal_end(&characters, at));
        if let Some(end) = end {
            code.extend(characters[at..end].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
            at = end;
        } else {
            code.push(characters[at]);
            at += 1;
        }
    }
    code
}

/// The words of a code without comments and literals.
pub(crate) fn words(code: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut line = 1;
    let mut start = None;
    for (at, c) in code.char_indices().chain([(code.len(), '\n')]) {
        if is_word(c) {
            start.get_or_insert(at);
        } else if let Some(start) = start.take() {
            words.push(Word { text: &code[start..at], start, line });
        }
        line += usize::from(c == '\n');
    }
    words
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn starts(characters: &[char], at: usize, text: &str) -> bool {
    text.chars().enumerate().all(|(offset, c)| characters.get(at + offset) == Some(&c))
}

/// Where the comment that begins here ends; block comments nest.
fn comment_end(characters: &[char], at: usize) -> Option<usize> {
    if starts(characters, at, "//") {
        let length = characters[at..].iter().position(|c| *c == '\n');
        return Some(length.map_or(characters.len(), |length| at + length));
    }
    if !starts(characters, at, "/*") {
        return None;
    }
    let (mut end, mut depth) = (at + 2, 1);
    while end < characters.len() && depth > 0 {
        let step = match () {
            () if starts(characters, end, "/*") => (2, 1),
            () if starts(characters, end, "*/") => (2, -1),
            () => (1, 0),
        };
        end += step.0;
        depth += step.1;
    }
    Some(end)
}

/// Where the string or character that begins here ends.
fn literal_end(characters: &[char], at: usize) -> Option<usize> {
    match characters[at] {
        '"' => Some(quoted_end(characters, at, '"')),
        '\'' => character_end(characters, at),
        'r' | 'b' | 'c' if at == 0 || !is_word(characters[at - 1]) => {
            raw_string_end(characters, at)
        }
        _ => None,
    }
}

/// Where a literal closed by its own opening sign ends; a backslash keeps the next sign in it.
fn quoted_end(characters: &[char], at: usize, sign: char) -> usize {
    let mut end = at + 1;
    while end < characters.len() {
        match characters[end] {
            '\\' => end += 2,
            c if c == sign => return end + 1,
            _ => end += 1,
        }
    }
    characters.len()
}

/// A character; a lifetime is not one.
fn character_end(characters: &[char], at: usize) -> Option<usize> {
    match (characters.get(at + 1), characters.get(at + 2)) {
        (Some('\\'), _) => Some(quoted_end(characters, at, '\'')),
        (Some(_), Some('\'')) => Some(at + 3),
        _ => None,
    }
}

/// `r"…"`, `r#"…"#`, `br"…"`, `cr"…"`; a raw identifier such as `r#type` is not one.
fn raw_string_end(characters: &[char], at: usize) -> Option<usize> {
    let prefix = ["r", "br", "cr"].into_iter().find(|prefix| {
        starts(characters, at, prefix)
            && matches!(characters.get(at + prefix.len()), Some('"' | '#'))
    })?;
    let hashes = characters[at + prefix.len()..].iter().take_while(|c| **c == '#').count();
    let opening = at + prefix.len() + hashes;
    if characters.get(opening) != Some(&'"') {
        return None;
    }
    let closing: String = ['"'].into_iter().chain(std::iter::repeat_n('#', hashes)).collect();
    let end = (opening + 1..characters.len()).find(|end| starts(characters, *end, &closing));
    Some(end.map_or(characters.len(), |end| end + closing.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(source: &str) -> Vec<String> {
        words(&code_only(source)).iter().map(|word| word.text.to_owned()).collect()
    }

    #[test]
    fn comments_are_not_code() {
        assert_eq!(texts("a // b\n/* c /* d */ e */ f /// g"), ["a", "f"]);
    }

    #[test]
    fn strings_and_characters_are_not_code() {
        assert_eq!(texts(r#"a("b \" c", 'd', '\'', '"') + e"#), ["a", "e"]);
        assert_eq!(texts("a(r#\"b \" c\"#, br\"d\", r\"e\") + f"), ["a", "f"]);
    }

    #[test]
    fn lifetimes_and_raw_identifiers_are_code() {
        assert_eq!(
            texts("fn a<'b>(c: &'b str, r#type: u8)"),
            ["fn", "a", "b", "c", "b", "str", "r", "type", "u8"]
        );
    }

    #[test]
    fn a_word_that_ends_in_a_prefix_starts_no_string() {
        assert_eq!(texts("for x in attr \"b\" y"), ["for", "x", "in", "attr", "y"]);
    }

    #[test]
    fn an_open_literal_ends_with_the_file() {
        for source in ["a \"b", "a r#\"b", "a /* b", "a '\\", "a \"\\"] {
            assert_eq!(texts(source), ["a"], "{source}");
        }
    }

    #[test]
    fn lines_are_counted_through_comments_and_strings() {
        let code = code_only("/* 1\n2 */ a \"\n\" b\nc");
        let lines: Vec<usize> = words(&code).iter().map(|word| word.line).collect();
        assert_eq!(lines, [2, 3, 4]);
    }
}
