//! The cells of a line of CSV.
//!
//! Spaces around cells do not count. A cell may stand in quotes, a quote in it doubled; no cell goes on to the next line, so
//! that a quote that is not closed is an error where it begins rather than the loss of all that follows.

use super::error::quoted;

/// What is wrong with a line: what was found, what was wanted.
pub(super) type Wrong = (String, String);

/// Splits lines into cells, one line at a time.
#[derive(Debug)]
pub(super) struct Splitter {
    separator: u8,
    /// The cells of a line with quotes, one behind the other.
    unquoted: String,
    spans: Vec<(usize, usize)>,
}

/// The cells of a line.
#[derive(Clone, Copy, Debug)]
pub(super) struct CellsOfLine<'a> {
    text: &'a str,
    spans: &'a [(usize, usize)],
}

impl<'a> CellsOfLine<'a> {
    pub(super) const fn len(self) -> usize {
        self.spans.len()
    }

    /// The cell of a column; empty where there is none.
    pub(super) fn get(self, column: usize) -> &'a str {
        self.spans.get(column).and_then(|&(start, end)| self.text.get(start..end)).unwrap_or_default()
    }

    pub(super) fn iter(self) -> impl Iterator<Item = &'a str> {
        (0..self.len()).map(move |column| self.get(column))
    }
}

impl Splitter {
    pub(super) const fn new(separator: u8) -> Self {
        Self { separator, unquoted: String::new(), spans: Vec::new() }
    }

    /// The cells of a line.
    pub(super) fn split<'a>(&'a mut self, line: &'a str) -> Result<CellsOfLine<'a>, Wrong> {
        self.spans.clear();
        let mut start = 0;
        for (at, byte) in line.bytes().enumerate() {
            if byte == b'"' {
                self.split_quoted(line)?;
                return Ok(CellsOfLine { text: &self.unquoted, spans: &self.spans });
            }
            if byte == self.separator {
                self.spans.push(self.trimmed(line, start, at));
                start = at + 1;
            }
        }
        self.spans.push(self.trimmed(line, start, line.len()));
        Ok(CellsOfLine { text: line, spans: &self.spans })
    }

    const fn is_space(&self, byte: u8) -> bool {
        byte == b' ' || byte == b'\t' && self.separator != b'\t'
    }

    /// A part of a text without the spaces around it.
    fn trimmed(&self, text: &str, mut start: usize, mut end: usize) -> (usize, usize) {
        let bytes = text.as_bytes();
        while start < end && bytes.get(start).is_some_and(|byte| self.is_space(*byte)) {
            start += 1;
        }
        while start < end && bytes.get(end - 1).is_some_and(|byte| self.is_space(*byte)) {
            end -= 1;
        }
        (start, end)
    }

    fn trim<'a>(&self, text: &'a str) -> &'a str {
        let (start, end) = self.trimmed(text, 0, text.len());
        text.get(start..end).unwrap_or_default()
    }

    fn push(&mut self, cell: &str) {
        let start = self.unquoted.len();
        self.unquoted.push_str(cell);
        self.spans.push((start, self.unquoted.len()));
    }

    fn split_quoted(&mut self, line: &str) -> Result<(), Wrong> {
        self.spans.clear();
        self.unquoted.clear();
        let separator = char::from(self.separator);
        let mut rest = line;
        loop {
            let Some(quote) = self.trim(rest).strip_prefix('"') else {
                let (cell, after) =
                    rest.split_once(separator).map_or((rest, None), |(cell, after)| (cell, Some(after)));
                if cell.contains('"') {
                    let found = format!("a quote within cell {}, {}", self.spans.len() + 1, quoted(self.trim(cell)));
                    return Err((found, "the whole cell in quotes, and every quote in it twice".to_owned()));
                }
                self.push(self.trim(cell));
                match after {
                    Some(after) => rest = after,
                    None => return Ok(()),
                }
                continue;
            };
            let after = self.unquote(quote).ok_or_else(|| {
                let found = format!("a quote that begins cell {} and is not closed on its line", self.spans.len() + 1);
                (found, "a quote at the end of the cell; no cell goes on to the next line".to_owned())
            })?;
            let after = self.trim(after);
            match after.strip_prefix(separator) {
                Some(after) => rest = after,
                None if after.is_empty() => return Ok(()),
                None => {
                    let found = format!("{} after the quote that closes cell {}", quoted(after), self.spans.len());
                    let wanted = format!("`{}`; a quote within a cell stands twice", separator.escape_default());
                    return Err((found, wanted));
                }
            }
        }
    }

    /// Takes in the cell that a quote has begun and gives what follows the quote that closes it; `None` if none does.
    fn unquote<'a>(&mut self, text: &'a str) -> Option<&'a str> {
        let (first, mut after) = text.split_once('"')?;
        let start = self.unquoted.len();
        self.unquoted.push_str(first);
        while let Some(more) = after.strip_prefix('"') {
            let (part, rest) = more.split_once('"')?;
            self.unquoted.push('"');
            self.unquoted.push_str(part);
            after = rest;
        }
        let span = self.trimmed(&self.unquoted, start, self.unquoted.len());
        self.spans.push(span);
        Some(after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(text: &str, separator: u8) -> Result<Vec<String>, String> {
        let mut splitter = Splitter::new(separator);
        assert!(splitter.split("\"an earlier line\"").is_ok(), "cells");
        splitter.split(text).map(|cells| cells.iter().map(str::to_owned).collect()).map_err(|(found, _)| found)
    }

    #[test]
    fn quotes_hold_cells_together_and_spaces_outside_them_do_not_count() {
        let sound: [(&str, &[&str]); 7] = [
            ("a, b ,,", &["a", "b", "", ""]),
            (r#""a" , "b,c" ,d"#, &["a", "b,c", "d"]),
            (r#""","a""b""","""""#, &["", r#"a"b""#, r#"""#]),
            (r#"" a ""#, &["a"]),
            (r#""a","#, &["a", ""]),
            ("", &[""]),
            ("\ta\t,\u{e9} \u{e9}", &["a", "\u{e9} \u{e9}"]),
        ];
        for (text, wanted) in sound {
            assert_eq!(cells(text, b',').expect("cells"), wanted, "{text}");
            for separator in [b';', b'|'] {
                let sign = char::from(separator).to_string();
                let other = |text: &str| text.replace(',', &sign);
                let wanted: Vec<_> = wanted.iter().map(|cell| other(cell)).collect();
                assert_eq!(cells(&other(text), separator).expect("cells"), wanted, "{text}");
            }
        }
        assert_eq!(cells("a\t b \t\t\"c\td\"\t", b'\t').expect("cells"), ["a", "b", "", "c\td", ""]);
        for (text, wanted) in [
            (r#"a,"b,c"#, "a quote that begins cell 2 and is not closed on its line"),
            (r#"a,b"c"#, r#"a quote within cell 2, `b\"c`"#),
            (r#""a"b,c"#, "`b,c` after the quote that closes cell 1"),
            (r#""a"","#, "a quote that begins cell 1 and is not closed on its line"),
        ] {
            assert_eq!(cells(text, b',').err().unwrap_or_default(), wanted, "{text}");
        }
        assert!(cells(r#"a,"b""#, b',').is_ok());
    }
}
