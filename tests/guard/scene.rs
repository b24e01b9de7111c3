//! A small world with three owners and four partners, run once; and folders of it to plant leaks in.

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{ArrayRef, BinaryArray, RecordBatch};
use arrow_schema::{Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use tempfile::TempDir;
use trackweave::fusion::config::Identity;
use trackweave::fusion::executor::Executor;
use trackweave::fusion::motion::ConstantVelocity;
use trackweave::guard::{self, Breach, inspect};
use trackweave::run::{Besides, Request, RunConfig, Smoothing, Stitching, run};

const SCHEMA: &str = concat!(
    "entity Group;\nentity Partner in [Group] = { area?: String };\n",
    include_str!("../policy/classes.cedarschema"),
    r"action fuse;
action fuse_full, fuse_late in [fuse] appliesTo { principal: Partner, resource: DetectionClass };
action receive;
action receive_full, receive_coarse in [receive] appliesTo { principal: Partner, resource: TrackClass };
action task_sensor, see_authority appliesTo { principal: Partner, resource: TrackClass };
"
);

const PARTNERS: &str = r#"
group = [{ id = "slow" }]
partner = [
  { id = "fine", attributes = { area = "west" } }, { id = "coarse" }, { id = "other" }, { id = "guest" },
  { id = "late", groups = ["slow"] },
]
"#;

pub(crate) const LEVELS: &str = r#"
fuse = [{ level = "fuse_full" }, { level = "fuse_late", delay = "PT15S" }]
receive = [
  { level = "receive_full" },
  { level = "receive_coarse", delay = "PT10S", coarsen_m = 100, omit = ["velocity", "contributors", "holders"] },
]
"#;

const PERIODS: &str = r#"
period = [{ name = "early", start = 0, end = 25 }, { name = "drill", start = 10, end = 20 }]
"#;

const RULES: &str = r#"
@id("ash-and-beech-share")
permit (principal, action == Action::"fuse_full", resource)
when { ["ash", "beech"].contains(resource.owner) && resource.label != "secret" }
unless { principal == Partner::"guest" || principal == Partner::"other" || principal in Group::"slow" };
@id("late-for-the-slow")
permit (principal in Group::"slow", action == Action::"fuse_late", resource)
when { ["ash", "beech"].contains(resource.owner) && resource.label != "secret" };
@id("cypress-for-other")
permit (principal == Partner::"other", action == Action::"fuse_full", resource) when { resource.owner == "cypress" };
@id("not-from-the-vault")
forbid (principal == Partner::"other", action, resource) when { resource.zones.contains("vault") };
@id("fine-in-its-area")
permit (principal == Partner::"fine", action == Action::"receive_full", resource)
when { principal has area && resource.zones.contains(principal.area) };
@id("coarse-for-coarse")
permit (principal == Partner::"coarse", action == Action::"receive_coarse", resource);
@id("all-for-other")
permit (principal == Partner::"other", action == Action::"receive_full", resource);
@id("all-for-the-slow")
permit (principal in Group::"slow", action == Action::"receive_full", resource);
@id("two-see-who-may-act")
permit (principal, action == Action::"see_authority", resource)
when { principal == Partner::"fine" || principal == Partner::"coarse" };
@id("tasking-early")
permit (principal == Partner::"fine", action == Action::"task_sensor", resource)
when { resource.periods.contains("early") };
"#;

const ZONES: &str = r#"{"type":"FeatureCollection","features":[
 {"type":"Feature","properties":{"name":"west"},"geometry":{"type":"Polygon","coordinates":[[[-5000,-5000],[620.5,-5000],[620.5,5000],[-5000,5000],[-5000,-5000]]]}},
 {"type":"Feature","properties":{"name":"vault"},"geometry":{"type":"Polygon","coordinates":[[[0,0],[300,0],[300,300],[0,300],[0,0]]]}}]}"#;

/// The time of the run, just after the last detection.
const AS_OF_US: Option<i64> = Some(40_000_000);

