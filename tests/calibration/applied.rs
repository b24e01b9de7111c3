//! A calibration in a run: each entry corrects the pictures of its own segment, and nothing that is hidden reaches a partner by it.

use crate::of_partner;
use crate::world::{RULES, Scene, rows, world};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use trackweave::calibrate::{Asked, Standing};
use trackweave::fusion::device::{Context, Options, Wanted};
use trackweave::fusion::executor::Executor;
use trackweave::guard::{self, Beyond, inspect};
use trackweave::run::{Besides, Calibrating, Calibration, Request, RunReport, Seals, assemble, fuse_lanes, run};

/// Without a page, at which nobody looks.
const PLAIN: Besides = Besides { pages: false, prices: false, associations: true };

type Files = BTreeMap<String, Vec<u8>>;

impl Scene {
    /// Writes a calibration where runs find it.
    fn keep(&self, found: &Calibration) -> PathBuf {
        self.write("calibration.toml", &toml::to_string(found).expect("TOML"));
        self.path("calibration.toml")
    }

    fn found(&self) -> Calibration {
        self.calibrate(Some("policy"), Asked::default())
    }

    /// A run with a calibration, as changed.
    fn try_corrected(
        &self,
        calibration: Option<&Path>,
        change: impl FnOnce(&mut Request<'_>),
        executor: &Executor,
    ) -> Result<RunReport, String> {
        let [recording, policy, out] = ["recording", "policy", "out"].map(|name| self.path(name));
        let plain = Request::new(&recording, &policy, &out, &self.config);
        let mut request = Request { besides: PLAIN, calibration, ..plain };
        change(&mut request);
        run(&request, executor.clone(), &mut |_| {}).map_err(|error| error.to_string())
    }

    /// The same with what the guard looks at.
    fn corrected(&self, calibration: Option<&Path>) -> RunReport {
        let report = self.try_corrected(calibration, |request| request.besides = Besides::default(), &Executor::host());
        report.unwrap_or_else(|error| panic!("{error}"))
    }

    /// The files of beech's and cedar's folders after a run with a calibration.
    fn given(&self, calibration: &Path, executor: &Executor) -> Files {
        let report = self.try_corrected(Some(calibration), |_| {}, executor);
        report.unwrap_or_else(|error| panic!("{error}"));
        self.files(&["beech", "cedar"])
    }

    /// What the guard finds, by folder and in what way.
    fn guarded(&self, calibration: Option<&Path>) -> Vec<(String, Beyond)> {
        let configuration = &serde_json::to_value(&self.config).expect("JSON");
        let [recording, policy, out] = &["recording", "policy", "out"].map(|name| self.path(name));
        let (as_of_us, label) = (None, None);
        let request = guard::Request { out, policy, recording, configuration, as_of_us, label, calibration };
        let found = inspect(&request).expect("the guard does its work");
        assert!(found.rows > 100, "{} rows", found.rows);
        let breach = |breach: guard::Breach| (breach.place.split('/').next().unwrap_or("").to_owned(), breach.beyond);
        found.breaches.into_iter().map(breach).collect()
    }

    /// What a partner's manifest says of a calibration.
    fn told(&self, partner: &str) -> Value {
        let text = fs::read_to_string(self.path("out").join(partner).join("manifest.json")).expect("a manifest");
        let manifest: Value = serde_json::from_str(&text).expect("JSON");
        manifest.pointer("/computed_from/calibration").cloned().unwrap_or_default()
    }

    /// The files of some folders of an output, but for the time that it took.
    fn files(&self, folders: &[&str]) -> Files {
        let mut files = Files::new();
        for folder in folders {
            for entry in fs::read_dir(self.path("out").join(folder)).expect("a folder") {
                let path = entry.expect("an entry").path();
                let name = path.file_name().expect("a name").to_string_lossy().into_owned();
                if name != "timings.json" {
                    files.insert(format!("{folder}/{name}"), fs::read(&path).expect("a file"));
                }
            }
        }
        files
    }
}

/// Files that differ.
fn differing(found: &Files, wanted: &Files) -> Vec<String> {
    let names = found.keys().chain(wanted.keys());
    let mut other: Vec<String> = names.filter(|name| found.get(*name) != wanted.get(*name)).cloned().collect();
    other.sort();
    other.dedup();
    other
}

/// Partners whose manifests say something of a calibration.
fn told(scene: &Scene) -> Vec<&'static str> {
    ["ash", "beech", "cedar"].into_iter().filter(|partner| !scene.told(partner).is_null()).collect()
}

