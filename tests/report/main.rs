//! Pages, read back without the engine: what a partner's page holds is what its table says, to the last row.

mod operator; // what stands in the operator's page alone
mod record; // a made folder with smoothed lines, detections that tracks took, links

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, TimestampMicrosecondType, UInt64Type};
use arrow_array::{Array, RecordBatch};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::LazyLock;
use tempfile::TempDir;

/// The demo's output, made once.
static DEMO: LazyLock<TempDir> = LazyLock::new(|| {
    let around = TempDir::new().expect("a folder");
    let done = trackweave(&["demo", "--executor", "host", "--out", &text(&around.path().join("out"))]);
    assert!(done.status.success(), "{done:?}");
    around
});

/// A run of the demo under another policy: clover may use birch's detections in cells of 2 km alone, what it receives outside
/// of its zone is late and otherwise as exact as the rest, and elder may do what aspen may.
static OTHER: LazyLock<TempDir> = LazyLock::new(|| {
    let around = TempDir::new().expect("a folder");
    let policy = around.path().join("policy");
    fs::create_dir(&policy).expect("a folder");
    let changes = [
        ("schema.cedarschema", "action fuse_full in", "action fuse_full, fuse_coarse in"),
        (
            "levels.toml",
            "level = \"fuse_full\"\n",
            "level = \"fuse_full\"\n[[fuse]]\nlevel = \"fuse_coarse\"\ncoarsen_m = 2000\n",
        ),
        ("levels.toml", "coarsen_m = 5000\nomit = [\"velocity\"]\n", ""),
        (
            "fuse.cedar",
            "(principal == Partner::\"clover\", action == Action::\"fuse_full\", resource);",
            "(principal == Partner::\"clover\", action == Action::\"fuse_full\", resource) unless { resource.owner == \"birch\" };\n\
             @id(\"clover-fuses-birch\") permit (principal == Partner::\"clover\", action == Action::\"fuse_coarse\", resource);",
        ),
        ("fuse.cedar", "(principal == Partner::\"aspen\", action == Action::\"fuse_full\", resource);", ALL_FUSE),
        (
            "receive.cedar",
            "(principal == Partner::\"aspen\", action == Action::\"receive_full\", resource);",
            ALL_RECEIVE,
        ),
        (
            "partners.toml",
            "[[partner]]",
            "[[partner]]\nid = \"elder\"\nattributes = { zone = \"aspen-zone\" }\n\n[[partner]]",
        ),
    ];
    for entry in fs::read_dir("data/demo/policy").expect("the policy") {
        let entry = entry.expect("a file");
        let name = entry.file_name().into_string().expect("a name");
        let mut text = fs::read_to_string(entry.path()).expect("a text");
        for (_, from, to) in changes.iter().filter(|(of, ..)| *of == name) {
            assert!(text.contains(from), "{name}: {from}");
            text = text.replacen(from, to, 1);
        }
        fs::write(policy.join(name), text).expect("a file");
    }
    let [policy, out] = ["policy", "out"].map(|name| text(&around.path().join(name)));
    let done = trackweave(&["run", "data/demo/recording", "--policy", &policy, "--executor", "host", "--out", &out]);
    assert!(done.status.success(), "{done:?}");
    around
});
const ALL_FUSE: &str = "(principal, action == Action::\"fuse_full\", resource)\n\
    when { principal == Partner::\"aspen\" || principal == Partner::\"elder\" };";
const ALL_RECEIVE: &str = "(principal, action == Action::\"receive_full\", resource)\n\
    when { principal == Partner::\"aspen\" || principal == Partner::\"elder\" };";

fn out() -> std::path::PathBuf {
    DEMO.path().join("out")
}

fn trackweave(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_trackweave")).args(arguments).output().expect("the program")
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

fn page(folder: &str) -> String {
    fs::read_to_string(out().join(folder).join("report.html")).expect("a page")
}

fn between<'a>(page: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = page.split_once(before).expect("what stands before");
    rest.split_once(after).expect("what stands behind").0
}

fn data(page: &str) -> Value {
    serde_json::from_str(between(page, "<script id=\"data\" type=\"application/json\">", "</script>")).expect("JSON")
}

