//! Numbers and tables as text, as wide as the terminal, or 80 columns where nothing says how wide it is.

pub(super) use crate::report::count;

use std::io;
use terminal_size::{Width, terminal_size_of};

/// Columns of what goes into a pipe or a file.
const COLUMNS: usize = 80;

/// Columns that text may take: those of the terminal, within reason.
pub(super) fn width() -> usize {
    terminal_size_of(io::stdout()).map_or(COLUMNS, |(Width(columns), _)| usize::from(columns).clamp(40, 120))
}

/// Text that a terminal shows and does not obey: control characters, and signs that turn or hide what stands beside
/// them, become escapes such as `\u{1b}`; line ends stay.
pub(super) fn printable(text: &str) -> String {
    let obeyed = |letter: char| {
        letter.is_control() && !matches!(letter, '\n' | '\t')
            || matches!(letter, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
                | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
    };
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        if obeyed(letter) { shown.extend(letter.escape_unicode()) } else { shown.push(letter) }
    }
    shown
}

/// So many of something that a plain `s` makes several.
pub(super) fn counted(number: u64, what: &str) -> String {
    format!("{} {what}{}", count(number), if number == 1 { "" } else { "s" })
}

/// A share as a percentage; `-` where there is none.
pub(super) fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "-".to_owned(), |share| format!("{:.1} %", 100.0 * share))
}

/// Metres with a digit behind the point; `-` where there are none.
pub(super) fn metres(metres: Option<f64>) -> String {
    metres.map_or_else(|| "-".to_owned(), |metres| format!("{metres:.1}"))
}

/// Parts with semicolons between them, or a word for none.
pub(super) fn list(parts: impl Iterator<Item = String>, none: &str) -> String {
    let parts: Vec<String> = parts.collect();
    if parts.is_empty() { none.to_owned() } else { parts.join("; ") }
}

/// Lines of cells under a head: the first column to the left, the others to the right, two spaces between. Where a table is
/// too wide heads go on several lines; what still does not fit follows below, under the first column again.
pub(super) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    table_of(1, head, rows)
}

/// The same where the first `keys` columns say what a row is of: what goes on below has all of them again.
pub(super) fn table_of(keys: usize, head: &[&str], rows: &[Vec<String>]) -> String {
    table_within(keys, head, rows, width())
}

fn table_within(keys: usize, head: &[&str], rows: &[Vec<String>], within: usize) -> String {
    let wide = |text: &str| text.chars().count();
    let body = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| wide(cell)).max().unwrap_or(0);
    let bodies: Vec<usize> = (0..head.len()).map(body).collect();
    let mut widths: Vec<usize> = head.iter().zip(&bodies).map(|(name, body)| wide(name).max(*body)).collect();
    let word = |name: &str| name.split(' ').map(wide).max().unwrap_or(0);
    let least: Vec<usize> = head.iter().zip(&bodies).map(|(name, body)| word(name).max(*body)).collect();
    let sum = |widths: &[usize]| widths.iter().sum::<usize>() + 2 * widths.len().saturating_sub(1);
    // The heads that save the most are folded first.
    let mut foldable: Vec<usize> = (1..head.len()).collect();
    let saved =
        |column: &usize| least.get(*column).zip(widths.get(*column)).map(|(least, whole)| whole.abs_diff(*least));
    foldable.sort_by_key(|column| std::cmp::Reverse(saved(column)));
    for column in foldable {
        if sum(&widths) > within
            && let (Some(width), Some(least)) = (widths.get_mut(column), least.get(column))
        {
            *width = *least;
        }
    }
    if sum(&widths) <= within {
        return block(head, rows, &widths);
    }
    if let (Some(first), Some(name)) = (widths.first_mut(), head.first()) {
        *first = (*first).min((within / 2).max(word(name)));
    }
    let blocks = blocks(keys, &widths, within).into_iter().map(|columns| {
        let columns: Vec<usize> = (0..keys).chain(columns).collect();
        let heads: Vec<&str> = columns.iter().filter_map(|k| head.get(*k)).copied().collect();
        let cells = |row: &Vec<String>| columns.iter().filter_map(|k| row.get(*k)).cloned().collect();
        let widths: Vec<usize> = columns.iter().filter_map(|k| widths.get(*k)).copied().collect();
        block(&heads, &rows.iter().map(cells).collect::<Vec<_>>(), &widths)
    });
    blocks.collect::<Vec<_>>().join("\n")
}

