//! What may be typed of `track`, `run`, `fuse`, `calibrate` and `assemble`. The sentences here are the text of `--help`.

use super::arguments::formats;
use super::executor::Wish;
use crate::export::Format;
use crate::run::read_memory;
use clap::Args;
use std::ops::Range;
use std::path::PathBuf;

/// Arguments of `trackweave run`.
#[derive(Debug, Args)]
pub(super) struct Run {
    /// Folder of the recording: `recording.toml`, detections, perhaps truth
    pub(super) recording: PathBuf,

    /// Folder of the policy: rules, schema, partners, levels, zones, periods
    #[arg(long, value_name = "DIR")]
    pub(super) policy: PathBuf,

    /// Folder to write; an earlier output is replaced, anything else is left alone
    #[arg(long, value_name = "DIR")]
    pub(super) out: PathBuf,

    /// Which side fuses
    #[arg(long, value_enum, default_value_t = Wish::Auto)]
    pub(super) executor: Wish,

    /// What the output is made with.
    #[command(flatten)]
    pub(super) written: Written,

    /// Folder of lanes that were fused before: what nothing has changed for is not fused again. It holds tracks of every
    /// partner
    #[arg(long, value_name = "DIR")]
    pub(super) cache: Option<PathBuf>,

    /// Folder to keep the log of every lane in: its tracks after every wave, and which detections they took;
    /// `trackweave assemble` makes the output of it again. It holds tracks of every partner
    #[arg(long, value_name = "DIR")]
    pub(super) keep_logs: Option<PathBuf>,

    /// Say what each partner would gain or lose if a rule were lifted: one more run for each rule, of which only the lanes
    /// that it changes are fused
    #[arg(long)]
    pub(super) prices: bool,
}

/// Arguments of `trackweave track`.
#[derive(Debug, Args)]
pub(super) struct Track {
    /// Folder of the recording: `recording.toml`, detections, perhaps truth
    pub(super) recording: PathBuf,

    /// Folder to write; an earlier output is replaced, anything else is left alone
    #[arg(long, value_name = "DIR")]
    pub(super) out: PathBuf,

    /// Which side fuses
    #[arg(long, value_enum, default_value_t = Wish::Auto)]
    pub(super) executor: Wish,

    /// What the picture is made with.
    #[command(flatten)]
    pub(super) made: Made,

    /// Folder of a picture that was made before: if nothing has changed it is not fused again
    #[arg(long, value_name = "DIR")]
    pub(super) cache: Option<PathBuf>,
}

/// What an output under a policy is made with, fused or assembled.
#[derive(Debug, Args)]
pub(super) struct Written {
    /// What any output is made with.
    #[command(flatten)]
    pub(super) made: Made,

    /// Time that rules and delays refer to: an instant such as 2018-08-01T06:00:00Z, or seconds where the recording has
    /// those; without it, delays refer to a picture's own last detection
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(super) as_of: Option<String>,

    /// Encrypt every partner's folder, too, to its `age_recipient`; wants a build with the feature `encrypt`
    #[arg(long)]
    pub(super) encrypt: bool,
}

/// What any output is made with.
#[derive(Debug, Args)]
pub(super) struct Made {
    /// Configuration: a file, or one of air, air-smoothed, sea, vehicles, people, drones, satellites, orbits; without
    /// it, air
    #[arg(long, value_name = "NAME|FILE")]
    pub(super) config: Option<PathBuf>,

    /// End at the first bad row instead of counting it
    #[arg(long)]
    pub(super) strict: bool,

    /// End with an error before holding more memory than this, such as 8GB
    #[arg(long, value_name = "BYTES", value_parser = read_memory)]
    pub(super) memory: Option<u64>,

    /// Your word for this run, of up to 100 characters, such as its number: every manifest repeats it
    #[arg(long, value_name = "TEXT")]
    pub(super) label: Option<String>,

    /// Sign every folder with the key that `trackweave keygen` made
    #[arg(long, value_name = "FILE")]
    pub(super) sign: Option<PathBuf>,

    /// Write every picture in these formats too, with commas between them, into its partner's folder; see docs/exports.md
    #[arg(long, value_name = "F,…", value_delimiter = ',', value_parser = formats())]
    pub(super) format: Vec<Format>,

    /// What `trackweave calibrate` found of this recording and policy: each entry corrects the picture that it was computed
    /// for, and no other; see docs/calibration.md
    #[arg(long, value_name = "FILE")]
    pub(super) calibration: Option<PathBuf>,
}

/// Arguments of `trackweave fuse`.
#[derive(Debug, Args)]
pub(super) struct Fuse {
    /// Folder of the recording
    pub(super) recording: PathBuf,

    /// Folder of the policy
    #[arg(long, value_name = "DIR")]
    pub(super) policy: PathBuf,

