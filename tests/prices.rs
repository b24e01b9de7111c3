//! The price of segmentation: each row of the table is what a run with that rule removed gives, for every rule of the demo, and
//! only the lanes that a rule changes are fused again.

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use trackweave::fusion::executor::Executor;
use trackweave::policy::{Lift, Policy};
use trackweave::run::{Besides, Figures, Prices, Progress, Request, RunConfig, RunReport, price, run};

fn demo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/demo")
}

/// The files of the demo's policy, by name, and a rule that forbids.
fn policy() -> BTreeMap<String, String> {
    let files = fs::read_dir(demo().join("policy")).expect("the policy").map(|entry| entry.expect("a file").path());
    let text = |path: PathBuf| {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        (name, fs::read_to_string(&path).expect("a text"))
    };
    let mut files: BTreeMap<String, String> = files.map(text).collect();
    let forbid = "@id(\"clover-not-from-birch\")\nforbid (principal == Partner::\"clover\", action in Action::\"fuse\", resource)\n\
        when { resource.owner == \"birch\" };\n";
    files.insert("forbid.cedar".to_owned(), forbid.to_owned());
    files
}

fn write(folder: &Path, files: &BTreeMap<String, String>) {
    fs::create_dir_all(folder).expect("a folder");
    for (name, text) in files {
        fs::write(folder.join(name), text).expect("a file");
    }
}

/// The text from a mark to another.
fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let start = text.find(from).expect("the beginning");
    let length = text[start..].find(to).expect("the end") + to.len();
    &text[start..start + length]
}

/// The same files with one rule lifted, by hand.
fn lifted(files: &BTreeMap<String, String>, lift: &Lift) -> BTreeMap<String, String> {
    let change = |text: &String| match lift {
        Lift::Forbid(id) | Lift::Permit(id) => {
            let mark = format!("@id(\"{id}\")");
            if text.contains(&mark) { text.replace(between(text, &mark, ";"), "") } else { text.clone() }
        }
        Lift::Conditions(id) => {
            let mark = format!("@id(\"{id}\")");
            if !text.contains(&mark) {
                return text.clone();
            }
            let rule = between(text, &mark, ";");
            let bare = format!("{};", rule.split("when {").next().expect("a head").trim_end());
            text.replace(rule, &bare)
        }
        Lift::Level(level) => {
            let mark = format!("level = \"{level}\"\n");
            if !text.contains(&mark) || !text.contains("[[receive]]") {
                return text.clone();
            }
            let (head, rest) = text.split_once(&mark).expect("the level");
            let kept = |line: &&str| !["delay", "coarsen_m", "omit"].iter().any(|key| line.starts_with(key));
            format!("{head}{mark}{}\n", rest.lines().filter(kept).collect::<Vec<_>>().join("\n"))
        }
    };
    files.iter().map(|(name, text)| (name.clone(), change(text))).filter(|(_, text)| !text.trim().is_empty()).collect()
}

struct Priced {
    folder: TempDir,
    prices: Prices,
    pricings: u64,
}

fn priced() -> Priced {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    write(&at("policy"), &policy());
    let (recording, policy, out, config) =
        (demo().join("recording"), at("policy"), at("out"), RunConfig::air().expect("one"));
    let request = Request::new(&recording, &policy, &out, &config);
    let mut pricings = 0;
    let prices = price(&request, (&at("runs"), &at("lanes")), &Executor::host(), &mut |progress| {
        pricings += u64::from(matches!(progress, Progress::Pricing(..)));
        ControlFlow::Continue(())
    });
    Priced { prices: prices.expect("prices"), folder, pricings }
}

fn run_of(folder: &Path, files: &BTreeMap<String, String>) -> RunReport {
    let (policy, out) = (folder.join("policy"), folder.join("out"));
    write(&policy, files);
    let (recording, config) = (demo().join("recording"), RunConfig::air().expect("one"));
    run(&Request::new(&recording, &policy, &out, &config), Executor::host(), &mut |_| {}).expect("a run")
}

#[test]
fn every_row_is_what_a_run_with_that_rule_lifted_gives() {
    let Priced { folder, prices, pricings } = priced();
    let wanted = Policy::read(&folder.path().join("policy")).expect("the policy").lifts();
    let lifts: Vec<&Lift> = prices.prices.iter().map(|price| &price.lift).collect();
    assert_eq!(lifts, wanted.iter().collect::<Vec<_>>());
    assert_eq!(pricings, lifts.len() as u64);
    // Eight permits of the demo, the conditions of five of them, one that forbids, one level that demands.
    let count = |of: fn(&Lift) -> bool| lifts.iter().filter(|lift| of(lift)).count();
    assert_eq!(count(|lift| matches!(lift, Lift::Permit(_))), 8);
    assert_eq!(count(|lift| matches!(lift, Lift::Conditions(_))), 4);
    assert_eq!(count(|lift| matches!(lift, Lift::Forbid(_))), 1);
    assert_eq!(count(|lift| matches!(lift, Lift::Level(_))), 1);
    for price in &prices.prices {
        let folder = tempfile::tempdir().expect("a folder");
        let report = run_of(folder.path(), &lifted(&policy(), &price.lift));
        assert_eq!(price.refused, None, "{:?}", price.lift);
        for partner in &report.partners {
            let has = prices.as_it_is[&partner.partner];
            let found = price.partners.get(&partner.partner).map_or(has, |changed| changed.would_have);
            let Figures { detections, rows, tracks, coverage, delay_mean_s, may_act, of_all_source, apart_m } = found;
            let at = format!("{:?}, {}", price.lift, partner.partner);
            assert_eq!((detections, rows, tracks), (partner.detections, partner.rows, partner.tracks as u64), "{at}");
            assert_eq!(coverage, partner.score.as_ref().and_then(|score| score.coverage), "{at}");
            assert_eq!(delay_mean_s.map(f64::to_bits), partner.resolution.delay_mean_s.map(f64::to_bits), "{at}");
            assert_eq!(may_act, partner.authorities.values().sum::<u64>(), "{at}");
            let coherence = report.coherence.as_ref().expect("coherence");
            let beside =
                coherence.against_all_source.iter().find(|pair| pair.a.contains(&partner.partner)).expect("a pair");
            assert_eq!(apart_m, beside.total.apart_rms_m, "{at}");
            assert_eq!(of_all_source, Some(beside.total.both as f64 / coherence.all_source_points as f64), "{at}");
        }
    }
}