/// Numbers as docs/report.md says.
fn numbers(coded: &Value) -> Vec<i64> {
    let bytes = STANDARD.decode(coded.as_str().expect("base64")).expect("base64");
    let (mut all, mut number, mut shift) = (Vec::new(), 0_u64, 0);
    for byte in miniz_oxide::inflate::decompress_to_vec(&bytes).expect("deflated bytes") {
        number |= u64::from(byte & 127) << shift;
        shift += 7;
        if byte < 128 {
            all.push(if number & 1 == 0 { (number >> 1).cast_signed() } else { !(number >> 1).cast_signed() });
            (number, shift) = (0, 0);
        }
    }
    all
}

/// The values of a column in whole units, `None` where there is none.
fn column(column: &Value, counts: &[usize]) -> Vec<Option<i64>> {
    let rows = counts.iter().sum();
    let there = column.get("absent").map_or_else(
        || vec![true; rows],
        |absent| {
            let runs = numbers(absent).into_iter().map(|run| usize::try_from(run).expect("a run"));
            runs.zip([true, false].into_iter().cycle()).flat_map(|(run, is)| vec![is; run]).collect()
        },
    );
    assert_eq!(there.len(), rows);
    let (mut codes, mut there) = (numbers(&column["z"]).into_iter(), there.into_iter());
    let mut values = Vec::new();
    for count in counts {
        let mut known: Vec<i64> = Vec::new();
        for is in there.by_ref().take(*count) {
            values.push(is.then(|| {
                let code = codes.next().expect("as many as there are rows");
                let value = match (column["order"].as_u64(), &known[..]) {
                    (Some(1 | 2), [first]) => first + code,
                    (Some(1), [.., last]) => last + code,
                    (Some(2), [.., before, last]) => 2 * last - before + code,
                    _ => code,
                };
                known.push(value);
                value
            }));
        }
    }
    assert_eq!(codes.next(), None);
    values
}

struct Picture {
    /// Track and row of each row of the page.
    rows: Vec<(u64, i64)>,
    columns: BTreeMap<String, Vec<Option<i64>>>,
    json: Value,
}

fn picture(json: &Value) -> Picture {
    let ids: Vec<u64> =
        json["tracks"]["ids"].as_array().expect("ids").iter().map(|id| id.as_str().unwrap().parse().unwrap()).collect();
    let counts = column(&json["tracks"]["counts"], &[ids.len()]);
    let counts: Vec<usize> =
        counts.into_iter().map(|count| usize::try_from(count.expect("a count")).unwrap()).collect();
    let columns = json["columns"].as_object().expect("columns").iter();
    let columns: BTreeMap<String, Vec<Option<i64>>> =
        columns.map(|(name, c)| (name.clone(), column(c, &counts))).collect();
    let tracks = ids.iter().zip(&counts).flat_map(|(id, count)| vec![*id; *count]);
    let step = json["columns"]["time"]["scale"].as_f64().unwrap_or(1.0);
    #[expect(clippy::cast_possible_truncation, reason = "a whole number")]
    let times = columns.get("time").into_iter().flatten().map(|time| time.expect("a time") * step as i64);
    Picture { rows: tracks.zip(times).collect(), columns, json: json.clone() }
}

fn rows(partner: &str) -> Vec<RecordBatch> {
    trackweave::product::read_batches(&out().join(partner))
        .expect("a table")
        .map(|batch| batch.expect("rows"))
        .collect()
}

