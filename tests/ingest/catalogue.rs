//! A wrong `recording.toml` is refused with its line, what was found and what was wanted.

use std::path::Path;

use trackweave::ingest::Catalogue;

use super::{LOCAL, assert_says};

#[test]
fn a_wrong_catalogue_is_refused_with_its_line() {
    let cases: &[(&str, &str, &[&str])] = &[
        ("name = \"bay\"", "nome = \"bay\"", &["recording.toml:2", "nome", "expected", "`name`"]),
        ("\"local\"", "\"lokal\"", &["recording.toml:3", "lokal", "`geodetic`", "`local`"]),
        ("\"seconds\"", "\"hours\"", &["recording.toml:4", "hours", "`timestamp`", "`seconds`"]),
        ("name = \"radar\"", "name = \"\"", &[":6: ", "`name` is empty"]),
        ("owner = \"north\"\n", "", &[":5: ", "missing field `owner`"]),
        ("kind = \"radar\"", "kind = \"sonar\"", &[":8: ", "sonar", "`position`", "`radar`"]),
        ("z_m = 0.0 }", "z_m = 0.0, h = 1 }", &[":9: ", "unknown field `h`"]),
        ("z_m = 0.0 }", "altitude_m = 0.0 }", &[":9: ", "sensor `radar`: `altitude_m` is there", "frame is local"]),
        ("site = { x_m = 0.0, y_m = 0.0, z_m = 0.0 }\n", "", &[":8: ", "`site` is missing", "site of the radar"]),
        ("range_m = 5.0, ", "", &[":10: ", "`range_m` is missing", "this kind of sensor needs it"]),
        ("range_m = 5.0", "range_m = 0.0", &[":10: ", "`range_m` is 0", "between 1e-6 and 1e9"]),
        ("range_m = 5.0", "range_m = \"5\"", &[":10: ", "expected f64"]),
        ("azimuth_deg = 0.5", "azimuth_deg = nan", &[":10: ", "`azimuth_deg` is NaN", "between 1e-6 and 60"]),
        ("azimuth_deg = 0.5", "azimuth_deg = 0.5, horizontal_m = 1", &[":10: ", "`horizontal_m`", "kind is radar"]),
        ("= 0.9", "= 1.01", &[":11: ", "`detection_probability` is 1.01", "above 0 and at most 1"]),
        ("= 0.9", "= 0", &[":11: ", "`detection_probability` is 0", "above 0 and at most 1"]),
        ("= 3", "= -3", &[":12: ", "`clutter_per_scan` is -3", "0 or more"]),
        ("= 3", "= inf", &[":12: ", "`clutter_per_scan` is inf"]),
        ("scan_period_s = 2.0", "scan_period_s = 1e-7", &[":13: ", "`scan_period_s` is 0.0000001", "0.000001"]),
        ("[0, 5e4]", "[5e4, 0]", &[":14: ", "`range_m` is [50000.0, 0.0]", "lo below hi"]),
        ("[0, 5e4]", "[-1, 5e4]", &[":14: ", "`range_m` is [-1.0, 50000.0]", "between 0 and 1e9"]),
        ("name = \"gps\"", "name = \"radar\"", &[":16: ", "the name of an earlier sensor", "a name of its own"]),
        ("kind = \"position\"", "kind = \"position\"\nsite = {}", &[":19: ", "`site` is there", "only a radar"]),
        ("horizontal_m = 2.0", "", &[":19: ", "`horizontal_m` is missing"]),
        ("x_m = [-1e4, 1e4], ", "", &[":23: ", "sensor `gps`: `x_m` is missing", "x_m and y_m"]),
        ("x_m = [-1e4, 1e4]", "longitude_deg = [1, 2]", &[":23: ", "`longitude_deg` is there", "frame is local"]),
        ("x_m = [-1e4", "range_m = [1, 2], x_m = [-1e4", &[":23: ", "`range_m` is there", "only a radar sees a ring"]),
        ("y_m = [-1e4, 1e4]", "y_m = [-1e4, 1e4], height_m = [5, 5]", &[":23: ", "`height_m` is [5.0, 5.0]"]),
        ("y_m = [-1e4, 1e4]", "y_m = [-1e4, 1e4, 0]", &[":23: ", "`y_m` is [-10000.0, 10000.0, 0.0]", "[lo, hi]"]),
        ("[[sensor]]", "[[sensor]", &["recording.toml:5"]),
    ];
    for (right, wrong, pieces) in cases {
        assert!(LOCAL.contains(right), "{right}");
        let read = Catalogue::parse(&LOCAL.replacen(right, wrong, 1), Path::new("recording.toml"));
        let error = read.err().unwrap_or_else(|| panic!("taken: {wrong}"));
        assert_says(&error, pieces);
    }
    let error = Catalogue::parse("name = 'a'\nframe = 'local'\ntime = 'seconds'", Path::new("r.toml")).unwrap_err();
    assert_says(&error, &["`sensor` is missing", "at least one [[sensor]]"]);
    assert_says(&Catalogue::read(Path::new("/nowhere")).unwrap_err(), &["/nowhere/recording.toml", "cannot be read"]);
}