#[test]
fn what_a_negotiator_reads_in_the_demo() {
    let Priced { prices, .. } = priced();
    let price = |lift: &Lift| prices.prices.iter().find(|price| price.lift == *lift).expect("a price");
    // What clover may not use of birch's it would use; nobody else is concerned, and its lane alone is fused.
    let forbid = price(&Lift::Forbid("clover-not-from-birch".to_owned()));
    assert_eq!(forbid.partners.keys().collect::<Vec<_>>(), ["clover"]);
    assert!(forbid.partners["clover"].gain.detections > 1000, "{forbid:?}");
    // Without its conditions birch would see the whole sky; without the rule, nothing.
    let conditions = price(&Lift::Conditions("birch-fuses-its-zone".to_owned()));
    assert!(conditions.partners["birch"].gain.detections > 30_000 && conditions.partners["birch"].gain.rows > 0);
    let permit = price(&Lift::Permit("birch-fuses-its-zone".to_owned()));
    assert_eq!(permit.partners["birch"].would_have.rows, 0);
    assert_eq!(permit.partners["birch"].gain.rows, -i64::try_from(prices.as_it_is["birch"].rows).expect("a number"));
    // Delay and cells cost clover five minutes over most rows, and no lane is fused for it.
    let level = price(&Lift::Level("receive_coarse".to_owned()));
    let gain = level.partners["clover"].gain;
    assert!(
        gain.delay_mean_s.is_some_and(|s| s < -100.0) && gain.apart_m.is_some_and(|metres| metres < -1000.0),
        "{gain:?}"
    );
    assert_eq!((level.fused, price(&Lift::Permit("identity-by-zone".to_owned())).fused), (0, 0));
    assert!(prices.prices.iter().all(|price| price.fused <= 2), "all lanes are fused again");
}

#[test]
fn a_run_that_is_asked_writes_them_for_the_operator_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let (recording, policy, config) = (demo().join("recording"), demo().join("policy"), RunConfig::air().expect("one"));
    let run_to = |name: &str, prices: bool| {
        let out = at(name);
        let request = Request {
            besides: Besides { prices, ..Besides::default() },
            ..Request::new(&recording, &policy, &out, &config)
        };
        run(&request, Executor::host(), &mut |_| {}).expect("a run")
    };
    let (plain, priced) = (run_to("plain", false), run_to("priced", true));
    assert!(plain.prices.is_none() && !at("plain/_operator/prices.json").exists());
    assert!(!at("plain/_operator/lifts.json").exists() && at("priced/_operator/lifts.json").exists());
    let text = fs::read_to_string(at("priced/_operator/prices.json")).expect("prices");
    assert_eq!(serde_json::to_string_pretty(&priced.prices.expect("prices")).expect("JSON") + "\n", text);
    for partner in ["aspen", "birch", "clover", "dogwood"] {
        for entry in fs::read_dir(at("plain").join(partner)).expect("a folder") {
            let name = entry.expect("a file").file_name();
            let read = |out: &str| fs::read(at(out).join(partner).join(&name)).expect("a file");
            assert!(read("plain") == read("priced"), "{partner}: {}", name.display());
        }
        let names = |out: &str| fs::read_dir(at(out).join(partner)).expect("a folder").count();
        assert_eq!(names("plain"), names("priced"), "{partner}");
    }
    let left: Vec<_> =
        fs::read_dir(folder.path()).expect("a folder").map(|entry| entry.expect("one").file_name()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

#[test]
fn a_policy_of_one_rule_is_priced_as_one_that_permits_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut files = policy();
    files.retain(|name, _| Path::new(name).extension().is_none_or(|extension| extension != "cedar"));
    files.insert("rules.cedar".to_owned(), "@id(\"all\") permit (principal, action, resource);\n".to_owned());
    write(folder.path(), &files);
    let policy = Policy::read(folder.path()).expect("a policy");
    let lift = Lift::Permit("all".to_owned());
    assert_eq!(policy.lifts(), [lift.clone(), Lift::Level("receive_coarse".to_owned())]);
    let without = tempfile::tempdir().expect("a folder");
    write(without.path(), &policy.lifted(&lift).expect("files"));
    assert_eq!(Policy::read(without.path()).expect("a policy").partners().len(), 4);
    // A file that changed after it was read is not priced as if it had been there.
    fs::write(folder.path().join("levels.toml"), "").expect("a file");
    let error = policy.lifted(&lift).expect_err("an error").to_string();
    assert!(error.contains("`levels.toml`: it changed after the policy was read"), "{error}");
}
