//! CSV as text: no quote swallows rows, lines are counted as an editor counts them, nothing is longer than it may be.

use trackweave::ingest::{At, Options, TruthReader, read_truth};

use super::{OPTIONS, assert_says, folder, geodetic, local, read, read_csv};

const HEADER: &str = "time,sensor,x_m,y_m,label\n";

fn rows(count: usize) -> Vec<String> {
    (0..count).map(|row| format!("{row},gps,{row},0,open")).collect()
}

#[test]
fn a_quote_that_is_not_closed_is_an_error_where_it_begins() {
    let mut lines = rows(720);
    lines[9] = "9,gps,9,0,\"open".to_owned();
    let text = format!("{HEADER}{}\n", lines.join("\n"));
    for strict in [false, true] {
        let error = read_csv(&text, &local(), Options { strict, ..OPTIONS }).unwrap_err();
        assert_says(
            &error,
            &["detections.csv, line 11: found a quote", "cell 5 and is not closed", "wanted a quote at"],
        );
    }
    // Another quote far below closes nothing.
    lines[700] = "700,gps,1,0,open\"".to_owned();
    let text = format!("{HEADER}{}\n", lines.join("\n"));
    assert_says(&read_csv(&text, &local(), OPTIONS).unwrap_err(), &["line 11: found a quote that begins cell 5"]);
    let truth = folder("truth.csv", "time,object,x_m,y_m\n1,a,0,0\n2,\"b,0,0\n3,c,0,0\n");
    assert_says(
        &read_truth(truth.path(), &local()).unwrap_err(),
        &["truth.csv, line 3: found a quote that begins cell 2"],
    );
    let header = read_csv("time,\"sensor,x_m\n1,gps,2\n", &local(), OPTIONS).unwrap_err();
    assert_says(&header, &["line 1: found a quote that begins cell 2"]);
}

#[test]
fn no_cell_goes_on_to_the_next_line_and_quotes_enclose_whole_cells() {
    let cases: &[(&str, &[&str])] = &[
        ("1,gps,1,0,\"la\nbel\"\n", &["line 2: found a quote that begins cell 5 and is not closed on its line"]),
        ("1,gps,1,0,op\"en\n", &["line 2: found a quote within cell 5, `op\\\"en`; wanted the whole cell in quotes"]),
        ("1,gps,1,0,\"op\"en\n", &["line 2: found `en` after the quote that closes cell 5; wanted `,`"]),
        ("1,gps,1,0,a\0b\n", &["line 2: found a NUL byte; wanted text"]),
    ];
    for (row, pieces) in cases {
        assert_says(&read_csv(&format!("{HEADER}{row}"), &local(), OPTIONS).unwrap_err(), pieces);
    }
    let text = "\"time\" , \"sensor\",x_m, \"y_m\" ,label\n \"1\",\"gps\" ,1,0, \"a, \"\"b\"\"\" \n";
    let (detections, _) = read_csv(text, &local(), OPTIONS).unwrap();
    assert_eq!(detections.labels.last().unwrap(), "a, \"b\"");
}

#[test]
fn lines_are_those_of_an_editor() {
    for end in ["\n", "\r\n", "\r"] {
        for (mark, blank) in [("", 0), ("\u{feff}", 0), ("", 2)] {
            let line = u64::try_from(2 + blank).unwrap();
            let blank = end.repeat(blank);
            let text =
                |row: &str| format!("{mark}time,sensor,latitude_deg,longitude_deg,altitude_m{end}{blank}{row}{end}");
            let what = format!("{end:?} {mark:?} {blank:?}");
            let error = read_csv(&text("2018-08-01T05:27:30Z,gps,x,2,3"), &geodetic(), OPTIONS).unwrap_err();
            assert!(
                error.to_string().contains(&format!("line {line}: column `latitude_deg` is `x`")),
                "{what}: {error}"
            );
            let error = read_csv(&text("2018-08-01T05:27:30Z,gps,1,2"), &geodetic(), OPTIONS).unwrap_err();
            assert!(error.to_string().contains(&format!("line {line}: found 4 cells")), "{what}: {error}");
            let (_, report) = read_csv(&text("2018-08-01T05:27:30Z,gps,95,2,3"), &geodetic(), OPTIONS).unwrap();
            assert_eq!(report.first_rejected[0].at, At::Line(line), "{what}");
        }
    }
}

#[test]
fn a_file_may_end_without_a_line_end_and_a_header_alone_has_no_rows() {
    let whole = read_csv(&format!("{HEADER}1,gps,1,0,\n2,gps,2,0,"), &local(), OPTIONS).unwrap();
    assert_eq!(whole.0.time_us, [1_000_000, 2_000_000]);
    for header in ["time,sensor,x_m,y_m", "\u{feff}time,sensor,x_m,y_m\r\n", "\n\ntime,sensor,x_m,y_m\n \n"] {
        assert_eq!(read_csv(header, &local(), OPTIONS).unwrap().1.rows_read, 0, "{header:?}");
    }
    for nothing in ["", "\n\n", "\u{feff}"] {
        let error = read_csv(nothing, &local(), OPTIONS).unwrap_err();
        assert_says(&error, &["found no line; wanted a header that names the columns"]);
    }
    let catalogue = local();
    let truth = folder("truth.csv", "time,object,x_m,y_m\n");
    assert!(TruthReader::open(truth.path(), &catalogue, 9).unwrap().unwrap().next_batch().unwrap().is_none());
}

#[test]
fn cells_lines_and_headers_have_bounds() {
    let long = |length: usize| format!("{HEADER}1,gps,1,0,{}\n", "L".repeat(length));
    assert!(read_csv(&long(65_536), &local(), OPTIONS).is_ok());
    let cases: &[(String, &[&str])] = &[
        (long(65_537), &["line 2: found 65537 bytes in column `label`; wanted at most 65536"]),
        (long(2_000_000), &["line 2: found more than 1048576 bytes; wanted a line of at most 1048576"]),
        (
            format!("{HEADER}1,gps,1,0{}\n", ",0".repeat(10_000)),
            &["line 2: found 10004 cells; wanted 5, as in the header"],
        ),
        (format!("time,sensor{}\n", ",c".repeat(2000)), &["line 1: found 2002 columns; wanted at most 1024"]),
        ("x".repeat(3_000_000), &["line 1: found more than 1048576 bytes"]),
    ];
    for (text, pieces) in cases {
        assert_says(&read_csv(text, &local(), OPTIONS).unwrap_err(), pieces);
    }
    for (bytes, found) in [
        (b"\xff\xfet\0i\0m\0e\0".as_slice(), "UTF-16 text"),
        (b"PAR1\x15", "a Parquet file"),
        (b"PK\x03\x04\x14", "a workbook or another archive"),
    ] {
        let error = read(folder("detections.csv", bytes).path(), &local(), OPTIONS).unwrap_err();
        assert_says(&error, &[found, "wanted CSV in UTF-8"]);
    }
}

#[test]
fn milliseconds_are_no_seconds() {
    let (ms, s) = ("1533101250000", "1533101250");
    let row = |time: &str| format!("{time},gps,1,0,\n");
    let (_, report) = read_csv(&format!("{HEADER}{}{}", row(s), row(ms)), &local(), OPTIONS).unwrap();
    assert_eq!((report.rows_accepted, report.rows_rejected()), (1, 1), "one such row is a bad row");
    let error = read_csv(&format!("{HEADER}{}{}", row(ms), row(ms)), &local(), OPTIONS).unwrap_err();
    assert_says(&error, &["line 2: column `time` is 1533101250000; wanted", "seconds, not milliseconds"]);
}