/// One row: time in seconds, sensor, place, label.
pub(crate) type Row = (f64, &'static str, [f64; 2], &'static str);

/// The rows of the recording: straight paths with a little noise of a fixed sequence.
pub(crate) fn rows() -> Vec<Row> {
    let mut state = 7u64;
    let mut noise = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33) as f64 / (1u64 << 31) as f64 - 0.5) * 10.0
    };
    let targets = [([150.0, 200.0], [12.0, 3.0]), ([800.0, 700.0], [-15.0, -4.0]), ([400.0, 900.0], [2.0, -16.0])];
    let mut rows = Vec::new();
    for (offset, sensor) in [(0.0, "ash-mast"), (0.3, "beech-mast"), (0.6, "cypress-mast")] {
        for look in 0..20 {
            let time_s = f64::from(look) * 2.0 + offset;
            for (n, (place, velocity)) in targets.iter().enumerate() {
                let label = if n == 1 && sensor == "beech-mast" { "secret" } else { "" };
                let at = [0, 1].map(|k| place[k] + time_s * velocity[k] + noise());
                rows.push((time_s + 0.01 * n as f64, sensor, at, label));
            }
        }
    }
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    rows
}

pub(crate) fn config() -> RunConfig {
    let text = include_str!("../../data/config/air.toml")
        .replace("report_period_s = 10.0", "report_period_s = 1.0")
        .replace("cell_km = 10.0", "cell_km = 0.1")
        .replace("horizontal = 400.0", "horizontal = 2.0")
        .replace("initial_per_km2 = 0.001", "initial_per_km2 = 5.0")
        .replace("position_sigma_max_m = 5000.0", "position_sigma_max_m = 500.0")
        .replace("speed_m_s = 150.0", "speed_m_s = 20.0");
    RunConfig::parse(&text, Path::new("test")).expect("a configuration")
}

/// Writes recording and policy, and runs them into `out`.
pub(crate) fn make(folder: &Path, rows: &[Row], levels: &str, config: &RunConfig) {
    make_besides(folder, rows, levels, (config, Besides::default()));
}

/// The same with what is made besides.
fn make_besides(folder: &Path, rows: &[Row], levels: &str, (config, besides): (&RunConfig, Besides)) {
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder is made");
        fs::write(path, text).expect("a file is written");
    };
    let mut catalogue = "name = \"scene\"\nframe = \"local\"\ntime = \"seconds\"\n".to_owned();
    for owner in ["ash", "beech", "cypress"] {
        let sensor = format!(
            "[[sensor]]\nname = \"{owner}-mast\"\nowner = \"{owner}\"\nkind = \"position\"\nnoise = {{ horizontal_m = 5.0 }}\n\
             detection_probability = 0.9\nclutter_per_scan = 0.2\nscan_period_s = 2.0\n\
             coverage = {{ x_m = [-200.0, 1300.0], y_m = [-200.0, 1300.0] }}\n"
        );
        catalogue += &sensor;
    }
    let mut detections = "time,sensor,x_m,y_m,label,identity\n".to_owned();
    for (time_s, sensor, [x, y], label) in rows {
        // What targets send to the second mast and to the third, by their places in a look.
        let identity =
            if sensor.starts_with("ash") { String::new() } else { format!("{sensor}-{}", (time_s * 100.0) % 10.0) };
        writeln!(detections, "{time_s},{sensor},{x},{y},{label},{identity}").expect("text");
    }
    write("recording/recording.toml", &catalogue);
    write("recording/detections.csv", &detections);
    for (name, text) in [
        ("policy/schema.cedarschema", SCHEMA),
        ("policy/partners.toml", PARTNERS),
        ("policy/levels.toml", levels),
        ("policy/periods.toml", PERIODS),
        ("policy/rules.cedar", RULES),
        ("policy/zones.geojson", ZONES),
    ] {
        write(name, text);
    }
    let [recording, policy, out] = ["recording", "policy", "out"].map(|name| folder.join(name));
    let request = Request {
        recording: (&recording).into(),
        policy: policy.as_path().into(),
        out: &out,
        config,
        strict: false,
        as_of_us: AS_OF_US,
        label: None,
        cache: None,
        keep_logs: None,
        memory: None,
        calibration: None,
        formats: &[],
        besides,
    };
    run(&request, Executor::host(), &mut |_| {}).expect("a run");
}

