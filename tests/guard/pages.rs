//! Leaks planted in pages for people: of `tall`, whose places are coarse and who has neither existence nor velocities,
//! covariances or contributors, and of `coarse` in a world of metres.

use super::globe;
use super::plants::{Plant, plant_in};
use super::scene::Scene;
use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{ArrayRef, Float32Array, RecordBatch, TimestampMicrosecondArray, UInt32Array, UInt64Array};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use parquet::arrow::ArrowWriter;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fs;
use std::sync::Arc;
use trackweave::guard::Beyond;
use trackweave::report::{Pages, partner_page};

/// What stands before the data of a page.
const START: &str = "<script id=\"data\" type=\"application/json\">";

const fn planted(name: &'static str, sow: fn(&Scene)) -> Plant {
    plant_in(name, Beyond::Page, globe::exported, sow)
}

pub(crate) const PLANTS: &[Plant] = &[
    planted("a row that the picture lacks, in the page", |scene| {
        picture(scene, |picture| {
            picture["rows"] = json!(picture["rows"].as_u64().expect("a number") + 1);
            recoded(&mut picture["tracks"]["counts"], "z", |codes| *codes.last_mut().expect("a track") += 1);
            for column in picture["columns"].as_object_mut().expect("columns").values_mut() {
                recoded(column, "z", |codes| codes.push(0));
            }
        });
    }),
    planted("a place finer than the picture's, in the page", |scene| {
        picture(scene, |picture| recoded(&mut picture["columns"]["longitude"], "z", |codes| codes[0] += 3));
    }),
    planted("a scale finer than the picture's, in the page", |scene| {
        picture(scene, |picture| {
            let column = &mut picture["columns"]["latitude"];
            column["scale"] = json!(1e-6);
            recoded(column, "z", |codes| codes.iter_mut().for_each(|code| *code *= 10));
        });
    }),
    planted("a time that no row has, in the page", |scene| {
        picture(scene, |picture| recoded(&mut picture["columns"]["time"], "z", |codes| codes[1] += 1));
    }),
    planted("a withheld velocity, in the page", |scene| {
        picture(scene, |picture| {
            let rows = usize::try_from(picture["rows"].as_u64().expect("rows")).expect("a number");
            picture["columns"]["speed"] = json!({ "order": 1, "scale": 0.1, "z": packed(&vec![0; rows]) });
        });
    }),
    planted("withheld contributors, in the page", |scene| {
        picture(scene, |picture| {
            let rows = usize::try_from(picture["rows"].as_u64().expect("rows")).expect("a number");
            let column = json!({ "order": 0, "scale": 1.0, "z": packed(&vec![0; rows]), "values": ["slant"] });
            picture["columns"]["contributors"] = column;
        });
    }),
    planted("a gap that the picture lacks, in the page", |scene| {
        picture(scene, |picture| {
            let rows = picture["rows"].as_i64().expect("rows");
            let column = &mut picture["columns"]["altitude"];
            recoded(column, "z", |codes| codes.truncate(codes.len() - 1));
            column["absent"] = json!(packed(&[rows - 1, 1]));
        });
    }),
    planted("a text of no row, in the page", |scene| {
        picture(scene, |picture| {
            let values = picture["columns"]["status"]["values"].as_array_mut().expect("texts");
            values.push(json!("lost"));
        });
    }),
    planted("bytes after the numbers of a column, in the page", |scene| {
        picture(scene, |picture| {
            let column = &mut picture["columns"]["altitude"];
            let mut bytes = STANDARD.decode(column["z"].as_str().expect("base64")).expect("base64");
            bytes.extend(b"a message");
            column["z"] = json!(STANDARD.encode(bytes));
        });
    }),
    planted("numbers after the last row, in the page", |scene| {
        picture(scene, |picture| recoded(&mut picture["columns"]["altitude"], "z", |codes| codes.extend([17, 23])));
    }),
    planted("a message in how numbers are deflated, in the page", |scene| {
        picture(scene, |picture| {
            let column = &mut picture["columns"]["latitude"];
            let bytes = STANDARD.decode(column["z"].as_str().expect("base64")).expect("base64");
            let bytes = miniz_oxide::inflate::decompress_to_vec(&bytes).expect("deflated bytes");
            column["z"] = json!(STANDARD.encode(miniz_oxide::deflate::compress_to_vec(&bytes, 0)));
        });
    }),
    planted("tracks counted over all lanes, in the page", |scene| {
        picture(scene, |picture| picture["tracks"]["ids"][0] = json!("4294967296000"));
    }),
    planted("a level that the audit does not name, in the page", |scene| {
        picture(scene, |picture| picture["levels"][0]["delay_s"] = json!(86_400.0));
    }),
    planted("another partner's name, in the summary of the page", |scene| {
        replace(scene, "tall’s edition", "tall’s edition, less than slant’s");
    }),
    planted("a count of all tracks, in the summary of the page", |scene| {
        replace(scene, "Your picture holds ", "Of all 40 tracks your picture holds ");
    }),
    planted("a comment, in the page", |scene| replace(scene, "<main id=\"app\">", "<!-- 17 --><main id=\"app\">")),
    planted("a time of writing, in the page", |scene| {
        replace(
            scene,
            "<meta name=\"referrer\"",
            "<meta name=\"date\" content=\"2026-05-01\">\n<meta name=\"referrer\"",
        );
    }),
    planted("another script, in the page", |scene| {
        replace(scene, "</body>", "<script>new Image().src = \"https://example.org\"</script>\n</body>");
    }),
    planted("a request that the page may make", |scene| replace(scene, "default-src 'none'", "default-src *")),
    planted("a rule of style that is no page's", |scene| replace(scene, "</style>", "#ledger{opacity:.17}</style>")),
    planted("a key that no page has", |scene| replace(scene, "{\"edition\":", "{\"withheld\":17,\"edition\":")),
    planted("a key twice, in the page", |scene| {
        replace(scene, "\"recording\":\"\"", "\"recording\":\"of slant\",\"recording\":\"\"");
    }),
    planted("a message in blanks, in the page", |scene| replace(scene, "\"recording\":\"\"", "\"recording\": \"\"")),
    planted("the name of the recording, in the page", |scene| {
        document(scene, |document| document["recording"] = json!("exercise"));
    }),
    planted("the span of all rows, in the page", |scene| {
        document(scene, |document| document["span"][1] = json!(document["span"][1].as_i64().expect("a time") + 1));
    }),
    planted("the configuration of another lane, in the page", |scene| {
        document(scene, |document| document["configuration"]["fusion"]["gate"] = json!(24.0));
    }),
    planted("digests of another's files, in the page", |scene| {
        document(scene, |document| document["digests"]["tall"]["tracks.parquet"] = json!("0".repeat(64)));
    }),
    planted("a digest for another partner, in the page", |scene| {
        document(scene, |document| document["digests"]["slant"] = document["digests"]["tall"].clone());
    }),
    planted("a count of withheld rows, in the ledger of the page", |scene| {
        document(scene, |document| {
            let parts = document["ledger"][0]["rows"]["parts"].as_array_mut().expect("parts");
            parts.push(json!({ "kind": "withheld", "count": 17, "reasons": [] }));
        });
    }),
    planted("a changed count, in the ledger of the page", |scene| {
        document(scene, |document| {
            let count = &mut document["ledger"][0]["rows"]["parts"][0]["count"];
            *count = json!(count.as_u64().expect("a count") - 1);
        });
    }),
    planted("another partner's line, in the audit of the page", |scene| {
        let other = fs::read_to_string(scene.out().join("slant/audit.jsonl")).expect("an audit");
        let line: Value = serde_json::from_str(other.lines().next().expect("a line")).expect("a line");
        document(scene, |document| document["audit"].as_array_mut().expect("an audit").push(line["entry"].clone()));
    }),
    planted("a place that is elsewhere, on the map of the page", |scene| {
        document(scene, |document| {
            document["basemap"]["names"].as_array_mut().expect("names").push(json!(["Fiji", 177.98, -17.83, 3.0]));
        });
    }),
    planted("the bounds of all rows, on the map of the page", |scene| {
        document(scene, |document| document["basemap"]["bounds"][0] = json!(2.5));
    }),
    planted("a coast where none is, on the map of the page", |scene| {
        document(scene, |document| {
            let coast = json!([4000, 24500, 100, 0, 0, 100]);
            document["basemap"]["land"].as_array_mut().expect("rings").push(coast);
        });
    }),
    planted("a border that is drawn aside, on the map of the page", |scene| {
        document(scene, |document| {
            let first = &mut document["basemap"]["borders"][0][2];
            *first = json!(first.as_i64().expect("a number") + 1);
        });
    }),
    planted("another partner's page", |scene| {
        fs::copy(scene.out().join("slant/report.html"), scene.out().join("tall/report.html")).expect("a copy");
        scene.remanifest("tall");
    }),
    plant_in("a level that the row does not show, in the page", Beyond::Page, Scene::new, |scene| {
        data(scene, "coarse", |document| {
            document["pictures"][0]["columns"]["level"]["values"] = json!(["receive_full"]);
        });
    }),
    plant_in("a map of where the plane lies, in the page", Beyond::Page, Scene::new, |scene| {
        data(scene, "coarse", |document| {
            document["basemap"] = json!({ "scale": 0.02, "bounds": [9.0, 49.0, 11.0, 51.0] });
        });
    }),
    plant_in("a word of nobody, in the page", Beyond::Page, Scene::new, |scene| {
        data(scene, "coarse", |document| document["label"] = json!("for other"));
    }),
    plant_in("a folder without its page", Beyond::File, Scene::new, |scene| {
        fs::remove_file(scene.out().join("coarse/report.html")).expect("a page");
    }),
];

