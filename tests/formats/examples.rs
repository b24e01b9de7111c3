//! Published examples of every format but ASTERIX, and what they are published to say.

use std::fmt::Write;

use super::read;
use trackweave::formats::{
    Format, Frame, Geodetic, Kind, Marks, Options, Reason, Report, Summary, Time, Velocity, open,
};

const KNOT_M_S: f64 = 1852.0 / 3600.0;
const FOOT_M: f64 = 0.3048;

/// Reads a text by the format that is found, which must be this one.
fn found(format: Format, text: &str) -> (Vec<Report>, Summary) {
    assert_eq!(Format::of(text.as_bytes()), Some(format), "{text}");
    read(format, text.as_bytes(), Options::default())
}

fn utc(text: &str) -> Option<Time> {
    trackweave::time::parse_timestamp(text).map(Time::Utc)
}

fn close(found: Option<f64>, wanted: f64, within: f64) {
    assert!(found.is_some_and(|found| (found - wanted).abs() <= within), "{found:?} is not {wanted}");
}

fn at(found: Option<Geodetic>, latitude: f64, longitude: f64, within: f64) {
    close(found.map(|place| place.latitude_deg), latitude, within);
    close(found.map(|place| place.longitude_deg), longitude, within);
}

fn course(report: &Report) -> (f64, f64) {
    match report.velocity {
        Some(Velocity::Course { speed_m_s, course_deg }) => (speed_m_s, course_deg),
        Some(Velocity::Components { east_m_s, north_m_s }) => {
            (east_m_s.hypot(north_m_s), east_m_s.atan2(north_m_s).to_degrees().rem_euclid(360.0))
        }
        None => panic!("no velocity: {report:?}"),
    }
}

#[test]
fn what_is_kept_for_the_fuzzer_is_found_to_be_what_it_is() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/formats");
    for entry in std::fs::read_dir(folder).expect("a corpus") {
        let path = entry.expect("an input").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
        let wanted = match name.split('_').next().expect("a word") {
            "sbs" => Format::Sbs,
            "avr" => Format::Avr,
            "beast" => Format::Beast,
            "trace" => Format::Trace,
            "ais" => Format::Ais,
            "coast" => Format::CoastGuard,
            "opensky" => Format::OpenSky,
            "b3" => Format::B3,
            "oem" => Format::Oem,
            "cot" => Format::Cot,
            "traffic" => Format::Traffic,
            _ => Format::Asterix,
        };
        let (found, mut source) =
            open(std::fs::File::open(path).expect("an input"), Options::default()).expect("a format");
        assert_eq!(found, wanted, "{name}");
        let mut reports = Vec::new();
        while source.read(&mut reports).expect("an input") {}
        assert!(!reports.is_empty(), "{name}: {}", source.summary());
    }
}

#[test]
fn what_is_no_format_is_refused_with_what_was_found() {
    for (octets, words) in [("", "nothing"), ("time,sensor,x_m\n", "time,sensor"), ("{\"a\": 1}", "a")] {
        let error = open(octets.as_bytes(), Options::default()).err().expect("no format").to_string();
        assert!(error.contains(words) && error.contains("ASTERIX") && error.contains("docs/formats-in.md"), "{error}");
    }
}