/// The world after its run, to copy from.
pub(crate) fn original() -> &'static Path {
    static ORIGINAL: OnceLock<TempDir> = OnceLock::new();
    ORIGINAL.get_or_init(|| made(LEVELS, &config())).path()
}

/// The same, but that no level hands out how likely a track is to exist.
fn reticent() -> &'static Path {
    static RETICENT: OnceLock<TempDir> = OnceLock::new();
    let levels = LEVELS
        .replace("\"receive_full\"", "\"receive_full\", omit = [\"existence\"]")
        .replace("\"contributors\"", "\"contributors\", \"existence\"");
    RETICENT.get_or_init(|| made(&levels, &config())).path()
}

/// The same, but that whose detections made a track is told where its places are coarse.
fn named() -> &'static Path {
    static NAMED: OnceLock<TempDir> = OnceLock::new();
    NAMED.get_or_init(|| made(&LEVELS.replace(", \"contributors\"", ""), &config())).path()
}

/// The same where addresses are fused.
fn addressed() -> &'static Path {
    static ADDRESSED: OnceLock<TempDir> = OnceLock::new();
    ADDRESSED.get_or_init(|| made(LEVELS, &fusing_addresses(config()))).path()
}

/// The same where rows are smoothed, those that are handed out whole being late as well.
fn smoothed() -> &'static Path {
    static SMOOTHED: OnceLock<TempDir> = OnceLock::new();
    let levels = LEVELS.replace("\"receive_full\"", "\"receive_full\", delay = \"PT10S\"");
    SMOOTHED.get_or_init(|| made(&levels, &smoothing(config()))).path()
}

/// The same where the first object was not detected at first.
fn early() -> &'static Path {
    static EARLY: OnceLock<TempDir> = OnceLock::new();
    let early = EARLY.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let is_seen = |(time_s, ..): &Row| *time_s > 3.0 || (time_s * 100.0).round() % 10.0 > 0.0;
        let rows: Vec<Row> = rows().into_iter().filter(is_seen).collect();
        make(folder.path(), &rows, LEVELS, &smoothing(config()));
        folder
    });
    early.path()
}

/// The same where pictures come with the detections that made their tracks.
fn associated() -> &'static Path {
    static ASSOCIATED: OnceLock<TempDir> = OnceLock::new();
    ASSOCIATED.get_or_init(|| made(LEVELS, &associating(config()))).path()
}

/// The same where nothing was seen for 14 s, in which tracks end, and they are joined over that.
pub(crate) fn stitched() -> &'static Path {
    static STITCHED: OnceLock<TempDir> = OnceLock::new();
    let stitched = STITCHED.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        make(folder.path(), &interrupted(rows()), LEVELS, &stitching(config()));
        folder
    });
    stitched.path()
}

/// The rows without those of 14 s.
pub(crate) fn interrupted(rows: Vec<Row>) -> Vec<Row> {
    rows.into_iter().filter(|(time_s, ..)| !(12.0..26.0).contains(time_s)).collect()
}