/// Of a folder that has what the record brings, as no run writes it yet: the tables are refused, and the page is held against them.
#[test]
fn a_page_holds_of_the_record_what_its_tables_hold() {
    let scene = Scene::new();
    let folder = scene.out().join("fine");
    let rows = super::scene::read(&folder.join("tracks.parquet"));
    let (time, track) = (rows["time"].as_primitive::<TimestampMicrosecondType>(), rows["track"].as_primitive());
    let track: &UInt64Array = track;
    let count = rows.num_rows();
    let of = |f: fn(usize) -> f32| Arc::new((0..count).map(f).map(Some).collect::<Float32Array>());
    let associations: Vec<(&str, ArrayRef)> = vec![
        ("time", Arc::new(TimestampMicrosecondArray::from_iter_values(time.values().iter().copied()))),
        ("track", Arc::new(track.clone())),
        ("detection", Arc::new(UInt64Array::from_iter_values((0..count as u64).map(|row| 9000 - row)))),
        ("probability", of(|row| 1.0 - row as f32 / 97.0)),
        ("innovation", of(|row| row as f32 * 0.37)),
        ("measured", Arc::new(UInt32Array::from(vec![2; count]))),
    ];
    let links: Vec<(&str, ArrayRef)> = vec![
        ("from", Arc::new(UInt64Array::from(vec![track.value(0)]))),
        ("to", Arc::new(UInt64Array::from(vec![track.value(count - 1)]))),
        ("probability", Arc::new(Float32Array::from(vec![0.8]))),
    ];
    let manifest = fs::read_to_string(folder.join("manifest.json")).expect("a manifest");
    let mut manifest: Value = serde_json::from_str(&manifest).expect("JSON");
    for (name, columns) in [("associations.parquet", associations), ("links.parquet", links)] {
        let batch = RecordBatch::try_from_iter(columns).expect("a table");
        let file = fs::File::create(folder.join(name)).expect("a file");
        let mut writer = ArrowWriter::try_new(file, batch.schema(), None).expect("a writer");
        writer.write(&batch).expect("rows");
        writer.close().expect("a table");
        let bytes = fs::read(folder.join(name)).expect("a table");
        let entry = json!({ "name": name, "bytes": bytes.len(), "sha256": super::scene::hex(&Sha256::digest(&bytes)) });
        manifest["files"].as_array_mut().expect("files").push(entry);
    }
    fs::write(folder.join("manifest.json"), serde_json::to_string_pretty(&manifest).expect("JSON"))
        .expect("a manifest");
    let page = partner_page(&folder, manifest.as_object().expect("a manifest"), &Pages::default()).expect("a page");
    fs::write(folder.join("report.html"), page).expect("a page");
    scene.remanifest("fine");
    let in_page = |scene: &Scene| {
        let breaches = scene.breaches();
        let files = breaches.iter().filter(|breach| breach.beyond == Beyond::File);
        assert_eq!(files.map(|breach| breach.count).sum::<u64>(), 2, "{breaches:?}");
        breaches.into_iter().filter(|breach| breach.beyond == Beyond::Page).collect::<Vec<_>>()
    };
    assert_eq!(in_page(&scene), []);
    let picture = |change: fn(&mut Value)| data(&scene, "fine", |document| change(&mut document["pictures"][0]));
    let plants: [fn(&mut Value); 6] = [
        |picture| recoded(&mut picture["associations"]["columns"]["detection"], "z", |codes| codes[0] += 1),
        |picture| recoded(&mut picture["associations"]["columns"]["innovation"], "z", |codes| codes[1] += 2),
        |picture| recoded(&mut picture["associations"]["counts"], "z", |codes| codes[0] += 1),
        |picture| picture["associations"]["sensor"] = json!("slant"),
        |picture| picture["links"][0]["probability"] = json!(0.81),
        |picture| picture["links"] = json!([]),
    ];
    let kept = fs::read_to_string(folder.join("report.html")).expect("the page");
    for (number, plant) in plants.into_iter().enumerate() {
        picture(plant);
        assert_eq!(in_page(&scene).len(), 1, "plant {number}");
        scene.text("fine", "report.html", |_| kept.clone());
    }
}

