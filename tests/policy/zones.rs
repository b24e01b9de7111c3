//! Where zones are, and outlines that are refused.

use crate::common::{ZONES, policy, set};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};
use trackweave::policy::{Policy, PolicyError, ZoneMap, check};
use trackweave::space::Frame;

fn zones_of(geometry: &str, frame: Frame) -> Result<Arc<ZoneMap>, PolicyError> {
    let west = r#"{ "type": "Polygon",
    "coordinates": [[[0,0],[5,0],[5,10],[0,10],[0,0]]] }"#;
    assert!(ZONES.contains(west));
    policy(&[("zones.geojson", &ZONES.replace(west, geometry))]).zone_map(frame)
}

#[test]
fn holes_and_shared_borders_are_where_they_are_drawn() {
    for frame in [Frame::Local, Frame::Geodetic] {
        let map = policy(&[]).zone_map(frame).expect("zones");
        assert_eq!(*map.zones_at([7.5, 4.5]), set(&[]), "in the hole");
        assert_eq!(*map.zones_at([7.5, 3.5]), set(&["east"]), "below the hole");
        for step in 0..=100 {
            let y = f64::from(step) / 10.0 - 1e-9;
            let on_border = map.zones_at([5.0, y]).len();
            assert_eq!(on_border, usize::from(step > 0), "exactly one of the two zones holds (5, {y})");
        }
        assert_eq!(*map.zones_at([0.0, 0.0]), set(&["west"]), "a lower left corner is inside");
        assert_eq!(*map.zones_at([0.0, 10.0]), set(&[]), "an upper corner is outside");
    }
}

#[test]
fn an_area_across_the_antimeridian_is_one_area_however_it_is_written() {
    let jumps = r#"{"type":"Polygon","coordinates":[[[170,-10],[-170,-10],[-170,10],[170,10],[170,-10]],[[-179,0],[179,0],[179,1],[-179,1],[-179,0]]]}"#;
    let runs_on = r#"{"type":"Polygon","coordinates":[[[170,-10],[190,-10],[190,10],[170,10],[170,-10]],[[179,0],[181,0],[181,1],[179,1],[179,0]]]}"#;
    let negative = r#"{"type":"Polygon","coordinates":[[[-190,-10],[-170,-10],[-170,10],[-190,10],[-190,-10]],[[179,0],[-179,0],[-179,1],[179,1],[179,0]]]}"#;
    let cut = r#"{"type":"MultiPolygon","coordinates":[[[[170,-10],[180,-10],[180,0],[179,0],[179,1],[180,1],[180,10],[170,10],[170,-10]]],
        [[[-180,-10],[-170,-10],[-170,10],[-180,10],[-180,1],[-179,1],[-179,0],[-180,0],[-180,-10]]]]}"#;
    for geometry in [jumps, runs_on, negative, cut] {
        let map = zones_of(geometry, Frame::Geodetic).expect("zones");
        for (longitude, inside) in [
            (169.0, false),
            (171.0, true),
            (180.0, true),
            (-180.0, true),
            (-171.0, true),
            (-169.0, false),
            (0.0, false),
            (189.0, true),
            (-189.0, true),
        ] {
            assert_eq!(map.zones_at([longitude, -5.0]).contains("west"), inside, "{longitude} in {geometry}");
        }
        for longitude in [179.5, 180.0, -179.5] {
            assert!(!map.zones_at([longitude, 0.5]).contains("west"), "{longitude} is in the hole of {geometry}");
        }
    }
}

