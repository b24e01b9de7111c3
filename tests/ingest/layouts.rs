//! CSV of any layout: the same rows, written by a generator that knows nothing of the reader, are the same detections.

use std::fmt::Write as _;
use std::path::Path;

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use trackweave::ingest::Catalogue;

use super::{LOCAL, OPTIONS, assert_says, folder, read, read_csv};

/// A catalogue with what is said of tables.
fn catalogue(time: &str, said: &str) -> Result<Catalogue, String> {
    let text = format!(
        "name = \"sea\"\nframe = \"geodetic\"\ntime = \"{time}\"\n{said}\n[[sensor]]\nname = \"gps\"\nowner = \"a\"\n\
         kind = \"position\"\nnoise = {{ horizontal_m = 3.0, vertical_m = 5.0, speed_m_s = 0.5, course_deg = 2.0 }}\n\
         detection_probability = 0.9\nclutter_per_scan = 0.1\nscan_period_s = 1.0\n\
         coverage = {{ longitude_deg = [-180.0, 180.0], latitude_deg = [-90.0, 90.0] }}\n"
    );
    Catalogue::parse(&text, Path::new("recording.toml")).map_err(|error| error.to_string())
}

/// A number of thousandths in text.
fn thousandths(number: i64) -> String {
    format!("{}{}.{:03}", if number < 0 { "-" } else { "" }, number.abs() / 1000, number.abs() % 1000)
}

/// A column of the made file: what it is here, its name there, what the catalogue says of it, and its cells here and there.
struct Column {
    here: &'static str,
    there: String,
    says: String,
    own: Vec<String>,
    made: Vec<String>,
}

fn pick<'a, T>(of: &'a [T], random: &mut ChaCha8Rng) -> &'a T {
    &of[random.random_range(0..of.len())]
}

/// Days from 1970 to the first of a month of 2024, by adding up.
fn first_of(month: usize) -> i64 {
    19_723 + [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31].iter().take(month - 1).sum::<i64>()
}

/// The columns of times: in text or numbers, in one column or two.
fn times(rows: usize, zone_h: i64, random: &mut ChaCha8Rng) -> Vec<Column> {
    let form = random.random_range(0..7);
    let (mut own, mut made, mut second) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rows {
        let (month, day) = (random.random_range(1..=12), random.random_range(2..=27));
        let (hour, minute, ms) =
            (random.random_range(0..24), random.random_range(0..60), random.random_range(0..60_000));
        let since_ms = ((((first_of(month) + day - 1) * 24) + hour) * 60 + minute) * 60_000 + ms;
        let second_text = format!("{:02}.{:03}", ms / 1000, ms % 1000);
        // What is written there is so many hours ahead of what is meant.
        let (local_hour, local_day) = ((hour + zone_h).rem_euclid(24), day + (hour + zone_h).div_euclid(24));
        own.push(format!("2024-{month:02}-{day:02}T{hour:02}:{minute:02}:{second_text}Z"));
        let (date, clock) =
            (format!("2024-{month:02}-{local_day:02}"), format!("{local_hour:02}:{minute:02}:{second_text}"));
        made.push(match form {
            0 => format!("{date}T{clock}"),
            1 => format!("{date} {clock}"),
            2 => since_ms.to_string(),
            3 => thousandths(since_ms),
            4 => format!("{since_ms}000000"),
            5 => date,
            _ => format!("{local_day}/{month}/2024 {clock}"),
        });
        second.push(clock);
    }
    let there = (*pick(&["when", "t", "TIME", "Zeit punkt"], random)).to_owned();
    let says = match form {
        0 | 1 => format!("{there:?}"),
        2 => format!("{{ column = {there:?}, unit = \"ms\" }}"),
        3 => format!("{{ column = {there:?}, unit = \"s\" }}"),
        4 => format!("{{ column = {there:?}, unit = \"ns\" }}"),
        5 => format!("{{ columns = [{there:?}, \"clock\"] }}"),
        _ => format!("{{ column = {there:?}, format = \"%d/%m/%Y %H:%M:%S%.f\" }}"),
    };
    let mut columns = vec![Column { here: "time", there, says, own, made }];
    if form == 5 {
        columns.push(Column {
            here: "",
            there: "clock".to_owned(),
            says: String::new(),
            own: Vec::new(),
            made: second,
        });
    }
    columns
}

