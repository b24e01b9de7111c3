//! What stands in the operator's page alone: sensors and their biases.

use super::{data, page, trackweave};
use serde_json::Value;

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