/// The same configuration, with links, and tracks that hardly turn and end soon when nothing is seen.
pub(crate) fn stitching(mut config: RunConfig) -> RunConfig {
    let probability = |of: f32| of.try_into().expect("a probability");
    let gap_max_s = 30.0_f32.try_into().expect("a length of time");
    let model = config.fusion.motion.constant_velocity().expect("the model of the file");
    config.fusion.motion.model = ConstantVelocity { horizontal: 0.3, ..model }.into();
    config.fusion.existence.position_sigma_max_m = 27.0_f32.try_into().expect("a length");
    (config.fusion.undetected.speed_m_s, config.fusion.gate) = (6.0, 16.0_f32.try_into().expect("a gate"));
    let stitching =
        Stitching { gap_max_s, found_again: probability(0.5), probability_min: probability(0.5), join: true };
    RunConfig { stitching: Some(stitching), ..config }
}

/// The same configuration, with associations.
pub(crate) fn associating(config: RunConfig) -> RunConfig {
    RunConfig { associations: true, ..config }
}

/// The same configuration, with smoothing over all of the record.
pub(crate) fn smoothing(config: RunConfig) -> RunConfig {
    RunConfig { smoothing: Some(Smoothing { lag_s: None }), ..config }
}

/// The same with prices, and the pictures of lifted policies.
pub(crate) fn priced() -> Scene {
    static PRICED: OnceLock<TempDir> = OnceLock::new();
    let priced = PRICED.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        make_besides(folder.path(), &rows(), LEVELS, (&config(), Besides { prices: true, ..Besides::default() }));
        folder
    });
    Scene::of(priced.path(), config(), AS_OF_US)
}

/// The same configuration, with addresses.
pub(crate) fn fusing_addresses(mut config: RunConfig) -> RunConfig {
    config.fusion.identity = Some(Identity { error_probability: 0.1_f32.try_into().expect("a probability") });
    config
}

pub(crate) fn made(levels: &str, config: &RunConfig) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    make(folder.path(), &rows(), levels, config);
    folder
}

/// A copy of the output, to plant a leak in.
pub(crate) struct Scene {
    folder: TempDir,
    world: &'static Path,
    config: RunConfig,
    as_of_us: Option<i64>,
}

impl Scene {
    pub(crate) fn new() -> Self {
        Self::of(original(), config(), AS_OF_US)
    }

    pub(crate) fn reticent() -> Self {
        Self::of(reticent(), config(), AS_OF_US)
    }

    pub(crate) fn named() -> Self {
        Self::of(named(), config(), AS_OF_US)
    }

    pub(crate) fn addressed() -> Self {
        Self::of(addressed(), fusing_addresses(config()), AS_OF_US)
    }

    pub(crate) fn associated() -> Self {
        Self::of(associated(), associating(config()), AS_OF_US)
    }

    pub(crate) fn stitched() -> Self {
        Self::of(stitched(), stitching(config()), AS_OF_US)
    }

    pub(crate) fn early() -> Self {
        Self::of(early(), smoothing(config()), AS_OF_US)
    }

    pub(crate) fn smoothed() -> Self {
        Self::of(smoothed(), smoothing(config()), AS_OF_US)
    }

    pub(crate) fn of(world: &'static Path, config: RunConfig, as_of_us: Option<i64>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        copy(&world.join("out"), &folder.path().join("out"));
        Self { folder, world, config, as_of_us }
    }

    pub(crate) fn out(&self) -> PathBuf {
        self.folder.path().join("out")
    }

    /// What the guard finds.
    pub(crate) fn breaches(&self) -> Vec<Breach> {
        let configuration = serde_json::to_value(&self.config).expect("JSON");
        let [policy, recording] = ["policy", "recording"].map(|name| self.world.join(name));
        let request = guard::Request {
            out: &self.out(),
            policy: &policy,
            recording: &recording,
            configuration: &configuration,
            as_of_us: self.as_of_us,
            label: None,
            calibration: None,
        };
        let report = inspect(&request).expect("the guard does its work");
        assert_eq!(report.undecided, 0, "rows were not decided");
        report.breaches
    }

    /// Changes the text of a file, and then the manifest, so that digests are right.
    pub(crate) fn text(&self, partner: &str, file: &str, change: impl FnOnce(String) -> String) {
        let path = self.out().join(partner).join(file);
        let text = fs::read_to_string(&path).expect("a text");
        let changed = change(text.clone());
        assert_ne!(text, changed, "nothing was planted");
        fs::write(path, changed).expect("a file is written");
        self.remanifest(partner);
    }

