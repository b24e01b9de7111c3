//! Promises of the product room: equal bytes, whole outputs, true covariances, nothing withheld that shows.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type};
use arrow_array::{Array, RecordBatch};
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::reader::{FileReader, SerializedFileReader};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use trackweave::policy::{DecisionRecord, Field, Obligations, Status};
use trackweave::product::{
    Beside, Column, DECISION_COLUMNS, EVENT_COLUMNS, Fields, Made, Of, ProductError, ROWS_PER_GROUP, ReleaseTable, Row,
    STRETCH_COLUMNS, Sealing, SigningKey, Source, Staging, columns, picture_batch, picture_points, read_batches,
    read_picture, verify_chain,
};
use trackweave::space::{Frame, Geodetic};

#[path = "product/coarsening.rs"]
mod coarsening; // the grid, and covariances on it
#[path = "product/document.rs"]
mod document; // docs/pictures.md against the code
#[path = "product/geoparquet.rs"]
mod geoparquet; // geometries, units and meanings in the file

type Outcome = Result<(), Box<dyn std::error::Error>>;

const FRAMES: [Frame; 2] = [Frame::Geodetic, Frame::Local];

fn all() -> Fields {
    Field::ALL.into()
}

fn coarse(size_m: f64) -> Obligations {
    Obligations { coarsen_m: Some(size_m), omit: Fields::new(), ..Obligations::default() }
}

/// A row at a place, the rest made of its number.
fn row(number: u32, position_m: [f64; 3], owners: &[String]) -> Row<'_> {
    let n = f64::from(number);
    let mut covariance = [[0.0; 6]; 6];
    for (i, line) in covariance.iter_mut().enumerate() {
        line[i] = 1.0 + n % 7.0 + f64::from(u8::try_from(i).unwrap_or(0));
    }
    Row {
        time_us: 1_533_101_250_000_000 + i64::from(number) * 1_000,
        track: u64::MAX - u64::from(number % 50),
        status: if number.is_multiple_of(3) { Status::Tentative } else { Status::Confirmed },
        existence: 1.0 / (1.0 + n % 10.0),
        position_m,
        velocity_m_s: [n % 200.0, -3.5, 0.25],
        covariance,
        detections: u64::from(number),
        last_detection_us: 1_533_101_249_000_000 + i64::from(number) * 1_000,
        smoothed: false,
        as_known_at_us: 1_533_101_249_000_000 + i64::from(number) * 1_000,
        filtered_m: None,
        identity: (!number.is_multiple_of(4)).then_some(("4b1814", 0.75)),
        contributors: owners,
        authorities: owners.get(..1).unwrap_or_default(),
        holders: Some(owners),
    }
}

/// A place that both frames can hold, some thousand metres from the next.
fn place(frame: Frame, number: u32) -> [f64; 3] {
    let n = f64::from(number % 1000);
    match frame {
        Frame::Geodetic => {
            Geodetic { latitude_deg: 46.0 + n * 1e-3, longitude_deg: 7.0 + n * 2e-3, altitude_m: n * 10.0 }.ecef()
        }
        Frame::Local => [n * 101.25, -n * 33.5, n],
    }
}

fn owners() -> Vec<String> {
    ["alpha", "bravo"].map(str::to_owned).to_vec()
}

fn configuration() -> Value {
    json!({ "gate": 0.999, "levels": { "receive": "full", "fuse": "all" } })
}

/// What a picture is made with, and no decisions.
fn made(configuration: &Value) -> Made<'_> {
    Made { configuration, as_of_us: None, label: None, decisions: &[], computed_from: None }
}

/// Publishes `partners`, each with so many rows, writing a row of each in turn.
fn publish(out: &Path, frame: Frame, partners: &[(&str, u32)]) -> Outcome {
    let staging = Staging::create(out)?;
    let owners = owners();
    let writers = partners.iter().map(|&(name, rows)| Ok((staging.picture(name, frame, &all())?, rows)));
    let mut writers = writers.collect::<Result<Vec<_>, ProductError>>()?;
    for number in 0..partners.iter().map(|&(_, rows)| rows).max().unwrap_or(0) {
        for (writer, rows) in &mut writers {
            if number < *rows {
                writer.write(&row(number, place(frame, number), &owners), &Obligations::default())?;
            }
        }
    }
    for (writer, _) in writers {
        writer.finish(&made(&configuration()))?;
    }
    assert!(staging.publish()?.is_empty(), "something went wrong after publishing");
    Ok(())
}

