//! Velocities that come with reported positions, against geometry worked by hand: their axes on Earth and in the plane, what
//! a row may say of them, and that a level that takes them away leaves no trace.

#[path = "common/guarded.rs"]
mod guarded;
#[path = "common/schema.rs"]
mod schema;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use tempfile::TempDir;
use trackweave::fusion::executor::Executor;
use trackweave::ingest::{Catalogue, Options, Order, Reader, Reason};
use trackweave::product::read_picture;
use trackweave::run::{Request, RunConfig, run};
use trackweave::scan::{Lane, Observation, Row, Scans};
use trackweave::sensor::{Fix, Level, Reading, Velocity, VelocityRows};
use trackweave::space::Geodetic;

fn catalogue(frame: &str, noise: &str) -> String {
    let coverage = match frame {
        "local" => "{ x_m = [-9e3, 9e3], y_m = [-9e3, 9e3], height_m = [-1e3, 1e4] }",
        _ => "{ longitude_deg = [80.0, 100.0], latitude_deg = [-10.0, 10.0], height_m = [-1e3, 2e4] }",
    };
    format!(
        "name = \"v\"\nframe = \"{frame}\"\ntime = \"seconds\"\n[[sensor]]\nname = \"ais\"\nowner = \"o\"\nkind = \"position\"\n\
         noise = {{ horizontal_m = 10.0, vertical_m = 10.0{noise} }}\ndetection_probability = 0.9\nclutter_per_scan = 0.1\n\
         looks = \"reports\"\nexpected_interval_s = 10.0\ncoverage = {coverage}\n"
    )
}

const NOISE: &str = ", speed_m_s = 0.5, course_deg = 2.0, velocity_m_s = 0.4, climb_m_s = 0.3";

/// The rows of velocity of one report: direction, rate and standard deviation.
fn rows(catalogue: &Catalogue, reading: &Reading) -> Vec<([f32; 3], f32, f32)> {
    let lane = Lane::open(catalogue, [0], 5e4).expect("a lane");
    let mut scans = Scans::new(catalogue, &lane, 0, 100.0);
    scans.push(Row::new(catalogue, 0, 0, reading, 0).expect("a row")).expect("one of the lane");
    scans.end(0);
    let mut observations: Vec<Observation> = Vec::new();
    scans.next_scan(0, &mut observations).expect("a scan").expect("one");
    let of = &observations[0];
    let rows = of.velocity.iter().zip(of.rates_m_s).take(of.rates as usize);
    rows.map(|(axis, rate)| (axis.direction, rate, axis.sigma)).collect()
}

fn near(found: [f32; 3], wanted: [f64; 3]) {
    let apart = found.iter().zip(wanted).map(|(found, wanted)| (f64::from(*found) - wanted).abs());
    assert!(apart.fold(0.0, f64::max) < 1e-6, "{found:?}, wanted {wanted:?}");
}

#[test]
fn on_earth_a_course_lies_in_the_horizontal_plane_of_the_place() {
    // At 90 degrees east on the equator: east is -x, north z, up y.
    let catalogue = Catalogue::parse(&catalogue("geodetic", NOISE), Path::new("c")).expect("a catalogue");
    let position = Geodetic { latitude_deg: 0.0, longitude_deg: 90.0, altitude_m: 0.0 };
    let fix = Fix::Geodetic { position, sigma_horizontal_m: 10.0, sigma_vertical_m: Some(10.0) };
    let course = |course_deg: f64, climb_m_s| {
        let course_rad = [course_deg, 2.0].map(f64::to_radians);
        let level = Some(Level::Course { speed_m_s: [20.0, 0.5], course_rad });
        rows(&catalogue, &Reading::Moving(fix, Velocity { level, climb_m_s }))
    };
    for (course_deg, along, left) in [
        (0.0, [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]),
        (90.0, [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0]),
        (180.0, [0.0, 0.0, -1.0], [-1.0, 0.0, 0.0]),
        (-90.0, [1.0, 0.0, 0.0], [0.0, 0.0, -1.0]),
        (30.0, [-0.5, 0.0, 0.75_f64.sqrt()], [0.75_f64.sqrt(), 0.0, 0.5]),
    ] {
        let found = course(course_deg, Some([-3.0, 0.3]));
        let [(first, speed, sigma), (second, across, wide), (third, climb, _)] = found[..] else { panic!("{found:?}") };
        near(first, along);
        near(second, left);
        near(third, [0.0, 1.0, 0.0]);
        assert_eq!((speed, across, climb), (20.0, 0.0, -3.0));
        assert!((sigma - 0.5).abs() < 1e-6 && (wide - 20.0 * 2.0_f32.to_radians()).abs() < 1e-5, "{sigma} {wide}");
    }
    assert_eq!(course(0.0, None).len(), 2, "no climb, no row");
    let level = Some(Level::Components { m_s: [3.0, 4.0], sigma_m_s: 0.4 });
    let found = rows(&catalogue, &Reading::Moving(fix, Velocity { level, climb_m_s: None }));
    near(found[0].0, [-1.0, 0.0, 0.0]);
    near(found[1].0, [0.0, 0.0, 1.0]);
    assert_eq!((found[0].1, found[1].1), (3.0, 4.0), "east and north");
}

