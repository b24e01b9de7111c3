//! Leaks, each planted in a finished folder as an engine that leaks would have written it, and what catches it.

use super::globe;
use super::scene::{Scene, insert, with};
use arrow_array::builder::{ListBuilder, StringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, TimestampMicrosecondType, UInt64Type};
use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Float32Array, Float64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray, UInt64Array,
};
use arrow_schema::{DataType, Field, Schema};
use parquet::basic::Compression;
use parquet::file::metadata::KeyValue;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use trackweave::guard::Beyond;

/// A kind of leak.
pub(crate) struct Plant {
    /// As in docs/verification.md.
    pub(crate) name: &'static str,
    pub(crate) caught: Beyond,
    pub(crate) scene: fn() -> Scene,
    pub(crate) sow: fn(&Scene),
}

const fn plant(name: &'static str, caught: Beyond, sow: fn(&Scene)) -> Plant {
    plant_in(name, caught, Scene::new, sow)
}

pub(crate) const fn plant_in(name: &'static str, caught: Beyond, scene: fn() -> Scene, sow: fn(&Scene)) -> Plant {
    Plant { name, caught, scene, sow }
}

pub(crate) const PLANTS: &[Plant] = &[
    plant("an id counter over all lanes", Beyond::Track, |scene| tracks(scene, |track| track + (1000 << 32))),
    plant("a detection's number over all rows of a scan", Beyond::Track, |scene| tracks(scene, |track| track + 50)),
    plant("a track before its first detection", Beyond::Track, |scene| {
        scene.table("fine", |batch| {
            // Two sensors look twenty times each: the last scan but one has detections.
            with(&batch, "track", Arc::new(UInt64Array::from(vec![38 << 32; batch.num_rows()])))
        });
    }),
    plant("a count of what was withheld, in the manifest", Beyond::Manifest, |scene| {
        scene.text("fine", "manifest.json", |text| text.replacen("  \"files\"", "  \"withheld\": 17,\n  \"files\"", 1));
    }),
    plant("the configuration of another lane", Beyond::Manifest, |scene| {
        scene.text("fine", "manifest.json", |text| text.replacen("\"exact_max\": 8", "\"exact_max\": 9", 1));
    }),
    plant("a time of writing, in the manifest", Beyond::Manifest, |scene| {
        scene.text("fine", "manifest.json", |text| {
            text.replacen("  \"partner\"", "  \"written\": \"2024-05-01T06:00:00Z\",\n  \"partner\"", 1)
        });
    }),
    plant("a denied class, in the audit", Beyond::Audit, |scene| {
        scene.audit("fine", |entries| {
            let mut denied = entries[0].clone();
            denied["allowed"] = json!(false);
            denied["class"]["owner"] = json!("cypress");
            entries.push(denied);
        });
    }),
    plant("a count of withheld rows, in the audit", Beyond::Audit, |scene| {
        scene.audit("fine", |entries| entries[0]["count"] = json!(entries[0]["count"].as_u64().expect("a count") + 3));
    }),
    plant("another partner's line, in the audit", Beyond::Audit, |scene| {
        let other = fs::read_to_string(scene.out().join("other/audit.jsonl")).expect("an audit");
        let line: Value = serde_json::from_str(other.lines().next().expect("a line")).expect("a line");
        scene.audit("fine", |entries| entries.push(line["entry"].clone()));
    }),
    plant("a zone of another's rules, in the audit", Beyond::Audit, |scene| {
        scene.audit("fine", |entries| {
            let entry = entries.iter_mut().find(|entry| entry["class"]["zones"].is_array()).expect("an entry");
            entry["class"]["zones"].as_array_mut().expect("zones").push(json!("vault"));
        });
    }),
    plant("a rule that reads what the level hides, in the audit", Beyond::Audit, |scene| {
        scene.audit("coarse", |entries| entries[0]["decided_by"] = json!(["coarse-for-coarse", "fine-in-its-area"]));
    }),
    plant("fused detections counted for a partner that gets them late", Beyond::Audit, |scene| {
        let fine = fs::read_to_string(scene.out().join("fine/audit.jsonl")).expect("an audit");
        let lines = fine.lines().map(|line| serde_json::from_str::<Value>(line).expect("a line")["entry"].clone());
        let mut of_detections = lines.filter(|entry| entry["class"]["of"] == "detections");
        let mut entry = of_detections.next().expect("an entry");
        entry["partner"] = json!("coarse");
        scene.audit("coarse", |entries| entries.insert(0, entry));
    }),
    plant("the order of events, in the audit", Beyond::Audit, |scene| scene.audit("fine", |entries| entries.reverse())),
    plant("other ends of lines, in the audit", Beyond::Audit, |scene| {
        let path = scene.out().join("fine/audit.jsonl");
        let text = fs::read_to_string(&path).expect("an audit");
        fs::write(path, text.replace('\n', "\r\n")).expect("a file is written");
    }),
    plant("a hash that continues nothing, in the audit", Beyond::Audit, |scene| {
        let path = scene.out().join("fine/audit.jsonl");
        let text = fs::read_to_string(&path).expect("an audit");
        let hash = text.get(10..74).expect("a hash").to_owned();
        fs::write(path, text.replacen(&hash, &"0".repeat(64), 1)).expect("a file is written");
    }),
    plant("statistics computed before release", Beyond::Encoding, |scene| {
        let path = scene.out().join("fine/tracks.parquet");
        let mut bytes = fs::read(&path).expect("a table");
        let batch = super::scene::read(&path);
        let last = batch.column(0).as_primitive::<TimestampMicrosecondType>().values().iter().max().copied();
        let max = last.expect("a time").to_le_bytes();
        let at = bytes.windows(8).rposition(|window| window == max).expect("the statistics of the times");
        bytes[at..at + 8].copy_from_slice(&(i64::from_le_bytes(max) + 5_000_000).to_le_bytes());
        fs::write(&path, bytes).expect("a table is written");
        scene.remanifest("fine");
    }),
    plant("a dictionary with a text of no row", Beyond::Encoding, dictionary),
    plant("a count in the table's metadata", Beyond::Encoding, |scene| {
        let count = KeyValue::new("rows.withheld".to_owned(), "17".to_owned());
        scene.table_with("fine", |batch| batch, |how| how.set_key_value_metadata(Some(vec![count])), usize::MAX);
    }),
    plant("the machine's name in the table's metadata", Beyond::Encoding, |scene| {
        let named = "trackweave on host-7".to_owned();
        scene.table_with("fine", |batch| batch, |how| how.set_created_by(named), usize::MAX);
    }),
    plant_in("a geometry finer than its row", Beyond::Geometry, globe::exported, |scene| {
        scene.table("tall", |batch| {
            let column = batch.column_by_name("geometry").expect("a column").as_binary::<i32>();
            let finer = |bytes: Option<&[u8]>| {
                let mut bytes = bytes.expect("a point").to_vec();
                bytes[10] ^= 1;
                bytes
            };
            with(&batch, "geometry", Arc::new(BinaryArray::from_iter_values(column.iter().map(finer))))
        });
    }),
    plant_in("the bounds of all rows, in the metadata of the geometry", Beyond::Encoding, globe::exported, |scene| {
        let geo = r#"{"version":"1.1.0","primary_column":"geometry","columns":{"geometry":{"encoding":"WKB","geometry_types":["Point Z"],"bbox":[9.0,49.0,11.0,51.0]}}}"#;
        let geo = KeyValue::new("geo".to_owned(), geo.to_owned());
        scene.table_with("tall", |batch| batch, |how| how.set_key_value_metadata(Some(vec![geo])), usize::MAX);
    }),
    plant("a count in what a column means", Beyond::Column, |scene| {
        scene.table("fine", |batch| {
            let mut fields: Vec<Field> = batch.schema().fields().iter().map(|field| field.as_ref().clone()).collect();
            let meaning = [("meaning".to_owned(), "identity of one of 17".to_owned())].into();
            fields[1] = fields[1].clone().with_metadata(meaning);
            RecordBatch::try_new(Arc::new(Schema::new(fields)), batch.columns().to_vec()).expect("a batch")
        });
    }),
    plant("groups of rows cut where another's rows fall", Beyond::Encoding, |scene| {
        scene.table_with("fine", |batch| batch, |how| how, 10);
    }),
    plant("ties broken by a global index", Beyond::Order, |scene| {
        scene.table("fine", |batch| {
            let mut order: Vec<usize> = (0..batch.num_rows()).collect();
            let time = batch.column(0).as_primitive::<TimestampMicrosecondType>().values();
            let tie = time.windows(2).position(|pair| pair[0] == pair[1]).expect("two tracks at one time");
            order.swap(tie, tie + 1);
            let order = UInt64Array::from_iter_values(order.into_iter().map(|row| row as u64));
            arrow_select::take::take_record_batch(&batch, &order).expect("a batch")
        });
    }),
    plant("a time stamp of the run", Beyond::Time, |scene| times(scene, "fine", |time| time + 1)),
    plant("a report after the partner's last detection", Beyond::Time, |scene| {
        times(scene, "fine", |time| time + 3_600_000_000);
    }),
    plant("a row inside the embargo", Beyond::Delay, |scene| times(scene, "coarse", |time| time + 10_000_000)),
    plant("an owner's name among the contributors", Beyond::Contributor, |scene| {
        contributors(scene, "fine", |names| names.push("cypress".to_owned()));
    }),
    plant("contributors in another order", Beyond::Contributor, |scene| {
        contributors(scene, "fine", |names| names.reverse());
    }),
    plant("contributors where the level omits them", Beyond::Field, |scene| {
        contributors(scene, "coarse", |names| *names = vec!["ash".to_owned()]);
    }),
    plant("a velocity where the level omits it", Beyond::Field, |scene| {
        fill(scene, "coarse", "velocity_x_m_s", 12.0);
    }),
    plant("a velocity's covariance beside an omitted velocity", Beyond::Field, |scene| {
        fill(scene, "coarse", "velocity_covariance_xx_m2_s2", 4.0);
    }),
    plant_in("a field that no level hands out", Beyond::Field, Scene::reticent, |scene| {
        fill(scene, "fine", "existence", 0.5);
    }),
    plant("a column fewer", Beyond::Column, |scene| {
        scene.table("fine", |mut batch| {
            batch.remove_column(batch.schema().index_of("holders").expect("a column"));
            batch
        });
    }),
    plant("a column that no picture has", Beyond::Column, |scene| {
        scene.table("fine", |batch| {
            let column = UInt64Array::from(vec![17; batch.num_rows()]);
            insert(&batch, 2, Field::new("lane", DataType::UInt64, false), Arc::new(column))
        });
    }),
    plant("a position finer than its level", Beyond::Precision, |scene| places(scene, "coarse", "x_m", |x| x + 3.5)),
    plant("the sign of a zero in a coarse position", Beyond::Precision, |scene| {
        places(scene, "coarse", "z_m", |_| -0.0);
    }),
    plant("a message in the low bits of an exact position", Beyond::Precision, |scene| {
        places(scene, "fine", "x_m", |x| f64::from_bits(x.to_bits() & !0xffff | 0x1357));
    }),
    plant_in("a message in the low bits of a latitude", Beyond::Precision, globe::earth, |scene| {
        places(scene, "tall", "latitude_deg", |x| f64::from_bits(x.to_bits() & !0xffff | 0x1357));
    }),
    plant_in("a turn of the Earth more, for a one", Beyond::Precision, globe::earth, |scene| {
        places(scene, "tall", "longitude_deg", |x| x + 360.0);
    }),
    plant("a covariance smaller than the cell", Beyond::Covariance, |scene| {
        fill(scene, "coarse", "position_covariance_xx_m2", 25.0);
    }),
    plant("a row outside the area of its permission", Beyond::Level, |scene| {
        places(scene, "fine", "x_m", |x| x + 700.0);
    }),
    plant("a row of a track that no permitted detection supports", Beyond::Place, |scene| {
        places(scene, "fine", "y_m", |y| y - 1_000_000.0);
    }),
    plant("a track drawn aside by a hidden detection", Beyond::Support, |scene| {
        places(scene, "fine", "y_m", |y| y - 150.0);
    }),
    plant("a covariance that hidden detections have made small", Beyond::Support, |scene| {
        for name in ["position_covariance_xx_m2", "position_covariance_yy_m2"] {
            fill(scene, "fine", name, 0.01);
        }
    }),
    plant_in("a track of a planar radar drawn aside", Beyond::Support, globe::plane, |scene| {
        places(scene, "flat", "y_m", |y| y + 3000.0);
    }),
    plant_in("a track of a radar with elevations drawn aside", Beyond::Support, globe::plane, |scene| {
        places(scene, "solid", "y_m", |y| y + 3000.0);
    }),
    plant_in("a track of a radar on the Earth drawn aside", Beyond::Support, globe::earth, |scene| {
        places(scene, "tall", "latitude_deg", |y| y + 0.03);
    }),
    plant_in("a track of a radar without heights, beyond where heights lead", Beyond::Support, globe::earth, |scene| {
        places(scene, "slant", "latitude_deg", |y| y + 0.12);
    }),
    plant_in("an object in space where it has not coasted to", Beyond::Support, globe::space, |scene| {
        places(scene, "low", "longitude_deg", |x| x + 8.0);
    }),
    plant_in("a covariance in space as after a detection that nobody made", Beyond::Support, globe::space, |scene| {
        for name in ["position_covariance_ee_m2", "position_covariance_nn_m2", "position_covariance_uu_m2"] {
            fill(scene, "high", name, 2500.0);
        }
    }),
    plant("more detections of a track than there are", Beyond::Detections, |scene| {
        counts(scene, "fine", |_, _| Some(1_000_000));
    }),
    plant("fewer detections of a track than before", Beyond::Detections, |scene| {
        // Tracks are told of at most times: what none could have fallen from is one.
        counts(scene, "fine", |row, _| Some(u64::from(row < 3)));
    }),
    plant_in("an address that only another partner's detections have", Beyond::Identity, Scene::addressed, |scene| {
        named(scene, "fine", |_| Some("cypress-mast-0"));
    }),
    plant_in("an address that no detection has", Beyond::Identity, Scene::addressed, |scene| {
        named(scene, "fine", |_| Some("elm"));
    }),
    plant_in("an address without its probability", Beyond::Value, Scene::addressed, |scene| {
        scene.table("fine", |batch| {
            with(&batch, "identity_probability", Arc::new(Float32Array::from(vec![None; batch.num_rows()])))
        });
    }),
    plant_in("addresses where none is fused", Beyond::Column, Scene::new, |scene| {
        scene.table("fine", |batch| {
            let column = StringArray::from(vec![Some("a"); batch.num_rows()]);
            insert(&batch, 2, Field::new("identity", DataType::Utf8, true), Arc::new(column))
        });
    }),
    plant_in("a number of detections where the level omits existence", Beyond::Field, Scene::reticent, |scene| {
        counts(scene, "fine", |_, _| Some(1));
    }),
    plant("a last detection when there was none", Beyond::Detections, |scene| {
        lasts(scene, "fine", |_, last_us| last_us.map(|last_us| last_us + 1));
    }),
    plant_in("when something was seen, where its level coarsens places", Beyond::Field, Scene::named, |scene| {
        // One mast sees something at every even second.
        lasts(scene, "coarse", |time_us, _| {
            (time_us > 9_000_000).then(|| (time_us - 1_000_000) / 2_000_000 * 2_000_000)
        });
    }),
    plant_in("a detection that the partner was not given", Beyond::Association, Scene::associated, |scene| {
        took(scene, |batch| with(&batch, "detection", counted(&batch, "detection", |number| number + 40)));
    }),
    plant_in("a detection of a track that does not show", Beyond::Association, Scene::associated, |scene| {
        took(scene, |batch| with(&batch, "track", counted(&batch, "track", |track| track + 1)));
    }),
    plant_in("detections in the order of the filter's memory", Beyond::Association, Scene::associated, |scene| {
        took(scene, |batch| {
            let last_first = UInt64Array::from_iter_values((0..batch.num_rows() as u64).rev());
            arrow_select::take::take_record_batch(&batch, &last_first).expect("rows")
        });
    }),
    plant_in("more of a detection than there is", Beyond::Association, Scene::associated, |scene| {
        took(scene, |batch| with(&batch, "probability", Arc::new(Float32Array::from(vec![1.01; batch.num_rows()]))));
    }),
    plant_in("how far off the detection was that began a track", Beyond::Association, Scene::associated, |scene| {
        took(scene, |batch| {
            with(&batch, "innovation", Arc::new(Float32Array::from(vec![Some(0.5); batch.num_rows()])))
        });
    }),
    plant_in("detections where a level demands something", Beyond::File, Scene::associated, |scene| {
        let [from, to] = ["fine", "coarse"].map(|partner| scene.out().join(partner).join("associations.parquet"));
        fs::copy(from, to).expect("a copy");
    }),
    plant_in("a smoothed row that rests on a detection not yet due", Beyond::Smoothing, Scene::smoothed, |scene| {
        times_for(scene, "fine", "as_known_at", |_, known_us| known_us.map(|known_us| known_us + 8_000_000));
    }),
    plant_in("a smoothed row that rests on what nobody detected", Beyond::Smoothing, Scene::smoothed, |scene| {
        times_for(scene, "fine", "as_known_at", |_, known_us| known_us.map(|known_us| known_us - 1));
    }),
    plant_in("a smoothed row that does not say so", Beyond::Smoothing, Scene::smoothed, |scene| {
        scene.table("fine", |batch| {
            with(&batch, "smoothed", Arc::new(BooleanArray::from(vec![false; batch.num_rows()])))
        });
    }),
    plant_in("an owner of what came later, who is not named", Beyond::Contributor, Scene::smoothed, |scene| {
        contributors(scene, "fine", |names| names.truncate(1));
    }),
    plant_in("what a row rests on, where its level coarsens places", Beyond::Smoothing, Scene::smoothed, |scene| {
        times_for(scene, "coarse", "as_known_at", |_, _| Some(28_000_000));
    }),
    plant_in("a row before a detection not yet due that begins its track", Beyond::Track, Scene::smoothed, |scene| {
        scene.table("fine", |batch| {
            with(&batch, "track", Arc::new(UInt64Array::from(vec![38 << 32; batch.num_rows()])))
        });
    }),
    plant_in("a last detection before a track's first one", Beyond::Detections, Scene::early, |scene| {
        times_for(scene, "fine", "last_detection", |time_us, last_us| {
            // The masts see something at every second.
            last_us.map(|last_us| if last_us > time_us { time_us / 2_000_000 * 2_000_000 + 10_000 } else { last_us })
        });
    }),
    plant_in("a detection before a track's first one", Beyond::Detections, Scene::early, |scene| {
        counts(scene, "fine", |_, count| count.map(|count| count.max(1)));
    }),
    plant("a number in the accounts of detections", Beyond::Accounts, |scene| {
        accounts(scene, "fine", |[confirmed, unconfirmed, none, outside]| [confirmed, unconfirmed, none + 1, outside]);
    }),
    plant("detections of confirmed tracks in another account", Beyond::Accounts, |scene| {
        accounts(scene, "fine", |[confirmed, unconfirmed, none, outside]| [0, unconfirmed, none, outside + confirmed]);
    }),
    plant("accounts where a level demands something", Beyond::Manifest, |scene| {
        scene.text("coarse", "manifest.json", |text| {
            let none = "{\n      \"confirmed\": 0,\n      \"unconfirmed\": 0,\n      \"none\": 0,\n      \"outside_coverage\": 0\n    }";
            text.replacen("    \"policy_sha256\"", &format!("    \"accounts\": {none},\n    \"policy_sha256\""), 1)
        });
    }),
    plant("an authority that was not granted", Beyond::Authority, |scene| {
        scene.table("fine", |batch| {
            let column = lists(&vec![Some(vec!["task_sensor".to_owned()]); batch.num_rows()]);
            with(&batch, "authorities", column)
        });
    }),
    plant("who may act, for a partner that no rule shows it", Beyond::Authority, |scene| {
        holders(scene, "other", |_| Some(vec!["fine:task_sensor".to_owned()]));
    }),
    plant("who may act, where its level omits it", Beyond::Field, |scene| {
        holders(scene, "coarse", |_| Some(vec!["fine:task_sensor".to_owned()]));
    }),
    plant("who may act, at another place", Beyond::Authority, |scene| {
        holders(scene, "fine", |names| names.map(|_| vec!["other:task_sensor".to_owned()]));
    }),
    plant("a detection not yet due at its level of fusion", Beyond::Track, |scene| {
        // The scan after the last that is due, of a partner whose detections come late.
        scene.table("late", |batch| {
            let last = batch.column(1).as_primitive::<UInt64Type>().values().iter().max().copied();
            let next = ((last.expect("a track") >> 32) + 30) << 32;
            with(&batch, "track", Arc::new(UInt64Array::from(vec![next; batch.num_rows()])))
        });
    }),
    plant("a report after the last detection that is due", Beyond::Time, |scene| {
        times(scene, "late", |time| time + 20_000_000);
    }),
    plant("a message in the payload of a NaN", Beyond::Value, |scene| {
        places(scene, "fine", "z_m", |_| f64::from_bits(0x7ff8_0000_0000_0011));
    }),
    plant("a file", Beyond::File, |scene| {
        fs::write(scene.out().join("fine/lane-3.txt"), "17").expect("a file is written");
    }),
    plant("a link to what lies elsewhere", Beyond::File, |scene| {
        let path = scene.out().join("fine/tracks.parquet");
        let away = scene.out().with_extension("away");
        fs::rename(&path, &away).expect("moved away");
        link(&away, &path);
    }),
    plant("a second name of a file, elsewhere", Beyond::File, |scene| {
        let path = scene.out().join("fine/tracks.parquet");
        fs::hard_link(path, scene.out().with_extension("too")).expect("a hard link");
    }),
    plant("a folder that lies elsewhere", Beyond::File, |scene| {
        let path = scene.out().join("fine");
        let away = scene.out().with_extension("away");
        fs::rename(&path, &away).expect("moved away");
        link(&away, &path);
    }),
    plant("a word of nobody, as the label of the run", Beyond::Manifest, |scene| {
        scene.text("fine", "manifest.json", |text| {
            text.replacen("  \"configuration\"", "  \"label\": \"17 withheld\",\n  \"configuration\"", 1)
        });
    }),
    plant("a count moved from one line to another, in the audit", Beyond::Audit, |scene| {
        scene.audit("fine", |entries| {
            let counts = [0, 1].map(|k| entries[k]["count"].as_u64().expect("a count"));
            entries[0]["count"] = json!(counts[0] - 1);
            entries[1]["count"] = json!(counts[1] + 1);
        });
    }),
    plant("a detection that was fused and is not told of, in the audit", Beyond::Audit, |scene| {
        scene.audit("fine", |entries| {
            let fused = entries.iter_mut().find(|entry| entry["class"]["of"] == "detections").expect("an entry");
            fused["count"] = json!(fused["count"].as_u64().expect("a count") - 1);
        });
    }),
    plant("a folder that names a group of partners", Beyond::File, |scene| {
        fs::create_dir(scene.out().join("fine+coarse")).expect("a folder is made");
    }),
    plant("a longer signature file", Beyond::File, |scene| {
        fs::write(scene.out().join("fine/manifest.sig"), "0".repeat(140)).expect("a file is written");
    }),
];