/// Every file below a folder, with its bytes.
fn contents(folder: &Path) -> Result<Vec<(String, Vec<u8>)>, std::io::Error> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_dir() {
            let below = contents(&entry.path())?;
            files.extend(below.into_iter().map(|(file, bytes)| (format!("{name}/{file}"), bytes)));
        } else {
            files.push((name, fs::read(entry.path())?));
        }
    }
    files.sort();
    Ok(files)
}

fn names(folder: &Path) -> Result<Vec<String>, std::io::Error> {
    let names = fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let mut names = names.collect::<Result<Vec<_>, std::io::Error>>()?;
    names.sort();
    Ok(names)
}

/// As `sha256sum` prints it.
fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

fn doubles(batch: &RecordBatch, name: &str) -> Vec<f64> {
    batch[name].as_primitive::<Float64Type>().values().to_vec()
}

fn singles(batch: &RecordBatch, name: &str) -> Vec<f64> {
    batch[name].as_primitive::<Float32Type>().values().iter().map(|&value| f64::from(value)).collect()
}

#[test]
fn equal_rows_give_equal_bytes_whoever_else_is_in_the_run() -> Outcome {
    let folder = TempDir::new()?;
    // Sizes straddle the row group.
    for (frame, rows) in [(Frame::Local, 0), (Frame::Geodetic, 1), (Frame::Geodetic, 32_768), (Frame::Local, 32_769)] {
        let (alone, together) = (folder.path().join("alone"), folder.path().join("together"));
        publish(&alone, frame, &[("alpha", rows)])?;
        publish(&together, frame, &[("aa", 70), ("alpha", rows), ("zulu", 1_000)])?;
        assert_eq!(contents(&alone.join("alpha"))?, contents(&together.join("alpha"))?, "{frame:?} {rows}");
        publish(&alone, frame, &[("alpha", rows + 1)])?;
        assert_ne!(contents(&alone.join("alpha"))?, contents(&together.join("alpha"))?, "one row more went unseen");
    }
    Ok(())
}

#[test]
fn row_groups_count_only_this_partners_rows_and_metadata_has_no_clock() -> Outcome {
    let folder = TempDir::new()?;
    let out = folder.path().join("out");
    publish(&out, Frame::Local, &[("alpha", 40_000), ("bravo", 90)])?;
    let file = SerializedFileReader::new(fs::File::open(out.join("alpha/tracks.parquet"))?)?;
    let groups = file.metadata().row_groups().iter().map(RowGroupMetaData::num_rows).collect::<Vec<_>>();
    assert_eq!(groups, [i64::try_from(ROWS_PER_GROUP)?, 40_000 - i64::try_from(ROWS_PER_GROUP)?]);
    let about = file.metadata().file_metadata();
    assert_eq!(about.created_by(), Some(concat!("trackweave version ", env!("CARGO_PKG_VERSION"))));
    // What columns mean, and where a geodetic picture has its geometry: the same whatever the rows.
    for (frame, wanted) in [(Frame::Local, ["ARROW:schema"].as_slice()), (Frame::Geodetic, &["geo", "ARROW:schema"])] {
        publish(&out, frame, &[("alpha", 200), ("bravo", 90)])?;
        let said = |partner: &str| -> Result<_, Box<dyn std::error::Error>> {
            let file = SerializedFileReader::new(fs::File::open(out.join(partner).join("tracks.parquet"))?)?;
            let said = file.metadata().file_metadata().key_value_metadata().cloned().unwrap_or_default();
            Ok(said.into_iter().map(|said| (said.key, said.value.unwrap_or_default())).collect::<Vec<_>>())
        };
        let alpha = said("alpha")?;
        assert_eq!(alpha.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>(), wanted);
        assert_eq!(alpha, said("bravo")?, "{frame:?}");
    }
    Ok(())
}