/// A recording of some rows.
fn recording(frame: &str, noise: &str, header: &str, lines: &str) -> (TempDir, Catalogue) {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("recording.toml"), catalogue(frame, noise)).expect("a file");
    fs::write(folder.path().join("detections.csv"), format!("time,sensor,{header}\n{lines}")).expect("a file");
    let catalogue = Catalogue::read(folder.path()).expect("a catalogue");
    (folder, catalogue)
}

/// Velocities of rows that were taken, and why others were not.
type Taken = (Vec<Option<VelocityRows>>, Vec<Reason>);

/// What the reader makes of rows.
fn read(frame: &str, noise: &str, header: &str, lines: &str) -> Result<Taken, String> {
    let (folder, catalogue) = recording(frame, noise, header, lines);
    let options = Options { strict: false, rows_per_batch: 100, order: Order::Any };
    let mut reader = Reader::open(folder.path(), &catalogue, options).map_err(|error| error.to_string())?;
    let mut found = Vec::new();
    while let Some(batch) = reader.next_batch().map_err(|error| error.to_string())? {
        found.extend(batch.measurement.iter().map(|measurement| measurement.velocity));
    }
    Ok((found, reader.report().rejected.keys().copied().collect()))
}

#[test]
fn a_row_says_its_velocity_once_and_whole_or_not_at_all() {
    let header = "x_m,y_m,speed_m_s,course_deg,vx_m_s,vy_m_s,vz_m_s,sigma_speed_m_s,sigma_velocity_m_s";
    let rates = |line: &str| {
        let (rows, reasons) = read("local", NOISE, header, &format!("0,ais,1,2,{line}\n")).expect("a table");
        (rows.first().copied().flatten().map(|rows| rows.rates_m_s), reasons)
    };
    assert_eq!(rates("10,90,,,,,"), (Some([10.0, 0.0, 0.0]), vec![]));
    assert_eq!(rates(",,3,-4,,,"), (Some([3.0, -4.0, 0.0]), vec![]));
    assert_eq!(rates("10,90,,,2,,"), (Some([10.0, 0.0, 2.0]), vec![]));
    assert_eq!(rates(",,,,2,,"), (Some([0.0, 0.0, 2.0]), vec![]));
    assert_eq!(rates(",,,,,,"), (None, vec![]));
    for (line, reason) in [
        ("10,,,,,,", Reason::Missing),
        (",90,,,,,", Reason::Missing),
        (",,3,,,,", Reason::Missing),
        ("10,90,3,4,,,", Reason::OfAnotherKind),
        ("-1,90,,,,,", Reason::NegativeSpeed),
        ("1,361,,,,,", Reason::ImpossibleAzimuth),
        ("1,90,,,,0,", Reason::ImpossibleSigma),
        ("1e10,90,,,,,", Reason::BeyondLimits),
    ] {
        assert_eq!(rates(line), (None, vec![reason]), "{line}");
    }
    let (rows, _) =
        read("local", NOISE, header, "0,ais,1,2,10,90,,,,0.25,\n0,ais,1,2,,,1,1,,,0.125\n").expect("a table");
    let sigma: Vec<f32> = rows.into_iter().flatten().map(|rows| rows.sigma_m_s[0]).collect();
    assert_eq!(sigma, [0.25, 0.125], "a row's own");
    let error = read("local", "", header, "0,ais,1,2,10,90,,,,,\n").expect_err("no standard deviation");
    for part in ["line 2", "column `speed_m_s` has no standard deviation", "`noise.speed_m_s`", "`sigma_speed_m_s`"] {
        assert!(error.contains(part), "{error}");
    }
    let error = read("geodetic", NOISE, "latitude_deg,longitude_deg,altitude_m,vx_m_s", "").expect_err("another frame");
    assert!(error.contains("`vx_m_s` is unknown here") && error.contains("`east_m_s`"), "{error}");
}

