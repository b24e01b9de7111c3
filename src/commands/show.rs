//! `trackweave show`: rows of pictures or lines of audits, streamed, within the width.

use super::arguments::Show;
use super::failure::{Code, Failure};
use super::layout::{count, fitted, printable, width};
use super::screen::{Screen, print};
use crate::ingest::TimeScale;
use crate::product::{ProductError, read_batches, read_schema};
use crate::time::{format_timestamp, micros, parse_timestamp};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, TimestampMicrosecondType, UInt64Type};
use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, Schema};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read as _};
use std::path::{Path, PathBuf};

/// Bytes of a line of an audit that are read at most.
const LINE_MAX: u64 = 16 << 20;

/// The columns that are shown unless others are asked for, as many of them as fit; those of a frame that a picture has not
/// are left out.
const USUAL: [&str; 13] = [
    "time",
    "track",
    "status",
    "latitude_deg",
    "longitude_deg",
    "altitude_m",
    "x_m",
    "y_m",
    "z_m",
    "existence",
    "detections",
    "contributors",
    "authorities",
];

/// Rows by which columns are measured.
const MEASURED: usize = 1000;

/// A column that is shown.
struct Column {
    place: usize,
    name: String,
    width: usize,
}

/// A folder to show, and whose it is.
struct Folder {
    path: PathBuf,
    partner: String,
}

/// Which rows are shown.
struct Filter<'a> {
    tracks: &'a [u64],
    span: [Option<&'a str>; 2],
}

/// Runs the command.
pub(super) fn execute(arguments: &Show, screen: Screen) -> Result<(), Failure> {
    let Show { from, partner, track, from_time, to_time, columns, audit, limit } = arguments;
    let folders = folders(from, partner, if *audit { "audit.jsonl" } else { "tracks.parquet" })?;
    let filter = Filter { tracks: track, span: [from_time.as_deref(), to_time.as_deref()] };
    if !*audit {
        folders.iter().try_for_each(|folder| check(folder, &filter, columns))?;
    }
    let mut left = limit.unwrap_or(u64::MAX);
    let mut open = true;
    if matches!(screen, Screen::Json) {
        open = print(b"{\"folders\":[")?;
    }
    for (place, folder) in folders.iter().enumerate() {
        if !open || left == 0 && place > 0 {
            break;
        }
        let head = match screen {
            Screen::Json => {
                format!("{}{{\"partner\":{},\"rows\":[", if place == 0 { "" } else { "," }, json!(folder.partner))
            }
            Screen::Text if folders.len() > 1 => format!("{}{}\n", if place == 0 { "" } else { "\n" }, folder.partner),
            Screen::Text => String::new(),
        };
        open = print(printable(&head).as_bytes())?;
        open = open
            && if *audit {
                lines(folder, &mut left, screen)?
            } else {
                rows(folder, (&filter, columns), &mut left, screen)?
            };
        if open && matches!(screen, Screen::Json) {
            open = print(b"]}")?;
        }
    }
    if open && matches!(screen, Screen::Json) {
        print(b"]}\n")?;
    }
    Ok(())
}

/// Whether what is asked for makes sense of a picture: known before anything is printed.
fn check(folder: &Folder, filter: &Filter<'_>, asked: &[String]) -> Result<(), Failure> {
    let schema = read_schema(&folder.path).map_err(|error| Failure::new(Code::Input, error))?;
    span(&schema, filter)?;
    match asked.iter().find(|name| schema.index_of(name).is_err()) {
        None => Ok(()),
        Some(name) => {
            let all: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
            let text = format!("`--columns` has `{name}`, wanted some of: {}", all.join(", "));
            Err(Failure::new(Code::Usage, text))
        }
    }
}