    /// Changes the table.
    pub(crate) fn table(&self, partner: &str, change: impl FnOnce(RecordBatch) -> RecordBatch) {
        self.table_with(partner, change, |properties| properties, usize::MAX);
    }

    /// Changes the table and how it is written, so many rows a group.
    pub(crate) fn table_with(
        &self,
        partner: &str,
        change: impl FnOnce(RecordBatch) -> RecordBatch,
        how: impl FnOnce(WriterPropertiesBuilder) -> WriterPropertiesBuilder,
        group: usize,
    ) {
        self.table_in("tracks.parquet", partner, change, how, group);
    }

    /// The same of another table.
    pub(crate) fn table_in(
        &self,
        file: &str,
        partner: &str,
        change: impl FnOnce(RecordBatch) -> RecordBatch,
        how: impl FnOnce(WriterPropertiesBuilder) -> WriterPropertiesBuilder,
        group: usize,
    ) {
        let path = self.out().join(partner).join(file);
        let before = read(&path);
        let batch = located(&before, change(before.clone()));
        assert!(batch.num_rows() > 0, "a picture without rows plants nothing");
        let mut properties = WriterProperties::builder()
            .set_created_by(concat!("trackweave version ", env!("CARGO_PKG_VERSION")).to_owned())
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_max_row_group_row_count(None);
        for field in batch.schema().fields().iter().filter(|field| field.data_type().is_floating()) {
            let column = ColumnPath::new(vec![field.name().clone()]);
            properties = properties.set_column_dictionary_enabled(column.clone(), false);
            properties = properties.set_column_encoding(column, Encoding::BYTE_STREAM_SPLIT);
        }
        let mut metadata = None;
        if batch.column_by_name("geometry").is_some() {
            let geo = r#"{"version":"1.1.0","primary_column":"geometry","columns":{"geometry":{"encoding":"WKB","geometry_types":["Point Z"]}}}"#;
            properties = properties.set_column_dictionary_enabled(ColumnPath::new(vec!["geometry".to_owned()]), false);
            properties = properties.set_key_value_metadata(Some(vec![KeyValue::new("geo".to_owned(), geo.to_owned())]));
            metadata = Some(("geo".to_owned(), geo.to_owned()));
        }
        let options = ArrowWriterOptions::new().with_properties(how(properties).build());
        let file = File::create(&path).expect("a file");
        let schema =
            Arc::new(Schema::new_with_metadata(batch.schema().fields().clone(), metadata.into_iter().collect()));
        let batch = RecordBatch::try_new(schema, batch.columns().to_vec()).expect("a batch");
        let mut writer = ArrowWriter::try_new_with_options(file, batch.schema(), options).expect("a writer");
        let mut first = 0;
        while first < batch.num_rows() {
            let rows = group.min(batch.num_rows() - first);
            writer.write(&batch.slice(first, rows)).and_then(|()| writer.flush()).expect("a group");
            first += rows;
        }
        writer.close().expect("a table");
        self.remanifest(partner);
    }

