//! The policies of `data/policies/`: what each partner gets, cell by cell of the tables in their folders.

use crate::common::{key, number, set};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use trackweave::policy::{ClassKey, Measured, Policy, PolicyError, Releaser, Status, TrackClass};
use trackweave::space::Frame;
use trackweave::time::parse_timestamp;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/policies").join(name)
}

fn read(name: &str) -> Policy {
    Policy::read(&folder(name)).unwrap_or_else(|error| panic!("{error}"))
}

/// The levels at which each partner may have a class fused, in the order of `partners`.
fn fused(policy: &Policy, class: &ClassKey, as_of: Option<&str>, partners: &[&str]) -> Vec<String> {
    let as_of_us = as_of.map(|text| parse_timestamp(text).expect("a time"));
    let decisions = policy.decide(std::slice::from_ref(class), as_of_us).expect("decisions");
    let level = |id: &&str| decisions.level(0, number(policy, id)).unwrap_or("-").to_owned();
    partners.iter().map(level).collect()
}

/// The levels at which each partner receives a class of tracks, and how many actions it may take.
fn received(policy: &Policy, class: &TrackClass, partners: &[&str]) -> Vec<(String, usize)> {
    let release = |id: &&str| {
        let mut releaser = Releaser::new(policy, number(policy, id), parse_timestamp("2024-06-05T00:00:00Z"));
        let release = releaser.as_mut().expect("a partner").release(class).expect("a release");
        (release.level.clone().unwrap_or_else(|| "-".to_owned()), release.authorities.len())
    };
    partners.iter().map(release).collect()
}

fn track(contributors: &[&str], labels: &[&str], zones: &[&str]) -> TrackClass {
    TrackClass {
        contributors: set(contributors),
        labels: set(labels),
        zones: set(zones),
        status: Status::Confirmed,
        ..TrackClass::default()
    }
}

fn levels(levels: &[&str]) -> Vec<(String, usize)> {
    levels.iter().map(|level| ((*level).to_owned(), 0)).collect()
}

#[test]
fn every_folder_is_in_the_overview_and_is_a_policy_with_a_page() {
    let overview = std::fs::read_to_string(folder("README.md")).expect("the overview");
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder("")).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            assert!(overview.contains(&format!("[`{name}`]({name}/)")), "{name} is not in the overview");
            assert!(path.join("README.md").exists(), "{name} has no page");
            read(&name);
            found.insert(name);
        }
    }
    assert_eq!(found.len(), 6, "{found:?}");
}

#[test]
fn all_to_all() {
    let policy = read("all-to-all");
    let partners = ["alder", "birch", "cedar", "guest"];
    let class = key("s", "birch", "any", &[]);
    assert_eq!(fused(&policy, &class, None, &partners), ["fuse_full", "fuse_full", "fuse_full", "-"]);
    let segments = policy.decide(&[class], None).expect("decisions").segments();
    assert_eq!(segments.iter().map(|segment| segment.partners.len()).collect::<Vec<_>>(), [3], "computed once");
    let track = track(&["birch"], &[], &[]);
    let wanted = levels(&["receive_full", "receive_full", "receive_full", "-"]);
    assert_eq!(received(&policy, &track, &partners), wanted);
}

#[test]
fn owner_only() {
    let policy = read("owner-only");
    let partners = ["alder", "birch", "cedar"];
    assert_eq!(fused(&policy, &key("s", "birch", "any", &[]), None, &partners), ["-", "fuse_full", "-"]);
    let stranger = key("s", "stranger", "", &[]);
    assert_eq!(fused(&policy, &stranger, None, &partners), ["-", "-", "-"]);
    assert_eq!(received(&policy, &track(&["birch"], &[], &[]), &partners), levels(&["-", "receive_full", "-"]));
    assert_eq!(received(&policy, &track(&["alder", "birch"], &[], &[]), &partners), levels(&["-", "-", "-"]));
}

#[test]
fn hub_and_spoke() {
    let policy = read("hub-and-spoke");
    let partners = ["hub", "east", "west"];
    let aged = |waited_us| ClassKey { waited_us, ..key("s", "east", "", &[]) };
    let run = Some("2024-06-05T00:00:00Z");
    assert_eq!(fused(&policy, &aged(Some(3_600_000_000)), run, &partners), ["fuse_full", "fuse_full", "fuse_coarse"]);
    assert_eq!(fused(&policy, &aged(Some(0)), run, &partners), ["fuse_full", "fuse_full", "-"]);
    let bearing = ClassKey { placed: false, ..aged(Some(0)) };
    assert_eq!(fused(&policy, &bearing, run, &partners), ["-", "-", "-"]);
    let classes = [aged(Some(3_600_000_000)), key("s", "west", "", &[])];
    let segments = policy.decide(&classes, Some(0)).expect("decisions").segments();
    assert_eq!(segments.len(), 3, "each spoke has a segment of its own");
    let coarse: Vec<f64> = segments.iter().flat_map(|s| s.classes.values().filter_map(|cut| cut.coarsen_m)).collect();
    assert_eq!(coarse, [2000.0], "east waits for the young detection of west");
    let cut = segments[2].classes.values().find(|cut| cut.coarsen_m.is_some()).expect("a coarse class");
    assert_eq!(cut.omit, BTreeSet::from([Measured::RangeRate]));
    assert!(matches!(policy.decide(&classes, None), Err(PolicyError::DelayWithoutTime { .. })));
    let wanted = levels(&["receive_full", "receive_full", "receive_position"]);
    assert_eq!(received(&policy, &track(&["hub", "east"], &[], &[]), &partners), wanted);
}