#[test]
fn a_page_holds_what_the_table_says_and_nothing_else() {
    for partner in ["aspen", "birch", "clover", "dogwood"] {
        let document = data(&page(partner));
        let picture = picture(&document["pictures"][0]);
        let mut place: BTreeMap<(u64, i64), usize> = BTreeMap::new();
        picture
            .rows
            .iter()
            .enumerate()
            .for_each(|(row, key)| assert_eq!(place.insert(*key, row), None, "{key:?} twice"));
        let mut seen = 0;
        for batch in rows(partner) {
            let (time, track) =
                (batch["time"].as_primitive::<TimestampMicrosecondType>(), batch["track"].as_primitive::<UInt64Type>());
            for row in 0..batch.num_rows() {
                let here = place[&(track.value(row), time.value(row))];
                seen += 1;
                let close = |name: &str, value: Option<f64>| {
                    let told = picture.columns.get(name).and_then(|column| column[here]);
                    let unit = picture.json["columns"][name]["scale"].as_f64().unwrap_or(1.0);
                    assert_eq!(told.is_some(), value.is_some(), "{partner} {name}");
                    if let Some((told, value)) = told.zip(value) {
                        let off = (told as f64 * unit - value).abs();
                        assert!(off <= 0.51 * unit, "{partner} {name}: {off} from {value}");
                    }
                };
                let double = |name: &str| Some(batch[name].as_primitive::<Float64Type>().value(row));
                let single = |name: &str| {
                    let column = batch.column_by_name(name)?.as_primitive::<Float32Type>();
                    column.is_valid(row).then(|| f64::from(column.value(row)))
                };
                close("longitude", double("longitude_deg"));
                close("latitude", double("latitude_deg"));
                close("altitude", double("altitude_m"));
                close("existence", single("existence"));
                let (east, north) = (single("velocity_east_m_s"), single("velocity_north_m_s"));
                close("speed", east.zip(north).map(|(east, north)| east.hypot(north)));
                close("climb", single("velocity_up_m_s"));
                // One of two half-axes squared and the other add up to the trace.
                let [ee, nn] = ["ee", "nn"].map(|pair| single(&format!("position_covariance_{pair}_m2")));
                if let Some((ee, nn)) = ee.zip(nn) {
                    let [major, minor] =
                        ["major", "minor"].map(|name| picture.columns[name][here].expect("an axis") as f64);
                    assert!((major.hypot(minor) - (ee + nn).sqrt()).abs() < 1.0, "{partner} {ee} {nn}");
                }
                let list = |name: &str| {
                    let list = batch.column_by_name(name)?.as_list::<i32>();
                    let texts = list.is_valid(row).then(|| list.value(row))?;
                    Some(texts.as_string::<i32>().iter().flatten().collect::<Vec<_>>().join(", "))
                };
                for name in ["contributors", "authorities", "holders"] {
                    let told = picture.columns.get(name).and_then(|column| column[here]);
                    let told = told.map(|n| {
                        picture.json["columns"][name]["values"][usize::try_from(n).unwrap()].as_str().unwrap()
                    });
                    assert_eq!(told, list(name).as_deref(), "{partner} {name}");
                }
            }
        }
        assert_eq!(seen, picture.rows.len(), "{partner}");
        for file in ["tracks.parquet", "audit.jsonl"] {
            let bytes = fs::read(out().join(partner).join(file)).expect("a file");
            let digest = Sha256::digest(bytes).iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
            assert_eq!(document["digests"][partner][file], digest);
        }
        let manifest = fs::read(out().join(partner).join("manifest.json")).expect("a manifest");
        let manifest: Value = serde_json::from_slice(&manifest).expect("JSON");
        assert_eq!(document["configuration"], manifest["configuration"]);
        assert!(manifest["files"].as_array().expect("files").iter().any(|file| file["name"] == "report.html"));
    }
}

#[test]
fn a_coarse_row_says_its_level() {
    let document = data(&page("clover"));
    let picture = picture(&document["pictures"][0]);
    let names = &picture.json["columns"]["level"]["values"];
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for level in &picture.columns["level"] {
        *counts.entry(names[usize::try_from(level.expect("a level")).unwrap()].as_str().unwrap()).or_default() += 1;
    }
    let report = fs::read(out().join("_operator/report.json")).expect("a report");
    let report: Value = serde_json::from_slice(&report).expect("JSON");
    assert_eq!(serde_json::to_value(counts).unwrap(), report["partners"][2]["levels"]);
}

#[test]
fn the_parts_of_a_ledger_add_up() {
    for folder in ["_operator", "aspen", "birch", "clover", "dogwood"] {
        for account in data(&page(folder))["ledger"].as_array().expect("a ledger") {
            for bar in ["detections", "rows"] {
                let parts = account[bar]["parts"].as_array().expect("parts");
                let sum: u64 = parts.iter().map(|part| part["count"].as_u64().expect("a count")).sum();
                assert_eq!(Some(sum), account[bar]["total"].as_u64());
                for part in parts {
                    let reasons = part["reasons"].as_array().expect("reasons");
                    let sum: u64 = reasons.iter().map(|reason| reason["count"].as_u64().expect("a count")).sum();
                    assert_eq!(Some(sum), part["count"].as_u64(), "{part}");
                }
            }
            if folder == "_operator" {
                assert_eq!(account["detections"]["total"], 42_018, "every row of the recording");
            }
        }
    }
}