/// Columns beside the keys, in blocks that fit: as few as can be, with about as many columns in each.
fn blocks(keys: usize, widths: &[usize], within: usize) -> Vec<Vec<usize>> {
    let lead: usize = widths.iter().take(keys).map(|width| width + 2).sum();
    let split = |most: usize| {
        let (mut blocks, mut used) = (Vec::<Vec<usize>>::new(), 0);
        for (column, width) in widths.iter().enumerate().skip(keys) {
            if let Some(block) = blocks.last_mut().filter(|of| of.len() < most && used + 2 + width <= within) {
                block.push(column);
                used += 2 + width;
            } else {
                blocks.push(vec![column]);
                used = lead + width;
            }
        }
        blocks
    };
    let least = split(usize::MAX).len().max(1);
    let even = split(widths.len().saturating_sub(keys).div_ceil(least).max(1));
    if even.len() == least { even } else { split(usize::MAX) }
}

/// Lines of cells under a head, in columns of these widths.
fn block(head: &[&str], rows: &[Vec<String>], widths: &[usize]) -> String {
    let line = |cells: Vec<&str>| {
        let mut cells = cells.into_iter().zip(widths);
        let first = cells.next().map_or_else(String::new, |(cell, width)| format!("{cell:width$}"));
        let line = cells.fold(first, |line, (cell, width)| format!("{line}  {cell:>width$}"));
        format!("{}\n", line.trim_end())
    };
    let heads: Vec<Vec<String>> = head.iter().zip(widths).map(|(name, width)| wrapped(name, *width)).collect();
    let lines = heads.iter().map(Vec::len).max().unwrap_or(0);
    let head = (0..lines).map(|at| {
        let cell = |words: &Vec<String>| (at + words.len()).checked_sub(lines).and_then(|at| words.get(at)).cloned();
        let cells: Vec<String> = heads.iter().map(|words| cell(words).unwrap_or_default()).collect();
        line(cells.iter().map(String::as_str).collect())
    });
    let row = |row: &Vec<String>| {
        let first = wrapped(row.first().map_or("", String::as_str), widths.first().copied().unwrap_or(0));
        let (lead, more) = first.split_first().map_or(("", &[][..]), |(lead, more)| (lead.as_str(), more));
        let cells = std::iter::once(lead).chain(row.iter().skip(1).map(String::as_str));
        more.iter().fold(line(cells.collect()), |text, more| text + more + "\n")
    };
    head.collect::<String>() + &rows.iter().map(row).collect::<String>()
}