fn link(to: &Path, at: &Path) {
    #[cfg(unix)]
    std::os::unix::fs::symlink(to, at).expect("a link");
    #[cfg(windows)]
    std::os::windows::fs::symlink_file(to, at).expect("a link");
}

/// Ends a picture in a run of rows of a foreign status, and then points their indices at the first entry of the
/// dictionary, which keeps the foreign one: what a writer leaves that takes rows back.
fn dictionary(scene: &Scene) {
    let foreign = "cypress";
    let path = scene.out().join("fine/tracks.parquet");
    let mut run = 0;
    scene.table_with(
        "fine",
        |batch| {
            // Indices are packed in eights, so the run begins at a multiple of eight.
            run = 40 + batch.num_rows() % 8;
            let status = batch.column(2).as_string::<i32>();
            let kept = batch.num_rows() - run;
            let texts = (0..batch.num_rows()).map(|row| if row < kept { status.value(row) } else { foreign });
            with(&batch, "status", Arc::new(StringArray::from_iter_values(texts)))
        },
        |how| how.set_column_compression("status".into(), Compression::UNCOMPRESSED),
        usize::MAX,
    );
    let mut bytes = fs::read(&path).expect("a table");
    let entry = bytes.windows(foreign.len()).position(|window| window == foreign.as_bytes()).expect("the entry");
    let header = u8::try_from(run << 1).expect("a run below 64");
    let index = bytes[entry..].windows(2).position(|pair| pair[0] == header && (1..3).contains(&pair[1]));
    bytes[entry + index.expect("the run") + 1] = 0;
    fs::write(&path, &bytes).expect("a table is written");
    let batch = super::scene::read(&path);
    assert!(batch.column(2).as_string::<i32>().iter().flatten().all(|status| status != foreign), "a row shows it");
    scene.remanifest("fine");
}