#[test]
fn a_page_runs_its_own_code_alone_and_names_nobody_else() {
    let order = fs::read_to_string("page/order.txt").expect("the order of the scripts");
    let code: Vec<String> =
        order.lines().map(|name| fs::read_to_string(Path::new("page").join(name)).expect("a script")).collect();
    for folder in ["_operator", "aspen", "birch", "clover", "dogwood"] {
        let page = page(folder);
        let policy = between(&page, "http-equiv=\"Content-Security-Policy\" content=\"", "\">");
        assert!(policy.starts_with("default-src 'none';"), "{policy}");
        let scripts: Vec<&str> =
            page.split("<script>").skip(1).map(|rest| rest.split_once("</script>").unwrap().0).collect();
        assert_eq!(scripts.len(), 2);
        assert_eq!(scripts[1], code.join("\n"));
        for script in scripts {
            assert!(policy.contains(&format!("'sha256-{}'", STANDARD.encode(Sha256::digest(script)))), "{folder}");
        }
        if !["_operator", "aspen", "clover"].contains(&folder) {
            let said = page.replace(&code.join("\n"), "");
            assert!(!said.contains("clover") && !said.contains("dogwood") || folder == "dogwood", "{folder}");
        }
    }
    assert_eq!(data(&page("dogwood"))["basemap"]["bounds"], serde_json::json!([-180.0, -85.0, 180.0, 85.0]));
}

#[test]
fn pages_of_a_finished_output_are_the_same_elsewhere() {
    let (out, new) = (text(&out()), DEMO.path().join("pages"));
    let done = trackweave(&[
        "report",
        &out,
        "--recording",
        "data/demo/recording",
        "--policy",
        "data/demo/policy",
        "--out",
        &text(&new),
    ]);
    assert!(done.status.success(), "{done:?}");
    for partner in ["aspen", "birch", "clover", "dogwood"] {
        assert!(fs::read(new.join(partner).join("report.html")).unwrap() == page(partner).as_bytes(), "{partner}");
    }
    let operator = fs::read_to_string(new.join("report.html")).unwrap();
    let (mut again, before) = (data(&operator), data(&page("_operator")));
    assert!(before.get("timings").is_none() && again["timings"]["seconds"]["fuse"].as_f64() > Some(0.0));
    again.as_object_mut().unwrap().remove("timings");
    assert!(again == before);
    let one = DEMO.path().join("one");
    let done = trackweave(&["report", &format!("{out}/birch"), "--out", &text(&one)]);
    assert!(done.status.success(), "{done:?}");
    assert!(fs::read(one.join("report.html")).unwrap() == page("birch").as_bytes());
    for (place, wanted) in
        [(format!("{out}/pages"), "a path in the output"), (text(&one), "a folder that holds something")]
    {
        let done = trackweave(&["report", &out, "--out", &place]);
        assert_eq!(done.status.code(), Some(2), "{done:?}");
        assert!(String::from_utf8_lossy(&done.stderr).contains(wanted), "{done:?}");
    }
    assert!(!Path::new(&out).join("pages").exists());
    let damaged = DEMO.path().join("damaged");
    fs::create_dir(&damaged).unwrap();
    for entry in fs::read_dir(Path::new(&out).join("birch")).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), damaged.join(entry.file_name())).unwrap();
    }
    fs::write(damaged.join("audit.jsonl"), "{}\n").unwrap();
    let done = trackweave(&["report", &text(&damaged), "--out", &text(&DEMO.path().join("never"))]);
    assert_eq!(done.status.code(), Some(3), "{done:?}");
    assert!(!DEMO.path().join("never").exists());
}

/// The parts of a bar.
fn parts<'a>(ledger: &'a Value, partner: &str, bar: &str) -> &'a [Value] {
    let mut accounts = ledger.as_array().expect("accounts").iter();
    let account = accounts.find(|account| account["partner"] == partner).expect("an account");
    account[bar]["parts"].as_array().expect("parts")
}

/// The one with a kind.
fn part<'a>(ledger: &'a Value, partner: &str, bar: &str, kind: &str) -> Option<&'a Value> {
    parts(ledger, partner, bar).iter().find(|part| part["kind"] == kind)
}

