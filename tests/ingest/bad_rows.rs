//! Bad rows: counted by reason, the first few shown, the rest of the run unharmed; fatal where asked.

use trackweave::ingest::{At, Options, Order, Reason};

use super::{OPTIONS, assert_says, geodetic, local, read_csv};

/// Bad rows of a local recording in the columns below, each with its reason and column.
const BAD: &[(&str, Reason, &str, &str)] = &[
    (",gps,1,2,,,,", Reason::Missing, "time", "empty"),
    ("5,,1,2,,,,", Reason::Missing, "sensor", "empty"),
    ("5,gps,1,,,,,", Reason::Missing, "y_m", "empty"),
    ("5,radar,,,,30,,", Reason::Missing, "range_m", "empty"),
    ("nan,gps,1,2,,,,", Reason::NotFinite, "time", "NaN"),
    ("5,gps,inf,2,,,,", Reason::NotFinite, "x_m", "inf"),
    ("1e300,gps,1,2,,,,", Reason::TimeBeyondLimits, "time", "1e300"),
    ("5,gps,1,-2e9,,,,", Reason::BeyondLimits, "y_m", "-2000000000"),
    ("4.5,gps,1,2,,,,", Reason::OutOfOrder, "time", "4.5"),
    ("5,gps,1,2,7,,,", Reason::OfAnotherKind, "range_m", "7"),
    ("5,radar,1,,7,30,,", Reason::OfAnotherKind, "x_m", "1"),
    ("5,radar,,,-7,30,,", Reason::NotPositiveRange, "range_m", "-7"),
    ("5,radar,,,0,30,,", Reason::NotPositiveRange, "range_m", "0"),
    ("5,radar,,,7,400,,", Reason::ImpossibleAzimuth, "azimuth_deg", "400"),
    ("5,radar,,,7,30,91,", Reason::ImpossibleElevation, "elevation_deg", "91"),
    ("5,gps,1,2,,,,0", Reason::ImpossibleSigma, "sigma_horizontal_m", "0"),
    ("5,gps,1,2,,,,-1", Reason::ImpossibleSigma, "sigma_horizontal_m", "-1"),
];

const BAD_HEADER: &str = "time,sensor,x_m,y_m,range_m,azimuth_deg,elevation_deg,sigma_horizontal_m";

#[test]
fn a_bad_row_is_counted_shown_and_left_out() {
    for (row, reason, column, found) in BAD {
        let text = format!("{BAD_HEADER}\n5,gps,1,2,,,,\n{row}\n6,gps,3,4,,,,\n");
        let (detections, report) = read_csv(&text, &local(), OPTIONS).unwrap();
        assert_eq!(detections.time_us, [5_000_000, 6_000_000], "{row}");
        assert_eq!((report.rows_read, report.rows_accepted, report.rows_rejected()), (3, 2, 1), "{row}");
        assert_eq!(report.rejected.get(reason), Some(&1), "{row}: {report}");
        let shown = &report.first_rejected[0];
        assert_eq!((shown.at, shown.column, shown.reason), (At::Line(3), *column, *reason), "{row}");
        assert!(shown.found.starts_with(found), "{row}: {shown:?}");
        assert!(report.to_string().contains(&format!("line 3: column `{column}` is ")), "{report}");

        let error = read_csv(&text, &local(), Options { strict: true, ..OPTIONS }).unwrap_err();
        assert_says(&error, &["detections.csv, line 3", &format!("column `{column}` is {found}"), reason.wanted()]);
    }
}

#[test]
fn impossible_places_on_earth_are_left_out() {
    let header = "time,sensor,latitude_deg,longitude_deg,altitude_m,range_m,azimuth_deg,sigma_vertical_m";
    let t = "2018-08-01T05:27:30Z";
    let cases = [
        (format!("{t},gps,90.1,20,0,,,"), Reason::ImpossibleLatitude),
        (format!("{t},gps,10,-180.5,0,,,"), Reason::ImpossibleLongitude),
        (format!("{t},gps,10,20,-30000,,,"), Reason::BeyondLimits),
        (format!("{t},gps,10,20,,,,"), Reason::Missing),
        (format!("{t},radar,10,,,500,30,"), Reason::OfAnotherKind),
        (format!("{t},radar,,,11000,500,30,40"), Reason::AltitudeOutOfReach),
        ("2018-08-01T05:27:29Z,gps,10,20,0,,,".to_owned(), Reason::OutOfOrder),
    ];
    for (row, reason) in cases {
        let text = format!("{header}\n{t},gps,10,20,5,,,\n{row}\n");
        let (_, report) = read_csv(&text, &geodetic(), OPTIONS).unwrap();
        assert_eq!(report.rejected.get(&reason), Some(&1), "{row}: {report}");
    }
}

#[test]
fn a_flood_of_one_reason_does_not_hide_another() {
    let mut text = "time,sensor,x_m,y_m\n".to_owned();
    for _ in 0..500 {
        text.push_str("1,gps,nan,0\n");
    }
    text.push_str("1,,0,0\n");
    let (_, report) = read_csv(&text, &local(), OPTIONS).unwrap();
    assert_eq!(report.rejected[&Reason::NotFinite], 500);
    let lines = report.first_rejected.iter().map(|row| row.at).collect::<Vec<_>>();
    assert_eq!(lines, [At::Line(2), At::Line(3), At::Line(4), At::Line(502)]);
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["rejected"]["not_finite"], 500);
    assert_eq!(json["first_rejected"][3]["at"]["line"], 502);
}

#[test]
fn where_any_order_is_taken_no_row_costs_another_its_place() {
    let text = "time,sensor,x_m,y_m\n1,gps,0,0\n9e8,gps,0,0\n2,gps,0,0\n";
    let (required, _) = read_csv(text, &local(), OPTIONS).unwrap();
    assert_eq!(required.time_us, [1_000_000, 900_000_000_000_000]);
    let (any, _) = read_csv(text, &local(), Options { order: Order::Any, ..OPTIONS }).unwrap();
    assert_eq!(any.time_us, [1_000_000, 900_000_000_000_000, 2_000_000]);
}
