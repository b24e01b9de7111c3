//! Formats of others are read: against vectors that others encoded, in every framing, however damaged.

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use serde_json::Value;
use trackweave::formats::asterix::{self, Framing};
use trackweave::formats::{
    Format, Kind, Marks, Options, Plane, Polar, Reason, Report, Source, Summary, Time, Velocity,
};

#[path = "formats/examples.rs"]
mod examples;
#[path = "formats/meanings.rs"]
mod meanings;
#[path = "formats/recordings.rs"]
mod recordings;

/// Reads octets as ASTERIX, in a framing or in one that is found.
fn asterix(octets: &[u8], framing: Option<Framing>) -> (Vec<Report>, Summary) {
    let options = asterix::Options { framing, ..asterix::Options::default() };
    read(Format::Asterix, octets, Options { asterix: options, ..Options::default() })
}

fn read(format: Format, octets: &[u8], options: Options) -> (Vec<Report>, Summary) {
    let mut source = format.read(Cursor::new(octets), options).expect("a stream");
    let mut reports = Vec::new();
    while source.read(&mut reports).expect("octets") {}
    let summary = source.summary().clone();
    assert_eq!(summary.reports, reports.len() as u64, "reports that are counted");
    (reports, summary)
}

fn octets(hexadecimal: &str) -> Vec<u8> {
    let digits: Vec<u8> = hexadecimal.bytes().filter(u8::is_ascii_hexdigit).collect();
    let octet = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).expect("digits"), 16).expect("digits");
    digits.chunks(2).map(octet).collect()
}

/// The vectors that `scripts/asterix-vectors` makes: category, edition, block, fields of each record.
fn vectors() -> Vec<(u8, String, Vec<u8>, Vec<Value>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/formats/data");
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).expect("vectors").map(|entry| entry.expect("a file").path()).collect();
    paths.sort();
    let vector = |path: &PathBuf| {
        let vector: Value = serde_json::from_slice(&fs::read(path).expect("a vector")).expect("JSON");
        let category = u8::try_from(vector["category"].as_u64().expect("a category")).expect("a category");
        let edition = vector["edition"].as_str().expect("an edition").to_owned();
        let block = octets(vector["block"].as_str().expect("a block"));
        (category, edition, block, vector["records"].as_array().expect("records").clone())
    };
    paths.iter().map(vector).collect()
}

#[test]
fn every_field_is_what_libasterix_encoded() {
    let vectors = vectors();
    assert_eq!(vectors.len(), asterix::Tables::standard().editions().len(), "an edition without a vector");
    for (category, edition, block, wanted) in vectors {
        let options = asterix::Options {
            editions: vec![(category, edition.clone())],
            framing: Some(Framing::Raw),
            ..Default::default()
        };
        let mut reader = asterix::Reader::new(Cursor::new(&block), options);
        let mut found = Vec::new();
        let more = reader.records(&mut |edition, layout, octets, _| {
            let mut fields = Vec::new();
            for item in layout.items(edition, octets) {
                item.visit("", &mut |path, field, raw| {
                    let mut one = vec![Value::from(path), Value::from(raw)];
                    one.extend(field.step.map(|_| Value::from(field.value(raw))));
                    one.extend(field.text(raw).map(Value::from));
                    fields.push(Value::from(one));
                });
            }
            found.push(fields);
        });
        assert!(more.expect("octets"));
        assert_eq!(reader.summary().rejects(), 0, "{category} {edition}: {}", reader.summary());
        assert_eq!(found.len(), wanted.len(), "{category} {edition}: records");
        for (found, wanted) in found.iter().zip(&wanted) {
            for (found, wanted) in found.iter().zip(wanted.as_array().expect("fields")) {
                let bits = found[0] == wanted[0] && found[1] == wanted[1];
                let same = found == wanted || bits && alike(&found[2], &wanted[2]);
                assert!(same, "category {category}, edition {edition}: {found} is not {wanted}");
            }
            assert_eq!(found.len(), wanted.as_array().expect("fields").len(), "{category} {edition}: fields");
        }
    }
}

/// Whether two quantities differ by rounding alone.
fn alike(found: &Value, wanted: &Value) -> bool {
    found.as_f64().zip(wanted.as_f64()).is_some_and(|(found, wanted)| (found - wanted).abs() <= 1e-12 * wanted.abs())
}

