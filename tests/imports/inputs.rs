//! Small files of formats of others, of the project's own making: two objects for a minute.
#![expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "numbers as they are sent, which fit")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// A file of a format.
pub(crate) struct Written {
    pub(crate) name: &'static str,
    /// What the program calls its format.
    pub(crate) format: &'static str,
    pub(crate) octets: Vec<u8>,
    pub(crate) rows: u64,
    /// Options that it needs.
    pub(crate) words: &'static [&'static str],
    /// Whether somebody has to state where its radar stands, and where its x and y are counted from.
    pub(crate) site: bool,
    pub(crate) origin: bool,
}

impl Written {
    pub(crate) fn write(&self, folder: &Path) -> PathBuf {
        let path = folder.join(self.name);
        fs::write(&path, &self.octets).expect("a folder");
        path
    }
}

const SECONDS: u32 = 60;

/// One of each.
pub(crate) fn written() -> Vec<Written> {
    let of =
        |name, format, octets, rows| Written { name, format, octets, rows, words: &[], site: false, origin: false };
    vec![
        Written { site: true, ..of("radar", "asterix", radar(), 2 * u64::from(SECONDS / 4)) },
        Written { origin: true, ..of("multilateration", "asterix", multilateration(), 2 * u64::from(SECONDS)) },
        of("opensky", "opensky", opensky().into_bytes(), 2 * u64::from(SECONDS)),
        of("sbs", "sbs", sbs().into_bytes(), 2 * u64::from(SECONDS)),
        of("trace", "trace", trace().into_bytes(), u64::from(SECONDS)),
        of("traffic", "traffic", traffic().into_bytes(), 2 * u64::from(SECONDS)),
        of("coast-guard", "coast-guard", coast_guard().into_bytes(), 2 * u64::from(SECONDS)),
        of("cot", "cot", cot().into_bytes(), u64::from(SECONDS)),
        of("avr", "avr", AVR.as_bytes().to_vec(), 2),
    ]
}

/// Where objects are: degrees east and north after so many seconds, of the first and the second object.
fn degrees(second: u32) -> [[f64; 2]; 2] {
    let s = f64::from(second);
    [[2.0 + 0.002 * s, 41.2], [2.3, 41.5 - 0.0015 * s]]
}

fn opensky() -> String {
    let mut text =
        "time,icao24,lat,lon,velocity,heading,vertrate,callsign,onground,alert,spi,squawk,baroaltitude,geoaltitude,\
                    lastposupdate,lastcontact\n"
            .to_owned();
    // The second object first: rows of one second are in no order.
    for second in 0..SECONDS {
        for (number, [east, north]) in degrees(second).into_iter().enumerate().rev() {
            let time = 1_533_101_400 + second;
            let _ = writeln!(
                text,
                "{time},3c459{number},{north:.6},{east:.6},167.0,90.0,0.0,BOX{number},False,False,False,1000,10000.0,10100.0,\
                 {time}.5,{time}.5"
            );
        }
    }
    text
}

fn sbs() -> String {
    let mut text = String::new();
    for second in 0..SECONDS {
        for (number, [east, north]) in degrees(second).into_iter().enumerate() {
            let stamp = format!("2018/08/01,05:30:{second:02}.250");
            let _ = writeln!(text, "MSG,3,1,1,3C459{number},1,{stamp},{stamp},,33000,,,{north:.5},{east:.5},,,0,0,0,0");
        }
    }
    text
}

fn trace() -> String {
    let point = |second: u32| {
        let [[east, north], _] = degrees(second);
        let details = if second == 0 { "{\"nac_p\": 9, \"nac_v\": 2, \"version\": 2}" } else { "null" };
        format!(
            "[{second}.5, {north:.6}, {east:.6}, 33000, 325.0, 90.0, 0, 0, {details}, \"adsb_icao\", 33200, 0, 0, 0.0]"
        )
    };
    let points: Vec<String> = (0..SECONDS).map(point).collect();
    format!("{{\"icao\": \"3c4590\", \"timestamp\": 1533101400.0, \"trace\": [{}]}}", points.join(",\n"))
}

fn traffic() -> String {
    let mut rows = Vec::new();
    for second in 0..SECONDS {
        for (number, [east, north]) in degrees(second).into_iter().enumerate() {
            rows.push(format!(
                "{{\"altitude\":33000.0,\"callsign\":\"BOX}}{number}\",\"groundspeed\":325.0,\"icao24\":\"3c459{number}\",\
                 \"latitude\":{north:.6},\"longitude\":{east:.6},\"onground\":false,\"squawk\":\"1000\",\"timestamp\":{},\
                 \"track\":90.0,\"vertical_rate\":0.0}}",
                (1_533_101_400 + u64::from(second)) * 1000
            ));
        }
    }
    format!("[{}]", rows.join(","))
}

