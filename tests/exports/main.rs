//! Every format that other tools open, read back without the engine and held against `docs/exports.md`.
//!
//! `scripts/check-exports` opens the same files with readers of others.

mod scene; // a picture with everything that a format has to say
mod xml; // a reader of XML

use scene::{OWNERS, PLACE, Scene, TIME_US, export_again, publish};
use serde_json::Value;
use std::fs;
use std::path::Path;
use trackweave::export::{ExportError, Format, export};
use trackweave::product::{Expected, verify_seals};
use trackweave::space::Frame;

fn json(scene: &Scene, name: &str) -> Value {
    serde_json::from_str(&scene.text(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

fn near(found: f64, wanted: f64, tolerance: f64) {
    assert!((found - wanted).abs() <= tolerance, "{found}, wanted {wanted}");
}

#[test]
fn a_run_writes_them_beside_the_picture_and_the_manifest_lists_them() {
    let scene = Scene::geodetic();
    let manifest: Value = json(&scene, "manifest.json");
    let listed: Vec<&str> =
        manifest["files"].as_array().expect("files").iter().filter_map(|f| f["name"].as_str()).collect();
    let mut wanted = vec!["audit.jsonl", "tracks.parquet"];
    let mut formats = Format::ALL.map(Format::file);
    formats.sort_unstable();
    wanted.extend(formats);
    assert_eq!(listed, wanted);
    let integrity = verify_seals(scene.out(), Expected::default()).expect("an output");
    assert_eq!((integrity.faults, integrity.files), (Vec::new(), 12));
    // A changed one is found, and so is one that is gone.
    let path = scene.folder().join("tracks.csv");
    let text = scene.text("tracks.csv");
    fs::write(&path, text.replacen("confirmed", "c0nfirmed", 1)).expect("a file is written");
    assert_eq!(verify_seals(scene.out(), Expected::default()).expect("an output").faults.len(), 1);
    fs::remove_file(&path).expect("a file is removed");
    assert_eq!(verify_seals(scene.out(), Expected::default()).expect("an output").faults.len(), 1);
}

#[test]
fn exports_of_a_finished_output_are_the_same_bytes_and_lie_elsewhere() {
    let scene = Scene::geodetic();
    let elsewhere = scene.beside("exports");
    let files = export(&scene.folder(), &Format::ALL, &elsewhere).expect("exports");
    assert_eq!(files.len(), Format::ALL.len());
    for file in Format::ALL.map(Format::file) {
        assert!(fs::read(elsewhere.join(file)).ok() == fs::read(scene.folder().join(file)).ok(), "{file} differs");
    }
    assert_eq!(verify_seals(scene.out(), Expected::default()).expect("an output").faults, []);
}

#[test]
fn nothing_is_added_to_an_output_and_nothing_is_replaced() {
    let scene = Scene::geodetic();
    let refused = |picture: &Path, out: &Path| export(picture, &[Format::Csv], out).expect_err("refused").to_string();
    for inside in ["alpha", "alpha/exports", "new", "_operator/exports"] {
        let message = refused(&scene.folder(), &scene.out().join(inside));
        assert!(message.contains("a path in the output"), "{message}");
    }
    #[cfg(unix)]
    {
        let link = scene.beside("link");
        std::os::unix::fs::symlink(scene.out(), &link).expect("a link");
        assert!(refused(&scene.folder(), &link.join("exports")).contains("a path in the output"));
    }
    let taken = scene.beside("taken");
    fs::create_dir(&taken).expect("a folder");
    fs::write(taken.join("mine.txt"), "mine").expect("a file");
    assert!(refused(&scene.folder(), &taken).contains("holds something"));
    // What is exported must be what a run wrote.
    assert!(refused(scene.out(), &scene.beside("a")).contains("the folder of one partner"));
    let path = scene.folder().join("tracks.parquet");
    let mut bytes = fs::read(&path).expect("a table");
    bytes[100] ^= 1;
    fs::write(&path, bytes).expect("a table is written");
    assert!(refused(&scene.folder(), &scene.beside("b")).contains("tracks.parquet: found SHA-256"));
    assert!(!scene.beside("b").exists(), "nothing is left of what failed");
}

#[test]
fn a_local_picture_has_the_formats_in_metres() {
    let local = Scene::of(Frame::Local, &[Format::Csv, Format::Mot]);
    assert!(local.text("tracks.csv").starts_with("time,track,status,x_m,y_m,z_m,existence,velocity_x_m_s,"));
    assert!(
        local.text("tracks.csv").lines().nth(1).expect("a row").starts_with(&format!("{TIME_US},7,confirmed,100,"))
    );
    let [x, y, z] = scene::LOCAL_PLACE;
    assert_eq!(
        local.text("tracks.mot.txt").lines().next(),
        Some(&*format!("1,1,-1,-1,-1,-1,0.75,{x:.3},{y:.3},{z:.3}"))
    );
    for format in Format::ALL.into_iter().filter(|format| ![Format::Csv, Format::Mot].contains(format)) {
        let refused = export(&local.folder(), &[Format::Csv, format], &local.beside("a"));
        assert!(matches!(refused, Err(ExportError::Frame { format: named }) if named == format), "{refused:?}");
    }
}

#[test]
fn geojson_has_a_point_a_row_and_every_column() {
    let scene = Scene::geodetic();
    let found = json(&scene, "tracks.geojson");
    let features = found["features"].as_array().expect("features");
    assert_eq!(features.len(), scene.rows());
    let [first, withheld] = [0, 2].map(|row| &features[row]);
    assert_eq!(first["geometry"]["type"], "Point");
    for (found, wanted) in
        first["geometry"]["coordinates"].as_array().expect("a place").iter().zip([8.25, 47.5, 1000.0])
    {
        near(number(found), wanted, 1e-7);
    }
    let of = &first["properties"];
    assert_eq!((&of["time"], &of["track"]), (&"2018-08-01T05:27:30.5Z".into(), &"7".into()));
    assert_eq!((&of["existence"], &of["identity"]), (&0.75.into(), &"4b1814".into()));
    assert_eq!(of["contributors"], Value::from(OWNERS.to_vec()));
    assert_eq!(of["authorities"], Value::from(vec![OWNERS[0]]));
    near(number(&of["velocity_north_m_s"]), 40.0, 1e-5);
    let of = &withheld["properties"];
    for name in ["existence", "velocity_up_m_s", "position_covariance_ee_m2", "contributors", "holders", "identity"] {
        assert!(of.get(name).is_some_and(Value::is_null), "{name} is withheld: {of}");
    }
    assert_eq!(of["authorities"], Value::from(vec![OWNERS[0]]));
}

#[test]
fn trips_have_whole_milliseconds_and_end_at_the_antimeridian() {
    let scene = Scene::geodetic();
    let found = json(&scene, "trips.geojson");
    // The track of one row is no line.
    assert_eq!(found["left_out"], 1);
    let features = found["features"].as_array().expect("features");
    let named = features.iter().map(|feature| (&feature["properties"]["track"], &feature["properties"]["part"]));
    let wanted = [("7", 0), ("10", 0), ("10", 1)].map(|(track, part)| (Value::from(track), Value::from(part)));
    assert_eq!(named.collect::<Vec<_>>(), wanted.iter().map(|(track, part)| (track, part)).collect::<Vec<_>>());
    for feature in features {
        let line = feature["geometry"]["coordinates"].as_array().expect("a line");
        assert!(line.len() >= 3 && line.iter().all(|place| place[3].is_i64()), "{line:?}");
        let longitudes = line.iter().map(|place| number(&place[0]));
        assert!(
            longitudes.clone().all(|it| it > 0.0) || longitudes.clone().all(|it| it < 0.0),
            "a line around the Earth"
        );
    }
    assert_eq!(features[0]["geometry"]["coordinates"][0][3], TIME_US / 1000);
}

#[test]
fn csv_has_every_column_and_empty_cells_where_something_is_withheld() {
    let scene = Scene::geodetic();
    let lines = scene::csv(&scene.text("tracks.csv"));
    assert_eq!(lines.len(), scene.rows() + 1);
    let cell = |row: usize, name: &str| {
        let column = lines[0].iter().position(|column| column == name).unwrap_or_else(|| panic!("column {name}"));
        lines[row + 1][column].as_str()
    };
    assert_eq!((cell(0, "time"), cell(0, "track"), cell(0, "existence")), ("2018-08-01T05:27:30.5Z", "7", "0.75"));
    let list: Vec<String> = serde_json::from_str(cell(0, "contributors")).expect("a list");
    assert_eq!(list, OWNERS);
    near(cell(0, "latitude_deg").parse().expect("a number"), 47.5, 1e-9);
    for name in ["existence", "velocity_up_m_s", "position_covariance_ee_m2", "contributors", "holders", "identity"] {
        assert_eq!(cell(2, name), "", "{name}");
    }
    assert_eq!(cell(1, "identity"), "", "a track that sends nothing has no address");
    assert_eq!(cell(1, "holders"), "[]", "nobody may do anything, which is told from what is withheld");
}

#[test]
fn kml_has_a_track_with_times_and_places() {
    let scene = Scene::geodetic();
    let document = xml::read(&scene.text("tracks.kml"));
    let marks = document.all("Placemark");
    assert_eq!(marks.iter().map(|mark| mark.one("name").text.as_str()).collect::<Vec<_>>(), ["7", "9", "10"]);
    let times: Vec<&str> = marks[0].all("when").iter().map(|when| when.text.as_str()).collect();
    assert_eq!(times, ["2018-08-01T05:27:30.5Z", "2018-08-01T05:27:40.5Z", "2018-08-01T05:27:50.5Z"]);
    assert_eq!(marks[0].all("gx:coord")[0].text, "8.2500000 47.5000000 1000.00");
    let values: Vec<Vec<&str>> = marks[0]
        .all("gx:SimpleArrayData")
        .iter()
        .map(|data| data.all("gx:value").iter().map(|value| value.text.as_str()).collect())
        .collect();
    assert_eq!(values, [["confirmed"; 3], ["0.75", "", "0.75"]]);
    // A line of one place is none.
    assert!(marks[1].all("gx:Track").is_empty());
    assert_eq!(marks[1].one("when").text, "2018-08-01T05:27:30.5Z");
    assert_eq!(marks[1].one("coordinates").text, "8.5000000,47.5000000,1000.00");
    let data = marks[1].all("Data").into_iter().map(|data| (data.attribute("name"), data.one("value").text.as_str()));
    assert_eq!(data.collect::<Vec<_>>(), [("status", "tentative"), ("existence", "0.75")]);
}

#[test]
fn czml_has_circles_only_where_every_covariance_is_known() {
    let scene = Scene::geodetic();
    let found = json(&scene, "tracks.czml");
    let packets = found.as_array().expect("packets");
    assert_eq!((&packets[0]["id"], &packets[0]["version"]), (&"document".into(), &"1.0".into()));
    assert_eq!(packets[0]["clock"]["currentTime"], "2018-08-01T05:27:30.5Z");
    let ids: Vec<&str> = packets[1..].iter().filter_map(|packet| packet["id"].as_str()).collect();
    assert_eq!(ids, ["7", "9", "10"]);
    let samples = packets[1]["position"]["cartographicDegrees"].as_array().expect("places");
    let samples: Vec<f64> = samples.iter().map(number).collect();
    assert_eq!(samples.len(), 12);
    assert_eq!((samples[0], samples[4], samples[8]), (0.0, 10.0, 20.0));
    assert!(packets[1].get("ellipse").is_none(), "one of its covariances is withheld");
    near(number(&packets[3]["ellipse"]["semiMajorAxis"]["number"]), 3.0, 0.01);
}

#[test]
fn cursor_on_target_says_how_good_a_place_is_or_that_it_is_not_known() {
    let scene = Scene::geodetic();
    let text = scene.text("tracks.cot.xml");
    let document = xml::read(&text);
    let events = document.all("event");
    assert_eq!((events.len(), text.lines().count()), (scene.rows(), scene.rows() + 3));
    let of = |row: usize, name: &str| events[row].attribute(name);
    assert_eq!((of(0, "uid"), of(0, "type"), of(0, "how")), ("trackweave.7", "a-u-X", "m-f"));
    assert_eq!((of(0, "time"), of(0, "stale")), ("2018-08-01T05:27:30.5Z", "2018-08-01T05:28:00.5Z"));
    let point = events[0].one("point");
    assert_eq!(
        ["lat", "lon", "hae", "ce", "le"].map(|name| point.attribute(name)),
        ["47.5000000", "8.2500000", "1000.00", "3.00", "3.00"]
    );
    assert_eq!(
        (events[0].one("track").attribute("speed"), events[0].one("track").attribute("course")),
        ("50.00", "36.87")
    );
    assert_eq!(events[0].one("contact").attribute("callsign"), "4b1814");
    let texts = |row: usize, name: &str| events[row].all(name).iter().map(|it| it.text.clone()).collect::<Vec<_>>();
    assert_eq!(
        (texts(0, "contributor"), texts(0, "authority")),
        (OWNERS.map(str::to_owned).to_vec(), vec![OWNERS[0].to_owned()])
    );
    let point = events[2].one("point");
    assert_eq!((point.attribute("ce"), point.attribute("le")), ("9999999.0", "9999999.0"));
    assert!(events[2].all("track").is_empty() && events[2].all("contact").is_empty(), "what is withheld is left out");
    assert!(texts(2, "contributor").is_empty() && !events[2].one("__trackweave").has("existence"));
    // The coarse row is known to no better than its cell: 10 km over the root of 12, and a little.
    let ce: f64 = events[4].one("point").attribute("ce").parse().expect("a number");
    assert!((10_000.0 / 12_f64.sqrt()..3500.0).contains(&ce), "{ce}");
}

#[test]
fn cat_062_is_right_to_the_byte() {
    let scene = Scene::geodetic();
    let bytes = fs::read(scene.folder().join("tracks.ast")).expect("a file");
    // Items 010, 070, 105, 185; 380, 040, 080; 130, 220; 500. 05:27:30.5 are 2,515,264 of 1/128 s. 47.5° are 8854641.8
    // of 180/2^25, 8.25° 1537911.5; 30 and 40 m/s 120 and 160 quarters; 1000 m 524.9 of 6.25 ft; 2.54 m/s 80 of 6.25 ft
    // a minute; 3 m 5.06 of 180/2^25 of latitude, 7.49 of longitude, 1.57 of 6.25 ft.
    let first = [
        &[0x9b, 0x1d, 0x15, 0x04][..],
        &[0, 0],
        &[0x26, 0x61, 0x40],
        &8_854_642_i32.to_be_bytes(),
        &1_537_911_i32.to_be_bytes(),
        &[0, 120, 0, 160],
        &[0x80, 0x4b, 0x18, 0x14],
        &[0, 1],
        &[0x21, 0x20],
        &[0x02, 0x0d],
        &[0, 80],
        &[0x30, 0, 6, 0, 8, 2],
    ]
    .concat();
    let length = usize::from(u16::from_be_bytes([bytes[1], bytes[2]]));
    assert_eq!(bytes[0], 62);
    assert_eq!(&bytes[3..3 + first.len()], first, "the first record");
    assert_eq!(length, 3 + 2 * first.len() - 4, "two tracks have the first time, one of them without an address");
    // The second time has the row of which much is withheld: no velocity, no climb, no accuracy, no address; track 1.
    let second = &bytes[length..];
    let wanted = [&[0x99, 0x0d, 0x10, 0, 0, 0x26, 0x66, 0x40][..], &8_854_642_i32.to_be_bytes()].concat();
    assert_eq!((second[0], &second[3..3 + wanted.len()]), (62, &*wanted));
    assert_eq!(&second[3 + 16..3 + 22], &[0, 1, 0x21, 0, 0x02, 0x0d]);
}

#[test]
fn mot_counts_frames_and_tracks_from_one_in_metres() {
    let scene = Scene::geodetic();
    let lines: Vec<Vec<f64>> = scene
        .text("tracks.mot.txt")
        .lines()
        .map(|line| line.split(',').map(|number| number.parse().expect("a number")).collect())
        .collect();
    assert_eq!(lines.len(), scene.rows());
    let keys: Vec<[f64; 2]> = lines.iter().map(|line| [line[0], line[1]]).collect();
    assert_eq!(keys[..5], [[1.0, 1.0], [1.0, 2.0], [2.0, 1.0], [2.0, 3.0], [3.0, 1.0]]);
    assert_eq!(lines[0][2..7], [-1.0, -1.0, -1.0, -1.0, 0.75]);
    near(lines[2][6], -1.0, 0.0);
    for (found, wanted) in lines[0][7..].iter().zip(PLACE.ecef()) {
        near(*found, wanted, 1e-3);
    }
}

#[test]
fn ephemerides_have_states_and_say_which_ones_they_lack() {
    let scene = Scene::geodetic();
    let text = scene.text("tracks.oem");
    assert!(text.starts_with("CCSDS_OEM_VERS = 2.0\nCREATION_DATE = 2018-08-01T05:28:30.5\nORIGINATOR = TRACKWEAVE\n"));
    let segments: Vec<&str> = text.split("\nMETA_START\n").skip(1).collect();
    assert_eq!(segments.len(), 3);
    assert!(segments[0].contains("OBJECT_NAME = 7\n") && segments[0].contains("REF_FRAME = ITRF2000\n"));
    assert!(segments[0].contains("COMMENT 1 states without a velocity are left out\n"), "{}", segments[0]);
    assert!(!segments[2].contains("COMMENT"));
    let states: Vec<&str> = segments[0].lines().filter(|line| line.starts_with("2018")).collect();
    assert_eq!(states.len(), 2);
    let (time, state) = states[0].split_once(' ').expect("a state");
    assert_eq!(time, "2018-08-01T05:27:30.5");
    let state: Vec<f64> = state.split(' ').map(|number| number.parse().expect("a number")).collect();
    for (found, wanted) in state.iter().zip(PLACE.ecef().into_iter().chain(scene::velocity())) {
        near(*found, wanted / 1000.0, 1e-6);
    }
}

#[test]
fn the_style_of_4676_has_authority_as_an_extension() {
    let scene = Scene::geodetic();
    let document = xml::read(&scene.text("tracks.4676.xml"));
    let tracks = document.all("tracks");
    assert_eq!(tracks.iter().map(|it| it.one("trackNumber").text.as_str()).collect::<Vec<_>>(), ["7", "9", "10"]);
    let uuid = &tracks[0].one("trackUUID").text;
    let bytes: Vec<&str> = uuid.split('-').collect();
    assert_eq!(bytes.iter().map(|part| part.len()).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
    assert!(bytes[2].starts_with('8') && bytes[3].starts_with(['8', '9', 'a', 'b']), "{uuid}");
    let items = tracks[0].all("items");
    assert_eq!(items.len(), 3);
    assert_eq!(items[0].one("trackItemTime").text, "2018-08-01T05:27:30.5Z");
    near(items[0].one("velx").text.parse().expect("a number"), 30.0, 1e-5);
    near(items[0].one("covPosxPosx").text.parse().expect("a number"), 9.0, 1e-5);
    assert_eq!(items[0].one("tw:authority").text, OWNERS[0]);
    assert!(items[1].all("velx").is_empty() && items[1].all("covPosxPosx").is_empty(), "what is withheld is left out");
    assert!(items[1].all("tw:existence").is_empty() && items[1].all("tw:contributor").is_empty());
}

/// More rows than are held at once: tracks come in groups, each whole.
#[test]
fn a_picture_of_more_rows_than_are_held_has_all_tracks_whole() {
    let (folder, rows) = (tempfile::tempdir().expect("a folder"), 140_000);
    let out = folder.path().join("out");
    publish(&out, Frame::Geodetic, &[], |write| {
        for number in 0..rows {
            for track in [3, 1, 2] {
                write(&scene::plain(track, TIME_US + number * 1000));
            }
        }
    });
    let to = folder.path().join("exports");
    let files = export(&out.join("alpha"), &[Format::Oem], &to).expect("exports");
    assert_eq!(files.len(), 1);
    let text = fs::read_to_string(to.join("tracks.oem")).expect("a file");
    let segments: Vec<(&str, usize)> = text
        .split("OBJECT_NAME = ")
        .skip(1)
        .map(|it| (it.lines().next().unwrap_or(""), it.lines().filter(|line| line.starts_with("2018")).count()))
        .collect();
    let rows = usize::try_from(rows).expect("a number");
    assert_eq!(segments, [("1", rows), ("2", rows), ("3", rows)]);
}

#[test]
fn an_empty_picture_has_empty_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    publish(&out, Frame::Geodetic, &Format::ALL, |_| {});
    let text = |name: &str| fs::read_to_string(out.join("alpha").join(name)).expect("a file");
    assert_eq!(text("tracks.csv").lines().count(), 1);
    for name in ["tracks.geojson", "trips.geojson", "tracks.czml"] {
        serde_json::from_str::<Value>(&text(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    for name in ["tracks.kml", "tracks.cot.xml", "tracks.4676.xml"] {
        xml::read(&text(name));
    }
    assert_eq!((text("tracks.ast"), text("tracks.mot.txt")), (String::new(), String::new()));
    assert_eq!(export_again(&out).len(), Format::ALL.len());
}

/// Numbers of 16 bits go round, and a number is never two tracks' at one time.
#[test]
fn more_tracks_than_cat_062_can_number_at_a_time_are_an_error_and_one_after_the_other_are_none() {
    let folder = tempfile::tempdir().expect("a folder");
    let (many, turns) = (folder.path().join("many"), folder.path().join("turns"));
    publish(&many, Frame::Geodetic, &[], |write| {
        for time_us in [TIME_US, TIME_US + 1] {
            (0..65_536).for_each(|track| write(&scene::plain(track, time_us)));
        }
    });
    let refused = export(&many.join("alpha"), &[Format::Asterix], &folder.path().join("a"));
    assert!(matches!(refused, Err(ExportError::TooManyTracks)), "{refused:?}");
    publish(&turns, Frame::Geodetic, &[Format::Asterix], |write| {
        for track in 0..65_537_u32 {
            write(&scene::plain(u64::from(track), TIME_US + i64::from(track)));
        }
    });
    let bytes = fs::read(turns.join("alpha/tracks.ast")).expect("a file");
    // Each record says that its track begins and ends, and has a block of its own; the last has the first number again.
    let block = bytes.len() / 65_537;
    let number = |row: usize| u16::from_be_bytes([bytes[row * block + 24], bytes[row * block + 25]]);
    assert_eq!((bytes.len() % 65_537, number(0), number(65_534), number(65_535), number(65_536)), (0, 1, 65_535, 1, 2));
    assert!((0..65_537).all(|row| bytes[row * block + 26..row * block + 28] == [0x21, 0x60]), "begun and ended");
}