    /// Makes the manifest agree with the files again, as an engine that leaks would.
    pub(crate) fn remanifest(&self, partner: &str) {
        let folder = self.out().join(partner);
        let path = folder.join("manifest.json");
        let mut text = fs::read_to_string(&path).expect("a manifest");
        let Ok(old) = serde_json::from_str::<Value>(&text) else { return };
        for file in old["files"].as_array().expect("files") {
            let name = file["name"].as_str().expect("a name");
            let bytes = fs::read(folder.join(name)).expect("a file");
            let sha256 = file["sha256"].as_str().expect("a digest");
            text = text.replace(sha256, &hex(&Sha256::digest(&bytes)));
            text = text.replace(&format!("\"bytes\": {}", file["bytes"]), &format!("\"bytes\": {}", bytes.len()));
            if name.ends_with(".parquet") {
                let rows = read(&folder.join(name)).num_rows();
                text = text.replace(&format!("\"rows\": {}", file["rows"]), &format!("\"rows\": {rows}"));
            }
        }
        let chain = trackweave::product::verify_chain(&folder.join("audit.jsonl")).expect("a chain");
        let audit = &old["audit"];
        text = text.replace(audit["root"].as_str().expect("a root"), &chain.root);
        text = text.replace(&format!("\"head\": {}", audit["head"]), &format!("\"head\": \"{}\"", chain.head));
        text = text.replace(&format!("\"lines\": {}", audit["lines"]), &format!("\"lines\": {}", chain.lines));
        fs::write(path, text).expect("a manifest is written");
    }

    /// Changes the entries of an audit, and chains them again.
    pub(crate) fn audit(&self, partner: &str, change: impl FnOnce(&mut Vec<Value>)) {
        self.text(partner, "audit.jsonl", |text| {
            let entry = |line: &str| serde_json::from_str::<Value>(line).expect("a line")["entry"].clone();
            let mut entries: Vec<Value> = text.lines().map(entry).collect();
            change(&mut entries);
            chained(entries)
        });
    }
}

/// A changed batch, whose geometry follows its places where it was not changed itself.
fn located(before: &RecordBatch, batch: RecordBatch) -> RecordBatch {
    let same = |name: &str| before.column_by_name(name) == batch.column_by_name(name);
    let places = ["longitude_deg", "latitude_deg", "altitude_m"];
    if places.into_iter().all(same) || !same("geometry") || batch.column_by_name("geometry").is_none() {
        return batch;
    }
    let numbers = places.map(|name| batch[name].as_primitive::<Float64Type>().values().to_vec());
    let point = |row: usize| {
        let mut bytes = vec![1, 0xe9, 3, 0, 0];
        bytes.extend(numbers.iter().flat_map(|column| column[row].to_le_bytes()));
        bytes
    };
    let points = BinaryArray::from_iter_values((0..batch.num_rows()).map(point));
    with(&batch, "geometry", Arc::new(points))
}

fn chained(entries: Vec<Value>) -> String {
    let (mut text, mut previous) = (String::new(), String::new());
    for mut entry in entries {
        entry.sort_all_objects();
        let rest = format!("\"entry\":{entry}}}");
        let hash = hex(&Sha256::digest(format!("{previous}\n{rest}")));
        previous = format!("{{\"chain\":\"{hash}\",{rest}");
        writeln!(text, "{previous}").expect("text");
    }
    text
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("text");
        text
    })
}

/// The rows of a table, in one batch.
pub(crate) fn read(path: &Path) -> RecordBatch {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).expect("a table")).expect("a table");
    let schema = Arc::clone(reader.schema());
    let batches: Vec<RecordBatch> = reader.build().expect("a reader").map(|batch| batch.expect("a batch")).collect();
    arrow_select::concat::concat_batches(&schema, &batches).expect("one batch")
}

/// A batch with another column in place of one.
pub(crate) fn with(batch: &RecordBatch, name: &str, column: ArrayRef) -> RecordBatch {
    let index = batch.schema().index_of(name).expect("a column");
    let mut columns = batch.columns().to_vec();
    columns[index] = column;
    RecordBatch::try_new(batch.schema(), columns).expect("a batch")
}

/// A batch with one column more, at a place.
pub(crate) fn insert(batch: &RecordBatch, at: usize, field: Field, column: ArrayRef) -> RecordBatch {
    let mut fields: Vec<Arc<Field>> = batch.schema().fields().iter().cloned().collect();
    fields.insert(at, Arc::new(field));
    let mut columns = batch.columns().to_vec();
    columns.insert(at, column);
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).expect("a batch")
}

pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, target).expect("a copy");
        }
    }
}
