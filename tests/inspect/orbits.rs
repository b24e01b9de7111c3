//! Objects far above the atmosphere fall freely; as fast ones below it do not.

use std::fs;
use std::path::Path;
use trackweave::run::RunConfig;

/// The configuration that is proposed for objects at a height, on great circles at a speed, each seen every five seconds.
fn proposed(height_m: f64, speed_m_s: f64) -> &'static str {
    let folder = tempfile::tempdir().expect("a folder");
    let catalogue = "name = \"m\"\nframe = \"geodetic\"\ntime = \"seconds\"\n[[sensor]]\nname = \"a\"\nowner = \"o\"\n\
         kind = \"position\"\nscan_period_s = 5.0\nnoise = { horizontal_m = 20.0, vertical_m = 20.0 }\n\
         detection_probability = 0.9\nclutter_per_scan = 0.1\n\
         coverage = { longitude_deg = [-20.0, 60.0], latitude_deg = [-40.0, 70.0] }\n";
    fs::write(folder.path().join("recording.toml"), catalogue).expect("a file");
    let mut text = "time,sensor,latitude_deg,longitude_deg,altitude_m\n".to_owned();
    for look in 0..60_i32 {
        for object in 0..4_i32 {
            let time_s = f64::from(5 * look + object) + 0.5;
            let along_deg = (speed_m_s * time_s / (6_371e3 + height_m)).to_degrees();
            let height_m = height_m + 500.0 * f64::from(object);
            let row = format!("{time_s},a,{},{},{height_m}\n", 10.0 + along_deg, 12.0 * f64::from(object));
            text += &row;
        }
    }
    fs::write(folder.path().join("detections.csv"), text).expect("a file");
    super::look(folder.path()).configuration.expect("a proposal").name
}

#[test]
fn what_is_above_the_atmosphere_is_proposed_to_fall_freely() {
    assert_eq!(proposed(500e3, 7_600.0), "orbits");
    assert_eq!(proposed(60e3, 7_600.0), "satellites");
    // And a run may have it so.
    RunConfig::chosen(Path::new("orbits")).expect("a configuration");
}