/// A column of numbers, in one of several units: name, what a whole number of it is here, in exact decimals or a fraction.
fn numbers(
    (here, there): (&'static str, &str),
    (units, range): (&[(&str, i64, i64)], std::ops::Range<i64>),
    rows: usize,
    random: &mut ChaCha8Rng,
) -> Column {
    let &(unit, numerator, denominator) = pick(units, random);
    let (mut own, mut made) = (Vec::new(), Vec::new());
    for _ in 0..rows {
        let number = random.random_range(range.clone());
        if random.random_range(0..9) == 0 && here == "speed_m_s" {
            own.push(String::new());
            made.push(String::new());
            continue;
        }
        made.push(if unit.is_empty() { thousandths(number) } else { number.to_string() });
        own.push(match unit {
            "" => thousandths(number),
            _ => ((number * numerator) as f64 / denominator as f64).to_string(),
        });
    }
    let there = format!("{there}{}", random.random_range(0..3));
    let says =
        if unit.is_empty() { format!("{there:?}") } else { format!("{{ column = {there:?}, unit = {unit:?} }}") };
    Column { here, there, says, own, made }
}

/// The same rows as a file of this project, and as another one with what the catalogue has to say of it.
fn two_files(seed: u64) -> (String, String, String) {
    let random = &mut ChaCha8Rng::seed_from_u64(seed);
    let rows = random.random_range(1..60);
    let zone_h = random.random_range(-11..=11);
    let mut columns = times(rows, zone_h, random);
    columns.push(numbers(("latitude_deg", "lat"), (&[("", 1, 1)], -89_000..89_000), rows, random));
    columns.push(numbers(("longitude_deg", "lon"), (&[("", 1, 1), ("deg", 1, 1)], -179..179), rows, random));
    let heights = [("", 1, 1), ("ft", 381, 1250), ("FL", 762, 25), ("km", 1000, 1), ("NM", 1852, 1)];
    columns.push(numbers(("altitude_m", "Höhe"), (&heights, 0..500), rows, random));
    if random.random_range(0..2) == 0 {
        let speeds = [("", 1, 1), ("kn", 463, 900), ("km/h", 5, 18), ("ft/min", 127, 25_000)];
        let speed = numbers(("speed_m_s", "sog"), (&speeds, 1..600), rows, random);
        let mut course = numbers(("course_deg", "cog"), (&[("", 1, 1)], 0..360_000), rows, random);
        for (row, text) in speed.made.iter().enumerate().filter(|(_, text)| text.is_empty()) {
            (course.own[row], course.made[row]) = (text.clone(), text.clone());
        }
        columns.extend([speed, course]);
    }
    let named: Vec<_> = (0..rows).map(|_| format!("a;b,{}\"", random.random_range(0..4))).collect();
    columns.push(Column {
        here: "identity",
        there: "mmsi, no".into(),
        says: "\"mmsi, no\"".into(),
        own: named.clone(),
        made: named,
    });
    let gps = vec!["gps".to_owned(); rows];
    let constant = random.random_range(0..2) == 0;
    columns.push(Column {
        here: "sensor",
        there: "source".into(),
        says: "\"source\"".into(),
        own: gps.clone(),
        made: gps,
    });
    let noise: Vec<_> = (0..rows).map(|_| format!("x{}", random.next_u32())).collect();
    columns.push(Column { here: "", there: "speed_m_s?".into(), says: String::new(), own: Vec::new(), made: noise });

    let shown = columns.iter().filter(|column| !column.here.is_empty());
    let own = table(shown.map(|column| (column.here, &column.own[..])), ",", str::to_owned);
    let mut said = format!("[detections]\nzone = \"{zone_h:+03}:00\"\nignore = [\"speed_m_s?\"]\n");
    let separator = *pick(&[",", ";", "\t", "|"], random);
    let comma = random.random_range(0..2) == 0;
    let missing = *pick(&["", "NULL", "n/a"], random);
    writeln!(said, "separator = {separator:?}\nmissing = [{missing:?}]\ncomment = \"#\"").unwrap();
    said.push_str(if comma { "decimal = \",\"\n" } else { "" });
    said.push_str("[detections.columns]\n");
    for column in columns.iter().filter(|column| !column.here.is_empty()) {
        let says = if constant && column.here == "sensor" { "{ value = \"gps\" }" } else { &column.says };
        writeln!(said, "{} = {says}", column.here).unwrap();
    }
    if constant {
        columns.retain(|column| column.here != "sensor");
    }
    // Any order of columns; numbers with a comma where that is said, but for times that are text.
    for last in (1..columns.len()).rev() {
        columns.swap(last, random.random_range(0..=last));
    }
    let text = |cell: &str| {
        let is_number = cell.parse::<f64>().is_ok();
        let cell = if cell.is_empty() { missing } else { cell };
        if comma && is_number { cell.replace('.', ",") } else { cell.to_owned() }
    };
    let end = *pick(&["\n", "\r\n"], random);
    let there = columns.iter().map(|column| (&column.there[..], &column.made[..]));
    let made = format!("# made\n\n{}", table(there, separator, text)).replace('\n', end);
    (own, made, said)
}

/// Lines of cells, from the name and the cells of each column; what needs quotes has them.
fn table<'a>(
    columns: impl Iterator<Item = (&'a str, &'a [String])>,
    separator: &str,
    text: impl Fn(&str) -> String,
) -> String {
    let quoted = |cell: String| {
        if cell.contains(['"', ',', ';', '|', '\t']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
    };
    let (names, columns): (Vec<&str>, Vec<&[String]>) = columns.unzip();
    let mut lines = vec![names.iter().map(|name| quoted((*name).to_owned())).collect::<Vec<_>>().join(separator)];
    for row in 0..columns[0].len() {
        let cells = columns.iter().map(|cells| quoted(text(&cells[row])));
        lines.push(cells.collect::<Vec<_>>().join(separator));
    }
    lines.join("\n") + "\n"
}

#[test]
fn any_layout_gives_the_detections_of_the_same_rows() {
    let options = trackweave::ingest::Options { strict: true, order: trackweave::ingest::Order::Any, ..OPTIONS };
    for seed in 0..400 {
        let (own, made, said) = two_files(seed);
        let plain = catalogue("timestamp", "").unwrap();
        let mapped = catalogue("timestamp", &said).unwrap_or_else(|error| panic!("seed {seed}: {error}\n{said}"));
        let (wanted, _) = read_csv(&own, &plain, options).unwrap_or_else(|error| panic!("seed {seed}: {error}\n{own}"));
        let found = read_csv(&made, &mapped, options);
        let (found, _) = found.unwrap_or_else(|error| panic!("seed {seed}: {error}\n{said}\n{made}"));
        assert!(!wanted.is_empty());
        assert!(format!("{found:?}") == format!("{wanted:?}"), "seed {seed}:\n{said}\n{made}\n{own}");
    }
}

#[test]
fn a_file_without_a_header_has_the_columns_that_are_said_and_tables_each_have_their_own() {
    let said = "detections.header = [\"x_m\", \"y_m\", \"time\", \"sensor\"]\ndetections.separator = \"|\"\n\
                [truth]\ncolumns.object = \"ship\"\ncolumns.time = { column = \"t\", unit = \"ms\" }\n[[sensor]]";
    let catalogue = Catalogue::parse(&LOCAL.replacen("[[sensor]]", said, 1), Path::new("recording.toml")).unwrap();
    let (detections, _) = read_csv("1.5|2|7|gps\n3|4|8|gps\n", &catalogue, OPTIONS).unwrap();
    assert_eq!((detections.time_us, detections.horizontal), (vec![7_000_000, 8_000_000], vec![[1.5, 2.0], [3.0, 4.0]]));
    assert_says(
        &read_csv("1|2|7\n", &catalogue, OPTIONS).unwrap_err(),
        &["found 3 cells; wanted 4, as `header` has in [detections]"],
    );
    let truth = folder("truth.csv", "t,ship,x_m,y_m\n1500,a,0,0\n");
    let truth = trackweave::ingest::read_truth(truth.path(), &catalogue).unwrap().unwrap();
    assert_eq!((truth.time_us, truth.objects), (vec![1_500_000], vec!["a".to_owned()]));
    let plain = folder("detections.csv", "time,sensor,x_m,y_m\n");
    assert_says(
        &read(plain.path(), &catalogue, OPTIONS).unwrap_err(),
        &["line 1: column `x_m` is `time,sensor,x_m,y_m`"],
    );
}

#[test]
fn what_is_said_of_a_table_is_checked_at_once_with_its_line() {
    let cases: &[(&str, &[&str])] = &[
        ("separator = \"..\"", &["recording.toml:4: [detections]: `separator` is `..`; wanted one of \",\", \";\""]),
        ("separator = \".\"", &[":4: ", "`separator` is `.`"]),
        ("decimal = \":\"", &[":4: ", "`decimal` is `:`; wanted \".\" or \",\""]),
        ("comment = \" \"", &[":4: ", "`comment` is blank"]),
        ("header = []", &[":4: ", "`header` is empty"]),
        ("zone = \"Europe/Zurich\"", &[":4: ", "`zone` is `Europe/Zurich`; wanted \"UTC\"", "\"+02:00\""]),
        ("zone = \"+24:00\"", &[":4: ", "`zone` is `+24:00`"]),
        ("colums.time = \"t\"", &[":4: ", "unknown field `colums`", "`columns`"]),
        (
            "columns.latitude = \"lat\"",
            &[":4: ", "`latitude` is no column of this table; wanted one of `time`, `sensor`", "`latitude_deg`"],
        ),
        ("columns.x_m = \"x\"", &[":4: ", "`x_m` is no column of this table"]),
        ("columns.time = 3", &[":4: ", "the name of a column of the file, or a table with"]),
        ("columns.time = { colum = \"t\" }", &[":4: ", "unknown field `colum`"]),
        (
            "columns.time = {}",
            &[":4: ", "`time` is from several places or none; wanted one of `column`, `columns`, `value`"],
        ),
        ("columns.time = { column = \"t\", value = \"u\" }", &[":4: ", "`time` is from several places"]),
        (
            "columns.time = { value = \"now\" }",
            &[":4: ", "`time` is one value for all rows; wanted a column of the file"],
        ),
        ("columns.time = { columns = [\"d\"] }", &[":4: ", "[its date, its time of day]"]),
        ("columns.altitude_m = { columns = [\"a\", \"b\"] }", &[":4: ", "`altitude_m` is from `columns`"]),
        (
            "columns.altitude_m = { column = \"a\", unit = \"kn\" }",
            &[":4: ", "`altitude_m` is in unit `kn`; wanted one of \"m\", \"km\", \"ft\""],
        ),
        ("columns.speed_m_s = { column = \"a\", unit = \"ft\" }", &[":4: ", "one of \"m/s\", \"km/h\", \"kn\""]),
        ("columns.course_deg = { column = \"a\", unit = \"m\" }", &[":4: ", "one of \"deg\", \"rad\""]),
        ("columns.time = { column = \"t\", unit = \"min\" }", &[":4: ", "one of \"s\", \"ms\", \"us\", \"ns\""]),
        ("columns.identity = { column = \"i\", unit = \"m\" }", &[":4: ", "no unit"]),
        ("columns.sensor = { value = 3 }", &[":4: ", "`sensor` is `3`; wanted text in quotes"]),
        ("columns.altitude_m = { value = \"3\" }", &[":4: ", "wanted a number"]),
        ("columns.altitude_m = { column = \"a\", format = \"%Y\" }", &[":4: ", "`altitude_m` is in a format"]),
        (
            "columns.time = { column = \"t\", format = \"%H:%M\" }",
            &[":4: ", "`time` is in format `%H:%M`; wanted directives of strptime"],
        ),
        (
            "columns.time = { column = \"t\", format = \"%d.%m.%Y %H:%M\" }",
            &[":4: ", "which says no zone; wanted zone = \"UTC\""],
        ),
    ];
    for (said, pieces) in cases {
        let error = catalogue("timestamp", &format!("detections.{said}")).err();
        let error = error.unwrap_or_else(|| panic!("taken: {said}"));
        for piece in *pieces {
            assert!(error.contains(piece), "{said}: {error}");
        }
        assert!(!error.contains('\n') && !error.contains("OriginKeys"), "{error}");
    }
    for said in ["zone = \"UTC\"", "columns.time = { column = \"t\", format = \"%Y-%m-%d %H:%M %z\" }"] {
        assert!(catalogue("timestamp", &format!("detections.{said}")).is_ok(), "{said}");
        let error = catalogue("seconds", &format!("detections.{said}")).unwrap_err();
        assert!(error.contains("time = \"seconds\"") || error.contains("time = \"timestamp\""), "{error}");
    }
}
