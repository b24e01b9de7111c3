//! Numbers and nesting beyond all measure in files that are read whole: right, or an error with its place.

use std::path::Path;

use trackweave::ingest::Catalogue;
use trackweave::run::RunConfig;
use trackweave::simulate::Scenario;

use super::LOCAL;

const NUMBERS: [&str; 13] = [
    "1e308",
    "-1e308",
    "5e-324",
    "nan",
    "inf",
    "-inf",
    "-0.0",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "18446744073709551616",
    "1e400",
    "1e39",
];

/// A reader of text: what it refuses, in words.
type Parse = fn(&str) -> Result<(), String>;

/// Manifests hold configurations in JSON, which has no number that is none.
fn says_the_same_in_json(config: &RunConfig) {
    let value = serde_json::to_value(config).unwrap();
    assert_eq!(serde_json::from_value::<RunConfig>(value).unwrap(), *config);
}

/// The files that are read whole: their text, and what reads it.
fn files() -> [(&'static str, String, Parse); 3] {
    fn catalogue(text: &str) -> Result<(), String> {
        Catalogue::parse(text, Path::new("a.toml")).map(drop).map_err(|error| error.to_string())
    }
    fn config(text: &str) -> Result<(), String> {
        let config = RunConfig::parse(text, Path::new("a.toml")).map_err(|error| error.to_string())?;
        says_the_same_in_json(&config);
        Ok(())
    }
    fn scenario(text: &str) -> Result<(), String> {
        Scenario::parse(text, "a.toml").map(drop).map_err(|error| error.to_string())
    }
    let read = |name: &str| std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap();
    let first = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("data/scenarios")).unwrap();
    let mut scenarios: Vec<_> =
        first.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some_and(|e| e == "toml")).collect();
    scenarios.sort();
    [
        ("catalogue", LOCAL.to_owned(), catalogue as Parse),
        ("configuration", read("data/config/air.toml"), config),
        ("scenario", std::fs::read_to_string(&scenarios[0]).unwrap(), scenario),
    ]
}

/// Places of the numbers in a text.
fn numbers(text: &str) -> Vec<std::ops::Range<usize>> {
    let (mut found, mut at) = (Vec::new(), 0);
    for line in text.split_inclusive('\n') {
        let code = line.split('#').next().unwrap_or_default();
        for (from, _) in code.match_indices(|c: char| c.is_ascii_digit()) {
            let before = code[..from].chars().next_back().unwrap_or(' ');
            if before.is_ascii_alphanumeric()
                || matches!(before, '.' | '_' | '-' | '"')
                || code[..from].matches('"').count() % 2 == 1
            {
                continue;
            }
            let length = code[from..]
                .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')))
                .unwrap_or(code.len() - from);
            found.push(at + from..at + from + length);
        }
        at += line.len();
    }
    found
}

#[test]
fn every_number_may_be_anything_and_errors_name_file_found_and_wanted() {
    for (file, text, parse) in files() {
        parse(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
        let places = numbers(&text);
        assert!(places.len() > 8, "{file}: {places:?}");
        for place in places {
            for number in NUMBERS {
                let changed = format!("{}{number}{}", &text[..place.start], &text[place.end..]);
                let Err(error) = parse(&changed) else { continue };
                let says = error.contains("a.toml") && (error.contains("wanted") || error.contains("expected"));
                assert!(says && !error.contains('\n'), "{file}, {number} for `{}`: {error}", &text[place.clone()]);
            }
        }
    }
}

#[test]
fn deep_nesting_and_long_text_are_errors_and_not_the_end_of_the_stack() {
    for (file, text, parse) in files() {
        for deep in [
            format!("x = {}", "[".repeat(200_000)),
            format!("x = {}", "{a=".repeat(100_000)),
            format!("{} = 1", vec!["a"; 100_000].join(".")),
            format!("[{}]", vec!["a"; 100_000].join(".")),
            format!("x = \"{}", "x".repeat(1_000_000)),
        ] {
            let error = parse(&format!("{deep}\n{text}")).expect_err(file);
            assert!(
                error.starts_with("a.toml") && error.len() < 1000 && !error.contains('\n'),
                "{file}: {} bytes: {:.300}",
                error.len(),
                error
            );
        }
    }
}
