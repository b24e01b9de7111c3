//! Who may act: what partners see of it, and what the operator learns of gaps, overlaps and hand-overs.

use crate::world::{LEVELS, RULES, World, ZONES};
use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch};
use std::fs::File;
use std::path::Path;
use trackweave::fusion::executor::Executor;
use trackweave::policy::{Policy, Status};
use trackweave::product::{Stretch, read_batches, read_stretches};
use trackweave::run::{ActionAuthority, LaneAuthority, Request, RunConfig, RunReport, run};

fn config() -> RunConfig {
    let text = include_str!("../../data/config/air.toml")
        .replace("report_period_s = 10.0", "report_period_s = 1.0")
        .replace("cell_km = 10.0", "cell_km = 0.1")
        .replace("horizontal = 400.0", "horizontal = 2.0")
        .replace("initial_per_km2 = 0.001", "initial_per_km2 = 5.0")
        .replace("speed_m_s = 150.0", "speed_m_s = 20.0");
    RunConfig::parse(&text, Path::new("test")).expect("a configuration")
}

pub(crate) fn fused(world: &World) -> RunReport {
    let (recording, policy, out) = (world.recording(), world.policy(), world.out());
    let config = config();
    let request = Request::new(&recording, &policy, &out, &config);
    run(&request, Executor::host(), &mut |_| {}).expect("a run")
}

fn lane<'a>(report: &'a RunReport, partner: &str) -> &'a LaneAuthority {
    report.authority.lanes.iter().find(|lane| lane.partners == [partner]).expect("a lane")
}

/// The stretches of one partner's lane.
fn stretches(world: &World, partner: &str) -> Vec<Stretch> {
    let all = read_stretches(&world.out()).expect("stretches");
    all.into_iter().filter(|stretch| *stretch.lane == [partner]).collect()
}

/// Cells of a column of texts, lists joined.
fn texts(batch: &RecordBatch, name: &str) -> Vec<String> {
    let column = batch.column_by_name(name).expect("a column");
    if let Some(lists) = column.as_list_opt::<i32>() {
        let list = |row| {
            let texts = lists.value(row);
            texts.as_string::<i32>().iter().flatten().map(str::to_owned).collect::<Vec<_>>().join("+")
        };
        return (0..lists.len()).map(list).collect();
    }
    column.as_string::<i32>().iter().flatten().map(str::to_owned).collect()
}

/// The events of red's lane: kind, holders, before, zones, zones before.
fn events(world: &World) -> Vec<String> {
    let file = File::open(world.out().join("_operator/authority.parquet")).expect("a table");
    let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file).expect("Parquet");
    let mut events = Vec::new();
    for batch in reader.build().expect("Parquet") {
        let batch = batch.expect("a batch");
        let columns = ["lane", "event", "holders", "before", "zones", "zones_before"].map(|name| texts(&batch, name));
        let row = |row: usize| columns.iter().map(|column| column[row].as_str()).collect::<Vec<_>>();
        events.extend((0..batch.num_rows()).map(row).filter(|row| row[0] == "red").map(|row| row[1..].join("; ")));
    }
    events
}

#[test]
fn a_life_that_crosses_zones_has_hand_overs_an_overlap_and_a_gap() {
    let world = World::new(&[]);
    let report = fused(&world);
    let red = lane(&report, "red");
    assert!(red.reference, "red may fuse the most");
    assert_eq!(red.tracks, 1);
    let ActionAuthority { exclusive, held_rows, gap_tracks, gap_rows, overlap_tracks, overlap_rows, hand_overs } =
        &red.actions["task_sensor"];
    assert!(exclusive);
    assert_eq!((*gap_tracks, *overlap_tracks, *hand_overs), (1, 1, 3));
    // 20 m/s: 100 m of overlap are 5 s, and beyond x = 900 the track goes on until second 59.
    assert!((4..=6).contains(overlap_rows), "{overlap_rows}");
    assert!((13..=15).contains(gap_rows), "{gap_rows}");
    assert_eq!(held_rows["red"] + held_rows["blue"] + gap_rows - overlap_rows, red.rows);
    let expected = [
        "hand_over; blue+red; red; east+west; west",
        "hand_over; blue; blue+red; east; east+west",
        "overlap; blue+red; ; east+west; ",
        "hand_over; ; blue; ; east",
        "gap; ; ; ; ",
    ];
    assert_eq!(events(&world), expected);
}

