//! Damaged and oversized Parquet: an error that says what was found, never a panic, memory bounded.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow_array::builder::{ListBuilder, StringBuilder};
use arrow_array::{ArrayRef, Float32Array, Float64Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::{WriterProperties, WriterPropertiesBuilder, WriterVersion};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tempfile::TempDir;
use trackweave::ingest::read_truth;
use trackweave::product::read_picture;

use super::{OPTIONS, assert_says, local, read};

/// Mutations of a file, together over all files; `TRACKWEAVE_MUTATIONS` for more.
fn mutations() -> usize {
    std::env::var("TRACKWEAVE_MUTATIONS").ok().and_then(|text| text.parse().ok()).unwrap_or(2000)
}

fn write(folder: &Path, name: &str, batch: &RecordBatch, properties: WriterPropertiesBuilder) -> Vec<u8> {
    let path = folder.join(name);
    let mut writer =
        ArrowWriter::try_new(File::create(&path).unwrap(), batch.schema(), Some(properties.build())).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
    std::fs::read(path).unwrap()
}

/// Rows of a table whose second column is called `subject`.
fn batch(subject: &str, rows: usize) -> RecordBatch {
    let numbers =
        |by: f64| -> ArrayRef { Arc::new((0..rows).map(|row| Some(by * row as f64)).collect::<Float64Array>()) };
    let texts = |of: &dyn Fn(usize) -> String| -> ArrayRef {
        Arc::new((0..rows).map(|row| Some(of(row))).collect::<StringArray>())
    };
    let mut columns = vec![
        ("time", numbers(0.1)),
        (subject, texts(&|_| "gps".to_owned())),
        ("x_m", numbers(1.0)),
        ("y_m", numbers(-1.0)),
    ];
    if subject == "sensor" {
        columns.push(("label", texts(&|row| format!("marking {}", row % 7))));
        columns.push(("identity", texts(&|row| format!("{row:06x}"))));
    }
    if subject == "track" {
        let mut lists = ListBuilder::new(StringBuilder::new());
        for row in 0..rows {
            (0..row % 4).for_each(|name| lists.values().append_value(format!("sensor {name}")));
            lists.append(row % 5 != 0);
        }
        columns.push(("contributors", Arc::new(lists.finish())));
    }
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true))).unwrap()
}

fn plain() -> WriterPropertiesBuilder {
    WriterProperties::builder()
}

/// The ways in which tables are written: compression, page versions, dictionaries, delta encodings, many groups.
fn ways() -> Vec<WriterPropertiesBuilder> {
    let delta = |encoding| {
        plain()
            .set_dictionary_enabled(false)
            .set_column_encoding("label".into(), encoding)
            .set_column_encoding("identity".into(), encoding)
    };
    vec![
        plain().set_compression(Compression::UNCOMPRESSED),
        plain().set_compression(Compression::SNAPPY).set_max_row_group_row_count(Some(40)),
        plain().set_compression(Compression::ZSTD(ZstdLevel::default())).set_writer_version(WriterVersion::PARQUET_2_0),
        delta(Encoding::DELTA_LENGTH_BYTE_ARRAY).set_compression(Compression::UNCOMPRESSED),
        delta(Encoding::DELTA_BYTE_ARRAY).set_writer_version(WriterVersion::PARQUET_2_0),
    ]
}

fn damage(bytes: &mut Vec<u8>, random: &mut ChaCha8Rng) {
    let length = bytes.len();
    // Half of the blows fall on the footer, where the counts are.
    let at = |random: &mut ChaCha8Rng| {
        if random.random_bool(0.5) {
            random.random_range(0..length)
        } else {
            random.random_range(length - length / 4..length)
        }
    };
    for _ in 0..random.random_range(1..6) {
        let at = at(random);
        match random.random_range(0..4) {
            0 => bytes[at] = random.random(),
            1 => bytes[at] ^= 1 << random.random_range(0..8),
            2 => bytes[at] = [0x7f, 0x80, 0xff, 0][random.random_range(0..4)],
            _ => {
                let end = (at + 5).min(length);
                random.fill_bytes(&mut bytes[at..end]);
            }
        }
    }
    if random.random_bool(0.05) {
        bytes.truncate(random.random_range(0..length));
    }
}

/// The most memory that this process has had, in KiB; 0 where nobody says.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

/// Damages every file of `sound` in turn and reads it; gives how many were refused.
fn damaged(sound: &[Vec<u8>], seed: u64, read: impl Fn(&[u8]) -> Result<(), String>) -> usize {
    let (mut random, mut refused) = (ChaCha8Rng::seed_from_u64(seed), 0);
    for case in 0..mutations() / 3 {
        let mut bytes = sound[case % sound.len()].clone();
        damage(&mut bytes, &mut random);
        if let Err(text) = read(&bytes) {
            assert!(text.contains(".parquet") && !text.contains('\n'), "case {case}: {text}");
            refused += 1;
        }
    }
    refused
}