    /// Folder to write the logs of the lanes into; those that are there already are not made again
    #[arg(long, value_name = "DIR")]
    pub(super) logs: PathBuf,

    /// Lanes to fuse, numbered from 0: the first one, and the one behind the last, or one number; without it, all
    #[arg(long, value_name = "K..L", value_parser = lanes)]
    pub(super) lanes: Option<Range<usize>>,

    /// Which side fuses
    #[arg(long, value_enum, default_value_t = Wish::Auto)]
    pub(super) executor: Wish,

    /// Configuration, a name or a file; without it, air
    #[arg(long, value_name = "NAME|FILE")]
    pub(super) config: Option<PathBuf>,

    /// End at the first bad row instead of counting it
    #[arg(long)]
    pub(super) strict: bool,

    /// End with an error before holding more memory than this, such as 8GB
    #[arg(long, value_name = "BYTES", value_parser = read_memory)]
    pub(super) memory: Option<u64>,

    /// Time of the run, as in `trackweave run`
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(super) as_of: Option<String>,

    /// Calibration that corrects lanes, as in `trackweave run`
    #[arg(long, value_name = "FILE")]
    pub(super) calibration: Option<PathBuf>,
}

/// Arguments of `trackweave calibrate`.
#[derive(Debug, Args)]
pub(super) struct Calibrate {
    /// Folder of the recording
    pub(super) recording: PathBuf,

    /// Folder of the policy: each of its segments is told by its own detections alone; without it, all is one segment
    #[arg(long, value_name = "DIR")]
    pub(super) policy: Option<PathBuf>,

    /// Folder of logs that `fuse` or `run --keep-logs` made of this recording and policy; give it again for each folder.
    /// Without it, lanes are fused first, and their logs kept nowhere
    #[arg(long, value_name = "DIR")]
    pub(super) logs: Vec<PathBuf>,

    /// File to write, as TOML; an earlier one is replaced, anything else is left alone
    #[arg(long, value_name = "FILE")]
    pub(super) out: PathBuf,

    /// Sensor whose clock and place are taken to be right, since only differences show; without it one that reports
    /// positions, or else the one that sees the most
    #[arg(long, value_name = "SENSOR")]
    pub(super) reference: Option<String>,

    /// Also say whether radars stand elsewhere than the catalogue says: azimuths and ranges are told less well then
    #[arg(long)]
    pub(super) sites: bool,

    /// Which side fuses
    #[arg(long, value_enum, default_value_t = Wish::Auto)]
    pub(super) executor: Wish,

    /// Configuration, a name or a file; without it, air
    #[arg(long, value_name = "NAME|FILE")]
    pub(super) config: Option<PathBuf>,

    /// End at the first bad row instead of counting it
    #[arg(long)]
    pub(super) strict: bool,

    /// End with an error before holding more memory than this, such as 8GB
    #[arg(long, value_name = "BYTES", value_parser = read_memory)]
    pub(super) memory: Option<u64>,

    /// Time of the run, as in `trackweave run`
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, requires = "policy")]
    pub(super) as_of: Option<String>,
}

/// Arguments of `trackweave assemble`.
#[derive(Debug, Args)]
#[command(override_usage = "trackweave assemble [OPTIONS] --policy <DIR> --logs <DIR> --out <DIR>\n         \
                           <RECORDING>")]
pub(super) struct Assemble {
    /// Folder of the recording that the logs are of
    pub(super) recording: PathBuf,

    /// Folder of the policy that the logs are of
    #[arg(long, value_name = "DIR")]
    pub(super) policy: PathBuf,

    /// Folder of logs; give it again for each folder
    #[arg(long, value_name = "DIR", required = true)]
    pub(super) logs: Vec<PathBuf>,

    /// Folder to write; an earlier output is replaced, anything else is left alone
    #[arg(long, value_name = "DIR")]
    pub(super) out: PathBuf,

    /// Which side smooths, if the configuration asks for it: the one that fused
    #[arg(long, value_enum, default_value_t = Wish::Auto)]
    pub(super) executor: Wish,

    /// What the output is made with.
    #[command(flatten)]
    pub(super) written: Written,
}

/// Reads numbers of lanes.
fn lanes(text: &str) -> Result<Range<usize>, String> {
    let number = |text: &str| text.parse::<usize>().ok();
    let found = match text.split_once("..") {
        Some((first, end)) => number(first).zip(number(end)).map(|(first, end)| first..end),
        None => number(text).and_then(|lane| Some(lane..lane.checked_add(1)?)),
    };
    found
        .filter(|lanes| !lanes.is_empty())
        .ok_or_else(|| "wanted K..L, lanes from K up to, and without, L; or K".to_owned())
}