#[test]
fn the_edition_of_category_21_is_found_in_the_octets() {
    for (category, edition, block, records) in vectors().into_iter().filter(|(category, ..)| *category == 21) {
        let (reports, summary) = asterix(&block, None);
        // The random fields of the newest edition are often those of 2.1 too.
        let newest = format!("CAT{category:03} {edition}");
        assert_eq!(reports.len(), records.len(), "{summary}");
        assert!(summary.messages == [newest] || edition == "2.1", "{summary}");
    }
}

/// A block of category 48 of a sender, with a time of day in 1/128 s.
fn plot(system: u8, time: u32) -> Vec<u8> {
    let [_, a, b, c] = time.to_be_bytes();
    // 010, 140, 020, 040, 070, 090, 220.
    let record = [0xfd, 0x80, 20, system, a, b, c, 0xa0, 0x61, 0x40, 0x40, 0, 0x0f, 0xff, 0x05, 0x78, 0x4c, 0xa2, 0xd1];
    [vec![48, 0, 3 + u8::try_from(record.len()).expect("short")], record.to_vec()].concat()
}

#[test]
fn a_plot_says_what_its_octets_say() {
    let (reports, summary) = asterix(&plot(7, 128 * 3600), None);
    assert_eq!(summary.rejects(), 0, "{summary}");
    let report = &reports[0];
    assert_eq!((report.at, report.kind), (3, Kind::Plot));
    assert_eq!(report.time, Some(Time::OfDay(3_600_000_000)));
    let polar = Polar { range_m: Some(97.25 * 1852.0), azimuth_deg: Some(90.0), elevation_deg: None };
    assert_eq!(report.polar.map(|found| (found.range_m, found.azimuth_deg)), Some((polar.range_m, Some(90.0))));
    assert_eq!(report.identity.mode_a, Some(0o7777));
    assert_eq!(report.pressure_altitude_m.map(f64::round), Some((350.0_f64 * 30.48).round()));
    assert_eq!(report.identity.address, Some(0x4c_a2d1));
    assert!(report.marks.has(Marks::SECONDARY) && !report.marks.has(Marks::PRIMARY));
    assert_eq!(summary.sources[0].name, "020/007");
}

#[test]
fn every_category_that_has_a_place_gives_it() {
    for (category, edition, block, _) in vectors() {
        let (reports, summary) = asterix(&block, Some(Framing::Raw));
        let whole = &reports[0];
        let name = format!("{category} {edition}: {whole:?} {summary}");
        match category {
            1 | 48 => assert!(whole.polar.is_some(), "{name}"),
            10 => assert!(whole.polar.is_some() && whole.plane.is_some(), "{name}"),
            20 => assert!(whole.plane.is_some(), "{name}"),
            21 => assert!(whole.kind == Kind::Own && whole.identity.address.is_some(), "{name}"),
            62 => assert!(whole.plane.is_some() && whole.kind == Kind::Track, "{name}"),
            _ => assert!(whole.velocity.is_none() && whole.polar.is_none(), "{name}"),
        }
    }
}

#[test]
fn north_and_sectors_are_told() {
    // Category 34: 010, 000, 030, 020; a north message, and one at 90 degrees.
    let message = |kind: u8, sector: u8| vec![34, 0, 11, 0xf0, 20, 7, kind, 0, 1, 0, sector];
    let (reports, summary) = asterix(&[message(1, 0), message(2, 64), message(3, 1)].concat(), None);
    let kinds: Vec<Kind> = reports.iter().map(|report| report.kind).collect();
    assert_eq!(kinds, [Kind::North, Kind::Sector(90.0), Kind::Status], "{summary}");
    assert_eq!(reports[0].time, Some(Time::OfDay(2_000_000)));
}