#[test]
fn by_region() {
    let policy = read("by-region");
    let partners = ["shore", "ice", "port"];
    let map = policy.zone_map(Frame::Geodetic).expect("zones");
    for (place, wanted) in [
        ([177.0, 62.0], ["fuse_full", "-", "-"]),
        ([-179.8, 60.5], ["fuse_full", "-", "-"]),
        ([180.0, 61.5], ["-", "-", "fuse_full"]),
        ([40.0, 76.0], ["-", "fuse_full", "-"]),
        ([0.0, 90.0], ["-", "fuse_full", "-"]),
        ([-120.0, 80.0], ["-", "fuse_full", "-"]),
        ([0.0, 62.0], ["-", "-", "-"]),
        ([0.0, -80.0], ["-", "-", "-"]),
    ] {
        let class = ClassKey { zones: map.zones_at(place).into_owned(), ..key("s", "ice", "", &[]) };
        assert_eq!(fused(&policy, &class, None, &partners), wanted, "{place:?}");
    }
    let bearing = ClassKey { placed: false, ..key("s", "ice", "", &[]) };
    assert_eq!(fused(&policy, &bearing, None, &partners), ["-", "fuse_full", "-"]);
    let mut wanted = levels(&["receive_full", "receive_coarse", "receive_coarse"]);
    wanted[0].1 = 1;
    assert_eq!(received(&policy, &track(&["ice"], &[], &["coast"]), &partners), wanted);
    assert_eq!(received(&policy, &track(&["ice"], &[], &[]), &partners), levels(&["-", "-", "-"]));
}

#[test]
fn time_and_embargo() {
    let policy = read("time-and-embargo");
    let partners = ["red", "blue", "archive", "press"];
    let (june, next_year) = ("2024-06-05T00:00:00Z", "2025-06-01T00:00:00Z");
    for (as_of, at, wanted) in [
        (june, "2024-05-02T12:00:00Z", ["fuse_full", "fuse_full", "fuse_late", "fuse_late"]),
        (june, "2024-06-04T18:00:00Z", ["fuse_full", "fuse_full", "-", "-"]),
        (june, "2024-05-20T12:00:00Z", ["fuse_full", "-", "-", "-"]),
        (june, "2024-06-06T00:00:00Z", ["-", "-", "-", "-"]),
        (next_year, "2024-05-02T12:00:00Z", ["fuse_full", "-", "fuse_late", "fuse_late"]),
        (next_year, "2024-05-20T12:00:00Z", ["fuse_full", "-", "fuse_late", "-"]),
        ("2024-05-01T00:00:00Z", "2024-05-01T00:00:00Z", ["fuse_full", "fuse_full", "-", "-"]),
        ("2024-05-02T00:00:00Z", "2024-05-01T00:00:00Z", ["fuse_full", "fuse_full", "fuse_late", "fuse_late"]),
    ] {
        let strata = policy.strata(parse_timestamp(as_of)).expect("strata");
        let stratum = strata.at(parse_timestamp(at).expect("a time")).clone();
        let class = ClassKey { periods: stratum.periods, waited_us: stratum.waited_us, ..key("s", "red", "", &[]) };
        assert_eq!(fused(&policy, &class, Some(as_of), &partners), wanted, "{at} as of {as_of}");
    }
    let text = policy.decide(&[], None).expect_err("a run without a time").to_string();
    assert_eq!(text, "level `fuse_late` of group `fuse` has a delay, found a run without `as_of`, wanted a time");
}

#[test]
fn national_caveats() {
    let policy = read("national-caveats");
    let partners = ["oak", "elm", "visitor"];
    for (label, wanted) in [
        ("", ["fuse_full", "fuse_full", "fuse_full"]),
        ("allies", ["fuse_full", "fuse_full", "-"]),
        ("national", ["fuse_full", "-", "-"]),
        ("nationl", ["fuse_full", "-", "-"]),
    ] {
        assert_eq!(fused(&policy, &key("s", "oak", label, &[]), None, &partners), wanted, "label {label:?}");
    }
    for (track, wanted) in [
        (track(&["oak"], &["national"], &[]), ["receive_full", "-", "-"]),
        (track(&["oak"], &["allies", "national"], &[]), ["receive_full", "-", "-"]),
        (track(&["elm", "oak"], &["national"], &[]), ["-", "-", "-"]),
        (track(&["elm", "oak"], &["allies"], &[]), ["receive_full", "receive_full", "-"]),
        (track(&["elm", "oak"], &[], &[]), ["receive_full", "receive_full", "receive_coarse"]),
    ] {
        assert_eq!(received(&policy, &track, &partners), levels(&wanted), "{track}");
    }
}
