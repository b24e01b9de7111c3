//! Zones as other programs write them (RFC 7946): read, or refused with the cure. `scripts/dialects.py` made the files.

use std::path::Path;
use trackweave::policy::ZoneMap;
use trackweave::space::Frame;

fn made(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/policy/geojson").join(name);
    std::fs::read_to_string(path).expect("a file of the test")
}

#[test]
fn what_gdal_writes_and_rfc_7946_allows_is_read_but_for_another_reference_system() {
    let zones = |text: &str| ZoneMap::parse(text, Path::new("zones.geojson"), Frame::Geodetic);
    for name in ["gdal.geojson", "gdal_rfc7946.geojson", "geopandas.geojson"] {
        let text = made(name);
        for text in [text.clone(), format!("\u{feff}{text}")] {
            let map = zones(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(map.names(), ["box"], "{name}");
            let held = |place| map.zones_at(place).len();
            assert_eq!((held([6.75, 46.0]), held([6.75, 47.0])), (1, 0), "{name}");
        }
    }
    let error = zones(&made("gdal_3857.geojson")).expect_err("in metres").to_string();
    for piece in ["zones.geojson:4: found crs", "EPSG::3857", "wanted WGS 84", "-t_srs EPSG:4326"] {
        assert!(error.contains(piece), "{error}");
    }
    let whole = made("geopandas.geojson");
    let feature = "{\"type\":\"Feature\",\"properties\":{\"name\":\"box\"},\"geometry\":{\"type\":\"Polygon\",\"coordinates\":\
                   [[[6.5,45.5],[7,45.5],[7,46.5],[6.5,45.5]]]}}";
    assert_eq!(zones(feature).expect("a zone").names(), ["box"], "a feature alone");
    for (text, piece) in [
        (whole.replace("\"Polygon\"", "\"LineString\""), "zone `box`: found lines, wanted a Polygon or a MultiPolygon"),
        (feature.replace("Polygon\",\"coordinates\":[[[6.5,45.5],[7,45.5],[7,46.5],[6.5,45.5]]]", "GeometryCollection\",\"geometries\":[]"), "found a GeometryCollection, wanted"),
        ("{\"type\":\"FeatureCollection\",\"features\":[{\"type\":\"Feature\",\"properties\":{\"name\":\"a\"},\"geometry\":null}]}".to_owned(), "zone `a`: found no geometry, wanted"),
        ("{\"type\":\"Polygon\",\"coordinates\":[]}".to_owned(), "found type \"Polygon\", wanted FeatureCollection"),
        ("{\"type\":\"FeatureCollection\"}".to_owned(), "found no `features`, wanted"),
        ("{\"type\":\"FeatureCollection\",\"links\":[{}],\n\"features\":[\n{\"type\":\"Feature\",\"properties\":null,\"geometry\":null}]}".to_owned(), "zones.geojson:3: found a feature without the property `name`"),
    ] {
        let error = zones(&text).err().unwrap_or_else(|| panic!("read: {text}")).to_string();
        assert!(error.contains(piece) && !error.contains("enum") && !error.contains("struct"), "{error}");
    }
}