#[test]
fn a_cartesian_velocity_and_its_deviations_are_in_metres() {
    // Category 10: 010, 000, 020, 140, 042, 202, 500.
    let fspec = [0xf3, 0x41, 0x01, 0x80];
    let body = [0, 107, 1, 0x20, 0, 0, 128, 0x09, 0x4e, 0xfc, 0xdc, 0, 40, 0xff, 0xd8, 8, 12, 0, 0];
    let record = [&fspec[..], &body[..]].concat();
    let block = [vec![10, 0, 3 + u8::try_from(record.len()).expect("short")], record].concat();
    let (reports, summary) = asterix(&block, None);
    assert_eq!(reports.len(), 1, "{summary}");
    assert_eq!(reports[0].plane, Some(Plane { x_m: 2382.0, y_m: -804.0 }));
    assert_eq!(reports[0].velocity, Some(Velocity::Components { east_m_s: 10.0, north_m_s: -10.0 }));
    assert_eq!((reports[0].sigmas.east_m, reports[0].sigmas.north_m), (Some(2.0), Some(3.0)));
}

/// Blocks of two senders over midnight, one a second, and their times.
fn night() -> (Vec<Vec<u8>>, Vec<i64>) {
    let seconds: Vec<i64> = (86_390..86_420).collect();
    let of_day = |second: &i64| u32::try_from(second % 86_400 * 128).expect("a time of day");
    let blocks = seconds.iter().map(|second| plot(u8::from(second % 2 == 0), of_day(second))).collect();
    (blocks, seconds)
}

#[test]
fn time_goes_on_over_midnight_and_a_date_makes_it_utc() {
    let (blocks, seconds) = night();
    let (reports, _) = asterix(&blocks.concat(), None);
    let times: Vec<i64> = reports.iter().filter_map(|report| report.time).map(Time::micros).collect();
    assert_eq!(times, seconds.iter().map(|second| second * 1_000_000).collect::<Vec<_>>());
    let date_us = Some(1_462_838_400_000_000 + 5);
    let options = Options { asterix: asterix::Options { date_us, ..Default::default() }, receiver: None };
    let (reports, _) = read(Format::Asterix, &blocks.concat(), options);
    assert_eq!(reports[29].time, Some(Time::Utc(1_462_838_400_000_000 + 86_419_000_000)));
}

/// A frame of "final", of RFF and of the captures around each block, a second apart from `start` on.
fn framed(blocks: &[Vec<u8>], framing: Framing, start: i64) -> Vec<u8> {
    let mut out = Vec::new();
    let wide = |number: usize| u16::try_from(number).expect("short").to_be_bytes();
    match framing {
        Framing::Rff => {
            out.extend(b"2016-05-10 23:59:50 2016-05-11 00:00:20 ");
            out.extend([0; 88]);
        }
        Framing::Pcap => out.extend(octets("d4c3b2a1 0200 0400 00000000 00000000 ffff0000 01000000")),
        Framing::PcapNg => {
            // A section, and an Ethernet interface with stamps in nanoseconds.
            out.extend(octets("0a0d0d0a 0000001c 1a2b3c4d 0001 0000 ffffffffffffffff 0000001c"));
            out.extend(octets("00000001 00000020 0001 0000 0000ffff 0009 0001 09000000 0000 0000 00000020"));
        }
        Framing::Raw | Framing::Final | Framing::FinalSequence => {}
    }
    for (number, block) in blocks.iter().enumerate() {
        let second = start + i64::try_from(number).expect("short");
        match framing {
            Framing::Raw => out.extend(block),
            Framing::Final | Framing::FinalSequence => {
                let sequence = if framing == Framing::Final { 0 } else { 4 };
                out.extend(wide(block.len() + 12 + sequence));
                out.extend(&[0; 4][..sequence]);
                let hundredths = u32::try_from(second % 86_400 * 100).expect("a time of day").to_be_bytes();
                out.extend([0, 1, u8::try_from(second / 86_400).expect("a day")]);
                out.extend(&hundredths[1..]);
                out.extend(block);
                out.extend([0xa5; 4]);
            }
            Framing::Rff => {
                out.extend(u32::try_from((second - 86_390) * 1000).expect("soon").to_le_bytes());
                out.extend(u16::try_from(block.len()).expect("short").to_le_bytes());
                out.extend(block);
            }
            Framing::Pcap | Framing::PcapNg => {
                let packet = ethernet(block, number);
                let seconds = u64::try_from(1_462_838_400 + second).expect("later");
                let length = u32::try_from(packet.len()).expect("short");
                if framing == Framing::Pcap {
                    let head = [u32::try_from(seconds).expect("this century"), 5, length, length];
                    out.extend(head.iter().flat_map(|word| word.to_le_bytes()));
                    out.extend(packet);
                } else {
                    let padded = packet.len().next_multiple_of(4);
                    let stamp = (seconds * 1_000_000_000 + 5000).to_be_bytes();
                    let total = u32::try_from(padded + 32).expect("short").to_be_bytes();
                    out.extend([6_u32.to_be_bytes(), total, [0; 4]].concat());
                    out.extend(stamp);
                    out.extend([length.to_be_bytes(), length.to_be_bytes()].concat());
                    out.extend(&packet);
                    out.extend(vec![0; padded - packet.len()]);
                    out.extend(total);
                }
            }
        }
    }
    out
}

