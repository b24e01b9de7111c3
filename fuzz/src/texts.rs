//! Files that are one text.

use std::path::Path;
use trackweave::ingest::Catalogue;
use trackweave::run::RunConfig;
use trackweave::simulate::Scenario;

/// `recording.toml`.
pub fn catalogue(data: &[u8]) {
    if let Ok(text) = str::from_utf8(data) {
        let _ = Catalogue::parse(text, Path::new("recording.toml"));
    }
}

/// A configuration: what is accepted says the same when it is written and read again.
pub fn configuration(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let Ok(config) = RunConfig::parse(text, Path::new("config.toml")) else { return };
    let value = serde_json::to_value(&config).expect("JSON");
    let again: RunConfig = serde_json::from_value(value.clone()).expect("what was accepted is accepted again");
    assert_eq!(serde_json::to_value(&again).expect("JSON"), value);
}

/// A scenario, with the plan that is made of it.
pub fn scenario(data: &[u8]) {
    if let Ok(text) = str::from_utf8(data) {
        let _ = Scenario::parse(text, "scenario.toml");
    }
}
