//! Tracks of several motion models, straight ones and turns, follow turns as those of independent code do: a short sample of scenario F beside numbers
//! of `tests/oracle/manoeuvres.py 20`.

#[path = "common/guarded.rs"]
mod guarded;
#[path = "common/policy.rs"]
mod policy;

#[path = "../benches/scenarios/manoeuvres.rs"]
#[expect(dead_code, reason = "the bench prints a table")]
mod manoeuvres;

use guarded::guarded;
use manoeuvres::{Errors, ROWS, measure};
use policy::policy;
use std::path::Path;
use trackweave::fusion::executor::Executor;
use trackweave::run::{Request, RunConfig, run};
use trackweave::simulate::{Scenario, simulate};

const TARGETS: u64 = 20;
/// Of the rows that are compared, every 4 s: places (m), velocities (m/s), NEES per dimension of both; filtered, smoothed.
const REFERENCE: [(&str, [[f64; 4]; 2]); 5] = [
    ("one, 200", [[113.14, 27.84, 0.968, 0.521], [63.04, 11.32, 0.804, 0.261]]),
    ("two, 0.3 and 1000", [[98.91, 23.8, 0.942, 0.723], [53.24, 9.2, 0.785, 0.312]]),
    ("three, 0.3, 30 and 1000", [[98.35, 23.89, 0.941, 0.827], [52.23, 8.91, 0.785, 0.33]]),
    ("0.3 and turns of 100", [[89.58, 19.81, 0.896, 0.651], [47.6, 7.16, 0.833, 0.325]]),
    ("0.3, 1000, turns of 30", [[91.07, 20.22, 0.891, 0.621], [48.66, 7.58, 0.815, 0.291]]),
];

#[test]
fn errors_of_one_to_four_models_are_those_of_independent_code() {
    for (name, wanted) in REFERENCE {
        let (_, levels) = ROWS.into_iter().find(|(row, _)| *row == name).expect("a row of the table");
        let (errors, lost) = measure(TARGETS, 4.0, levels);
        assert_eq!(lost, 0, "{name}");
        for (errors, wanted) in errors.into_iter().zip(wanted) {
            let Errors { position_m, velocity_m_s, nees: [place, speed] } = errors;
            for (found, wanted) in [position_m, velocity_m_s, place, speed].into_iter().zip(wanted) {
                assert!((found / wanted - 1.0).abs() < 0.01, "{name}: {errors:?}, wanted {wanted}");
            }
        }
    }
}

#[test]
fn runs_with_several_models_are_fused_smoothed_and_guarded() {
    let folder = tempfile::tempdir().expect("a folder");
    let [recording, out] = ["recording", "out"].map(|part| folder.path().join(part));
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let scenario = Scenario::read(&root.join("data/scenarios/harbour.toml")).expect("a scenario");
    simulate(&scenario, &recording).expect("a recording");
    let policy = policy(folder.path());
    let mut sea: toml::Table = include_str!("../data/config/sea.toml").parse().expect("TOML");
    let model = |scale: f64, sojourn_s: f64| {
        format!(
            "[[models]]\nnoise = \"white_acceleration\"\nhorizontal = {:?}\nvertical = 0.0\nsojourn_s = {sojourn_s:?}\n",
            0.003 * scale
        )
    };
    let turn = |turn_deg_s: f64| {
        let turns = format!("[[models]]\nmodel = \"coordinated_turn\"\nturn_deg_s = {turn_deg_s:?}");
        model(10.0, 60.0).replace("[[models]]", &turns)
    };
    let (calm, lively) = (model(1.0, 300.0), model(100.0, 60.0));
    let each = [lively.clone(), format!("{lively}{}{}", turn(0.5), turn(-0.5))];
    for (others, smoothing) in each.iter().flat_map(|others| ["", "[smoothing]\n"].map(|smoothing| (others, smoothing)))
    {
        let motion = format!("survival_per_s = 0.9998\n{calm}{others}");
        let fusion = sea["fusion"].as_table_mut().expect("a table");
        fusion.insert("motion".to_owned(), motion.parse::<toml::Table>().expect("TOML").into());
        let config = RunConfig::parse(&format!("{sea}\n{smoothing}"), Path::new("sea")).expect("a configuration");
        let report = run(&Request::new(&recording, &policy, &out, &config), Executor::host(), &mut |_| {});
        let score = report.expect("a run").partners[0].score.clone().expect("a score");
        let (coverage, spurious) = (score.coverage.expect("truth"), score.spuriousness.expect("rows"));
        assert!(coverage >= 0.98 && spurious <= 0.01, "{coverage} {spurious}");
        let [rows, undecided] = guarded([&recording, &policy, &out], &config);
        assert!(rows > 1000 && undecided == 0, "{rows} {undecided}");
    }
}