#[test]
fn no_damage_to_any_table_panics_or_asks_for_memory() {
    let (folder, before_kib) = (tempfile::tempdir().unwrap(), peak_kib());
    let written = |name: &str, batch: &RecordBatch| {
        ways().into_iter().map(|way| write(folder.path(), name, batch, way)).collect::<Vec<_>>()
    };
    let detections = written("detections.parquet", &batch("sensor", 100));
    let truth = written("truth.parquet", &batch("object", 100));
    let pictures = written("tracks.parquet", &batch("track", 100));
    let put = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    let text = |error: &dyn std::error::Error| error.to_string();
    let refused = [
        damaged(&detections, 1, |bytes| {
            put("detections.parquet", bytes);
            read(folder.path(), &local(), OPTIONS).map(drop).map_err(|error| text(&error))
        }),
        damaged(&truth, 2, |bytes| {
            put("truth.parquet", bytes);
            read_truth(folder.path(), &local()).map(drop).map_err(|error| text(&error))
        }),
        damaged(&pictures, 3, |bytes| {
            put("tracks.parquet", bytes);
            read_picture(folder.path()).map(drop).map_err(|error| text(&error))
        }),
    ];
    assert!(refused.iter().all(|count| count * 4 > mutations() / 3), "few were refused: {refused:?}");
    let more_kib = peak_kib() - before_kib;
    assert!(more_kib < 1 << 20, "reading damaged files took {more_kib} KiB more");
}

fn one_label(label: String, properties: WriterPropertiesBuilder) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let number: ArrayRef = Arc::new(Float64Array::from(vec![1.0]));
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("time", Arc::clone(&number)),
        ("sensor", Arc::new(StringArray::from(vec!["gps"]))),
        ("x_m", Arc::clone(&number)),
        ("y_m", number),
        ("label", Arc::new(StringArray::from(vec![label]))),
    ];
    write(folder.path(), "detections.parquet", &RecordBatch::try_from_iter(columns).unwrap(), properties);
    folder
}

#[test]
fn a_label_of_megabytes_that_compression_hides_is_refused() {
    let label = || "\u{1}".repeat(4 << 20);
    let zstd = || plain().set_compression(Compression::ZSTD(ZstdLevel::default()));
    let by_dictionary =
        read(one_label(label(), zstd().set_dictionary_page_size_limit(64 << 20)).path(), &local(), OPTIONS);
    assert_says(
        &by_dictionary.unwrap_err(),
        &["detections.parquet", "column `label`", "found a value of 4194304 bytes, wanted at most 65536"],
    );
    let in_page = read(one_label(label(), zstd().set_dictionary_enabled(false)).path(), &local(), OPTIONS);
    assert_says(
        &in_page.unwrap_err(),
        &["row group 0, row 0: found 4194304 bytes in column `label`; wanted at most 65536"],
    );
    assert!(read(one_label("L".repeat(65_536), zstd()).path(), &local(), OPTIONS).is_ok());
}

#[test]
fn what_a_footer_claims_is_backed_by_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let sound = write(folder.path(), "detections.parquet", &batch("sensor", 10), plain());
    let length = sound.len();
    let with_footer = |size: u32| [&sound[..length - 8], &size.to_le_bytes(), b"PAR1"].concat();
    let cases: &[(Vec<u8>, &[&str])] = &[
        (Vec::new(), &["found an empty file, wanted a Parquet file"]),
        (b"PAR1PAR1".to_vec(), &["wanted a Parquet file"]),
        (sound[..length / 2].to_vec(), &["found no `PAR1` at its beginning and end"]),
        (with_footer(u32::MAX), &["found a footer of 4294967295 bytes in a file of", "wanted at most"]),
        (with_footer(0), &["cannot be read", "found a damaged footer"]),
    ];
    for (bytes, pieces) in cases {
        std::fs::write(folder.path().join("detections.parquet"), bytes).unwrap();
        assert_says(&read(folder.path(), &local(), OPTIONS).unwrap_err(), pieces);
    }
}

#[test]
fn the_rows_of_many_groups_and_of_few_are_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let mut all = Vec::new();
    for way in ways().into_iter().chain([plain().set_max_row_group_row_count(Some(1))]) {
        write(folder.path(), "detections.parquet", &batch("sensor", 300), way);
        all.push(format!("{:?}", read(folder.path(), &local(), OPTIONS).unwrap()));
    }
    assert!(all.iter().all(|one| *one == all[0]), "a way of writing changed the rows");
}

#[test]
fn times_in_float32_are_refused_where_their_steps_are_long() {
    let read_times = |times: Vec<f32>| {
        let folder = tempfile::tempdir().unwrap();
        let numbers: ArrayRef = Arc::new(Float64Array::from(vec![0.0; times.len()]));
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("sensor", Arc::new(StringArray::from(vec!["gps"; times.len()]))),
            ("x_m", Arc::clone(&numbers)),
            ("y_m", numbers),
            ("time", Arc::new(Float32Array::from(times))),
        ];
        write(folder.path(), "detections.parquet", &RecordBatch::try_from_iter(columns).unwrap(), plain());
        read(folder.path(), &local(), OPTIONS)
    };
    assert!(read_times(vec![0.5, 16_383.0]).is_ok());
    let error = read_times(vec![0.5, 1.7e9]).unwrap_err();
    assert_says(
        &error,
        &["row group 0, row 1: column `time` is 1700000000 in a float32, whose steps there are 128 s; wanted"],
    );
}
