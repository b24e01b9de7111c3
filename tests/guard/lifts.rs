//! Wrong pictures of lifted policies, each planted in the operator's folder, and what catches it.

use super::plants::{Plant, plant_in};
use super::scene::{Scene, priced};
use serde_json::{Value, json};
use std::fs;
use trackweave::guard::Beyond;

const fn plant(name: &'static str, sow: fn(&Scene)) -> Plant {
    plant_in(name, Beyond::Lifts, priced, sow)
}

/// Changes a file of the operator's folder.
fn change(scene: &Scene, name: &str, change: impl FnOnce(&mut Value)) {
    let path = scene.out().join("_operator").join(name);
    let before: Value = serde_json::from_slice(&fs::read(&path).expect("a file")).expect("JSON");
    let mut after = before.clone();
    change(&mut after);
    assert_ne!(before, after, "nothing was planted");
    fs::write(path, after.to_string()).expect("a file");
}

/// Changes the first picture of a lift that is held itself and has rows.
fn picture(scene: &Scene, sow: impl FnOnce(&mut Value)) {
    change(scene, "lifts.json", |said| {
        let lifts = said["lifts"].as_array_mut().expect("lifts").iter_mut();
        let mut pictures = lifts.flat_map(|lift| lift["pictures"].as_array_mut().expect("pictures"));
        sow(pictures.find(|picture| picture["rows"].as_u64() > Some(0)).expect("a picture"));
    });
}

pub(crate) const PLANTS: &[Plant] = &[
    plant("a lift of a rule that the policy lacks", |scene| {
        change(scene, "lifts.json", |said| said["lifts"][0]["rule"] = json!("forbid of nothing"));
    }),
    plant("a lift told twice", |scene| {
        change(scene, "lifts.json", |said| {
            let lifts = said["lifts"].as_array_mut().expect("lifts");
            lifts.push(lifts[0].clone());
        });
    }),
    plant("a lift that is told and left out", |scene| {
        change(scene, "lifts.json", |said| said["left_out"] = json!([said["lifts"][0]["rule"]]));
    }),
    plant("a lift without the picture that it changes", |scene| {
        change(scene, "lifts.json", |said| drop(said["lifts"].as_array_mut().expect("lifts").remove(0)));
    }),
    plant("a lifted picture of nobody", |scene| picture(scene, |picture| picture["partner"] = json!("elm"))),
    plant("a lifted picture that is the same as none", |scene| {
        picture(scene, |picture| {
            *picture = json!({
                "same_as": { "rule": "permit of none", "partner": "fine" }, "partner": picture["partner"],
            });
        });
    }),
    plant("a row more, in a lifted picture", |scene| {
        picture(scene, |picture| picture["rows"] = json!(picture["rows"].as_u64().expect("rows") + 1));
    }),
    plant("a track less, in a lifted picture", |scene| {
        picture(scene, |picture| drop(picture["tracks"]["ids"].as_array_mut().expect("tracks").pop()));
    }),
    plant("a track that no detection began, in a lifted picture", |scene| {
        picture(scene, |picture| picture["tracks"]["ids"][0] = json!(u64::MAX.to_string()));
    }),
    plant("a lifted picture of more detections than the lifted policy gives", |scene| {
        change(scene, "prices.json", |said| {
            let prices = said["prices"].as_array_mut().expect("prices").iter_mut();
            let mut partners = prices.filter_map(|price| price["partners"].as_object_mut()).flatten();
            let gains = |(_, of): &(_, &mut Value)| of["gain"]["rows"].as_i64() != Some(0);
            let (_, of) = partners.find(gains).expect("a partner with other rows");
            of["would_have"]["detections"] = json!(of["would_have"]["detections"].as_u64().expect("a count") + 1);
        });
    }),
];