#[test]
fn sbs_says_what_it_says() {
    let text = "MSG,3,1,1,4CA2D1,1,2010/02/19,17:58:13.039,2010/02/19,17:58:13.368,,36000,,,51.45735,1.02826,,,0,0,0,0\r\n\
                MSG,4,1,1,4CA2D1,1,2010/02/19,17:58:13.139,2010/02/19,17:58:13.368,,,408.3,146.4,,,64,,,,,\r\n\
                STA,,5,179,400AE7,10103,2008/11/28,14:58:51.153,2008/11/28,14:58:51.153,RM\r\n\
                MSG,3,1,1,4CA2D1,1,2010/02/19,17:58:13.039,2010/02/19,17:58:13.368,,36000,,,99.0,1.02826,,,0,0,0,0\r\n\
                MSG,3,1,1\r\n";
    let (reports, summary) = found(Format::Sbs, text);
    assert_eq!(reports.len(), 2, "{summary}");
    at(reports[0].geodetic, 51.45735, 1.02826, 0.0);
    assert_eq!(reports[0].time, utc("2010-02-19T17:58:13.039Z"));
    close(reports[0].pressure_altitude_m, 36_000.0 * FOOT_M, 1e-9);
    assert_eq!((reports[0].identity.address, reports[0].at), (Some(0x4c_a2d1), 1));
    let (speed, angle) = course(&reports[1]);
    close(Some(speed), 408.3 * KNOT_M_S, 1e-9);
    close(Some(angle), 146.4, 0.0);
    close(reports[1].up_m_s, 64.0 * FOOT_M / 60.0, 1e-12);
    let of = |reason| summary.rejected.get(&reason).copied();
    assert_eq!((of(Reason::Unread), of(Reason::Impossible), of(Reason::Malformed)), (Some(1), Some(1), Some(1)));
}

#[test]
fn extended_squitters_say_what_is_published() {
    // The 1090 Megahertz Riddle: identification 4.2, places 5.3, velocity 6.1; the last one has a wrong bit.
    let text = "@000000000000 8D4840D6202CC371C32CE0576098;\n@000000B71B00 8D40621D58C386435CC412692AD6;\n\
                @0000016E3600 8D40621D58C382D690C8AC2863A7;\n@000002255100 8D485020994409940838175B284F;\n\
                @000002255100 8D485020994409950838175B284F;\n@000002255100 02E197B00179C3;\n"
        .replace(' ', "");
    let (reports, summary) = found(Format::Avr, &text);
    assert_eq!(reports.len(), 3, "{summary}");
    assert_eq!(reports[0].identity.callsign.as_deref(), Some("KLM1023"));
    assert_eq!(reports[0].identity.address, Some(0x48_40d6));
    at(reports[1].geodetic, 52.2572, 3.91937, 1e-5);
    close(reports[1].pressure_altitude_m, 38_000.0 * FOOT_M, 1e-9);
    assert_eq!(reports[1].time, Some(Time::Counter(2_000_000)));
    let (speed, angle) = course(&reports[2]);
    close(Some(speed), 159.20 * KNOT_M_S, 0.01);
    close(Some(angle), 182.88, 0.01);
    close(reports[2].up_m_s, -832.0 * FOOT_M / 60.0, 1e-9);
    let of = |reason| summary.rejected.get(&reason).copied();
    // The first of a pair has no place yet; format 0 is not read.
    assert_eq!(
        (of(Reason::Incomplete), of(Reason::Checksum), of(Reason::Unread)),
        (Some(1), Some(1), Some(1)),
        "{summary}"
    );
}

#[test]
fn beast_is_avr_in_octets() {
    let messages = ["8D40621D58C386435CC412692AD6", "8D40621D58C382D690C8AC2863A7", "8D485020994409940838175B284F"];
    let mut beast = vec![0x00, 0x1a, 0x1a];
    let mut text = String::new();
    for (number, message) in messages.iter().enumerate() {
        // A counter with a mark in it.
        let ticks = 0x1a_0000_u64 + number as u64 * 12_000_000;
        writeln!(text, "@{ticks:012X}{message};").expect("a text");
        beast.extend([0x1a, b'3']);
        let octets = [&ticks.to_be_bytes()[2..], &[0x1a], &super::octets(message)].concat();
        beast.extend(octets.iter().flat_map(|octet| vec![*octet; if *octet == 0x1a { 2 } else { 1 }]));
    }
    beast.extend([0x1a, b'3', 1, 2]);
    let (wanted, _) = found(Format::Avr, &text);
    let (reports, summary) = read(Format::Beast, &beast, Options::default());
    let said = |reports: &[Report]| -> Vec<Report> {
        reports.iter().cloned().map(|report| Report { at: 0, message: 0, ..report }).collect()
    };
    assert_eq!((reports.len(), said(&reports)), (2, said(&wanted)), "{summary}");
    assert_eq!(
        (summary.rejected.get(&Reason::Framing), summary.rejected.get(&Reason::Short)),
        (Some(&2), Some(&1)),
        "{summary}"
    );
}