#[test]
fn an_entry_corrects_the_pictures_of_its_own_segment() {
    let (rows, truth) = world(11, 24);
    let scene = Scene::new(&rows);
    scene.write("recording/truth.csv", &truth);
    let gospa_m = |report: &RunReport, partner: &str| {
        let of = report.partners.iter().find(|of| of.partner == partner).expect("a partner");
        of.score.as_ref().and_then(|score| score.gospa_mean_m.as_ref()).expect("truth is there").total
    };
    let before = scene.corrected(None);
    assert!(told(&scene).is_empty(), "nothing corrects it");
    let found = scene.found();
    let file = scene.keep(&found);
    let after = scene.corrected(Some(&file));
    for (partner, most) in [("ash", 0.5), ("beech", 0.9)] {
        let [before_m, after_m] = [&before, &after].map(|report| gospa_m(report, partner));
        println!("{partner}: GOSPA {before_m:.0} m to {after_m:.0} m");
        assert!(after_m < most * before_m, "{partner}: {before_m} {after_m}");
    }
    // A sensor alone has no offset that can be seen.
    assert!((gospa_m(&before, "cedar") - gospa_m(&after, "cedar")).abs() < 1e-9);
    assert_eq!(told(&scene), ["ash", "beech"]);
    let digest = |partner| scene.told(partner).get("entry_sha256").and_then(Value::as_str).map(str::to_owned);
    assert!(digest("ash").is_some() && digest("ash") != digest("beech"), "each its own");
    assert_eq!(scene.guarded(Some(&file)), []);
    let without = scene.guarded(None);
    assert!(without.contains(&("ash".to_owned(), Beyond::Manifest)), "{without:?}");
    assert!(without.contains(&("beech".to_owned(), Beyond::Manifest)), "{without:?}");
    assert!(without.iter().all(|(folder, _)| folder != "cedar"), "{without:?}");
}

/// What becomes of the rows that ash alone may have.
type Change = fn(f64, &str) -> Vec<(f64, String)>;

const CHANGES: [(&str, Change); 4] = [
    ("gone", |_, _| Vec::new()),
    ("farther away", |time_s, row| vec![(time_s, row.replace("hill,", "hill,1"))]),
    ("later", |time_s, row| vec![(time_s + 0.4, row.to_owned())]),
    ("twice", |time_s, row| vec![(time_s, row.to_owned()), (time_s + 0.1, row.replace("hill,", "hill,2"))]),
];

/// Rows of which those that ash alone may have were changed.
fn changed(rows: &[(f64, String)], change: Change) -> Vec<(f64, String)> {
    let of = |(time_s, row): &(f64, String)| {
        if row.starts_with("hill,") { change(*time_s, row) } else { vec![(*time_s, row.clone())] }
    };
    let mut rows: Vec<(f64, String)> = rows.iter().flat_map(of).collect();
    rows.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.cmp(&b.1)));
    rows
}

/// A small world whose entries count.
fn small() -> (Scene, Vec<(f64, String)>) {
    let rows = rows(3, 12);
    (Scene::new(&rows), rows)
}

#[test]
fn hidden_rows_move_no_byte_by_way_of_a_calibration() {
    let (scene, rows) = small();
    let mut executors = vec![("the host", Executor::host())];
    match Context::open(Wanted::Any) {
        Ok(context) => executors.push(("the device", Executor::device(context, Options::USUAL))),
        Err(error) => assert!(std::env::var_os("REQUIRE_GPU").is_none(), "no device: {error}"),
    }
    let file = scene.keep(&scene.found());
    let wanted: Vec<Files> = executors.iter().map(|(_, executor)| scene.given(&file, executor)).collect();
    assert_eq!(told(&scene), ["ash", "beech"]);
    for (name, change) in CHANGES {
        scene.detect(&changed(&rows, change));
        let file = scene.keep(&scene.found());
        for ((executor, by), wanted) in executors.iter().zip(&wanted).take(if name == "gone" { 2 } else { 1 }) {
            let other = differing(&scene.given(&file, by), wanted);
            assert!(other.is_empty(), "{name}, on {executor}: {other:?}");
        }
    }
}

