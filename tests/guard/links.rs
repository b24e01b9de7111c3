//! Leaks by links between tracks.

use super::plants::{Plant, plant_in};
use super::scene::{Scene, read, with};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, TimestampMicrosecondType, UInt64Type};
use arrow_array::{ArrayRef, Float32Array, Float64Array, RecordBatch, TimestampMicrosecondArray, UInt64Array};
use std::fs;
use std::sync::Arc;
use trackweave::guard::Beyond;

pub(crate) const LINKS: &str = "links.parquet";

pub(crate) const PLANTS: &[Plant] = &[
    plant_in("a link to a track that does not show", Beyond::Link, Scene::stitched, |scene| {
        links(scene, |batch| with(&batch, "to", numbers(&batch, "to", |track| track + 1)));
    }),
    plant_in("a link that was known only after the picture's horizon", Beyond::Link, Scene::stitched, |scene| {
        // Who gets detections 15 s late has no row of the tracks that began 14 s before the run.
        copy(scene, "late");
    }),
    plant_in("a link to a track of an owner who is withheld", Beyond::Link, Scene::stitched, |scene| {
        let tracks = |partner: &str| {
            let batch = read(&scene.out().join(partner).join("tracks.parquet"));
            batch.column(1).as_primitive::<UInt64Type>().values().to_vec()
        };
        let own = tracks("fine");
        let other = tracks("other").into_iter().find(|track| !own.contains(track)).expect("a track of cypress");
        links(scene, |batch| with(&batch, "to", numbers(&batch, "to", |_| other)));
    }),
    plant_in("a link where a level coarsens places", Beyond::Link, Scene::stitched, |scene| copy(scene, "coarse")),
    plant_in("a link over a way that nothing moved", Beyond::Link, Scene::stitched, |scene| {
        let links = read(&scene.out().join("fine").join(LINKS));
        let to = links.column(1).as_primitive::<UInt64Type>().value(0);
        scene.table("fine", |batch| {
            let tracks = batch.column(1).as_primitive::<UInt64Type>().values().iter();
            let places = batch.column(3).as_primitive::<Float64Type>().values().iter();
            let moved = tracks.zip(places).map(|(track, x)| if *track == to { x + 10_240.0 } else { *x });
            with(&batch, "x_m", Arc::new(Float64Array::from_iter_values(moved)))
        });
    }),
    plant_in("a link over a longer gap than it has", Beyond::Link, Scene::stitched, |scene| {
        links(scene, |batch| {
            let times = batch.column(3).as_primitive::<TimestampMicrosecondType>().values();
            let earlier = times.iter().map(|time_us| time_us - 1_000_000);
            with(&batch, "ended", Arc::new(TimestampMicrosecondArray::from_iter_values(earlier)))
        });
    }),
    plant_in("an object that is another track's", Beyond::Link, Scene::stitched, |scene| {
        links(scene, |batch| with(&batch, "object", numbers(&batch, "object", |track| track + 1)));
    }),
    plant_in("rows that join tracks which no link does", Beyond::Link, Scene::stitched, |scene| {
        scene.table("fine", |batch| {
            let first = batch.column_by_name("object").expect("a column").as_primitive::<UInt64Type>().value(0);
            with(&batch, "object", numbers(&batch, "object", |_| first))
        });
    }),
    plant_in("a link that is less probable than links may be", Beyond::Link, Scene::stitched, |scene| {
        links(scene, |batch| with(&batch, "probability", Arc::new(Float32Array::from(vec![0.25; batch.num_rows()]))));
    }),
    plant_in("two links to one track", Beyond::Link, Scene::stitched, |scene| {
        links(scene, |batch| {
            let first = UInt64Array::from(vec![0_u64, 0]);
            arrow_select::take::take_record_batch(&batch, &first).expect("rows")
        });
    }),
    plant_in("links where the configuration makes none", Beyond::File, Scene::new, |scene| {
        fs::copy(Scene::stitched().out().join("fine").join(LINKS), scene.out().join("fine").join(LINKS))
            .expect("a copy");
    }),
];

/// Changes the links of `fine`.
fn links(scene: &Scene, change: impl FnOnce(RecordBatch) -> RecordBatch) {
    scene.table_in(LINKS, "fine", change, |how| how, usize::MAX);
}

/// Gives another partner the links of `fine`.
fn copy(scene: &Scene, partner: &str) {
    let [from, to] = ["fine", partner].map(|partner| scene.out().join(partner).join(LINKS));
    assert!(read(&from).num_rows() > 0, "no links");
    fs::copy(from, to).expect("a copy");
    scene.remanifest(partner);
}

fn numbers(batch: &RecordBatch, column: &str, change: impl Fn(u64) -> u64) -> ArrayRef {
    let column = batch.column_by_name(column).expect("a column").as_primitive::<UInt64Type>();
    Arc::new(UInt64Array::from_iter_values(column.values().iter().map(|number| change(*number))))
}