#[test]
fn aircraft_on_the_ground_are_near_where_they_were_or_where_the_receiver_is() {
    // The 1090 Megahertz Riddle, 6.3: the receiver at 51.990 N, 4.375 E.
    let text = "@00000000000C8C4841753A9A153237AEF0F275BE;\n";
    let (reports, _) = found(Format::Avr, text);
    assert!(reports.is_empty(), "{reports:?}");
    let receiver = Some(Geodetic { latitude_deg: 51.990, longitude_deg: 4.375 });
    let (reports, summary) = read(Format::Avr, text.as_bytes(), Options { receiver, ..Options::default() });
    assert_eq!(reports.len(), 1, "{summary}");
    at(reports[0].geodetic, 52.320_561, 4.735_735, 1e-5);
    assert!(reports[0].marks.has(Marks::GROUND));
    let (speed, angle) = course(&reports[0]);
    close(Some(speed), 17.0 * KNOT_M_S, 1e-9);
    close(Some(angle), 92.8125, 1e-9);
}

#[test]
fn a_trace_goes_on_with_what_it_said_last() {
    let text = r#"{"icao":"4ca2d1","timestamp":1662000000.0,"trace":[
        [0.5,51.5,0.1,"ground",12,90.0,0,null,{"flight":"RYR1427 ","squawk":"1000","nac_p":9},"adsb_icao",null,null,null,null],
        [10.25,51.6,0.2,35000,408.3,146.4,0,64,null,"adsb_icao",35250,128,250,0.5],
        [20,51.7,0.3,35250,null,null,8,64,null,"mlat"],
        [30,95.0,0.3,35250,null,null,8,64,null,"mlat"],
        [40,null,0.3]]}"#;
    let (reports, summary) = found(Format::Trace, text);
    assert_eq!(reports.len(), 3, "{summary}");
    assert!(reports[0].marks.has(Marks::GROUND) && reports[0].pressure_altitude_m.is_none());
    assert_eq!(reports[1].time, utc("2022-09-01T02:40:10.25Z"));
    assert_eq!(reports[1].identity.callsign.as_deref(), Some("RYR1427"));
    assert_eq!(reports[1].identity.mode_a, Some(0o1000));
    close(reports[1].sigmas.east_m, 30.0 / 2.447_746_8, 1e-5);
    close(reports[1].pressure_altitude_m, 35_000.0 * FOOT_M, 1e-9);
    close(reports[1].height_m, 35_250.0 * FOOT_M, 1e-9);
    close(reports[1].up_m_s, 128.0 * FOOT_M / 60.0, 1e-12);
    assert_eq!(reports[2].pressure_altitude_m, None);
    close(reports[2].height_m, 35_250.0 * FOOT_M, 1e-9);
    let of = |reason| summary.rejected.get(&reason).copied();
    assert_eq!((of(Reason::Impossible), of(Reason::Incomplete)), (Some(1), Some(1)), "{summary}");
}

#[test]
fn gzip_is_unpacked_and_its_checksum_holds() {
    let packed = include_bytes!("../../fuzz/corpus/formats/trace_gz");
    let count = |octets: &[u8]| -> Result<usize, String> {
        let (_, mut source) = open(octets, Options::default()).map_err(|error| error.to_string())?;
        let mut reports = Vec::new();
        while source.read(&mut reports).map_err(|error| error.to_string())? {}
        Ok(reports.len())
    };
    assert_eq!(count(packed), Ok(2));
    for at in 0..packed.len() {
        let mut damaged = packed.to_vec();
        damaged[at] ^= 1;
        // Of the head a text's flag, the time, the level and the system matter to nobody.
        let harmless = (3..10).contains(&at);
        assert_eq!(count(&damaged).is_ok(), harmless, "octet {at}: {:?}", count(&damaged));
        assert!(count(&packed[..at]).is_err(), "cut off at {at}");
    }
}