fn tracks(scene: &Scene, change: impl Fn(u64) -> u64) {
    scene.table("fine", |batch| {
        let tracks = batch.column(1).as_primitive::<UInt64Type>().values().iter().map(|track| change(*track));
        with(&batch, "track", Arc::new(UInt64Array::from_iter_values(tracks)))
    });
}

fn times(scene: &Scene, partner: &str, change: impl Fn(i64) -> i64) {
    scene.table(partner, |batch| {
        let times = batch.column(0).as_primitive::<TimestampMicrosecondType>().values();
        with(
            &batch,
            "time",
            Arc::new(TimestampMicrosecondArray::from_iter_values(times.iter().map(|time| change(*time)))),
        )
    });
}

fn places(scene: &Scene, partner: &str, name: &str, change: impl Fn(f64) -> f64) {
    scene.table(partner, |batch| {
        let column = batch.column_by_name(name).expect("a column").as_primitive::<Float64Type>();
        let column = Float64Array::from_iter_values(column.values().iter().map(|value| change(*value)));
        with(&batch, name, Arc::new(column))
    });
}

/// Changes the accounts in a manifest: confirmed, unconfirmed, none, outside coverage.
fn accounts(scene: &Scene, partner: &str, change: impl Fn([u64; 4]) -> [u64; 4]) {
    const NAMES: [&str; 4] = ["confirmed", "unconfirmed", "none", "outside_coverage"];
    scene.text(partner, "manifest.json", |mut text| {
        let manifest: Value = serde_json::from_str(&text).expect("JSON");
        let before = NAMES.map(|name| manifest["computed_from"]["accounts"][name].as_u64().expect("a count"));
        for ((name, before), after) in NAMES.into_iter().zip(before).zip(change(before)) {
            text = text.replacen(&format!("\"{name}\": {before}"), &format!("\"{name}\": {after}"), 1);
        }
        text
    });
}