/// What an engine that leaks would have done, of a calibration that is right, and its catcher.
type Leak = fn(&Scene, &mut Calibration);

/// An entry of beech with what another one found.
fn forge(found: &mut Calibration, from: &Calibration, partner: &str) {
    let leaked = of_partner(from, partner).found.clone();
    let beech = found.segment.iter_mut().find(|segment| segment.partners == ["beech"]).expect("beech");
    beech.found = leaked;
}

const LEAKS: [(&str, &str, Leak); 3] = [
    ("an entry that rests on a source which its partner may not have fused", "guard: `manifest`", |_, found| {
        let right = found.clone();
        forge(found, &right, "ash");
    }),
    ("an entry over all segments taken as one", "guard: `manifest`", |scene, found| {
        forge(found, &scene.calibrate(None, Asked::default()), "picture");
    }),
    ("offsets that hidden rows have told", "property test", |_, found| {
        let right = found.clone();
        forge(found, &right, "ash");
    }),
];

#[test]
fn planted_leaks_of_calibrations_are_caught() {
    let page = include_str!("../../docs/verification.md");
    let (scene, rows) = small();
    let right = scene.found();
    for (name, caught, leak) in LEAKS {
        assert!(page.contains(&format!("| {name} | {caught} |")), "docs/verification.md lacks `{name}`");
        scene.detect(&rows);
        let mut forged = right.clone();
        leak(&scene, &mut forged);
        assert_ne!(of_partner(&forged, "beech").found, of_partner(&right, "beech").found, "{name}: nothing is planted");
        let file = scene.keep(&forged);
        if caught.starts_with("guard") {
            scene.corrected(Some(&file));
            let found = scene.guarded(Some(&scene.keep(&right)));
            assert!(found.contains(&("beech".to_owned(), Beyond::Manifest)), "{name}: went unseen: {found:?}");
            continue;
        }
        let wanted = scene.given(&file, &Executor::host());
        scene.detect(&changed(&rows, CHANGES[1].1));
        let mut forged = scene.found();
        leak(&scene, &mut forged);
        let other = differing(&scene.given(&scene.keep(&forged), &Executor::host()), &wanted);
        assert!(other.contains(&"beech/tracks.parquet".to_owned()), "{name}: went unseen: {other:?}");
    }
}

#[test]
fn a_calibration_of_something_else_is_named() {
    let (scene, rows) = small();
    let found = scene.found();
    let file = scene.keep(&found);
    let said = |change: fn(&mut Request<'_>)| {
        scene.try_corrected(Some(&file), change, &Executor::host()).expect_err("another calibration")
    };
    let error = said(|request| request.as_of_us = Some(200_000_000));
    assert!(error.contains("a calibration of another time (--as-of)") && error.contains("200000000 us"), "{error}");
    let error = said(|request| request.besides.prices = true);
    assert!(error.contains("prices of a run with a calibration"), "{error}");
    scene.write("policy/rules.cedar", &RULES.replace("!= \"ash\"", "== \"cedar\""));
    assert!(said(|_| {}).contains("a calibration of another policy"));
    scene.write("policy/rules.cedar", RULES);
    scene.detect(&rows[1..]);
    let error = said(|_| {});
    assert!(error.contains("a calibration of another recording") && error.contains("calibrate` anew"), "{error}");
    scene.detect(&rows);
    for (from, to, wanted) in [
        ("version = 1", "version = 7", "version 7"),
        ("recording = ", "record = ", "wanted a file that `trackweave calibrate` wrote"),
        ("value = ", "value = 1", "not within"),
    ] {
        let text = fs::read_to_string(&file).expect("a file");
        let text =
            if wanted == "not within" { text.replace(from, "value = 9e9 # ") } else { text.replacen(from, to, 1) };
        let kept = fs::read(&file).expect("a file");
        fs::write(&file, text).expect("a file");
        let error = said(|_| {});
        assert!(error.contains(wanted), "{error}");
        fs::write(&file, kept).expect("a file");
    }
    // What was computed from other detections than a lane is given corrects nothing.
    let mut other = found.clone();
    other.segment.iter_mut().for_each(|segment| segment.from[0].detections += 1);
    // Nor does what does not count, or an entry that is refused.
    let (mut least, mut refused) = (found.clone(), found.clone());
    let offsets = least.segment.iter_mut().flat_map(|of| &mut of.found.sensors).flat_map(|of| &mut of.offsets);
    offsets.for_each(|of| of.standing = Standing::NotSignificant);
    refused.segment.iter_mut().for_each(|segment| segment.found.refused = Some("not settled".to_owned()));
    for (name, other) in [("of other detections", other), ("not significant", least), ("refused", refused)] {
        scene.try_corrected(Some(&scene.keep(&other)), |_| {}, &Executor::host()).expect("a run");
        assert!(told(&scene).is_empty(), "{name}: corrects something");
    }
}

