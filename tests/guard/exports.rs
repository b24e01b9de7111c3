//! Leaks planted in exports: of `slant`, who has everything, and of `tall`, whose places are coarse and who has neither
//! existence nor velocities, covariances or contributors.

use super::globe;
use super::plants::{Plant, plant_in};
use super::scene::Scene;
use std::fs;
use trackweave::guard::Beyond;

const fn planted(name: &'static str, sow: fn(&Scene)) -> Plant {
    plant_in(name, Beyond::Export, globe::exported, sow)
}

pub(crate) const PLANTS: &[Plant] = &[
    planted("a row that the picture lacks, in GeoJSON", |scene| {
        lines(scene, "tracks.geojson", |lines| twice(lines, 1));
    }),
    planted("a place finer than the picture's, in GeoJSON", |scene| {
        finer(scene, "tracks.geojson", "\"coordinates\":[", ",");
    }),
    planted("a withheld velocity, in GeoJSON", |scene| {
        replace(scene, "tracks.geojson", "\"velocity_up_m_s\":null", "\"velocity_up_m_s\":3.5");
    }),
    planted("a position that the picture lacks, in a trip", |scene| {
        replace(scene, "trips.geojson", "\"coordinates\":[", "\"coordinates\":[[10.0000000,50.0000000,9000.00,1000],");
    }),
    planted("a place finer than the picture's, in a trip", |scene| {
        finer(scene, "trips.geojson", "\"coordinates\":[[", ",");
    }),
    planted("a withheld existence, in a trip", |scene| {
        replace(scene, "trips.geojson", "\"part\":0", "\"part\":0,\"existence\":0.75");
    }),
    planted("a row that the picture lacks, in CSV", |scene| lines(scene, "tracks.csv", |lines| twice(lines, 1))),
    planted("a place finer than the picture's, in CSV", |scene| {
        lines(scene, "tracks.csv", |lines| {
            let mut cells: Vec<String> = lines[1].split(',').map(str::to_owned).collect();
            let place: f64 = cells[3].parse().expect("a latitude");
            cells[3] = (place + 0.0013).to_string();
            lines[1] = cells.join(",");
        });
    }),
    planted("a withheld existence, in CSV", |scene| {
        lines(scene, "tracks.csv", |lines| lines[1] = lines[1].replacen(",,", ",0.75,", 1));
    }),
    planted("a message in blanks, in CSV", |scene| lines(scene, "tracks.csv", |lines| lines[2].push(' '))),
    planted("a time that the picture lacks, in KML", |scene| {
        lines(scene, "tracks.kml", |lines| {
            let first = lines.iter().position(|line| line.starts_with("<when>")).expect("a time");
            twice(lines, first);
        });
    }),
    planted("a place finer than the picture's, in KML", |scene| finer(scene, "tracks.kml", "<gx:coord>", " ")),
    planted("a withheld existence, in KML", |scene| {
        replace(scene, "tracks.kml", "<gx:value></gx:value>", "<gx:value>0.75</gx:value>");
    }),
    planted("a position that the picture lacks, in CZML", |scene| {
        replace(scene, "tracks.czml", "\"cartographicDegrees\":[", "\"cartographicDegrees\":[-1.000000,10,50,9000,");
    }),
    planted("a place finer than the picture's, in CZML", |scene| {
        finer(scene, "tracks.czml", "\"cartographicDegrees\":[0.000000,", ",");
    }),
    planted("a withheld covariance as an ellipse, in CZML", |scene| {
        let ellipse =
            "\"ellipse\":{\"semiMajorAxis\":{\"number\":35.00},\"semiMinorAxis\":{\"number\":35.00}},\"position\":";
        replace(scene, "tracks.czml", "\"position\":", ellipse);
    }),
    planted("an event that the picture lacks, in Cursor on Target", |scene| {
        lines(scene, "tracks.cot.xml", |lines| twice(lines, 2));
    }),
    planted("a place finer than the picture's, in Cursor on Target", |scene| {
        finer(scene, "tracks.cot.xml", "<point lat=\"", "\"");
    }),
    planted("a withheld covariance as an error, in Cursor on Target", |scene| {
        replace(scene, "tracks.cot.xml", "ce=\"9999999.0\"", "ce=\"35.00\"");
    }),
    planted("a withheld contributor, in Cursor on Target", |scene| {
        replace(scene, "tracks.cot.xml", "</__trackweave>", "<contributor>tall</contributor></__trackweave>");
    }),
    planted("a record that the picture lacks, in category 062", |scene| {
        bytes(scene, |bytes| {
            let block = usize::from(u16::from_be_bytes([bytes[1], bytes[2]]));
            let again = bytes[..block].to_vec();
            bytes.splice(0..0, again);
        });
    }),
    planted("a place finer than the picture's, in category 062", |scene| bytes(scene, |bytes| bytes[15] ^= 0x15)),
    planted("a withheld velocity, in category 062", |scene| {
        bytes(scene, |bytes| {
            // Item 185 behind item 105, and its bit in the field specification of the first record.
            let length = u16::from_be_bytes([bytes[1], bytes[2]]) + 4;
            bytes[1..3].copy_from_slice(&length.to_be_bytes());
            bytes[3] |= 2;
            bytes.splice(19..19, [0, 120, 0, 160]);
        });
    }),
    planted("a row that the picture lacks, in MOT", |scene| lines(scene, "tracks.mot.txt", |lines| twice(lines, 0))),
    planted("a place finer than the picture's, in MOT", |scene| {
        lines(scene, "tracks.mot.txt", |lines| lines[0].push('7'));
    }),
    planted("a withheld existence, in MOT", |scene| {
        replace(scene, "tracks.mot.txt", "1,1,-1,-1,-1,-1,-1,", "1,1,-1,-1,-1,-1,0.75,");
    }),
    planted("a withheld segment, in ephemerides", |scene| {
        let all = fs::read_to_string(scene.out().join("slant/tracks.oem")).expect("ephemerides");
        let segment = all.find("\nMETA_START").expect("a segment");
        scene.text("tall", "tracks.oem", |text| text + &all[segment..]);
    }),
    planted("a state that the picture lacks, in ephemerides", |scene| {
        scene.text("slant", "tracks.oem", |text| {
            let last = text.lines().last().expect("a state").to_owned();
            text + &last + "\n"
        });
    }),
    planted("a count of what was withheld, in ephemerides", |scene| {
        scene.text("slant", "tracks.oem", |text| text.replacen("META_STOP\n", "META_STOP\nCOMMENT 17 withheld\n", 1));
    }),
    planted("a point that the picture lacks, in the style of 4676", |scene| {
        scene.text("tall", "tracks.4676.xml", |text| {
            let (start, end) = (text.find("<items").expect("an item"), text.find("</items>\n").expect("its end") + 9);
            let item = text[start..end].to_owned();
            text.replacen(&item, &item.repeat(2), 1)
        });
    }),
    planted("a place finer than the picture's, in the style of 4676", |scene| {
        finer(scene, "tracks.4676.xml", "<latitude>", "<");
    }),
    planted("a withheld existence, in the style of 4676", |scene| {
        replace(scene, "tracks.4676.xml", "</tw:status>", "</tw:status><tw:existence>0.75</tw:existence>");
    }),
    planted("another partner's export", |scene| {
        fs::copy(scene.out().join("slant/tracks.csv"), scene.out().join("tall/tracks.csv")).expect("a copy");
        scene.remanifest("tall");
    }),
    plant_in("a format that no such recording has", Beyond::File, Scene::new, |scene| {
        fs::write(scene.out().join("fine/tracks.geojson"), "{}").expect("a file is written");
    }),
];

fn replace(scene: &Scene, file: &str, from: &str, to: &str) {
    scene.text("tall", file, |text| text.replacen(from, to, 1));
}

fn lines(scene: &Scene, file: &str, change: impl FnOnce(&mut Vec<String>)) {
    scene.text("tall", file, |text| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        change(&mut lines);
        lines.join("\n") + "\n"
    });
}

fn twice(lines: &mut Vec<String>, at: usize) {
    let line = lines[at].clone();
    lines.insert(at, line);
}

/// Puts the number between two texts somewhere else in its cell.
fn finer(scene: &Scene, file: &str, before: &str, after: &str) {
    scene.text("tall", file, |text| {
        let start = text.find(before).expect("a place") + before.len();
        let end = start + text[start..].find(after).expect("its end");
        let place: f64 = text[start..end].parse().expect("a number");
        format!("{}{:.7}{}", &text[..start], place + 0.0013, &text[end..])
    });
}

fn bytes(scene: &Scene, change: impl FnOnce(&mut Vec<u8>)) {
    let path = scene.out().join("tall/tracks.ast");
    let mut bytes = fs::read(&path).expect("a file");
    change(&mut bytes);
    fs::write(path, bytes).expect("a file is written");
    scene.remanifest("tall");
}