/// Changes the table of detections that tracks took.
fn took(scene: &Scene, change: impl FnOnce(RecordBatch) -> RecordBatch) {
    scene.table_in("associations.parquet", "fine", change, |how| how, usize::MAX);
}

/// A changed column of whole numbers.
fn counted(batch: &RecordBatch, column: &str, change: impl Fn(u64) -> u64) -> ArrayRef {
    let column = batch.column_by_name(column).expect("a column").as_primitive::<UInt64Type>();
    Arc::new(UInt64Array::from_iter_values(column.values().iter().map(|number| change(*number))))
}

/// Changes the number of detections of every row, by its number.
fn counts(scene: &Scene, partner: &str, change: impl Fn(usize, Option<u64>) -> Option<u64>) {
    scene.table(partner, |batch| {
        let column = batch.column_by_name("detections").expect("a column").as_primitive::<UInt64Type>();
        let column: UInt64Array = column.iter().enumerate().map(|(row, count)| change(row, count)).collect();
        with(&batch, "detections", Arc::new(column))
    });
}

/// Changes the address of every row.
fn named(scene: &Scene, partner: &str, change: impl Fn(Option<&str>) -> Option<&str>) {
    scene.table(partner, |batch| {
        let column = batch.column_by_name("identity").expect("a column").as_string::<i32>();
        assert!(column.iter().any(|cell| cell.is_some()), "no address");
        let changed: StringArray = column.iter().map(|cell| cell.and_then(|cell| change(Some(cell)))).collect();
        with(&batch, "identity", Arc::new(changed))
    });
}

