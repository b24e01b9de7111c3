//! Secret keys in text that is shown: never.
//!
//! People paste the wrong half of a key. What complains of it would print it, into a terminal, a log, an issue. So what
//! looks like a secret key is left out of every complaint, wherever it was found: by the words that such keys begin
//! with. A bare number of 64 digits cannot be told from a public one.

use std::borrow::Cow;

/// What secret keys begin with, in lower case: those of age (X25519, hybrid, plugins), of this program, and of files
/// in PEM.
const BEGINNINGS: [&str; 4] = ["age-secret-key-", "age-plugin-", "ed25519-secret:", "-----begin"];

/// What is said in the place of one.
const INSTEAD: &str = "(a secret key, not shown)";

/// The text without the secret keys in it.
#[must_use]
pub fn hidden(text: &str) -> Cow<'_, str> {
    // ASCII letters keep their places.
    let lower = text.to_ascii_lowercase();
    let mut shown = String::new();
    let mut done = 0;
    while let Some(at) = lower.get(done..).and_then(first).map(|at| done + at) {
        shown.push_str(text.get(done..at).unwrap_or_default());
        shown.push_str(INSTEAD);
        done = at + length(lower.get(at..).unwrap_or_default());
    }
    if done == 0 {
        return Cow::Borrowed(text);
    }
    shown.push_str(text.get(done..).unwrap_or_default());
    Cow::Owned(shown)
}

/// Whether there is a secret key in it.
#[must_use]
pub fn has_secret(text: &str) -> bool {
    first(&text.to_ascii_lowercase()).is_some()
}

fn first(lower: &str) -> Option<usize> {
    BEGINNINGS.iter().filter_map(|beginning| lower.find(beginning)).min()
}

/// How much of a text that begins with a key belongs to it. What a word does not end is left out to the end.
fn length(lower: &str) -> usize {
    let armoured = lower.starts_with("-----begin");
    let end = |c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == ':');
    if armoured { lower.len() } else { lower.find(end).unwrap_or(lower.len()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_key_is_never_shown_and_nothing_else_is_left_out() {
        let age = "AGE-SECRET-KEY-1QQPQXRAJ9S6M5";
        let own = format!("ed25519-secret:{}", "0f".repeat(32));
        for key in [age, &age.to_lowercase(), &own, &own.to_uppercase()] {
            let text = format!("a.toml:3: `age_recipient` is `{key}`, wanted another and {key}.");
            assert!(has_secret(&text));
            let shown = format!("a.toml:3: `age_recipient` is `{INSTEAD}`, wanted another and {INSTEAD}.");
            assert_eq!(hidden(&text), shown);
        }
        assert_eq!(hidden("found -----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl"), format!("found {INSTEAD}"));
        for text in ["", "ed25519-public:00", "age1qqq", "é ed25519-", "AGE"] {
            assert_eq!(hidden(text), text);
        }
    }
}