/// A packet of Ethernet, IPv4 and UDP; every other one has a VLAN tag, every third is of IPv6.
fn ethernet(block: &[u8], number: usize) -> Vec<u8> {
    let wide = |length: usize| u16::try_from(length).expect("short").to_be_bytes();
    let mut out = vec![0x01; 12];
    if number % 2 == 1 {
        out.extend([0x81, 0x00, 0x00, 0x05]);
    }
    if number % 3 == 2 {
        out.extend([0x86, 0xdd, 0x60, 0, 0, 0]);
        out.extend(wide(block.len() + 8));
        out.extend([17, 64]);
        out.extend([7; 32]);
    } else {
        out.extend([0x08, 0x00, 0x45, 0]);
        out.extend(wide(block.len() + 28));
        out.extend([0, 0, 0x40, 0, 64, 17, 0, 0, 10, 0, 0, 1, 239, 0, 0, 1]);
    }
    out.extend([0x20, 0xd0, 0x20, 0xd1]);
    out.extend(wide(block.len() + 8));
    out.extend([0, 0]);
    out.extend(block);
    out
}

const FRAMINGS: [Framing; 6] =
    [Framing::Raw, Framing::Final, Framing::FinalSequence, Framing::Rff, Framing::Pcap, Framing::PcapNg];

#[test]
fn every_framing_is_found_and_gives_the_same_records() {
    let (blocks, seconds) = night();
    for framing in FRAMINGS {
        let octets = framed(&blocks, framing, 86_390);
        assert!(asterix::detect(&octets) >= 50, "{framing:?}");
        assert_eq!(Format::of(&octets), Some(Format::Asterix), "{framing:?}");
        let (reports, summary) = asterix(&octets, None);
        assert_eq!((reports.len(), summary.rejects()), (30, 0), "{framing:?}: {summary}");
        for (report, second) in reports.iter().zip(&seconds) {
            let utc = Time::Utc((1_462_838_400 + second) * 1_000_000);
            let dated = matches!(framing, Framing::Rff | Framing::Pcap | Framing::PcapNg);
            let wanted = if dated { utc } else { Time::OfDay(second * 1_000_000) };
            assert_eq!(report.time, Some(wanted), "{framing:?}");
        }
    }
}

#[test]
fn after_damage_the_next_block_is_found() {
    let (blocks, _) = night();
    for framing in FRAMINGS {
        let whole = framed(&blocks, framing, 86_390);
        let head = framed(&[], framing, 86_390).len();
        let frame = framed(&blocks[..1], framing, 86_390).len() - head;
        for (name, damage) in [
            ("a length of nothing", vec![(1, 0), (2, 0), (3, 0)]),
            ("a length that is too long", vec![(0, 0xff), (1, 0xff), (2, 0x7f), (3, 0xff)]),
            ("a length that is too short", vec![(2, 5)]),
            ("zeros", (0..12).map(|at| (at, 0)).collect()),
        ] {
            let mut octets = whole.clone();
            let at = head + frame * 2 + if framing == Framing::Pcap { 8 } else { 0 };
            for (place, octet) in damage {
                octets[at + place] = octet;
            }
            let (reports, summary) = asterix(&octets, Some(framing));
            // A frame or two may be lost, not the others.
            assert!(reports.len() >= 26, "{framing:?}, {name}: {} of 30, {summary}", reports.len());
        }
        let (reports, _) = asterix(&whole[..whole.len() - 3], Some(framing));
        assert_eq!(reports.len(), 29, "{framing:?}, cut off");
    }
}