#[test]
fn a_state_of_opensky_is_reported_once() {
    let head = "time,icao24,lat,lon,velocity,heading,vertrate,callsign,onground,alert,spi,squawk,baroaltitude,geoaltitude,lastposupdate,lastcontact";
    let row = |time: &str, place: &str| {
        format!(
            "{time},3c4591,51.46894,-0.44075,254.65,99.65,-3.25,BOX413  ,False,False,True,1174.0,10668.0,NULL,{place},1.0"
        )
    };
    let text = [
        head.to_owned(),
        row("1626098400", "1626098398.996"),
        row("1626098410", "1626098398.996"),
        row("1626098420", "1626098419.5"),
    ];
    let (reports, summary) = found(Format::OpenSky, &text.join("\n"));
    assert_eq!((reports.len(), summary.rejected.get(&Reason::Repeated)), (2, Some(&1)), "{summary}");
    assert_eq!(reports[0].time, Some(Time::Utc(1_626_098_398_996_000)));
    assert_eq!((reports[0].identity.mode_a, reports[0].height_m), (Some(0o1174), None));
    assert_eq!(reports[0].identity.callsign.as_deref(), Some("BOX413"));
    assert!(reports[0].marks.has(Marks::SPI) && !reports[0].marks.has(Marks::GROUND));
    assert_eq!(course(&reports[0]), (254.65, 99.65));
}

#[test]
fn both_tables_of_the_coast_guard_are_read() {
    let old = "MMSI,BaseDateTime,LAT,LON,SOG,COG,Heading,VesselName,IMO\n\
               367000001,2021-01-01T00:00:02,27.35,-94.62,9.7,249.2,252.0,\"ACME, \"\"II\"\"\",IMO9221667\n\
               367000001,2021-01-01T00:00:02,27.35,-94.62,102.3,360.0,511.0,,\n";
    let new = "mmsi,base_date_time,longitude,latitude,sog,cog,heading,vessel_name\n\
               367000001,2025-01-01 00:00:02,-94.62,27.35,9.7,249.2,252,ACME\n367000001,yesterday,-94.62,27.35,1,2,3,\n";
    let (reports, summary) = found(Format::CoastGuard, old);
    assert_eq!(reports.len(), 2, "{summary}");
    at(reports[0].geodetic, 27.35, -94.62, 0.0);
    assert_eq!(reports[0].identity.callsign.as_deref(), Some("ACME, \"II\""));
    assert_eq!(reports[1].velocity, None);
    let (reports, summary) = found(Format::CoastGuard, new);
    assert_eq!((reports.len(), summary.rejects()), (1, 1), "{summary}");
    at(reports[0].geodetic, 27.35, -94.62, 0.0);
    assert_eq!(reports[0].time, utc("2025-01-01T00:00:02Z"));
}