/// The folders of an output that have a file, or one partner's.
fn folders(from: &Path, partners: &[String], file: &str) -> Result<Vec<Folder>, Failure> {
    let is_folder = |path: &Path| path.join("manifest.json").is_file() && path.join(file).is_file();
    let named = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if is_folder(from) {
        let path = std::path::absolute(from).unwrap_or_else(|_| from.to_owned());
        return Ok(vec![Folder { partner: named(&path), path: from.to_owned() }]);
    }
    let wrong = |found: String| {
        Failure::new(
            Code::Input,
            format!("{}: found {found}, wanted an output or a partner's folder in it", from.display()),
        )
    };
    let entries = std::fs::read_dir(from).map_err(|error| wrong(error.to_string()))?;
    let mut all: Vec<PathBuf> =
        entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| is_folder(path)).collect();
    all.sort_unstable();
    if all.is_empty() {
        return Err(wrong("no picture".to_owned()));
    }
    let known: Vec<String> = all.iter().map(|path| named(path)).collect();
    if let Some(unknown) = partners.iter().find(|id| !known.contains(*id)) {
        let text = format!("`--partner` is `{unknown}`, wanted one of: {}", known.join(", "));
        return Err(Failure::new(Code::Usage, text));
    }
    // Without a word the operator's audit is not among the partners'.
    let wanted =
        |partner: &String| if partners.is_empty() { !partner.starts_with('_') } else { partners.contains(partner) };
    let all = all.into_iter().zip(known).filter(|(_, partner)| wanted(partner));
    Ok(all.map(|(path, partner)| Folder { path, partner }).collect())
}