#[test]
fn a_row_that_does_not_tell_its_level_is_not_called_exact() {
    let folder = OTHER.path().join("out/clover");
    let page = fs::read_to_string(folder.join("report.html")).expect("a page");
    let document = data(&page);
    let picture = &document["pictures"][0];
    let names: Vec<&Value> = picture["levels"].as_array().expect("levels").iter().map(|level| &level["name"]).collect();
    assert_eq!(names, ["receive_full", "receive_coarse"]);
    assert!(picture["columns"].get("level").is_none(), "no row tells its level");
    for kind in ["exact", "coarse"] {
        assert_eq!(part(&document["ledger"], "clover", "rows", kind), None);
    }
    let unknown = part(&document["ledger"], "clover", "rows", "unknown").expect("rows of a level not known");
    assert_eq!(unknown["count"], picture["rows"]);
    assert!(
        page.contains("tracks</a>, of 100\u{a0}% the level not known."),
        "{}",
        between(&page, "id=\"headline\">", "</p>")
    );
    // The operator knows, for the run counts them.
    let operator = fs::read_to_string(OTHER.path().join("out/_operator/report.html")).expect("a page");
    let ledger = data(&operator)["ledger"].clone();
    assert_eq!(part(&ledger, "clover", "rows", "unknown"), None);
    assert!(part(&ledger, "clover", "rows", "coarse").is_some_and(|part| part["count"].as_u64() > Some(10_000)));
    // The guard makes the page again from the folder and what docs/report.md says.
    let [policy, out] = ["policy", "out"].map(|name| text(&OTHER.path().join(name)));
    let done = trackweave(&["verify", &out, "--policy", &policy, "--recording", "data/demo/recording"]);
    assert!(done.status.success(), "{done:?}");
}

/// Rows of birch's sensor in the recording: a fact of the data.
const BIRCH: u64 = 6_633;

#[test]
fn detections_are_exact_or_coarse_as_far_as_the_level_tells_at_which_they_were_taken() {
    let read = |name: &str| fs::read_to_string(OTHER.path().join("out/_operator").join(name)).expect("a file");
    let (page, report) = (data(&read("report.html")), read("report.json"));
    let report: Value = serde_json::from_str(&report).expect("JSON");
    let count = |partner: &str, kind: &str| {
        part(&page["ledger"], partner, "detections", kind).map_or(0, |part| part["count"].as_u64().expect("a count"))
    };
    let of = |partner: &str| {
        let partners = report["partners"].as_array().expect("partners");
        &partners.iter().find(|of| of["partner"] == partner).expect("a partner")["ledger"]
    };
    let clover = of("clover");
    assert_eq!(clover["taken"]["fuse_coarse"]["rows"], BIRCH);
    assert_eq!(clover["taken"]["fuse_full"]["rows"], 42_018 - BIRCH);
    let headline = read("report.html");
    assert!(headline.contains(", from detections of which 15.8\u{a0}% in cells of 2\u{a0}km"), "said at once, too");
    let decisions = page["decisions"].as_array().expect("decisions");
    let of_tracks = |decision: &&Value| decision["of"] == "tracks";
    assert!(decisions.iter().any(|decision| decision["of"] == "detections" && decision["action"] == "fuse_full"));
    assert!(decisions.iter().filter(of_tracks).all(|decision| decision["action"] != "fuse_full"));
    assert!(decisions.iter().filter(of_tracks).any(|decision| decision["action"] == "assign_identity"));
    let confirmed = clover["confirmed"].as_u64().expect("a count");
    // All that could be birch's are; then nobody knows which those are that are in no confirmed track.
    let others = 42_018 - confirmed;
    assert_eq!(count("clover", "exact"), confirmed - BIRCH);
    assert_eq!(count("clover", "coarse"), BIRCH - others);
    assert_eq!(count("clover", "either"), others);
    let reason = part(&page["ledger"], "clover", "detections", "coarse").expect("a part")["reasons"][0]["text"].clone();
    assert!(reason.as_str().is_some_and(|text| text.contains("`fuse_coarse`: in cells of 2\u{a0}km")), "{reason}");
    assert_eq!(count("aspen", "exact"), of("aspen")["confirmed"].as_u64().expect("a count"));
    assert_eq!((count("aspen", "coarse"), count("aspen", "either")), (0, 0));
}

