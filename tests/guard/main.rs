//! The guard: silent on what a run writes, and loud on every kind of leak that is planted.

mod exports; // leaks in exports
mod filtered; // leaks by where the filter had tracks
mod globe; // radars and orbits, on the Earth and on a plane
mod library; // the policies to start from
mod lifts; // wrong pictures of lifted policies
mod links; // leaks by links between tracks
mod pages; // leaks in pages
mod plants; // leaks in finished folders
mod scene; // a small world and its output
#[expect(dead_code, reason = "what changes in these worlds is for the other test")]
#[path = "../noninterference/worlds/mod.rs"]
mod worlds; // random recordings and policies

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type};
use arrow_array::{Float32Array, Float64Array, UInt64Array};
use plants::PLANTS;
use scene::{Row, Scene, make, rows, with};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use trackweave::export::Format;
use trackweave::guard::{self, inspect};
use trackweave::run::RunConfig;

const PAGE: &str = include_str!("../../docs/verification.md");

#[test]
fn what_a_run_writes_passes() {
    let scene = Scene::new();
    assert_eq!(scene.breaches(), []);
    for partner in ["fine", "coarse", "other", "late"] {
        let rows = scene::read(&scene.out().join(partner).join("tracks.parquet")).num_rows();
        assert!(rows > 20, "{partner} has {rows} rows: too few to say anything");
    }
    // Read and written again by the test's own hands, it still passes: plants are caught for what they plant.
    scene.table("fine", |batch| batch);
    assert_eq!(scene.breaches(), []);
    assert_eq!(Scene::reticent().breaches(), []);
    assert_eq!(Scene::stitched().breaches(), []);
    let links = scene::read(&scene::stitched().join("out/fine").join(links::LINKS)).num_rows();
    assert!(links > 0, "of the objects that `fine` sees");
    assert_eq!(scene::priced().breaches(), []);
}

#[test]
fn the_demo_passes_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/demo");
    let (recording, policy, out) = (root.join("recording"), root.join("policy"), folder.path().join("out"));
    let config = RunConfig::air().expect("a configuration");
    let mut request = trackweave::run::Request::new(&recording, &policy, &out, &config);
    request.formats = &Format::ALL;
    trackweave::run::run(&request, trackweave::fusion::executor::Executor::host(), &mut |_| {}).expect("a run");
    let configuration = serde_json::to_value(&config).expect("JSON");
    let mut request = guard::Request {
        out: &out,
        policy: &policy,
        recording: &recording,
        configuration: &configuration,
        as_of_us: None,
        label: None,
        calibration: None,
    };
    let report = inspect(&request).expect("the guard does its work");
    assert_eq!((report.breaches, report.undecided, report.partners), (Vec::new(), 0, 4));
    assert!(report.rows > 10_000, "{} rows", report.rows);
    // One partner can check its own folder alone.
    let alone = out.join("clover");
    request.out = &alone;
    let report = inspect(&request).expect("the guard does its work");
    assert_eq!((report.breaches, report.partners), (Vec::new(), 1));
}

#[test]
fn random_worlds_pass() {
    let mut rows = 0;
    for seed in 0..96 {
        let (folder, world) = (tempfile::tempdir().expect("a folder"), worlds::World::from_seed(seed));
        let config = scene::config();
        let config = if world.tuning.identities { scene::fusing_addresses(config) } else { config };
        let config = if world.tuning.stitching { scene::stitching(config) } else { config };
        let configuration = serde_json::to_value(&config).expect("JSON");
        world.write(folder.path());
        let [recording, policy, out] = ["recording", "policy", "out"].map(|name| folder.path().join(name));
        let (recording, policy, out, as_of_us) = (&recording, &policy, &out, world.as_of_us());
        let mut request = trackweave::run::Request::new(recording, policy, out, &config);
        request.as_of_us = as_of_us;
        request.formats = if seed % 2 == 0 { world.formats() } else { &[] };
        trackweave::run::run(&request, trackweave::fusion::executor::Executor::host(), &mut |_| {}).expect("a run");
        let request = guard::Request {
            out,
            policy,
            recording,
            configuration: &configuration,
            as_of_us,
            label: None,
            calibration: None,
        };
        let report = inspect(&request).expect("the guard does its work");
        rows += report.rows;
        assert_eq!((report.breaches, report.undecided), (Vec::new(), 0), "seed {seed}");
    }
    assert!(rows > 1000, "{rows} rows: too few to say anything");
}