/// Shows the lines of an audit; false where nobody reads any more.
fn lines(folder: &Folder, left: &mut u64, screen: Screen) -> Result<bool, Failure> {
    let path = folder.path.join("audit.jsonl");
    let wrong = |found: &dyn std::fmt::Display| {
        Failure::new(Code::Input, format!("{}: found {found}, wanted the audit of a run", path.display()))
    };
    let mut reader = BufReader::new(crate::files::open(&path).map_err(|error| wrong(&error))?);
    let mut first = true;
    while *left > 0 {
        let mut line = String::new();
        let read = reader.by_ref().take(LINE_MAX).read_line(&mut line).map_err(|error| wrong(&error))?;
        if read == 0 {
            break;
        }
        let value: Value = serde_json::from_str(&line).map_err(|error| wrong(&error))?;
        let entry = value.get("entry").cloned().unwrap_or_default();
        let text = match screen {
            Screen::Json => format!("{}{entry}", if first { "" } else { "," }),
            Screen::Text => fitted(&describe(&entry)),
        };
        first = false;
        *left -= 1;
        let text = if matches!(screen, Screen::Text) { printable(&text) } else { text };
        if !print(text.as_bytes())? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A line of an audit in words.
fn describe(entry: &Value) -> String {
    let text = |key: &str| entry.get(key).and_then(Value::as_str).unwrap_or_default();
    let verdict = if entry.get("allowed").and_then(Value::as_bool).unwrap_or(false) { "may" } else { "may not" };
    let rules = entry.get("decided_by").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let rules: Vec<&str> = rules.collect();
    let rules = if rules.is_empty() { crate::policy::NO_POLICY.to_owned() } else { rules.join(", ") };
    let class = entry.get("class").map(words);
    let count = entry.get("count").and_then(Value::as_u64).map_or_else(String::new, |n| format!(" ({})", count(n)));
    format!("{} {verdict} `{}`{count}: {}; by {rules}\n", text("partner"), text("action"), class.unwrap_or_default())
}

/// A class in words: the operator's as it is, a partner's name by name.
fn words(class: &Value) -> String {
    let value = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("+"),
        other => other.to_string(),
    };
    let Some(object) = class.as_object() else { return value(class) };
    let of = object.get("of").map(value).unwrap_or_default();
    let rest = object.iter().filter(|(name, _)| *name != "of").map(|(name, held)| (name, value(held)));
    let rest = rest.map(|(name, held)| format!("{name} {}", if held.is_empty() { "(none)" } else { &held }));
    let rest: Vec<String> = rest.collect();
    if rest.is_empty() { of } else { format!("{of} of {}", rest.join(", ")) }
}

/// Shows the rows of a picture; false where nobody reads any more.
fn rows(
    folder: &Folder,
    (filter, asked): (&Filter<'_>, &[String]),
    left: &mut u64,
    screen: Screen,
) -> Result<bool, Failure> {
    let input = |error: ProductError| Failure::new(Code::Input, error);
    let mut columns: Option<Vec<Column>> = None;
    for batch in read_batches(&folder.path).map_err(input)? {
        let batch = batch.map_err(|error| Failure::new(Code::Input, format!("{}: {error}", folder.path.display())))?;
        let span = span(&batch.schema(), filter)?;
        let rows = (0..batch.num_rows()).filter(|row| shown(&batch, *row, (filter, span)));
        let rows: Vec<usize> = rows.take(usize::try_from(*left).unwrap_or(usize::MAX)).collect();
        *left -= rows.len() as u64;
        let begins = columns.is_none() && !rows.is_empty();
        if begins {
            columns = Some(chosen(&batch, asked, &rows));
        }
        let columns = columns.as_deref().unwrap_or_default();
        let mut text = String::new();
        match screen {
            Screen::Text => {
                if begins {
                    text += &line(columns.iter().map(|of| (short(&of.name).to_owned(), of.width)));
                }
                text.extend(rows.iter().map(|&row| line(columns.iter().map(|of| (cell(&batch, of, row), of.width)))));
                text = printable(&text);
            }
            Screen::Json => {
                for (at, &row) in rows.iter().enumerate() {
                    let of = columns.iter().map(|of| (of.name.clone(), value(&batch, of.place, row)));
                    let comma = if begins && at == 0 { "" } else { "," };
                    let _ = write!(text, "{comma}{}", Value::Object(of.collect()));
                }
            }
        }
        if !print(text.as_bytes())? {
            return Ok(false);
        }
        if *left == 0 {
            break;
        }
    }
    Ok(true)
}

/// The times between which rows are shown, microseconds, as the picture counts them.
fn span(schema: &Schema, filter: &Filter<'_>) -> Result<[Option<i64>; 2], Failure> {
    let geodetic = schema.index_of("latitude_deg").is_ok();
    let scale = if geodetic { TimeScale::Timestamp } else { TimeScale::Seconds };
    let [from, to] = filter.span;
    let time = |text: Option<&str>, option: &str| {
        let Some(text) = text else { return Ok(None) };
        let seconds = || text.parse().ok().and_then(micros);
        // A local recording may count instants, too.
        let found = parse_timestamp(text).or_else(|| if scale == TimeScale::Seconds { seconds() } else { None });
        let wanted = if geodetic { "an instant such as 2018-08-01T06:00:00Z" } else { "seconds, or an instant" };
        found.map(Some).ok_or_else(|| Failure::new(Code::Usage, format!("`{option}` is `{text}`, wanted {wanted}")))
    };
    Ok([time(from, "--from-time")?, time(to, "--to-time")?])
}

fn shown(batch: &RecordBatch, row: usize, (filter, [from_us, to_us]): (&Filter<'_>, [Option<i64>; 2])) -> bool {
    let track = batch.column_by_name("track").and_then(|column| column.as_primitive_opt::<UInt64Type>());
    let time = batch.column_by_name("time").and_then(|column| column.as_primitive_opt::<TimestampMicrosecondType>());
    let (Some(track), Some(time)) = (track, time) else { return false };
    let time_us = time.value(row);
    (filter.tracks.is_empty() || filter.tracks.contains(&track.value(row)))
        && from_us.is_none_or(|from_us| time_us >= from_us)
        && to_us.is_none_or(|to_us| time_us <= to_us)
}

/// The columns to show, as wide as their cells in these rows: those that are asked for, or of the usual ones those that fit.
fn chosen(batch: &RecordBatch, asked: &[String], rows: &[usize]) -> Vec<Column> {
    let schema = batch.schema();
    let column = |name: &str| {
        let place = schema.index_of(name).ok()?;
        let mut column = Column { place, name: name.to_owned(), width: short(name).chars().count() };
        let cells = rows.iter().take(MEASURED).map(|row| cell(batch, &column, *row).chars().count());
        column.width = cells.fold(column.width, usize::max);
        Some(column)
    };
    if asked.is_empty() {
        let mut used = 0;
        let usual = USUAL.iter().filter_map(|name| column(name));
        let fits = |of: &Column| {
            let fits = used + of.width <= width();
            used += if fits { of.width + 2 } else { 0 };
            fits
        };
        return usual.filter(fits).collect();
    }
    asked.iter().filter_map(|name| column(name)).collect()
}

/// The head of a column.
fn short(name: &str) -> &str {
    match name {
        "latitude_deg" => "latitude",
        "longitude_deg" => "longitude",
        "altitude_m" => "alt (m)",
        "existence" => "exist",
        "detections" => "dets",
        "contributors" => "from",
        "authorities" => "may",
        name => name,
    }
}

/// Cells in a line, each in its width.
fn line(cells: impl Iterator<Item = (String, usize)>) -> String {
    let cells: Vec<String> = cells.map(|(cell, width)| format!("{cell:width$}")).collect();
    format!("{}\n", cells.join("  ").trim_end())
}

/// A value as JSON; times are microseconds.
fn value(batch: &RecordBatch, place: usize, row: usize) -> Value {
    let Some(column) = batch.columns().get(place).filter(|column| column.is_valid(row)) else { return Value::Null };
    match column.data_type() {
        DataType::Timestamp(..) => column.as_primitive_opt::<TimestampMicrosecondType>().map(|of| json!(of.value(row))),
        DataType::UInt64 => column.as_primitive_opt::<UInt64Type>().map(|of| json!(of.value(row))),
        DataType::Float64 => column.as_primitive_opt::<Float64Type>().map(|of| json!(of.value(row))),
        DataType::Float32 => column.as_primitive_opt::<Float32Type>().map(|of| json!(of.value(row))),
        DataType::Utf8 => column.as_string_opt::<i32>().map(|of| json!(of.value(row))),
        DataType::List(_) => column.as_list_opt::<i32>().map(|of| {
            let texts = of.value(row);
            json!(texts.as_string_opt::<i32>().map(|texts| texts.iter().flatten().collect::<Vec<_>>()))
        }),
        _ => None,
    }
    .unwrap_or_default()
}

/// A value in words.
fn cell(batch: &RecordBatch, Column { place, name, .. }: &Column, row: usize) -> String {
    let (place, found) = (*place, value(batch, *place, row));
    let is_time =
        batch.columns().get(place).is_some_and(|column| matches!(column.data_type(), DataType::Timestamp(..)));
    let utc =
        batch.columns().get(place).is_some_and(|column| matches!(column.data_type(), DataType::Timestamp(_, Some(_))));
    match (&found, name.as_str()) {
        (Value::Null, _) => "-".to_owned(),
        (Value::Number(us), _) if is_time && utc => us.as_i64().map_or_else(String::new, format_timestamp),
        (Value::Number(us), _) if is_time => us.as_i64().map_or_else(String::new, |us| format!("{}", us as f64 * 1e-6)),
        (Value::Number(number), "latitude_deg" | "longitude_deg") => {
            format!("{:.5}", number.as_f64().unwrap_or(f64::NAN))
        }
        (Value::Number(number), "existence" | "identity_probability") => {
            format!("{:.3}", number.as_f64().unwrap_or(f64::NAN))
        }
        (Value::Number(number), _) if number.is_u64() => number.to_string(),
        (Value::Number(number), _) => format!("{:.1}", number.as_f64().unwrap_or(f64::NAN)),
        (Value::String(text), _) => text.clone(),
        (Value::Array(texts), _) => texts.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","),
        (other, _) => other.to_string(),
    }
}