#[test]
fn a_track_that_nobody_held_is_taken_up_and_not_handed_over() {
    // West ends at x = 350, a hundred metres before east begins.
    let world = World::new(&[("zones.geojson", &ZONES.replace("550", "350"))]);
    let report = fused(&world);
    let tasking = &lane(&report, "red").actions["task_sensor"];
    assert_eq!((tasking.gap_tracks, tasking.hand_overs, tasking.overlap_rows), (1, 2, 0));
    let expected = ["hand_over; ; red; ; west", "gap; ; ; ; ", "hand_over; ; blue; ; east", "gap; ; ; ; "];
    assert_eq!(events(&world), expected);
}

#[test]
fn several_holders_of_what_is_not_exclusive_are_no_overlap() {
    let levels = LEVELS.replace("exclusive = true", "exclusive = false");
    let world = World::new(&[("levels.toml", &levels)]);
    let report = fused(&world);
    let tasking = &lane(&report, "red").actions["task_sensor"];
    assert_eq!((tasking.overlap_tracks, tasking.overlap_rows, tasking.hand_overs), (0, 0, 3));
    assert!(!events(&world).iter().any(|event| event.starts_with("overlap")));
}

#[test]
fn stretches_tell_a_whole_life_without_holes() {
    let world = World::new(&[]);
    let report = fused(&world);
    for partner in ["red", "blue"] {
        let stretches = stretches(&world, partner);
        let confirmed: Vec<&Stretch> =
            stretches.iter().filter(|stretch| stretch.class.status == Status::Confirmed).collect();
        assert!(confirmed.len() >= 4, "west, both, east, none: {confirmed:?}");
        for pair in confirmed.windows(2) {
            assert_eq!(pair[0].last_us + 1_000_000, pair[1].first_us, "{partner}");
            assert_ne!((&pair[0].class, &pair[0].holders), (&pair[1].class, &pair[1].holders), "{partner}");
        }
        let rows: u64 = confirmed.iter().map(|stretch| stretch.rows).sum();
        assert_eq!(rows, lane(&report, partner).rows);
    }
    let red = stretches(&world, "red");
    let labels = |stretch: &Stretch| stretch.class.labels.contains("secret");
    assert!(red.iter().any(labels) && !stretches(&world, "blue").iter().any(labels));
}

/// The column of one partner's picture that tells who may act, row by row; null where the partner may not see it.
fn holders(world: &World, partner: &str) -> Vec<Option<String>> {
    let mut found = Vec::new();
    for batch in read_batches(&world.out().join(partner)).expect("a picture") {
        let batch = batch.expect("a batch");
        let nulls = batch.column_by_name("holders").expect("every picture has all columns");
        let texts = texts(&batch, "holders");
        found.extend(texts.into_iter().enumerate().map(|(row, text)| nulls.is_valid(row).then_some(text)));
    }
    found
}

#[test]
fn others_authorities_show_only_to_whom_a_rule_permits_it() {
    let rules = RULES.replace("principal == Partner::\"red\" && true", "resource.zones.contains(\"east\")");
    let rules = rules.replace("@id(\"see\") permit (principal,", "@id(\"see\") permit (principal == Partner::\"red\",");
    let world = World::new(&[("rules.cedar", &rules)]);
    fused(&world);
    let none = |rows: Vec<Option<String>>| !rows.is_empty() && rows.iter().all(Option::is_none);
    assert!(none(holders(&world, "blue")), "no rule shows it to blue");
    let red = holders(&world, "red");
    let distinct: std::collections::BTreeSet<_> = red.iter().cloned().collect();
    let text = |text: &str| Some(text.to_owned());
    // In the west alone the rule does not apply: null, not empty.
    assert!(distinct.contains(&None) && distinct.contains(&text("blue:task_sensor+red:task_sensor")), "{distinct:?}");
    let without = RULES.lines().take_while(|line| !line.contains("@id(\"see\")")).collect::<Vec<_>>().join("\n");
    let world = World::new(&[("rules.cedar", &without)]);
    fused(&world);
    assert!(none(holders(&world, "red")));
}

#[test]
fn what_is_said_of_an_authority_must_be_about_one() {
    let refused = |levels: String| {
        Policy::read(&World::new(&[("levels.toml", &levels)]).policy()).expect_err("a mistake").to_string()
    };
    let error = refused(LEVELS.replace("action = \"task_sensor\"", "action = \"task_senor\""));
    assert!(error.contains("levels.toml:11: `action` is `task_senor`, wanted an authority"), "{error}");
    let error = refused(LEVELS.replace("action = \"task_sensor\"", "action = \"see_authority\""));
    assert!(error.contains("wanted an authority"), "{error}");
    let error = refused(format!("{LEVELS}[[authority]]\naction = \"task_sensor\"\nexclusive = false\n"));
    assert!(error.contains("levels.toml:14: authority `task_sensor` is there already"), "{error}");
    let error = refused(LEVELS.replace("exclusive = true", ""));
    assert!(error.contains("missing field `exclusive`"), "{error}");
}