#[test]
fn partners_whom_the_rules_cannot_tell_apart_have_pages_of_their_own() {
    let page = |partner: &str| fs::read(OTHER.path().join("out").join(partner).join("report.html")).expect("a page");
    assert!(page("aspen") != page("elder"));
    for partner in ["aspen", "elder"] {
        let alone = OTHER.path().join(format!("alone-{partner}"));
        let folder = text(&OTHER.path().join("out").join(partner));
        let done = trackweave(&["report", &folder, "--out", &text(&alone)]);
        assert!(done.status.success(), "{done:?}");
        assert!(fs::read(alone.join("report.html")).expect("a page") == page(partner), "{partner}");
        assert_eq!(data(&String::from_utf8(page(partner)).expect("text"))["pictures"][0]["partner"], partner);
    }
}

/// Runs the demo's recording under a policy, as the demo does.
fn run_of_demo(policy: &str, out: &Path) {
    let out = text(out);
    let run = ["run", "data/demo/recording", "--policy", policy, "--config", "air-smoothed", "--executor", "host"];
    let done = trackweave(&[&run[..], &["--out", &out]].concat());
    assert!(done.status.success(), "{done:?}");
}

#[test]
fn a_lifted_picture_is_the_one_of_a_run_with_the_rule_lifted() {
    use trackweave::policy::{Lift, Policy};
    let document = data(&page("_operator"));
    let lifts = document["prices"]["lifts"].as_array().expect("lifts");
    let policy = Policy::read(Path::new("data/demo/policy")).expect("the policy");
    let cases = [
        ("conditions of birch-fuses-its-zone", Lift::Conditions("birch-fuses-its-zone".to_owned()), vec!["birch"]),
        (
            "conditions of identity-by-zone",
            Lift::Conditions("identity-by-zone".to_owned()),
            vec!["aspen", "birch", "clover"],
        ),
        ("level of receive_coarse", Lift::Level("receive_coarse".to_owned()), vec!["clover"]),
        ("permit of clover-fuses-all", Lift::Permit("clover-fuses-all".to_owned()), vec!["clover"]),
    ];
    for (rule, lift, changed) in cases {
        let around = TempDir::new().expect("a folder");
        let [folder, out] = ["policy", "out"].map(|name| around.path().join(name));
        fs::create_dir(&folder).expect("a folder");
        for (name, text) in policy.lifted(&lift).expect("files") {
            fs::write(folder.join(name), text).expect("a file");
        }
        run_of_demo(&text(&folder), &out);
        let lift = lifts.iter().find(|lift| lift["rule"] == rule).expect("the lift");
        let pictures = lift["pictures"].as_array().expect("pictures");
        let partners: Vec<&str> = pictures.iter().map(|picture| picture["partner"].as_str().expect("one")).collect();
        assert_eq!(partners, changed, "{rule}");
        for picture in pictures {
            let partner = picture["partner"].as_str().expect("a partner");
            let held = picture.get("same_as").map_or(picture, |same| {
                let of = lifts.iter().find(|lift| lift["rule"] == same["rule"]).expect("a lift");
                let mut pictures = of["pictures"].as_array().expect("pictures").iter();
                pictures.find(|picture| picture["partner"] == same["partner"]).expect("a picture")
            });
            let page = fs::read_to_string(out.join(partner).join("report.html")).expect("a page");
            let wanted = &data(&page)["pictures"][0];
            for key in ["levels", "rows", "tracks", "columns"] {
                assert!(held[key] == wanted[key], "{rule}, {partner}: {key}");
            }
        }
    }
    // Not a word of it in any partner's folder: pages of partners are those of a run without prices.
    let plain = TempDir::new().expect("a folder");
    let out = plain.path().join("out");
    run_of_demo("data/demo/policy", &out);
    for partner in ["aspen", "birch", "clover", "dogwood"] {
        for entry in fs::read_dir(out.join(partner)).expect("a folder") {
            let name = entry.expect("a file").file_name();
            let read = |of: &Path| fs::read(of.join(partner).join(&name)).expect("a file");
            assert!(read(&out) == read(&self::out()), "{partner}: {}", name.display());
        }
    }
}