/// A text in lines of at most so many columns, but for words that are longer.
pub(super) fn wrapped(text: &str, within: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let used = lines.last().map_or(0, |line| line.chars().count());
        match lines.last_mut() {
            Some(line) if used == 0 => line.push_str(word),
            Some(line) if used + 1 + word.chars().count() <= within => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Text with every line within the width, but for words that are longer: what is too long goes on below, set in.
pub(super) fn fitted(text: &str) -> String {
    let within = width();
    let line = |line: &str| {
        if line.chars().count() <= within {
            return format!("{line}\n");
        }
        let indent = line.chars().take_while(|letter| *letter == ' ').count();
        let (lead, rest) = line.split_at_checked(indent).unwrap_or(("", line));
        let lines = wrapped(rest, within.saturating_sub(indent + 2));
        format!("{lead}{}\n", lines.join(&format!("\n{lead}  ")))
    };
    text.lines().map(line).collect()
}

/// A paragraph that begins with `lead`; its further lines are set in as far.
pub(super) fn paragraph(lead: &str, text: &str) -> String {
    let indent = lead.rsplit('\n').next().unwrap_or_default().chars().count();
    let lines = wrapped(text, width().saturating_sub(indent).max(20));
    format!("{lead}{}\n", lines.join(&format!("\n{}", " ".repeat(indent))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_shows_what_it_might_obey() {
        assert_eq!(printable("a\u{1b}[31m\tb\r\n\u{9b}c"), "a\\u{1b}[31m\tb\\u{d}\n\\u{9b}c");
        assert_eq!(printable("user\u{202e}nimda\u{200b}"), "user\\u{202e}nimda\\u{200b}");
        assert_eq!(printable("Zürich, 東京 → `x`"), "Zürich, 東京 → `x`");
    }

    #[test]
    fn thousands_stand_apart() {
        let texts = [0, 12, 999, 1_000, 12_345, 1_234_567].map(count);
        assert_eq!(texts, ["0", "12", "999", "1,000", "12,345", "1,234,567"]);
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = vec![vec!["aspen".to_owned(), "1".to_owned()], vec!["b".to_owned(), "22,222".to_owned()]];
        assert_eq!(table(&["who", "rows"], &rows), "who      rows\naspen       1\nb      22,222\n");
    }

    #[test]
    fn a_paragraph_keeps_within_the_width_and_under_its_lead() {
        let text = paragraph("lead  ", &["word"; 60].join(" "));
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines.len() > 1 && lines.iter().all(|line| line.chars().count() <= width()));
        assert!(lines.iter().skip(1).all(|line| line.starts_with("      word")));
        assert_eq!(text.matches("word").count(), 60);
    }

    #[test]
    fn a_wide_table_folds_its_heads_and_then_goes_on_below() {
        let rows = vec![vec!["aspen".to_owned(), "1".to_owned(), "22".to_owned(), "333".to_owned()]];
        let head = ["who", "in no track", "within (m)", "coverage"];
        let whole = "who    in no track  within (m)  coverage\naspen            1          22       333\n";
        assert_eq!(table_within(1, &head, &rows, 40), whole);
        let folded = "       in no  within\nwho    track     (m)  coverage\naspen      1      22       333\n";
        assert_eq!(table_within(1, &head, &rows, 30), folded);
        let one = "       in no\nwho    track  within (m)  coverage\naspen      1          22       333\n";
        assert_eq!(table_within(1, &head, &rows, 34), one);
        let below =
            "       in no  within\nwho    track     (m)\naspen      1      22\n\nwho    coverage\naspen       333\n";
        assert_eq!(table_within(1, &head, &rows, 24), below);
        let rows = vec![vec!["conditions of `a-rule`".to_owned(), "1".to_owned()]];
        assert_eq!(
            table_within(1, &["without", "gain"], &rows, 24),
            "without       gain\nconditions       1\nof `a-rule`\n"
        );
    }

    #[test]
    fn what_says_of_what_a_row_is_stands_in_every_block() {
        let row = |who: &str| vec![String::new(), who.to_owned(), "1".to_owned(), "2".to_owned()];
        let text = table_within(2, &["of", "who", "one", "two"], &[row("a"), row("b")], 12);
        assert_eq!(text, "of  who  one\n      a    1\n      b    1\n\nof  who  two\n      a    2\n      b    2\n");
    }

    #[test]
    fn what_is_too_long_goes_on_below() {
        let text = format!("  found {}\nshort\n", "word ".repeat(40).trim_end());
        let fitted = fitted(&text);
        let lines: Vec<&str> = fitted.lines().collect();
        assert!(lines.len() > 2 && lines.last() == Some(&"short"));
        assert!(lines.iter().all(|line| line.chars().count() <= width()));
        assert!(lines.get(1).is_some_and(|line| line.starts_with("    word")));
    }
}