#[test]
fn whatever_is_between_blocks_costs_no_block() {
    let (blocks, _) = night();
    for garbage in [vec![0; 7], vec![0xff; 300], b"a line of text\r\n".to_vec(), vec![0xa5; 4]] {
        let mut octets = Vec::new();
        for block in &blocks {
            octets.extend(block);
            octets.extend(&garbage);
        }
        let (reports, summary) = asterix(&octets, Some(Framing::Raw));
        assert_eq!(reports.len(), 30, "{garbage:?}: {summary}");
        assert_eq!(summary.rejected.get(&Reason::Framing), Some(&30), "{garbage:?}: {summary}");
    }
}

#[test]
fn a_report_says_where_in_the_file_its_record_stands() {
    let record = &plot(7, 128)[3..];
    let length = 3 + 3 * record.len();
    let block = [&[48, 0, u8::try_from(length).expect("short")], record, record, record].concat();
    let (reports, summary) = asterix(&[plot(7, 0), block].concat(), None);
    let places: Vec<u64> = reports.iter().map(|report| report.at).collect();
    assert_eq!(places, [3, 25, 44, 63], "{summary}");
}

#[test]
fn a_frame_of_final_without_its_padding_is_none() {
    let (blocks, _) = night();
    let mut octets = framed(&blocks, Framing::Final, 86_390);
    // The padding of the second frame.
    octets[2 * 34 - 1] = 0;
    let (reports, summary) = asterix(&octets, None);
    assert_eq!((reports.len(), summary.rejected.get(&Reason::Framing)), (29, Some(&1)), "{summary}");
}

#[test]
fn a_record_that_cannot_be_read_costs_its_block_alone() {
    let (mut blocks, _) = night();
    // A field reference number without an item, and a record that is cut.
    blocks[3] = vec![48, 0, 8, 0x01, 0x01, 0x01, 0x01, 0x80];
    blocks[5].truncate(12);
    blocks[5][2] = 12;
    blocks[7] = vec![210, 0, 5, 1, 2];
    let (reports, summary) = asterix(&blocks.concat(), Some(Framing::Raw));
    assert_eq!(reports.len(), 27, "{summary}");
    assert_eq!(summary.rejects(), 3, "{summary}");
    let of = |reason| summary.rejected.get(&reason).copied();
    assert_eq!(
        (of(Reason::UnknownField), of(Reason::Short), of(Reason::Unread)),
        (Some(1), Some(1), Some(1)),
        "{summary}"
    );
    let at = |reason| summary.first_rejected.iter().find(|reject| reject.reason == reason).map(|reject| reject.at);
    assert_eq!(at(Reason::UnknownField), Some(3 * 22 + 3));
}

/// A small generator of numbers, the same everywhere.
fn dice(seed: &mut u64) -> usize {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    usize::try_from(*seed >> 33).expect("31 bits")
}

#[test]
fn no_octets_make_it_panic_and_all_are_accounted_for() {
    let blocks: Vec<Vec<u8>> = vectors().into_iter().map(|(_, _, block, _)| block).collect();
    let mut seed = 17;
    for round in 0..400 {
        let framing = FRAMINGS[round % FRAMINGS.len()];
        let mut octets = framed(&blocks, framing, 86_390);
        for _ in 0..=dice(&mut seed) % 20 {
            let at = dice(&mut seed) % octets.len();
            match dice(&mut seed) % 3 {
                0 => octets[at] = u8::try_from(dice(&mut seed) % 256).expect("an octet"),
                1 => octets.truncate(at.max(1)),
                _ => octets.insert(at, 0x30),
            }
        }
        let given = if round % 2 == 0 { Some(framing) } else { None };
        let (reports, summary) = asterix(&octets, given);
        assert!(
            reports.len() as u64 + summary.rejects() > 0,
            "{framing:?}: nothing is said of {} octets",
            octets.len()
        );
        assert!(reports.iter().all(|report| report.at < octets.len() as u64));
    }
}

#[test]
fn the_window_changes_nothing() {
    // Longer than a window, so that blocks lie over its end.
    let (blocks, _) = night();
    let many: Vec<Vec<u8>> = (0..3000).flat_map(|_| blocks.clone()).collect();
    let (reports, summary) = asterix(&many.concat(), Some(Framing::Raw));
    assert_eq!((reports.len(), summary.rejects()), (90_000, 0), "{summary}");
    let wrong = reports.iter().zip(0..).find(|(report, number)| report.at != number * 22 + 3);
    assert!(wrong.is_none(), "{wrong:?}");
}
