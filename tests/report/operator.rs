//! What stands in the operator's page alone: sensors and their biases, the text of rules, scores at the resolution of a picture.

use super::{data, page, trackweave};
use serde_json::Value;
use std::fs;
use std::path::Path;

#[test]
fn sensors_are_as_measured_beside_what_is_said_of_them() {
    let document = data(&page("_operator"));
    let done = trackweave(&["inspect", "data/demo/recording", "--json"]);
    let inspected: Value = serde_json::from_slice(&done.stdout).expect("JSON");
    let sensors = document["sensors"].as_array().expect("sensors");
    let mut detections = 0;
    for sensor in sensors {
        let found = inspected["sensors"].as_array().expect("sensors").iter();
        let found = found.into_iter().find(|found| found["name"] == sensor["name"]).expect("the sensor");
        let measured = &sensor["measured"];
        assert_eq!(measured["P_D"], found["figures"]["detection_probability"]["value"]);
        assert_eq!(measured["clutter_per_scan"], found["figures"]["clutter_per_scan"]["value"]);
        assert_eq!(measured["look_every_s"], 10.0);
        assert_eq!(sensor["declared"]["P_D"], 0.9);
        // The catalogue says more noise than there is, and the innovations show it.
        assert!(measured["NIS_horizontal"].as_f64().is_some_and(|nis| nis > 0.0 && nis < 0.5), "{measured}");
        detections += measured["detections"].as_u64().expect("a count");
    }
    assert_eq!(detections, 42_018);
    for partner in ["aspen", "birch", "clover", "dogwood"] {
        assert_eq!(data(&page(partner)).get("sensors"), None);
    }
}

#[test]
fn every_rule_that_is_named_can_be_read_by_the_operator_alone() {
    let document = data(&page("_operator"));
    let rules = document["rules"].as_object().expect("rules");
    let mut named = 0;
    for decision in document["decisions"].as_array().expect("decisions") {
        for rule in decision["policies"].as_array().expect("rules") {
            let rule = &rules[rule.as_str().expect("a name")];
            let written =
                fs::read_to_string(Path::new("data/demo/policy").join(rule["file"].as_str().expect("a file")));
            let (written, text) = (written.expect("a file of the policy"), rule["text"].as_str().expect("a text"));
            let line = usize::try_from(rule["line"].as_u64().expect("a line")).expect("a line");
            assert!(written.lines().skip(line - 1).collect::<Vec<_>>().join("\n").starts_with(text), "{rule}");
            named += 1;
        }
    }
    assert!(named > 5, "{named} rules are named");
    for partner in ["aspen", "birch", "clover", "dogwood"] {
        let page = page(partner);
        assert_eq!(data(&page).get("rules"), None);
        assert!(!page.contains("principal =="), "{partner}: the text of a rule");
    }
}

#[test]
fn rows_in_cells_are_counted_at_their_own_resolution_too() {
    let document = data(&page("_operator"));
    let of = |partner: &str, path: &str| document.pointer(&path.replace('*', partner)).and_then(Value::as_f64);
    let [exact, coarse] = ["aspen", "clover"].map(|partner| {
        let [own, plain] =
            ["/resolution/*/spuriousness", "/scores/*/spuriousness"].map(|path| of(partner, path).expect("a share"));
        (own, plain)
    });
    assert!((exact.0 - exact.1).abs() < 1e-12, "{exact:?}");
    // Most of clover's rows stand in cells of 5 km.
    assert!(coarse.0 < 0.2 && coarse.1 > coarse.0 + 0.2, "{coarse:?}");
    assert_eq!(of("clover", "/resolution/*/cell_m"), Some(5000.0));
    assert_eq!(of("aspen", "/resolution/*/cell_m"), None);
}

#[test]
fn biases_between_sensors_are_those_that_inspect_finds() {
    let biases = &data(&page("_operator"))["biases"];
    let done = trackweave(&["inspect", "data/demo/recording", "--json"]);
    let inspected: Value = serde_json::from_slice(&done.stdout).expect("JSON");
    for key in ["pairs", "unpaired"] {
        assert_eq!(biases[key], inspected[key], "{key}");
    }
    let [pairs, unpaired] = ["pairs", "unpaired"].map(|key| biases[key].as_array().expect("a list").len());
    assert!(pairs > 0, "{biases}");
    assert_eq!(pairs + unpaired, 6, "every two of four sensors are told, or why they are not");
    assert_eq!(biases.get("why"), None);
    for partner in ["aspen", "birch", "clover", "dogwood"] {
        let page = page(partner);
        assert_eq!(data(&page).get("biases"), None);
        assert!(!page.contains("east_m\":{") && !page.contains("unpaired\":["), "{partner}");
    }
}