fn coast_guard() -> String {
    let mut text = "MMSI,BaseDateTime,LAT,LON,SOG,COG,Heading,VesselName\n".to_owned();
    for second in 0..SECONDS {
        for (number, [east, north]) in degrees(second).into_iter().enumerate() {
            // Ships: a hundredth of the way of the aircraft.
            let (east, north) = (2.0 + (east - 2.0) / 100.0, 41.0 + (north - 41.0) / 100.0);
            let _ = writeln!(
                text,
                "36700000{number},2018-08-01T05:30:{second:02},{north:.6},{east:.6},3.2,90.0,92.0,ACME {number}"
            );
        }
    }
    text
}

fn cot() -> String {
    let event = |second: u32| {
        let [[east, north], _] = degrees(second);
        let time = format!("2018-08-01T05:30:{second:02}Z");
        format!(
            "<event version=\"2.0\" uid=\"J-1\" type=\"a-f-A\" time=\"{time}\" start=\"{time}\" stale=\"{time}\" how=\"m-g\">\
             <point lat=\"{north:.6}\" lon=\"{east:.6}\" hae=\"9000\" ce=\"20\" le=\"30\"/>\
             <detail><track course=\"90\" speed=\"167\"/></detail></event>\n"
        )
    };
    (0..SECONDS).map(event).collect()
}

/// Two pairs of messages of one aircraft each, from published texts: an even and an odd one give a place.
const AVR: &str = "@0000000000008D40621D58C382D690C8AC2863A7;\n@000000B71B008D40621D58C386435CC412692AD6;\n\
                   @0000016E36008D40621D58C382D690C8AC2863A7;\n";

/// A block of records.
fn block(category: u8, records: &[u8]) -> Vec<u8> {
    let length = u16::try_from(records.len() + 3).expect("a short block");
    [&[category], &length.to_be_bytes()[..], records].concat()
}

/// Seconds of the day as they are sent.
fn time(second: f64) -> [u8; 3] {
    let [_, octets @ ..] = (((5.0 * 3600.0 + 30.0 * 60.0 + second) * 128.0) as u32).to_be_bytes();
    octets
}

/// A radar that turns in 4 s: category 48 with a source, a time, a descriptor, range and azimuth, flight level, address.
fn radar() -> Vec<u8> {
    radar_at([0.0, 1.0])
}

/// The same whose messages say north, and whose objects are seen so long after it as their azimuths are away.
pub(crate) fn turning() -> Vec<u8> {
    with_service(&radar_at([40.0 / 90.0, 140.0 / 90.0]))
}

/// The first and the second object so many seconds after each turn begins.
fn radar_at(after: [f64; 2]) -> Vec<u8> {
    let mut octets = Vec::new();
    for turn in 0..SECONDS / 4 {
        for (number, after) in (0_u32..).zip(after) {
            let second = f64::from(turn * 4) + after;
            let range = 30.0 + 0.09 * second + 20.0 * f64::from(number);
            let azimuth = 40.0 + 100.0 * f64::from(number);
            let mut record = vec![0b1111_0101, 0b1000_0000, 20, 129];
            record.extend(time(second));
            record.push(0b1010_0000);
            record.extend(((range * 256.0) as u16).to_be_bytes());
            record.extend(((azimuth / 360.0 * 65_536.0) as u16).to_be_bytes());
            record.extend(1320_u16.to_be_bytes());
            record.extend([0x3c, 0x45, 0x90 + number as u8]);
            octets.extend(block(48, &record));
        }
    }
    octets
}

/// The same with messages of the radar about itself before each turn: north, and where it stands.
pub(crate) fn with_service(radar: &[u8]) -> Vec<u8> {
    let [_, degrees @ ..] = ((41.3 / 180.0 * f64::from(1 << 23)) as u32).to_be_bytes();
    let [_, east @ ..] = ((2.1 / 180.0 * f64::from(1 << 23)) as u32).to_be_bytes();
    let (mut octets, mut rest, mut turn) = (Vec::new(), radar, 0);
    while rest.len() > 2 {
        let mut north = vec![0b1110_0001, 0b0001_0000, 20, 129, 1];
        north.extend(time(f64::from(turn) * 4.0));
        north.extend(95_u16.to_be_bytes());
        north.extend(degrees);
        north.extend(east);
        octets.extend(block(34, &north));
        for _ in 0..2 {
            let (plot, behind) = rest.split_at(usize::from(u16::from_be_bytes([rest[1], rest[2]])));
            octets.extend(plot);
            rest = behind;
        }
        turn += 1;
    }
    octets
}

/// Multilateration: category 10 with a source, a kind, a descriptor, a time, x and y, an address.
fn multilateration() -> Vec<u8> {
    let mut octets = Vec::new();
    for second in 0..SECONDS {
        for number in 0..2_i16 {
            let way = i16::try_from(second).expect("a minute") * 8;
            let mut record = vec![0b1111_0011, 0b0000_0100, 0, 107, 1, 0b0010_0000];
            record.extend(time(f64::from(second) + 0.25));
            record.extend((way - 200).to_be_bytes());
            record.extend((300 - 500 * number).to_be_bytes());
            record.extend([0x3c, 0x45, 0x90 + number as u8]);
            octets.extend(block(10, &record));
        }
    }
    octets
}