#[test]
fn a_ring_round_the_earth_holds_the_pole_of_its_side_whichever_way_it_is_drawn() {
    let north = ["[[0,80],[90,80],[180,80],[-90,80],[0,80]]", "[[0,80],[-90,80],[180,80],[90,80],[0,80]]"];
    let long = "[[10,80],[100,80],[190,80],[280,80],[370,80],[10,80]]".replace("[370,80],", "");
    for ring in [north[0], north[1], &long] {
        let map = zones_of(&format!(r#"{{"type":"Polygon","coordinates":[{ring}]}}"#), Frame::Geodetic).expect(ring);
        for longitude in (-720..=720).step_by(15).map(f64::from) {
            for (latitude, inside) in [(79.9, false), (80.1, true), (89.0, true), (90.0, true), (-85.0, false)] {
                let holds = map.zones_at([longitude, latitude]).contains("west");
                assert_eq!(holds, inside, "{longitude} {latitude} in {ring}");
            }
        }
    }
    // The south pole, with a hole over the antimeridian, a hole over the seam, and a ring of ice that is left out.
    let south = r#"{"type":"Polygon","coordinates":[[[10,-60],[130,-65],[-110,-60],[10,-60]],
        [[170,-75],[-170,-75],[-170,-70],[170,-70],[170,-75]], [[5,-75],[15,-75],[15,-70],[5,-70],[5,-75]],
        [[0,-85],[120,-85],[-120,-85],[0,-85]]]}"#;
    let map = zones_of(south, Frame::Geodetic).expect("zones");
    for (place, inside) in [
        ([180.0, -72.0], false),
        ([-175.0, -72.0], false),
        ([175.0, -72.0], false),
        ([165.0, -72.0], true),
        ([-165.0, -72.0], true),
        ([10.0, -72.0], false),
        ([6.0, -72.0], false),
        ([14.0, -72.0], false),
        ([20.0, -72.0], true),
        ([0.0, -72.0], true),
        ([0.0, -84.0], true),
        ([0.0, -86.0], false),
        ([77.0, -90.0], false),
        ([10.0, -59.9], false),
        ([130.0, -64.0], false),
        ([130.0, -66.0], true),
    ] {
        assert_eq!(map.zones_at(place).contains("west"), inside, "{place:?}");
    }
}

#[test]
fn an_outline_that_makes_no_sense_is_an_error() {
    let crosses = r#"{"type":"Polygon","coordinates":[[[0,80],[90,-10],[180,80],[-90,80],[0,80]]]}"#;
    let twice = r#"{"type":"Polygon","coordinates":[[[0,80],[120,80],[240,80],[0,70],[120,70],[240,70],[0,80]]]}"#;
    let world = r#"{"type":"Polygon","coordinates":[[[-180,-90],[180,-90],[180,90],[-180,90],[-180,-90]]]}"#;
    let half = r#"{"type":"Polygon","coordinates":[[[-90,0],[90,0],[90,50],[-90,50],[-90,0]]]}"#;
    let beyond = r#"{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,91],[0,0]]]}"#;
    let line = r#"{"type":"Polygon","coordinates":[[[0,0],[1,1],[2,2],[0,0]]]}"#;
    let hole = r#"{"type":"Polygon","coordinates":[[[0,0],[4,0],[4,4],[0,0]],[[5,0],[6,0],[6,1],[5,0]]]}"#;
    for (geometry, frame, found) in [
        (crosses, Frame::Geodetic, "meets the equator"),
        (twice, Frame::Geodetic, "round the Earth more than once"),
        (world, Frame::Geodetic, "the outline with fewer than 3 corners that differ"),
        (half, Frame::Geodetic, "180 degrees of longitude"),
        (beyond, Frame::Geodetic, "latitude 91"),
        (line, Frame::Local, "meeting, wanted edges that meet at shared corners only"),
        (hole, Frame::Local, "outside its outline"),
    ] {
        let text = zones_of(geometry, frame).expect_err(geometry).to_string();
        assert!(text.contains("zones.geojson:2: zone `west`: found ") && text.contains(found), "{text}");
    }
    assert!(zones_of(half, Frame::Local).is_ok(), "metres go round nothing");
}