#[test]
fn exports_of_coarse_and_withheld_pictures_pass() {
    let scene = globe::exported();
    assert_eq!(scene.breaches(), []);
    for partner in ["tall", "slant"] {
        let names: Vec<String> = files(&scene.out().join(partner)).into_keys().collect();
        assert!(Format::ALL.iter().all(|format| names.iter().any(|name| name == format.file())), "{names:?}");
    }
    scene.table("tall", |batch| batch);
    assert_eq!(scene.breaches(), [], "read and written again");
}

#[test]
fn every_planted_leak_is_caught() {
    let mut unseen = Vec::new();
    for plant in PLANTS
        .iter()
        .chain(exports::PLANTS)
        .chain(pages::PLANTS)
        .chain(lifts::PLANTS)
        .chain(links::PLANTS)
        .chain(filtered::PLANTS)
    {
        let scene = (plant.scene)();
        (plant.sow)(&scene);
        let found = scene.breaches();
        if !found.iter().any(|breach| breach.beyond == plant.caught) {
            let kinds: Vec<&str> = found.iter().map(|breach| breach.beyond.name()).collect();
            unseen.push(format!("{}: wanted `{}`, found {kinds:?}", plant.name, plant.caught.name()));
        }
    }
    assert!(unseen.is_empty(), "\n{}", unseen.join("\n"));
}

/// Changes a folder by what it knows of all rows.
type Wrapper = fn(&Path, &[Row]);

/// Leaks that leave a folder plausible: only that it moves with what its partner may not see tells them.
const WRAPPERS: [(&str, Wrapper); 5] = [
    ("a capacity shared by all lanes", |folder, all| {
        edit(folder, "tracks.parquet", |batch| batch.slice(0, batch.num_rows().min(all.len() * 2 / 3)));
    }),
    ("an origin from all data", |folder, all| {
        let origin = all.iter().map(|(_, _, [x, _], _)| x).sum::<f64>() / all.len() as f64;
        edit(folder, "tracks.parquet", |batch| {
            let x = batch.column_by_name("x_m").expect("a column").as_primitive::<Float64Type>();
            // As f32 arithmetic about that origin rounds.
            #[expect(clippy::cast_possible_truncation, reason = "the fault that is planted")]
            let x = x.values().iter().map(|x| f64::from((x - origin) as f32) + origin);
            with(&batch, "x_m", Arc::new(Float64Array::from_iter_values(x)))
        });
    }),
    ("clutter estimated from all data", |folder, all| {
        let clutter = all.len() as f64 * 1e-6;
        edit(folder, "tracks.parquet", |batch| {
            let z = batch.column_by_name("z_m").expect("a column").as_primitive::<Float64Type>();
            with(&batch, "z_m", Arc::new(Float64Array::from_iter_values(z.values().iter().map(|z| z + clutter))))
        });
    }),
    ("a convergence test over all lanes", |folder, all| {
        let rounds = all.len() as u64 % 7;
        edit(folder, "tracks.parquet", |batch| {
            let keep = (0..batch.num_rows() as u64).filter(|row| row % 8 != rounds);
            let keep = UInt64Array::from_iter_values(keep);
            arrow_select::take::take_record_batch(&batch, &keep).expect("a batch")
        });
    }),
    ("the probability of a link from all data", |folder, all| {
        let less = 1e-4 * all.len() as f32;
        edit(folder, links::LINKS, |batch| {
            let probability = batch.column(5).as_primitive::<Float32Type>().values().iter().map(|p| p - less);
            with(&batch, "probability", Arc::new(Float32Array::from_iter_values(probability)))
        });
    }),
];