fn replace(scene: &Scene, from: &str, to: &str) {
    scene.text("tall", "report.html", |page| page.replacen(from, to, 1));
}

fn document(scene: &Scene, change: impl FnOnce(&mut Value)) {
    data(scene, "tall", change);
}

fn picture(scene: &Scene, change: impl FnOnce(&mut Value)) {
    data(scene, "tall", |document| change(&mut document["pictures"][0]));
}

/// Changes the document of a page.
fn data(scene: &Scene, partner: &str, change: impl FnOnce(&mut Value)) {
    scene.text(partner, "report.html", |page| {
        let (before, rest) = page.split_once(START).expect("the data");
        let (data, after) = rest.split_once("</script>").expect("their end");
        let mut document: Value = serde_json::from_str(data).expect("JSON");
        // Bounds are sums, with all digits of a number, of which the reader of JSON may lose the last.
        let bounds = |text: &str| {
            let rest = text.split_once("\"bounds\":").map(|(_, rest)| rest.to_owned());
            rest.and_then(|rest| Some(rest.split_once(']')?.0.to_owned())).unwrap_or_default()
        };
        let (exact, read) = (bounds(data), bounds(&document.to_string()));
        let again = |document: &Value| {
            let text = document.to_string().replace("</", "<\\/").replace("<!--", "<\\u0021--");
            text.replacen(&read, &exact, 1)
        };
        assert_eq!(again(&document), data, "written again it is another text: any plant would be caught for that");
        change(&mut document);
        format!("{before}{START}{}</script>{after}", again(&document))
    });
}

