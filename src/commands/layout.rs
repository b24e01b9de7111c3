//! Numbers and tables as text, for terminals of a hundred columns.

pub(super) use crate::report::count;

/// Columns of a terminal that everything fits in.
const WIDTH: usize = 100;

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

/// A share as a percentage; `-` where there is none.
pub(super) fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "-".to_owned(), |share| format!("{:.1} %", 100.0 * share))
}

/// Metres with a digit behind the point; `-` where there are none.
pub(super) fn metres(metres: Option<f64>) -> String {
    metres.map_or_else(|| "-".to_owned(), |metres| format!("{metres:.1}"))
}

/// Lines of cells under a head: the first column to the left, the others to the right, two spaces between.
pub(super) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize, name: &str| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.fold(name.chars().count(), usize::max)
    };
    let widths: Vec<usize> = head.iter().enumerate().map(|(column, name)| width(column, name)).collect();
    let line = |cells: Vec<&str>| {
        let mut cells = cells.into_iter().zip(&widths);
        let first = cells.next().map_or_else(String::new, |(cell, width)| format!("{cell:width$}"));
        let line = cells.fold(first, |line, (cell, width)| format!("{line}  {cell:>width$}"));
        format!("{}\n", line.trim_end())
    };
    let body = rows.iter().map(|row| line(row.iter().map(String::as_str).collect()));
    line(head.to_vec()) + &body.collect::<String>()
}

/// A paragraph that begins with `lead`; its further lines are set in as far.
pub(super) fn paragraph(lead: &str, text: &str) -> String {
    let indent = lead.chars().count();
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let used = lines.last().map_or(0, |line| line.chars().count());
        match lines.last_mut() {
            Some(line) if used == 0 => line.push_str(word),
            Some(line) if indent + used + 1 + word.chars().count() <= WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
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
        assert_eq!(lines.len(), 4);
        assert!(lines.iter().all(|line| line.chars().count() <= WIDTH));
        assert!(lines.iter().skip(1).all(|line| line.starts_with("      word")));
        assert_eq!(text.matches("word").count(), 60);
    }
}