#[test]
fn a_manifest_says_what_is_in_its_folder_and_names_no_other_partner() -> Outcome {
    let folder = TempDir::new()?;
    let out = folder.path().join("out");
    let staging = Staging::create(&out)?;
    let configurations = [r#"{"b":{"y":1,"x":2},"a":0.5}"#, r#"{"a":0.5,"b":{"x":2,"y":1}}"#];
    for (partner, configuration) in ["juliett", "kilo"].into_iter().zip(configurations) {
        let mut writer = staging.picture(partner, Frame::Local, &all())?;
        writer.write(&row(1, [1.0, 2.0, 3.0], &[]), &Obligations::default())?;
        let picture = writer.finish(&made(&serde_json::from_str(configuration)?))?;
        assert_eq!((picture.partner.as_str(), picture.rows), (partner, 1));
    }
    staging.publish()?;
    let text = fs::read_to_string(out.join("juliett/manifest.json"))?;
    let other = fs::read_to_string(out.join("kilo/manifest.json"))?;
    assert_eq!(text, other.replace("kilo", "juliett"), "the order of keys in a configuration reached the manifest");
    assert!(!contents(&out.join("juliett"))?.iter().any(|(_, bytes)| bytes.windows(4).any(|four| four == b"kilo")));

    let manifest: Value = serde_json::from_str(&text)?;
    let table = fs::read(out.join("juliett/tracks.parquet"))?;
    assert_eq!(manifest["files"][1]["sha256"], sha256(&table));
    assert_eq!(manifest["files"][1]["bytes"], table.len());
    assert_eq!(manifest["files"][1]["rows"], 1);
    assert_eq!(manifest["files"][1]["columns"].as_array().map(Vec::len), Some(29));
    assert_eq!(manifest["frame"], "local");
    // printf '{"a":0.5,"b":{"x":2,"y":1}}' | sha256sum
    assert_eq!(manifest["configuration_sha256"], "f3e785272355ef3b9a6887d7fd1ee690aa978e48d327a24b590a5d7ea702f062");
    Ok(())
}

#[test]
fn an_output_that_is_not_published_leaves_the_old_one_and_nothing_else() -> Outcome {
    let folder = TempDir::new()?;
    let out = folder.path().join("out");
    publish(&out, Frame::Local, &[("alpha", 5), ("bravo", 5)])?;
    let before = contents(folder.path())?;

    let staging = Staging::create(&out)?;
    let mut writer = staging.picture("charlie", Frame::Local, &all())?;
    writer.write(&row(0, [0.0; 3], &[]), &Obligations::default())?;
    assert_eq!(contents(&out)?.len(), 7, "what is being written shows");
    drop((writer, staging));
    assert_eq!(contents(folder.path())?, before);

    let staging = Staging::create(&out)?;
    drop(staging.picture("charlie", Frame::Local, &all())?);
    let error = staging.publish().err().ok_or("an unfinished picture was published")?;
    assert!(matches!(&error, ProductError::Unfinished { partner } if partner == "charlie"), "{error}");
    assert_eq!(contents(folder.path())?, before);

    publish(&out, Frame::Local, &[("delta", 5)])?;
    assert_eq!(names(&out)?, ["_operator", "delta"], "folders of the old output stayed");
    assert_eq!(names(folder.path())?, ["out"]);
    Ok(())
}

#[test]
fn a_folder_that_no_run_made_is_refused_and_untouched() -> Outcome {
    let folder = TempDir::new()?;
    let out = folder.path().join("out");
    fs::create_dir(&out)?;
    publish(&out, Frame::Local, &[("alpha", 1)])?;

    // A file added to an output of ours, before or during a run.
    fs::write(out.join("notes.txt"), "mine")?;
    let error = Staging::create(&out).err().ok_or("a folder with notes was accepted")?;
    assert!(error.to_string().contains("found `notes.txt`, wanted a new or empty folder"), "{error}");
    fs::remove_file(out.join("notes.txt"))?;
    let staging = Staging::create(&out)?;
    fs::write(out.join("notes.txt"), "mine")?;
    let error = staging.publish().err().ok_or("notes that came during the run were replaced")?;
    let ProductError::Kept { kept, source, .. } = &error else { return Err(format!("{error}").into()) };
    assert!(matches!(&**source, ProductError::Foreign { entry, .. } if entry == "notes.txt"), "{error}");
    assert_eq!(names(&out)?, ["_operator", "alpha", "notes.txt"]);
    assert_eq!(names(kept)?, ["_operator"], "the new output is not kept");
    fs::remove_dir_all(kept.parent().ok_or("no folder")?)?;

    // A folder of someone else, also one with a manifest of theirs.
    let theirs = folder.path().join("theirs");
    fs::create_dir_all(theirs.join("_operator"))?;
    fs::write(
        theirs.join("_operator/manifest.json"),
        r#"{"made_by":"another","engine_version":"1","pictures":[],"files":[]}"#,
    )?;
    let error = Staging::create(&theirs).err().ok_or("another program's folder was accepted")?;
    assert!(matches!(error, ProductError::Foreign { .. }), "{error}");

    let file = folder.path().join("file");
    fs::write(&file, "")?;
    for (path, found) in [(file.as_path(), "a file"), (&folder.path().join("absent/.."), "a path without a name")] {
        let error = Staging::create(path).err().ok_or("no folder was accepted")?;
        assert!(error.to_string().contains(found), "{error}");
    }
    assert_eq!(names(folder.path())?, ["file", "out", "theirs"]);
    Ok(())
}

#[test]
fn a_partner_whose_id_cannot_name_a_folder_is_refused() -> Outcome {
    let folder = TempDir::new()?;
    let staging = Staging::create(&folder.path().join("out"))?;
    let long = "a".repeat(65);
    for id in ["", ".", "..", "a/b", "/a", "a\\b", "_operator", "_x", ".hidden", "-f", "a.", "a b", "a\0", "č", &long]
    {
        let error = staging.picture(id, Frame::Local, &all()).err().ok_or_else(|| format!("`{id}` was accepted"))?;
        assert!(matches!(error, ProductError::PartnerName { .. }), "{id}: {error}");
    }
    for id in ["a", "NATO-1", "x_y.z", "7"] {
        staging.picture(id, Frame::Local, &all())?;
    }
    assert!(matches!(staging.picture("a", Frame::Local, &all()), Err(ProductError::Io { .. })), "a second picture");
    Ok(())
}

#[test]
fn pictures_read_back_as_they_were_written() -> Outcome {
    let folder = TempDir::new()?;
    for frame in FRAMES {
        let out = folder.path().join("out");
        publish(&out, frame, &[("alpha", 1_500)])?;
        let points = read_picture(&out.join("alpha"))?;
        assert_eq!(points.len(), 1_500);
        for (number, point) in (0..).zip(&points) {
            let wanted = row(number, place(frame, number), &[]);
            assert_eq!((point.time_us, point.track, point.status), (wanted.time_us, wanted.track, wanted.status));
            let existence = point.existence.ok_or("existence was granted")?;
            assert!((existence - wanted.existence).abs() < 1e-7, "{existence} {}", wanted.existence);
            for (found, wanted) in point.position_m.iter().zip(wanted.position_m) {
                assert!((found - wanted).abs() < 1e-6, "{frame:?} {found} {wanted}");
            }
        }
        let owners = owners();
        let cut = Obligations::default();
        let rows = (0..1_500).map(|number| (row(number, place(frame, number), &owners), &cut));
        let batch = picture_batch(frame, &all(), rows)?;
        assert_eq!(picture_points(&batch)?, points);
        let read = read_batches(&out.join("alpha"))?.collect::<Result<Vec<_>, _>>()?;
        let mut first = 0;
        for read in &read {
            let rows = read.num_rows();
            assert_eq!(*read, batch.slice(first, rows), "{frame:?}: the file and the batch in memory differ");
            first += rows;
        }
        assert_eq!(first, batch.num_rows());
    }
    Ok(())
}

#[test]
fn geodetic_vectors_and_covariances_are_east_north_up() -> Outcome {
    // On the equator at 90 degrees east: east is -x, north is z, up is y.
    let position_m = Geodetic { latitude_deg: 0.0, longitude_deg: 90.0, altitude_m: 100.0 }.ecef();
    let mut exact = row(0, position_m, &[]);
    exact.velocity_m_s = [1.0, 2.0, 3.0];
    exact.covariance = [[0.0; 6]; 6];
    let elements =
        [(0, 0, 1.0), (1, 1, 4.0), (2, 2, 9.0), (0, 1, 0.5), (3, 3, 16.0), (4, 4, 25.0), (5, 5, 36.0), (4, 5, 2.0)];
    for (i, j, value) in elements {
        exact.covariance[i][j] = value;
        exact.covariance[j][i] = value;
    }
    let batch = picture_batch(Frame::Geodetic, &all(), [(exact, &Obligations::default())])?;
    let wanted = [
        ("velocity_east_m_s", -1.0),
        ("velocity_north_m_s", 3.0),
        ("velocity_up_m_s", 2.0),
        ("position_covariance_ee_m2", 1.0),
        ("position_covariance_en_m2", 0.0),
        ("position_covariance_eu_m2", -0.5),
        ("position_covariance_nn_m2", 9.0),
        ("position_covariance_nu_m2", 0.0),
        ("position_covariance_uu_m2", 4.0),
        ("velocity_covariance_ee_m2_s2", 16.0),
        ("velocity_covariance_nn_m2_s2", 36.0),
        ("velocity_covariance_nu_m2_s2", 2.0),
        ("velocity_covariance_uu_m2_s2", 25.0),
    ];
    for (name, value) in wanted {
        assert!((singles(&batch, name)[0] - value).abs() < 1e-5, "{name}: {:?}", singles(&batch, name));
    }
    Ok(())
}

#[test]
fn what_the_levels_never_grant_is_absent_and_what_a_row_omits_is_null() -> Outcome {
    let owners = owners();
    for frame in FRAMES {
        for field in Field::ALL {
            let granted = all().into_iter().filter(|&other| other != field).collect::<Fields>();
            let batch = picture_batch(frame, &granted, [(row(1, place(frame, 1), &owners), &Obligations::default())])?;
            let found = batch.schema().fields().iter().map(|field| field.name().clone()).collect::<Vec<_>>();
            let wanted =
                columns(frame).iter().filter(|column| column.of == Of::Every && !column.fields.contains(&field));
            assert_eq!(found, wanted.map(|column| column.name).collect::<Vec<_>>(), "{field:?}");

            let cut = Obligations { coarsen_m: None, omit: [field].into(), ..Obligations::default() };
            let full = Obligations::default();
            let rows = [(row(1, place(frame, 1), &owners), &cut), (row(2, place(frame, 2), &owners), &full)];
            let batch = picture_batch(frame, &all(), rows)?;
            for column in columns(frame).iter().filter(|column| column.of == Of::Every) {
                let nulls = (0..2).map(|row| batch[column.name].is_null(row)).collect::<Vec<_>>();
                assert_eq!(nulls, [column.fields.contains(&field), false], "{}", column.name);
            }
        }
    }
    Ok(())
}

#[test]
fn what_is_withheld_moves_no_byte() -> Outcome {
    let folder = TempDir::new()?;
    let owners = owners();
    // Two rows that differ only in what the cut withholds: place in the cell (by sign too), velocity, contributors, holders.
    let cut = Obligations {
        coarsen_m: Some(500.0),
        omit: [Field::Velocity, Field::Contributors, Field::Holders].into(),
        ..Obligations::default()
    };
    let north = |metres: f64| Geodetic { latitude_deg: metres / 111e3, longitude_deg: 8.0, altitude_m: metres }.ecef();
    for (frame, one, other) in
        [(Frame::Local, [1.0, -2.0, 0.5], [-1.0, 200.0, -200.0]), (Frame::Geodetic, north(3.0), north(-7.0))]
    {
        let write =
            |name: &str, position_m, hidden: &[String], cut: &Obligations| -> Result<_, Box<dyn std::error::Error>> {
                let out = folder.path().join(name);
                let staging = Staging::create(&out)?;
                let mut writer = staging.picture("alpha", frame, &all())?;
                let mut row = row(1, position_m, hidden);
                row.authorities = &[];
                row.velocity_m_s = position_m;
                writer.write(&row, cut)?;
                writer.finish(&made(&configuration()))?;
                staging.publish()?;
                Ok(contents(&out.join("alpha"))?)
            };
        assert_eq!(write("one", one, &owners, &cut)?, write("other", other, &[], &cut)?, "{frame:?}");
        let less = Obligations { coarsen_m: None, ..cut.clone() };
        assert_ne!(
            write("one", one, &owners, &less)?,
            write("other", other, &[], &less)?,
            "{frame:?}: a leak went unseen"
        );
    }
    Ok(())
}

#[test]
fn numbers_that_no_picture_can_hold_are_refused_with_row_and_column() -> Outcome {
    let good = row(0, place(Frame::Geodetic, 3), &[]);
    let bad_velocity = Row { velocity_m_s: [0.0, f64::INFINITY, 0.0], ..good };
    let mut big = good;
    big.covariance[1][1] = 1e300;
    let cases = [
        (Row { position_m: [f64::NAN, 0.0, 0.0], ..good }, Obligations::default(), "column `latitude_deg`: found NaN"),
        (Row { position_m: [0.0; 3], ..good }, Obligations::default(), "column `latitude_deg`: found 180"),
        (bad_velocity, Obligations::default(), "column `velocity_"),
        (big, Obligations::default(), "wanted a finite number of 32 bits"),
        (Row { existence: 1.5, ..good }, Obligations::default(), "column `existence`: found 1.5, wanted a probability"),
        (good, coarse(0.0), "column `coarsen_m`: found 0, wanted"),
        (good, coarse(-5.0), "column `coarsen_m`: found -5, wanted"),
        (good, coarse(f64::NAN), "column `coarsen_m`: found NaN, wanted"),
        (good, coarse(1e9), "column `coarsen_m`: found 1000000000, wanted"),
    ];
    let fine = Obligations::default();
    for (bad, cut, wanted) in cases {
        let error =
            picture_batch(Frame::Geodetic, &all(), [(good, &fine), (bad, &cut)]).err().ok_or(wanted)?.to_string();
        assert!(error.contains("picture `in memory`, row 2,") && error.contains(wanted), "{error}");
    }
    let omitted = Obligations { coarsen_m: None, omit: [Field::Velocity].into(), ..Obligations::default() };
    picture_batch(Frame::Geodetic, &all(), [(bad_velocity, &omitted)])?;
    Ok(())
}

#[test]
fn a_file_that_is_no_picture_is_refused_with_its_column() -> Outcome {
    let batch = picture_batch(Frame::Local, &all(), [(row(0, [0.0; 3], &[]), &Obligations::default())])?;
    let without = |name: &str| -> Result<RecordBatch, Box<dyn std::error::Error>> {
        let kept = (0..batch.num_columns()).filter(|&i| batch.schema().field(i).name() != name).collect::<Vec<_>>();
        Ok(batch.project(&kept)?)
    };
    for name in ["time", "track", "status", "x_m"] {
        let error = picture_points(&without(name)?).err().ok_or("a column is absent")?.to_string();
        assert!(error.contains(&format!("column `{name}`: found no such column, wanted")), "{error}");
    }
    assert_eq!(picture_points(&without("existence")?)?[0].existence, None);
    let folder = TempDir::new()?;
    assert!(matches!(read_picture(folder.path()), Err(ProductError::Io { .. })));
    fs::write(folder.path().join("tracks.parquet"), "no Parquet, but long enough to look into")?;
    assert!(matches!(read_picture(folder.path()), Err(ProductError::Parquet { .. })));
    Ok(())
}

#[test]
fn every_changed_byte_of_the_audit_is_found_at_its_line() -> Outcome {
    let folder = TempDir::new()?;
    let out = folder.path().join("out");
    let staging = Staging::create(&out)?;
    let mut audit = staging.audit()?;
    for number in 0..5 {
        audit.record(&json!({ "number": number, "text": "line\nbreak \"quoted\"" }))?;
    }
    let chain = audit.finish()?;
    staging.publish()?;
    let path = out.join("_operator/audit.jsonl");
    assert_eq!(verify_chain(&path)?, chain);
    assert_eq!(chain.lines, 5);

    // The documented rule, by hand, for the second line.
    let bytes = fs::read(&path)?;
    let lines = bytes.split(|&byte| byte == b'\n').collect::<Vec<_>>();
    let hash = sha256(&[lines[0], b"\n", &lines[1][76..]].concat());
    assert!(lines[1].starts_with(format!("{{\"chain\":\"{hash}\",\"entry\":").as_bytes()));

    let found_at = |bytes: &[u8]| -> Result<Option<u64>, std::io::Error> {
        fs::write(&path, bytes)?;
        Ok(match verify_chain(&path) {
            Err(ProductError::Chain { line, .. }) => Some(line),
            _ => None,
        })
    };
    let mut line = 1;
    for (at, &byte) in bytes.iter().enumerate() {
        let mut changed = bytes.clone();
        changed[at] = byte ^ 1;
        assert_eq!(found_at(&changed)?, Some(line), "byte {at}");
        line += u64::from(byte == b'\n');
    }
    let without_third = [lines[0], lines[1], lines[3], lines[4], b""].join(&b'\n');
    assert_eq!(found_at(&without_third)?, Some(3), "a removed line");
    let twice_second = [lines[0], lines[1], lines[1], lines[2], b""].join(&b'\n');
    assert_eq!(found_at(&twice_second)?, Some(3), "an added line");
    assert_eq!(found_at(&bytes[..bytes.len() - 1])?, Some(5), "a line without its end");
    Ok(())
}