/// Changes the time of the last detection in every row, by the row's own.
fn lasts(scene: &Scene, partner: &str, change: impl Fn(i64, Option<i64>) -> Option<i64>) {
    times_for(scene, partner, "last_detection", change);
}

/// The same of another column.
fn times_for(scene: &Scene, partner: &str, column: &str, change: impl Fn(i64, Option<i64>) -> Option<i64>) {
    scene.table(partner, |batch| {
        let times =
            |name: &str| batch.column_by_name(name).expect("a column").as_primitive::<TimestampMicrosecondType>();
        let (time, last) = (times("time"), times(column));
        let rows = time.values().iter().zip(last.iter());
        let changed: TimestampMicrosecondArray = rows.map(|(time_us, last_us)| change(*time_us, last_us)).collect();
        with(&batch, column, Arc::new(changed))
    });
}

fn fill(scene: &Scene, partner: &str, name: &str, value: f32) {
    scene.table(partner, |batch| {
        let there = batch.column_by_name(name).expect("a column").as_primitive::<Float32Type>();
        assert!(!there.is_empty(), "no rows");
        with(&batch, name, Arc::new(Float32Array::from(vec![Some(value); batch.num_rows()])))
    });
}

fn holders(scene: &Scene, partner: &str, change: impl Fn(Option<Vec<String>>) -> Option<Vec<String>>) {
    scene.table(partner, |batch| {
        let column = batch.column_by_name("holders").expect("a column").as_list::<i32>();
        let names = |row: usize| column.value(row).as_string::<i32>().iter().flatten().map(str::to_owned).collect();
        let rows = (0..batch.num_rows()).map(|row| change(column.is_valid(row).then(|| names(row))));
        with(&batch, "holders", lists(&rows.collect::<Vec<_>>()))
    });
}

fn contributors(scene: &Scene, partner: &str, change: impl Fn(&mut Vec<String>)) {
    scene.table(partner, |batch| {
        let column = batch.column_by_name("contributors").expect("a column").as_list::<i32>();
        let names = |row: usize| -> Option<Vec<String>> {
            let mut names = if column.is_valid(row) {
                column.value(row).as_string::<i32>().iter().flatten().map(str::to_owned).collect()
            } else {
                Vec::new()
            };
            change(&mut names);
            Some(names)
        };
        with(&batch, "contributors", lists(&(0..batch.num_rows()).map(names).collect::<Vec<_>>()))
    });
}

fn lists(rows: &[Option<Vec<String>>]) -> ArrayRef {
    let mut builder = ListBuilder::new(StringBuilder::new()).with_field(Field::new("element", DataType::Utf8, false));
    for row in rows {
        row.iter().flatten().for_each(|name| builder.values().append_value(name));
        builder.append(row.is_some());
    }
    Arc::new(builder.finish())
}
