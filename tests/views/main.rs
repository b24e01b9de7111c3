//! Several views of one world: what one of them cannot see is not lost by its misses, what dies ends, what two of them see is
//! one track; and a lane of one view knows nothing of it.
#![expect(clippy::cast_possible_truncation, reason = "times and counts are small")]
#![expect(clippy::cast_sign_loss, reason = "a Poisson count is not negative")]
#![expect(clippy::cast_possible_wrap, reason = "counts are small")]

mod policies;
mod scene;
mod shares;

#[path = "../../benches/scenarios/crossing.rs"]
#[expect(dead_code, reason = "the bench prints it all")]
mod crossing;
#[path = "../../benches/scenarios/lanes.rs"]
mod lanes;

use scene::{Held, LIVES, Scene, config, held, mean, tracks};
use std::path::Path;
use trackweave::fusion::config::Mode;
use trackweave::ingest::Catalogue;
use trackweave::run::RunConfig;
use trackweave::scan::Lane;

const SEEDS: [u64; 3] = [1, 2, 3];

fn all(scene: Scene) -> Vec<Held> {
    SEEDS.map(|seed| held(&Scene { seed, ..scene })).to_vec()
}

#[test]
fn an_object_that_one_view_cannot_see_is_held_as_the_other_view_alone_holds_it() {
    for clutter in [0.0, 10.0, 50.0] {
        let alone = all(Scene { clutter, transponder: None, ..Scene::SILENT });
        for probability in [0.5, 0.8, 0.9, 0.95, 0.97, 0.99] {
            let both = all(Scene { clutter, transponder: Some(probability), ..Scene::SILENT });
            let silent: Vec<usize> = both.iter().map(|held| held.silent).collect();
            let wanted = mean(&alone.iter().map(|held| held.silent).collect::<Vec<_>>());
            assert!(
                mean(&silent) >= 285.0 && silent.iter().all(|held| *held >= 270),
                "{probability} {clutter}: {silent:?}"
            );
            assert!(mean(&silent) >= wanted - 2.0, "{probability} {clutter}: {silent:?}, alone {wanted}");
            assert!(both.iter().all(|held| held.loud == LIVES), "{both:?}");
        }
    }
}

#[test]
fn what_dies_ends_as_soon_as_with_the_view_that_saw_it_alone() {
    let dies = Scene { dies_s: Some(150), clutter: 1.0, ..Scene::SILENT };
    let lingers = |scene: Scene| mean(&(1..=8).map(|seed| held(&Scene { seed, ..scene }).lingers).collect::<Vec<_>>());
    let alone = lingers(Scene { transponder: None, ..dies });
    assert!((1.0..8.0).contains(&alone), "{alone}: the scene says something");
    for probability in [0.8, 0.97] {
        let both = lingers(Scene { transponder: Some(probability), ..dies });
        assert!(both <= alone + 1.0, "{probability}: {both} report times, the radar alone {alone}");
    }
}

#[test]
fn a_view_that_falls_silent_unannounced_does_not_end_what_another_one_sees() {
    for scene in [Scene { outage_s: Some([120, 180]), radar_sees_loud: true, ..Scene::SILENT }] {
        for held in all(scene) {
            assert!(held.in_outage >= 57, "{held:?}");
        }
    }
}

#[test]
fn one_view_computes_the_same_bits_whatever_the_keys_say_of_views() {
    let other = |text: &str| {
        let own = "\n[fusion.detectability]\nvisible_share = [0.2, 0.9]\npersistence_s = 7.0\nshared_share = 0.1\n";
        RunConfig::parse(&format!("{text}{own}"), Path::new("config")).expect("a configuration")
    };
    let radar = Scene { transponder: None, clutter: 10.0, ..Scene::SILENT };
    // Two sensors that see the same objects are one view, too.
    for scene in [radar, Scene { view: Some("all"), radar_sees_loud: true, ..Scene::SILENT }] {
        let found = tracks(&scene, &config());
        assert!(found.len() > 250);
        assert_eq!(found, tracks(&scene, &other(scene::CONFIG)), "{scene:?}");
    }
    // The keys do say something where there are two.
    assert_ne!(tracks(&Scene::SILENT, &config()), tracks(&Scene::SILENT, &other(scene::CONFIG)));
}

#[test]
fn what_the_catalogue_calls_one_view_is_one() {
    // By its word the transponder sees what the radar sees: its misses end what it cannot see.
    let one = held(&Scene { view: Some("all"), transponder: Some(0.99), ..Scene::SILENT });
    assert!(one.silent < 150 && one.loud == LIVES, "{one:?}");
}

#[test]
fn more_views_than_a_track_knows_apart_are_an_error_that_says_what_to_do() {
    let catalogue = |view: &str| {
        let sensor = |n: usize| {
            format!(
                "[[sensor]]\nname = \"s{n}\"\nowner = \"o\"\nkind = \"position\"\nnoise = {{ horizontal_m = 8.0 }}\n\
                 detection_probability = 0.9\nclutter_per_scan = 1.0\nscan_period_s = 1.0\n\
                 coverage = {{ x_m = [0.0, 1e3], y_m = [0.0, 1e3] }}\n{}\n",
                if n < 2 { view } else { "" }
            )
        };
        let sensors: String = (0..9).map(sensor).collect();
        let text = format!("name = \"n\"\nframe = \"local\"\ntime = \"seconds\"\n{sensors}");
        Catalogue::parse(&text, Path::new("catalogue")).expect("a catalogue")
    };
    let error = Lane::open(&catalogue(""), 0..9, 100.0).expect_err("nine views").to_string();
    for wanted in ["found 9 views", "`s0`, `s1`", "wanted at most 8", "view = \"…\""] {
        assert!(error.contains(wanted), "{error}");
    }
    let lane = Lane::open(&catalogue("view = \"first\""), 0..9, 100.0).expect("eight views");
    assert_eq!(lane.views_of().iter().map(|of| of.variance_m2).collect::<Vec<_>>(), [64.0; 8]);
    assert!(Lane::open(&catalogue(""), 0..1, 100.0).expect("one view").views_of().is_empty());
}

#[test]
fn two_sensors_that_lie_three_sigma_apart_make_one_track_of_what_both_see() {
    for seed in SEEDS {
        let scene = Scene { seed, displaced_m: 24.0, radar_sees_loud: true, clutter: 1.0, ..Scene::SILENT };
        let found = held(&scene);
        assert!(found.extra <= 3, "{found:?}: extra rows in {LIVES} report times");
    }
}

#[test]
fn two_views_of_one_world_cost_hardly_more_than_taking_both_to_see_all() {
    for (mode, exact_max, most) in [(Mode::Assign, 0, 1.04), (Mode::Soft, 10, 1.04)] {
        let [one, two] = crossing::two_views(60, (0.9, 10.0), mode, exact_max);
        assert!(two <= most * one, "{mode:?}: GOSPA {two}, taken for one view {one}");
    }
}
