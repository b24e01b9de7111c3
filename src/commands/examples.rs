//! What the help of every command ends with: examples that work in the tree of the program, and exit codes.

/// Commands, by their names, each with examples. Those of one command go from the plain to the special.
pub(super) const EXAMPLES: &[(&str, &[&str])] = &[
    ("demo", &["trackweave demo", "trackweave demo --out out/files --format geojson,kml"]),
    (
        "import",
        &[
            "trackweave import data/imports/radar.ast --out out/radar --date 2018-08-01",
            "trackweave import data/imports/states.csv --out out/states --in-place",
        ],
    ),
    ("inspect", &["trackweave inspect data/demo/recording", "trackweave inspect data/demo/recording --run out/demo"]),
    (
        "track",
        &[
            "trackweave track data/demo/recording --out out/track",
            "trackweave track data/demo/recording --out out/track --config air-smoothed \\\n    --format geojson",
        ],
    ),
    (
        "run",
        &[
            "trackweave run data/demo/recording --policy data/demo/policy --out out/mine",
            "trackweave run data/demo/recording --policy data/demo/policy \\\n    --out out/mine --config air --label week-31 --json",
            "trackweave run data/demo/recording --policy data/demo/policy \\\n    --out out/corrected --calibration out/calibration.toml",
        ],
    ),
    ("fuse", &["trackweave fuse data/demo/recording --policy data/demo/policy \\\n    --logs out/logs --lanes 0..2"]),
    (
        "calibrate",
        &[
            "trackweave calibrate data/demo/recording --out out/calibration.toml",
            "trackweave calibrate data/demo/recording --policy data/demo/policy \\\n    --logs out/logs --out out/calibration.toml --reference aspen-west",
        ],
    ),
    (
        "assemble",
        &[
            "trackweave assemble data/demo/recording --policy data/demo/policy \\\n    --logs out/logs --out out/assembled",
        ],
    ),
    ("policy", &["trackweave policy new out/policy --template open", "trackweave policy check data/demo/policy"]),
    (
        "policy new",
        &[
            "trackweave policy new out/policy --template caveats",
            "trackweave policy new out/policy --template owner-only \\\n    --recording data/demo/recording",
        ],
    ),
    (
        "policy check",
        &[
            "trackweave policy check data/demo/policy",
            "trackweave policy check data/demo/policy --recording data/demo/recording",
        ],
    ),
    (
        "policy matrix",
        &["trackweave policy matrix data/demo/policy --recording data/demo/recording \\\n    --html out/matrix.html"],
    ),
    ("policy diff", &["trackweave policy diff data/demo/policy data/demo/policy data/demo/recording"]),
    (
        "policy explain",
        &[
            "trackweave policy explain data/demo/policy --recording data/demo/recording \\\n    --partner dogwood --detection 7",
            "trackweave policy explain data/demo/policy --recording data/demo/recording \\\n    --out out/demo --partner birch --track 0",
            "trackweave policy explain data/demo/policy --recording data/demo/recording \\\n    --out out/demo --partner birch --track 12 --of aspen",
        ],
    ),
    ("simulate", &["trackweave simulate data/scenarios/crossing.toml --out out/crossing"]),
    ("score", &["trackweave score out/demo --truth data/demo/recording \\\n    --policy data/demo/policy"]),
    ("coherence", &["trackweave coherence out/demo"]),
    ("price", &["trackweave price data/demo/recording --policy data/demo/policy"]),
    (
        "verify",
        &[
            "trackweave verify out/demo",
            "trackweave verify out/demo --policy data/demo/policy \\\n    --recording data/demo/recording --config air-smoothed",
        ],
    ),
    ("export", &["trackweave export out/demo/aspen --format geojson,csv --out out/aspen-files"]),
    ("report", &["trackweave report out/demo --out out/pages"]),
    ("keygen", &["trackweave keygen --out out/key"]),
    ("bench", &["trackweave bench --objects 1000 --scans 12 --executor host"]),
    ("devices", &["trackweave devices"]),
    ("info", &["trackweave info", "trackweave info data/demo/recording"]),
    (
        "show",
        &[
            "trackweave show out/demo --partner birch --track 0",
            "trackweave show out/demo/birch --columns time,track,velocity_east_m_s",
            "trackweave show out/demo --partner birch --audit | head",
        ],
    ),
    ("config", &["trackweave config", "trackweave config sea > out/mine.toml", "trackweave config out/mine.toml"]),
    ("completions", &["trackweave completions bash > out/trackweave.bash"]),
    ("man", &["trackweave man --out out/man"]),
];

/// What `--help` of every command says about exit codes.
const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  `policy check` found an error, or `policy diff` that more is granted
  2  the arguments are wrong
  3  the recording, the policy, the configuration or the scenario is wrong
  4  the output cannot be written, or not within `--memory`, or the cache or
     logs cannot be used;
     what was there is still there
  5  the device is not there, or failed
  6  the output is not what was written, or holds more than its partners
     may have
  7  the new output is in place, but could not be scored
  8  the new output is in place, but something beside it failed, which the
     message names
  130, 143  SIGINT or SIGTERM ended it; what was there is still there";

/// The end of the help of a command.
pub(super) fn after_help(name: &str) -> String {
    let examples =
        EXAMPLES.iter().find(|(of, _)| *of == name).map_or(&["trackweave demo"][..], |(_, examples)| examples);
    format!("Examples:\n  {}\n\n{EXIT_CODES}", examples.join("\n  "))
}