/// Changes the numbers of a column under a key.
fn recoded(column: &mut Value, key: &str, change: impl FnOnce(&mut Vec<i64>)) {
    let bytes = STANDARD.decode(column[key].as_str().expect("base64")).expect("base64");
    let (mut codes, mut number, mut shift) = (Vec::new(), 0_u64, 0);
    for byte in miniz_oxide::inflate::decompress_to_vec(&bytes).expect("deflated bytes") {
        number |= u64::from(byte & 127) << shift;
        shift += 7;
        if byte < 128 {
            codes.push(if number & 1 == 0 { (number >> 1).cast_signed() } else { !(number >> 1).cast_signed() });
            (number, shift) = (0, 0);
        }
    }
    assert_eq!(column[key], packed(&codes), "packed again they are other bytes: any plant would be caught for that");
    change(&mut codes);
    column[key] = json!(packed(&codes));
}

fn packed(codes: &[i64]) -> String {
    let mut bytes = Vec::new();
    for code in codes {
        let mut left = ((code << 1) ^ (code >> 63)).cast_unsigned();
        while left > 127 {
            bytes.push((left & 127) as u8 | 128);
            left >>= 7;
        }
        bytes.push((left & 127) as u8);
    }
    STANDARD.encode(miniz_oxide::deflate::compress_to_vec(&bytes, 8))
}