#[test]
fn an_outline_that_would_have_a_hole_where_it_crosses_itself_is_an_error_that_says_where() {
    let polygon = |rings: &str| format!(r#"{{"type":"Polygon","coordinates":[{rings}]}}"#);
    let square = "[[0,0],[9,0],[9,9],[0,9],[0,0]]";
    for (rings, found) in [
        ("[[0,0],[4,4],[4,0],[0,4],[0,0]]", "the edge from [0.0, 0.0] to [4.0, 4.0] of the outline and the edge from"),
        // Twice round: the middle would be outside.
        ("[[0,0],[9,0],[9,9],[1,9],[1,1],[8,1],[8,8],[0,8],[0,0]]", "of the outline meeting"),
        (&format!("{square},[[8,2],[12,2],[12,4],[8,4],[8,2]]"), "hole at [8.0, 2.0] outside its outline"),
        ("[[0,0],[9,0],[9,9],[0,0]],[[3,1],[5,1],[5,7],[3,1]]", "of hole 1 and the edge from"),
        (
            "[[0,0],[9,0],[9,9],[0,0]],[[1,5],[2,5],[2,6],[1,5]]",
            "of hole 1 where it and a hole are not one in the other",
        ),
        (
            &format!("{square},[[1,1],[6,1],[6,6],[1,6],[1,1]],[[2,2],[3,2],[3,3],[2,2]]"),
            "of hole 2 within another hole",
        ),
        ("[[0,0],[5,0],[5,5],[5,0],[9,9],[0,0]]", "the outline at [5.0, 0.0] twice"),
        ("[[0,0],[1.7e308,0],[9,9],[0,0]]", "a coordinate of 17976931348623157"),
    ] {
        for frame in [Frame::Local, Frame::Geodetic] {
            let text = zones_of(&polygon(rings), frame).expect_err(rings).to_string();
            let far = rings.contains("e308") && (frame == Frame::Geodetic || text.contains("found a coordinate of 17"));
            assert!(far || text.contains(found), "{text}");
            assert!(text.contains("zones.geojson:2: zone `west`: found ") && text.contains(", wanted "), "{text}");
        }
    }
    let many = format!(r#"{{"type":"MultiPolygon","coordinates":[[{square}],[[[0,0],[4,4],[4,0],[0,4],[0,0]]]]}}"#);
    let text = zones_of(&many, Frame::Local).expect_err("a bow").to_string();
    assert!(text.contains("zone `west`: polygon 2: found the edge from"), "{text}");
    // Over the antimeridian and round a pole, where the file's own numbers jump.
    let bow = "[[178,0],[-178,4],[-178,0],[178,4],[178,0]]";
    assert!(zones_of(&polygon(bow), Frame::Geodetic).is_err());
    let pole = |extra: &str| polygon(&format!("[[0,60],[90,80],{extra}[180,60],[-90,60],[0,60]]"));
    assert!(zones_of(&pole(""), Frame::Geodetic).is_ok());
    assert!(zones_of(&pole("[110,50],[100,88],[120,88],"), Frame::Geodetic).is_ok(), "it hangs over");
    assert!(zones_of(&pole("[120,50],[70,50],[70,85],"), Frame::Geodetic).is_err());
    // A check without a recording knows no frame: it complains of what is wrong in both.
    let folder = crate::common::folder(&[("zones.geojson", &ZONES.replace("[[0,0],[5,0],[5,10],[0,10],[0,0]]", bow))]);
    assert!(
        !check(folder.path(), None, None).expect("a check").has_errors()
            || zones_of(&polygon(bow), Frame::Local).is_err()
    );
    let bow = "[[0,0],[4,4],[4,0],[0,4],[0,0]]";
    let folder = crate::common::folder(&[("zones.geojson", &ZONES.replace("[[0,0],[5,0],[5,10],[0,10],[0,0]]", bow))]);
    assert!(check(folder.path(), None, None).expect("a check").has_errors());
}

#[test]
fn ten_thousand_zones_and_an_outline_of_a_hundred_thousand_corners_are_read_at_once() {
    let round = |x: f64, y: f64, corners: u32| {
        let corner = |n: u32| {
            let angle = f64::from(n % corners) / f64::from(corners) * std::f64::consts::TAU;
            format!("[{},{}]", x + 40.0 * angle.cos(), y + 40.0 * angle.sin())
        };
        (0..=corners).map(corner).collect::<Vec<_>>().join(",")
    };
    let mut features = Vec::new();
    for n in 0..10_000_u32 {
        let mut feature = String::new();
        let (x, y) = (f64::from(n % 100) * 50.0, f64::from(n / 100) * 50.0);
        let ring = if n == 7 { round(x, y, 100_000) } else { round(x, y, 100) };
        write!(
            feature,
            r#"{{"type":"Feature","properties":{{"name":"z{n}"}},"geometry":{{"type":"Polygon","coordinates":[[{ring}]]}}}}"#
        )
        .expect("text");
        features.push(feature);
    }
    let zones = format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.join(",\n"));
    let rules =
        crate::common::RULES.replace("resource.zones.contains(principal.zone)", "resource.zones.contains(\"z7\")");
    let folder = crate::common::folder(&[("zones.geojson", &zones), ("rules.cedar", &rules)]);
    let started = Instant::now();
    let policy = Policy::read(folder.path()).expect("a policy");
    let map = policy.zone_map(Frame::Local).expect("a map");
    let mut held = 0;
    for n in 0..100_000_u32 {
        held += map.zones_at([f64::from(n % 317) * 15.0, f64::from(n / 317) * 15.0]).len();
    }
    let took = started.elapsed();
    assert!(held > 100_000, "{held}");
    assert!(took < Duration::from_secs(20), "{took:?}");
    eprintln!("10,000 zones, 1.1 million corners, 100,000 places: {took:?}");
}