/// The folders of partners that get all, no velocities, and coarse places, and where each has the object a second after its
/// first report: one that flies north-east at 100 m/s, and says that it has some speed.
fn pictures(speed: f64) -> BTreeMap<&'static str, (Vec<Vec<u8>>, [f64; 3])> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    for name in ["rec", "pol"] {
        fs::create_dir(path(name)).expect("a folder");
    }
    let detections: String = (0..20)
        .map(|t| {
            let [x, y] = [70.710_678 * f64::from(t) - 700.0, 70.710_678 * f64::from(t)];
            format!("{t},ais,{x:.3},{y:.3},{speed},45\n")
        })
        .collect::<Vec<_>>()
        .concat();
    let partners = ["all", "still", "coarse"];
    let rules: String = partners
        .iter()
        .zip(["fuse_full", "fuse_still", "fuse_coarse"])
        .map(|(id, level)| {
            format!("@id(\"{id}\") permit (principal == Partner::\"{id}\", action == Action::\"{level}\", resource);\n")
        })
        .collect::<Vec<_>>()
        .concat();
    for (name, text) in [
        ("rec/recording.toml", catalogue("local", NOISE)),
        ("rec/detections.csv", format!("time,sensor,x_m,y_m,speed_m_s,course_deg\n{detections}")),
        ("pol/schema.cedarschema", schema::schema(&["fuse_full", "fuse_still", "fuse_coarse"], &["receive_full"])),
        ("pol/partners.toml", partners.map(|id| format!("[[partner]]\nid = \"{id}\"\n")).concat()),
        (
            "pol/levels.toml",
            "fuse = [{ level = \"fuse_full\" }, { level = \"fuse_still\", omit = [\"velocity\"] }, \
             { level = \"fuse_coarse\", coarsen_m = 50 }]\nreceive = [{ level = \"receive_full\" }]\n"
                .to_owned(),
        ),
        (
            "pol/rules.cedar",
            format!("{rules}@id(\"receive\") permit (principal, action in Action::\"receive\", resource);\n"),
        ),
    ] {
        fs::write(path(name), text).expect("a file");
    }
    let text = include_str!("../data/config/air.toml")
        .replace("report_period_s = 10.0", "report_period_s = 0.5")
        .replace("cell_km = 10.0", "cell_km = 0.5");
    let config = RunConfig::parse(&text, Path::new("test")).expect("a configuration");
    let (recording, policy, out) = (path("rec"), path("pol"), path("out"));
    run(&Request::new(&recording, &policy, &out, &config), Executor::host(), &mut |_| {}).expect("a run");
    let [rows, _] = guarded::guarded([&recording, &policy, &out], &config);
    assert!(rows > 0);
    let of = |id: &'static str| {
        let files =
            ["tracks.parquet", "manifest.json", "audit.jsonl"].map(|name| fs::read(out.join(id).join(name)).unwrap());
        let points = read_picture(&out.join(id)).expect("a picture");
        let next = points.iter().find(|point| point.time_us == 1_500_000).expect("a row between two reports");
        (id, (files.to_vec(), next.position_m))
    };
    partners.map(of).into_iter().collect()
}

#[test]
fn a_level_that_takes_velocities_away_leaves_no_trace_of_them() {
    let (honest, other) = (pictures(100.0), pictures(60.0));
    let [x, y, _] = honest["all"].1;
    let wanted = [70.710_678 * 1.5 - 700.0, 70.710_678 * 1.5];
    assert!((x - wanted[0]).hypot(y - wanted[1]) < 1.0, "{x} {y}: where speed and course lead in half a second");
    assert_ne!(honest["all"].0, other["all"].0, "they count");
    for id in ["still", "coarse"] {
        assert_eq!(honest[id].0, other[id].0, "{id}");
    }
}
