//! Sensors that rows name and the catalogue lacks are read by what their rows fill, and an entry is proposed.

use super::world::{PLAIN, SKY, Timing, True, look, near, record};
use std::fs;
use std::path::Path;
use trackweave::ingest::{Catalogue, Recording};
use trackweave::inspect::Inspection;

const RADAR: True = True {
    name: "r",
    timing: Timing::Beam,
    period_s: 6.0,
    sigma_m: 0.0,
    polar: Some([45.0, 0.1, 0.0, 0.0]),
    false_rows: 5.0,
    ..PLAIN
};

/// A recording whose catalogue keeps what stands before `cut`, or does not exist.
fn without(cut: Option<&str>, folder: &Path) -> Inspection {
    record(&SKY, &[PLAIN, RADAR], folder);
    let path = folder.join("recording.toml");
    match cut {
        Some(cut) => {
            let text = fs::read_to_string(&path).expect("a file");
            let end = text.find(cut).expect("what is cut");
            fs::write(&path, &text[..end]).expect("a file");
        }
        None => fs::remove_file(&path).expect("a file"),
    }
    look(folder)
}

fn is_described(found: &Inspection) {
    let [a, r] = &found.sensors[..] else { panic!("two sensors: {:?}", found.sensors) };
    assert_eq!((a.kind, r.kind), ("position", "radar"));
    near("the radar's period", r.interval.expect("a period").median_s, 6.0, 0.2);
    near("its noise", r.figures.noise.range_m.expect("noise").value, 45.0, 6.0);
    near("its azimuths", r.figures.noise.azimuth_deg.expect("noise").value, 0.1, 0.02);
    near("its P_D", r.figures.detection_probability.expect("one").value, 0.8, 0.05);
    // Where it stands is not known: it is in no pair, and nowhere.
    assert!(!r.is_listed && r.extent.is_none() && found.pairs.is_empty(), "{found:?}");
    assert_eq!(found.ingest.rejected.values().sum::<u64>(), 0);
    let per_km2 = found.configuration.as_ref().and_then(|proposal| proposal.seen.per_km2).expect("a density");
    near("objects a square kilometre", per_km2, 25.0 / 4e4, 3e-4);
}

fn told<'a>(found: &'a Inspection, at: &str) -> &'a str {
    let remark = found.remarks.iter().find(|remark| remark.at == at);
    &remark.unwrap_or_else(|| panic!("nothing of {at}: {:?}", found.remarks)).found
}

#[test]
fn a_sensor_that_the_catalogue_lacks_is_described_and_gets_an_entry() {
    let folder = tempfile::tempdir().expect("a folder");
    let found = without(Some("[[sensor]]\nname = \"r\""), folder.path());
    is_described(&found);
    assert!(found.sensors[0].is_listed);
    assert!(told(&found, "sensor `r`").contains("no entry in recording.toml"));
    let entries = found.catalogue.expect("entries");
    let entry = &entries[entries.find("[[sensor]]\nname = \"r\"").expect("an entry")..];
    for unknown in ["owner = \"unknown\"  # not known", "z_m = 0.0 }  # not known"] {
        assert!(entry.contains(unknown), "{entry}");
    }
    // Pasted, it is read.
    let path = folder.path().join("recording.toml");
    let text = fs::read_to_string(&path).expect("a file") + entry;
    let catalogue = Catalogue::parse(&text, &path).expect("a catalogue");
    near("the proposed noise", catalogue.sensors[1].noise.range_m.expect("noise"), 45.0, 6.0);
    fs::write(&path, text).expect("a file");
    assert!(look(folder.path()).sensors.iter().all(|sensor| sensor.is_listed));
    // Without its entry a run wants it.
    fs::write(&path, "name = \"m\"\nframe = \"local\"\ntime = \"seconds\"\n").expect("a file");
    assert!(Recording::open(folder.path()).is_err());
}

#[test]
fn a_recording_without_a_catalogue_gets_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let found = without(None, folder.path());
    is_described(&found);
    assert!(told(&found, "recording.toml").contains("there is none"));
    let path = folder.path().join("recording.toml");
    fs::write(&path, found.catalogue.expect("a catalogue")).expect("a file");
    let again = look(folder.path());
    assert!(again.sensors.iter().all(|sensor| sensor.is_listed) && again.frame == "local" && again.time == "seconds");
    // Neither does one that has a head alone need more.
    let found = without(Some("[[sensor]]"), folder.path());
    is_described(&found);
    assert_eq!(found.recording, "inspected");
}

#[test]
fn columns_and_times_tell_the_frame_and_what_times_are() {
    let folder = tempfile::tempdir().expect("a folder");
    let head = "time,sensor,latitude_deg,longitude_deg,altitude_m,sigma_horizontal_m\n".to_owned();
    let text = (0..60).fold(head, |text, k| {
        text + &format!("2024-05-01T10:00:{k:02}Z,gps,{},7.5,{}.0,12.5\n", 47.0 + 0.001 * f64::from(k), 900 + k)
    });
    fs::write(folder.path().join("detections.csv"), text).expect("a file");
    let found = look(folder.path());
    assert_eq!((found.frame, found.time, found.sensors.len()), ("geodetic", "timestamp", 1));
    let entry = found.catalogue.expect("a catalogue");
    assert!(
        entry.contains("horizontal_m = 12.5") && entry.contains("the mean of the rows' own: horizontal_m"),
        "{entry}"
    );
    Catalogue::parse(&entry, Path::new("proposed")).expect("a catalogue");
}

#[test]
fn what_is_wrong_otherwise_is_said_as_ever() {
    let folder = tempfile::tempdir().expect("a folder");
    record(&SKY, &[PLAIN], folder.path());
    let broken = |text: &str| {
        fs::write(folder.path().join("recording.toml"), text).expect("a file");
        let inspected = trackweave::inspect::inspect::<trackweave::ingest::IngestError>(folder.path(), &mut |_| Ok(()));
        inspected.expect_err("an error").to_string()
    };
    assert!(broken("name = \"m\"\nframe = \"flat\"\n").contains("recording.toml:2"));
    // A column of names that are none of sensors.
    let head = "time,sensor,x_m,y_m\n".to_owned();
    let text = (0..200).fold(head, |text, k| text + &format!("{k},s{k},0,0\n"));
    fs::write(folder.path().join("detections.csv"), text).expect("a file");
    assert!(broken("name = \"m\"\nframe = \"local\"\ntime = \"seconds\"\n").contains("more than 100 names"));
}