#[test]
fn ais_says_what_is_published() {
    // E. S. Raymond, AIVDM/AIVDO protocol decoding: a ship moored in Seattle, and MT.MITCHELL in two sentences.
    let text = "!AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0*5C\n\
                \\s:station,c:1120959341*33\\!AIVDM,2,1,3,B,55P5TL01VIaAL@7WKO@mBplU@<PDhh000000001S;AJ::4A80?4i@E53,0*3E\n\
                !AIVDM,2,2,3,B,1@0000000000000,2*55\n\
                !AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0*5D\n\
                $GPGGA,,,,,,0,,,,,,,,*66\n\
                !AIVDM,2,1,4,B,55P5TL01VIaAL@7WKO@mBplU@<PDhh000000001S;AJ::4A80?4i@E53,0*39\n\
                !AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0*5C,r003669710,1120959341\n";
    let tag = "s:station,c:1120959341";
    let sum = tag.bytes().fold(0, |sum, octet| sum ^ octet);
    let (reports, summary) = found(Format::Ais, &text.replace("*33\\", &format!("*{sum:02X}\\")));
    assert_eq!(reports.len(), 3, "{summary}");
    assert_eq!(reports[0].identity.address, Some(477_553_000));
    at(reports[0].geodetic, 47.582_833, -122.345_833, 1e-6);
    assert_eq!((course(&reports[0]), reports[0].time), ((0.0, 51.0), None));
    assert_eq!(reports[1].identity.callsign.as_deref(), Some("MT.MITCHELL"));
    assert_eq!((reports[1].identity.address, reports[1].at), (Some(369_190_000), 3));
    assert_eq!(reports[1].time, Some(Time::Utc(1_120_959_341_000_000)));
    assert_eq!(reports[2].time, reports[1].time);
    let senders: Vec<&str> = summary.sources.iter().map(|sender| sender.name.as_str()).collect();
    assert_eq!(senders, ["AIVDM", "r003669710"]);
    let of = |reason| summary.rejected.get(&reason).copied();
    assert_eq!(
        (of(Reason::Checksum), of(Reason::Unread), of(Reason::Incomplete)),
        (Some(1), Some(1), Some(1)),
        "{summary}"
    );
}

#[test]
fn b3_says_what_its_columns_say() {
    let text = "U8190836396343140435001230068 1341683 17048242 0345130 -0775 02112 00000  4 4   00000\n\
                U8190836396343140435001-00068 1341683                            00000  1 4\n\
                U8190836396343140435001J30068 1341683 17048242 -345130 -0775 02112 00000  4 4   00000\n\
                U8190836396343140435001230068 1341683 17048242 0345130 -0775 02112 00000  9 4   00000\n\
                U8190836396943140435001230068 1341683 17048242 0345130 -0775 02112 00000  4 4   00000\n";
    let (reports, summary) = read(Format::B3, text.as_bytes(), Options::default());
    assert_eq!(reports.len(), 3, "{summary}");
    let polar = reports[0].polar.expect("a place");
    close(polar.range_m, 1_704_824.0, 1e-6);
    close(polar.azimuth_deg, 134.1683, 1e-9);
    close(polar.elevation_deg, 23.0068, 1e-9);
    close(reports[0].range_rate_m_s, 3451.30, 1e-9);
    assert_eq!(reports[0].time, utc("1996-12-08T14:04:35.001Z"));
    assert_eq!((reports[0].identity.address, summary.sources[0].name.as_str()), (Some(81_908), "363"));
    close(reports[1].polar.and_then(|polar| polar.elevation_deg), -0.0068, 1e-9);
    assert_eq!(reports[1].polar.and_then(|polar| polar.range_m), None);
    close(reports[2].polar.and_then(|polar| polar.elevation_deg), -13.0068, 1e-9);
    let of = |reason| summary.rejected.get(&reason).copied();
    assert_eq!((of(Reason::Unread), of(Reason::Malformed)), (Some(1), Some(1)), "{summary}");
}

