//! Pages, read back without the engine: what a partner's page holds is what its table says, to the last row.

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