#[test]
fn what_is_declared_holds_for_all_and_every_manifest_says_so() {
    let (mut scene, _) = small();
    let whole = scene.calibrate(None, Asked { reference: Some("hill"), sites: false });
    let file = scene.keep(&whole);
    let error = scene.try_corrected(Some(&file), |_| {}, &Executor::host()).expect_err("another policy");
    assert!(error.contains("a calibration of another policy"), "{error}");
    scene.config.calibration = Some(Calibrating::Declared);
    scene.corrected(Some(&file));
    for partner in ["ash", "beech", "cedar"] {
        assert_eq!(scene.told(partner), json!({ "declared": true }), "{partner}");
    }
    assert_eq!(scene.guarded(Some(&file)), []);
    let operator = scene.files(&["_operator"]);
    let manifest: Value = serde_json::from_slice(&operator["_operator/manifest.json"]).expect("JSON");
    assert_eq!(manifest.pointer("/made_from/offsets_declared"), Some(&Value::Bool(true)));
    assert!(manifest.pointer("/made_from/calibration/sha256").is_some_and(Value::is_string), "{manifest}");
    // A catalogue declares, too: to whoever has that sensor.
    scene.config.calibration = None;
    scene.declare(|name| (name == "coast").then(|| "offsets = { range_m = 200.0 }".to_owned()));
    scene.corrected(None);
    assert_eq!(told(&scene), ["ash", "beech"]);
    assert_eq!(scene.told("beech"), json!({ "declared": true }));
    assert_eq!(scene.guarded(None), []);
}

#[test]
fn logs_and_cached_lanes_are_of_one_calibration() {
    let (scene, _) = small();
    let file = scene.keep(&scene.found());
    let [recording, policy, out, logs, cache] =
        ["recording", "policy", "out", "lane-logs", "cache"].map(|name| scene.path(name));
    let host = Executor::host();
    let all = ["ash", "beech", "cedar", "_operator"];
    scene.try_corrected(Some(&file), |_| {}, &host).expect("a run");
    let wanted = scene.files(&all);
    let plain = Request { besides: PLAIN, ..Request::new(&recording, &policy, &out, &scene.config) };
    let with = Request { calibration: Some(&file), ..plain };
    let mut go_on = |_| ControlFlow::Continue(());
    fuse_lanes(&Request { out: &logs, ..with }, None, &host, &mut go_on).expect("logs");
    let from = |request: &Request<'_>| {
        let made = assemble(request, (&[&logs], &host), Seals::default(), &mut |_| ControlFlow::Continue(()));
        made.map_err(|error| error.to_string())
    };
    from(&with).expect("an output");
    assert_eq!(differing(&scene.files(&all), &wanted), Vec::<String>::new());
    let error = from(&plain).expect_err("logs of a calibration");
    assert!(error.contains("calibration"), "{error}");
    // A lane that nothing corrects is found in the cache, one that its entry corrects is another.
    let kept = |request: &Request<'_>| {
        let report = run(&Request { cache: Some(&cache), ..*request }, host.clone(), &mut |_| {}).expect("a run");
        let lanes = report.lanes.iter().zip(report.work.from_cache);
        lanes.filter(|(_, stored)| *stored).map(|(lane, _)| lane.partners.concat()).collect::<Vec<_>>()
    };
    assert_eq!(kept(&plain), Vec::<String>::new());
    assert_eq!(kept(&with), ["cedar"]);
    assert_eq!(differing(&scene.files(&all), &wanted), Vec::<String>::new());
    let mut again = kept(&with);
    again.sort();
    assert_eq!(again, ["ash", "beech", "cedar"]);
}