#[test]
fn an_ephemeris_says_what_is_published() {
    // CCSDS 502.0-B, figure G-8, about the Earth.
    let text = "CCSDS_OEM_VERS = 2.0\nCREATION_DATE = 1996-11-04T17:22:31\nORIGINATOR = NASA/JPL\n\nMETA_START\n\
                OBJECT_NAME = MARS GLOBAL SURVEYOR\nOBJECT_ID = 1996-062A\nCENTER_NAME = EARTH\nREF_FRAME = EME2000\n\
                TIME_SYSTEM = TAI\nMETA_STOP\nCOMMENT of JPL\n\
                1996-12-18T12:00:00.331 2789.619 -280.045 -1746.755 4.73372 -2.49586 -1.04195\n\
                1996-353T12:01:00.331 2783.419 -308.143 -1877.071 5.18604 -2.42124 -1.99608\n\
                COVARIANCE_START\nEPOCH = 1996-12-18T12:00:00.331\n1.0\n2.0 3.0\nCOVARIANCE_STOP\nMETA_START\n\
                CENTER_NAME = MARS BARYCENTER\nREF_FRAME = EME2000\nTIME_SYSTEM = UTC\nMETA_STOP\n\
                1996-12-18T12:00:00.331 2789.619 -280.045 -1746.755 4.73372 -2.49586 -1.04195\n";
    let (reports, summary) = found(Format::Oem, text);
    assert_eq!((reports.len(), summary.rejected.get(&Reason::Unread)), (2, Some(&2)), "{summary}");
    let place = reports[0].cartesian.expect("a place");
    assert_eq!((reports[0].kind, place.frame), (Kind::Ephemeris, Frame::J2000));
    assert!(
        (place.position_m[2] + 1_746_755.0).abs() < 1e-6
            && place.velocity_m_s.is_some_and(|v| (v[1] + 2495.86).abs() < 1e-9)
    );
    // TAI was 30 s ahead.
    assert_eq!(reports[0].time, utc("1996-12-18T11:59:30.331Z"));
    assert_eq!(reports[1].time, utc("1996-12-18T12:00:30.331Z"));
}

#[test]
fn an_event_says_what_is_published() {
    // MITRE, Cursor on Target message router user's guide, its example; and events as others write them.
    let text = "<?xml version='1.0' standalone='yes'?>\n<!-- <event> -->\n\
        <event version='2.0' uid='J-01334' type='a-h-A-M-F-U-M' time='2005-04-05T11:43:38.07Z' \
        start='2005-04-05T11:43:38.07Z' stale='2005-04-05T11:45:38.07Z' how='m-g'><detail></detail>\
        <point lat='30.0090027' lon='-85.9578735' ce='45.3' hae='-42.6' le='99.5' /></event>\
        <event version=\"2.0\" uid=\"A > B\" type=\"a-f-G\" time=\"2020-01-01T00:00:00Z\" how=\"h-e\">\
        <point lat=\"1\" lon=\"2\" hae=\"9999999.0\" ce=\"9999999.0\" le=\"9999999.0\"/>\
        <detail><contact callsign=\"O&apos;NEIL &#x26; co\"/><track course=\"90\" speed=\"2.5\"/></detail></event>\
        <event uid=\"x\" type=\"t-x-c-t\" time=\"2020-01-01T00:00:00Z\"/>\
        <event uid=\"y\" type=\"a\" time=\"2020-01-01T00:00:00Z\"><point lat=\"100\" lon=\"2\"/></event>\
        <event uid=\"z\" type=\"a\" time=\"soon\"><point lat=\"1\" lon=\"2\"/></event><event uid=\"e\" type=\"a\" time=\"";
    let (reports, summary) = found(Format::Cot, text);
    assert_eq!(reports.len(), 2, "{summary}");
    at(reports[0].geodetic, 30.009_002_7, -85.957_873_5, 0.0);
    assert_eq!((reports[0].time, reports[0].kind), (utc("2005-04-05T11:43:38.07Z"), Kind::Own));
    assert_eq!(
        (reports[0].height_m, reports[0].sigmas.east_m, reports[0].sigmas.height_m),
        (Some(-42.6), Some(45.3), Some(99.5))
    );
    assert_eq!(reports[0].identity.callsign.as_deref(), Some("J-01334"));
    assert_eq!(reports[1].identity.callsign.as_deref(), Some("O'NEIL & co"));
    assert_eq!((reports[1].height_m, reports[1].sigmas.east_m, course(&reports[1])), (None, None, (2.5, 90.0)));
    assert_eq!(
        (reports[1].kind, summary.messages.as_slice()),
        (Kind::Track, ["a-h-A-M-F-U-M".to_owned(), "a-f-G".to_owned()].as_slice())
    );
    let of = |reason| summary.rejected.get(&reason).copied();
    assert_eq!(
        (of(Reason::Incomplete), of(Reason::Impossible), of(Reason::Malformed)),
        (Some(1), Some(1), Some(2)),
        "{summary}"
    );
}