fn edit(folder: &Path, table: &str, change: impl FnOnce(arrow_array::RecordBatch) -> arrow_array::RecordBatch) {
    let path = folder.join(table);
    let batch = change(scene::read(&path));
    let file = fs::File::create(path).expect("a file");
    let mut writer = parquet::arrow::ArrowWriter::try_new(file, batch.schema(), None).expect("a writer");
    writer.write(&batch).expect("rows");
    writer.close().expect("a table");
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let name = |path: &Path| path.file_name().expect("a name").to_string_lossy().into_owned();
    entries.map(|path| (name(&path), fs::read(path).expect("a file"))).collect()
}

#[test]
fn leaks_that_leave_a_folder_plausible_move_it_with_what_is_hidden() {
    let all = scene::interrupted(rows());
    let hidden = |row: &Row| row.1 == "cypress-mast" || row.3 == "secret";
    let less: Vec<Row> = all.iter().copied().filter(|row| !hidden(row)).collect();
    assert!(!less.is_empty() && less.len() < all.len(), "nothing is hidden");
    let folder = tempfile::tempdir().expect("a folder");
    make(folder.path(), &less, scene::LEVELS, &scene::stitching(scene::config()));
    let (more, less_out) = (scene::stitched().join("out/fine"), folder.path().join("out/fine"));
    assert_eq!(files(&more), files(&less_out), "the engine itself leaks");
    for (name, wrap) in WRAPPERS {
        let wrapped = [(&more, &all), (&less_out, &less)].map(|(from, rows)| {
            let to = tempfile::tempdir().expect("a folder");
            scene::copy(from, to.path());
            wrap(to.path(), rows);
            files(to.path())
        });
        assert!(wrapped[0] != wrapped[1], "{name}: went unseen");
    }
}

#[test]
fn the_page_has_every_plant_with_its_catcher() {
    let table = PAGE.split("## Planted leaks").nth(1).expect("the heading");
    let lines = table.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let cells = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    let page: BTreeMap<String, String> =
        lines.skip(2).map(cells).map(|cells| (cells[0].clone(), cells[1].clone())).collect();
    let guard = PLANTS
        .iter()
        .chain(exports::PLANTS)
        .chain(pages::PLANTS)
        .chain(lifts::PLANTS)
        .chain(links::PLANTS)
        .chain(filtered::PLANTS);
    let guard = guard.map(|plant| (plant.name.to_owned(), format!("guard: `{}`", plant.caught.name())));
    let property = WRAPPERS.iter().map(|(name, _)| ((*name).to_owned(), "property test".to_owned()));
    assert_eq!(page, guard.chain(property).collect::<BTreeMap<_, _>>());
}

/// What the guard shares with the engine is what reads files, and nothing that decides.
#[test]
fn the_guard_imports_nothing_that_decides() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/guard");
    let entries = [folder.clone(), folder.join("exports"), folder.join("page")]
        .map(|folder| fs::read_dir(folder).expect("the room"));
    let paths = entries.into_iter().flatten().map(|entry| entry.expect("an entry").path());
    for path in paths.filter(|path| path.is_file()) {
        let text = fs::read_to_string(&path).expect("a source file");
        for (line, used) in text.lines().enumerate().filter(|(_, line)| line.contains("crate::")) {
            let rooms =
                ["crate::files", "crate::pages", "crate::ingest", "crate::sensor", "crate::space", "crate::time"];
            let allowed = rooms.iter().any(|room| used.contains(room));
            assert!(allowed, "{}:{}: {used}", path.display(), line + 1);
        }
    }
    let rules = include_str!("../../src/guard/evidence.rs");
    assert!(!rules.contains("Classifier"), "the guard classes for itself");
}
