//! Numbers in sentences and in files.

/// A number with three digits that count.
pub(crate) fn short(number: f64) -> String {
    let size = number.abs();
    if size >= 100.0 || size <= 0.0 {
        return format!("{number:.0}");
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few digits")]
    let digits = (2.0 - libm::log10(size).floor()).clamp(0.0, 9.0) as usize;
    let text = format!("{number:.digits$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    text.to_owned()
}

/// The same to a thousandth: of metres and seconds, less says nothing.
pub(crate) fn rounded(number: f64) -> String {
    short((number * 1e3).round() / 1e3 + 0.0)
}

/// The same for a TOML file, where a float has a point.
pub(super) fn toml(number: f64) -> String {
    let text = short(number);
    if text.contains('.') { text } else { text + ".0" }
}

/// A text as a string of a TOML file, on one line: as JSON has it.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::Value::String(text.to_owned()).to_string()
}

/// A length of time.
pub(crate) fn time(seconds: f64) -> String {
    let units = [(86_400.0, "days"), (3_600.0, "h"), (60.0, "min")];
    let (unit, name) = units.into_iter().find(|(unit, _)| seconds >= 3.0 * unit).unwrap_or((1.0, "s"));
    format!("{} {name}", short(seconds / unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_three_digits() {
        let texts = [0.0, 1234.5, 99.95, 4.0, 0.123_45, 0.000_012_3, -7.5].map(short);
        assert_eq!(texts, ["0", "1234", "100", "4", "0.123", "0.0000123", "-7.5"]);
        assert_eq!([4.0, 0.5, 3000.0].map(toml), ["4.0", "0.5", "3000.0"]);
        assert_eq!(quoted("a\"b\n"), "\"a\\\"b\\n\"");
        assert_eq!([5.0, 300.0, 86_400.0].map(time), ["5 s", "5 min", "24 h"]);
    }
}
