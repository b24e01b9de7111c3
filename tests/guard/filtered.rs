//! Leaks by where the filter had a track that shows smoothed.

use super::plants::{Plant, plant_in};
use super::scene::{LEVELS, Row, Scene, config, make, read, rows, smoothing, with};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, UInt64Type};
use arrow_array::{Array, Float64Array, RecordBatch};
use std::sync::{Arc, OnceLock};
use tempfile::TempDir;
use trackweave::guard::Beyond;
use trackweave::run::RunConfig;

const AXES: [&str; 3] = ["x_m", "y_m", "z_m"];

pub(crate) const PLANTS: &[Plant] = &[
    plant_in("where the filter had a track, beside a coarse place", Beyond::Field, Scene::smoothed, |scene| {
        filtered(scene, "coarse", |shown, _| Some([shown[0] + 3.0, shown[1], shown[2]]));
    }),
    plant_in("where the filter had a track before it was detected", Beyond::Smoothing, Scene::early, |scene| {
        filtered(scene, "fine", |shown, there| there.or(Some(shown)));
    }),
    plant_in("where the filter had a track, in a zone of no permission", Beyond::Level, Scene::smoothed, |scene| {
        // The area of `fine` ends at 620.5 m.
        filtered(scene, "fine", |_, there| there.map(|[_, y, z]| [624.0, y, z]));
    }),
    plant_in("where no detection of a track can have had the filter", Beyond::Place, Scene::smoothed, |scene| {
        filtered(scene, "fine", |_, there| there.map(|[x, y, z]| [x, y + 102_400.0, z]));
    }),
    plant_in("where the filter had a track, finer than it knows it", Beyond::Precision, Scene::smoothed, |scene| {
        filtered(scene, "fine", |_, there| there.map(|[x, y, z]| [x + 1e-9, y, z]));
    }),
    plant_in("a part of where the filter had a track", Beyond::Value, Scene::smoothed, |scene| {
        scene.table("fine", |batch| {
            with(&batch, "filtered_y_m", Arc::new(Float64Array::from(vec![None; batch.num_rows()])))
        });
    }),
];

/// Where tracks show, and where the filter had them.
fn places(batch: &RecordBatch) -> Vec<([f64; 3], Option<[f64; 3]>)> {
    let of = |name: String| batch.column_by_name(&name).expect("a column").as_primitive::<Float64Type>().clone();
    let [shown, there] = ["", "filtered_"].map(|before| AXES.map(|axis| of(format!("{before}{axis}"))));
    let at = |of: &[Float64Array; 3], row: usize| of.each_ref().map(|column| column.value(row));
    (0..batch.num_rows()).map(|row| (at(&shown, row), there[0].is_valid(row).then(|| at(&there, row)))).collect()
}

/// Changes where the filter had the track of every row, by where it shows.
fn filtered(scene: &Scene, partner: &str, change: impl Fn([f64; 3], Option<[f64; 3]>) -> Option<[f64; 3]>) {
    scene.table(partner, |batch| {
        let before = places(&batch);
        let after: Vec<Option<[f64; 3]>> = before.iter().map(|(shown, there)| change(*shown, *there)).collect();
        assert!(before.iter().zip(&after).any(|((_, before), after)| before != after), "nothing was planted");
        (0..3).fold(batch, |batch, axis| {
            let column: Float64Array = after.iter().map(|place| place.map(|place| place[axis])).collect();
            with(&batch, &format!("filtered_{}", AXES[axis]), Arc::new(column))
        })
    });
}

/// The world in a mirror, so that a target leaves the area of `fine`, smoothed, with reports so often that some show its track
/// on this side of the border and the filter, which runs ahead, had it beyond.
fn often() -> (&'static TempDir, RunConfig) {
    static OFTEN: OnceLock<TempDir> = OnceLock::new();
    let config = RunConfig { report_period_s: 0.1_f32.try_into().expect("a period"), ..smoothing(config()) };
    let world = OFTEN.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let mirrored = |(time_s, sensor, [x, y], label): Row| (time_s, sensor, [2.0 * 620.5 - x, y], label);
        make(folder.path(), &rows().into_iter().map(mirrored).collect::<Vec<_>>(), LEVELS, &config);
        folder
    });
    (world, config)
}

#[test]
fn where_the_filter_had_a_track_shows_only_where_the_rules_give_its_level() {
    let (world, config) = often();
    let scene = Scene::of(world.path(), config, Some(40_000_000));
    assert_eq!(scene.breaches(), []);
    let batch = read(&scene.out().join("fine/tracks.parquet"));
    let detections = batch.column_by_name("detections").expect("a column").as_primitive::<UInt64Type>();
    let (mut there, mut not) = (0, 0);
    for (row, (shown, filtered)) in places(&batch).into_iter().enumerate() {
        assert!(shown[0] <= 620.5 && filtered.is_none_or(|[x, ..]| x <= 620.5), "{shown:?} {filtered:?}");
        there += usize::from(filtered.is_some_and(|filtered| filtered.map(f64::to_bits) != shown.map(f64::to_bits)));
        not += usize::from(filtered.is_none() && detections.value(row) > 1 && shown[0] > 600.0);
    }
    assert!(there > 100 && not > 0, "{there} there, {not} not");
    // Who has everything has it everywhere, and who has coarse places nowhere.
    let all = places(&read(&scene.out().join("other/tracks.parquet")));
    assert!(all.iter().any(|(_, filtered)| filtered.is_some_and(|[x, ..]| x > 620.5)));
    let coarse = places(&read(&scene.out().join("coarse/tracks.parquet")));
    assert!(!coarse.is_empty() && coarse.iter().all(|(_, filtered)| filtered.is_none()));
}
