//! What may be typed. The sentences here are the text of `--help`.

use super::executor::Wish;
use super::policy_new::TEMPLATES;
use super::run_arguments::{Assemble, Calibrate, Fuse, Run, Track};
use crate::export::Format;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::aot::Shell;
use std::path::PathBuf;

/// Fuses recorded sensor data into tracks and gives each partner its own picture
#[derive(Debug, Parser)]
#[command(name = "trackweave", bin_name = "trackweave", version)]
pub(super) struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub(super) command: Command,

    /// Print JSON instead of text, errors too, and no progress; see docs/json.md
    #[arg(long, global = true)]
    pub(super) json: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Show the whole path on a real recording: four partners with different rights, four pictures
    Demo(Demo),
    /// Make a recording of files of others: ASTERIX, ADS-B, AIS and more; its `recording.toml` is drafted
    Import(super::import::Arguments),
    /// Say what is in a recording: times, rates, noise, speeds, what its catalogue should say and which configuration fits
    Inspect(Inspect),
    /// Fuse a recording and write one picture that shows everything: no policy is needed
    Track(Track),
    /// Fuse a recording and write one picture per partner, as a policy has it
    Run(Run),
    /// Fuse lanes of a recording under a policy, and nothing else: what one machine of many does of a run
    Fuse(Fuse),
    /// Say what sensors are off by: range, azimuth, elevation, clock, place; each segment from its own detections
    Calibrate(Calibrate),
    /// Make the output of a run from the logs of its lanes, wherever they were fused
    Assemble(Assemble),
    /// Begin a policy, and look at it before anything is shared
    Policy {
        /// What to do with it.
        #[command(subcommand)]
        command: Policy,
    },
    /// Write the recording of a scenario, with truth: the same seed gives the same bytes
    Simulate(Simulate),
    /// Score the pictures of a finished run against the truth of a recording
    Score(Score),
    /// Say how far the pictures of a finished run agree: what both see, how far apart, as whose track, how much later, and
    /// who may act on what it does not see
    Coherence(Coherence),
    /// Say what each partner would gain or lose if one rule of a policy were lifted
    Price(Price),
    /// Check an output: digests, signatures, audits, and whether it holds only what its partners may have
    Verify(Verify),
    /// Write a finished picture in formats that other tools open; an output itself is never changed
    Export(Export),
    /// Make the pages of a finished output; the output itself is never changed
    Report(Report),
    /// Make a key that signs outputs; a file that is there is never overwritten
    Keygen(Keygen),
    /// Measure fusion at constant density: time per stage, tracks and detections per second
    Bench(Bench),
    /// List the GPUs and drivers that answer, and what `--executor auto` takes
    Devices,
    /// Say what this build and machine are, or what a folder or file is and what to do with it next
    Info(Info),
    /// Show rows of a picture or lines of an audit
    Show(Show),
    /// List the configurations that are built in, print one, or compare a file with one
    Config(Configs),
    /// Print completions for a shell
    Completions(Completions),
    /// Write the manual pages
    Man(Man),
}

/// Arguments of `trackweave info`.
#[derive(Debug, Args)]
pub(super) struct Info {
    /// A recording, a policy, an output, a partner's folder, a configuration, a scenario; without it, this build and machine
    pub(super) path: Option<PathBuf>,
}

/// Arguments of `trackweave show`.
#[derive(Debug, Args)]
pub(super) struct Show {
    /// Output folder of a finished run, or the folder of one partner in it
    #[arg(value_name = "OUT")]
    pub(super) from: PathBuf,

    /// Partners to show, with commas between them; without it, all
    #[arg(long, value_name = "ID,…", value_delimiter = ',')]
    pub(super) partner: Vec<String>,

    /// Tracks to show, with commas between them
    #[arg(long, value_name = "N,…", value_delimiter = ',', conflicts_with = "audit")]
    pub(super) track: Vec<u64>,

    /// First time to show, as the recording counts it
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, conflicts_with = "audit")]
    pub(super) from_time: Option<String>,

    /// Last time to show
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, conflicts_with = "audit")]
    pub(super) to_time: Option<String>,

    /// Columns to show instead of the usual ones, with commas between them; docs/pictures.md has them
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', conflicts_with = "audit")]
    pub(super) columns: Vec<String>,

    /// Show the lines of the audit instead: the decisions that gave the picture; of an output, with `_operator`, all
    #[arg(long)]
    pub(super) audit: bool,

    /// End after so many rows
    #[arg(long, value_name = "N")]
    pub(super) limit: Option<u64>,
}

/// Arguments of `trackweave config`.
#[derive(Debug, Args)]
pub(super) struct Configs {
    /// A configuration that is built in: it is printed, with its comments; or a file: it is checked, and compared
    #[arg(value_name = "NAME|FILE")]
    pub(super) choice: Option<PathBuf>,

    /// The configuration that a file is compared with; without it, the one that it differs least from
    #[arg(long, value_name = "NAME|FILE", requires = "choice")]
    pub(super) from: Option<PathBuf>,
}

/// Arguments of `trackweave completions`.
#[derive(Debug, Args)]
pub(super) struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub(super) shell: Shell,
}

/// Arguments of `trackweave man`.
#[derive(Debug, Args)]
pub(super) struct Man {
    /// Folder to write the pages into; pages of these names are replaced, nothing else is touched
    #[arg(long, value_name = "DIR")]
    pub(super) out: PathBuf,
}

/// Arguments of `trackweave demo`.
#[derive(Debug, Args)]
pub(super) struct Demo {
    /// Folder to write; an earlier output is replaced
    #[arg(long, value_name = "DIR", default_value = "out/demo")]
    pub(super) out: PathBuf,

    /// Which side fuses
    #[arg(long, value_enum, default_value_t = Wish::Auto)]
    pub(super) executor: Wish,

    /// Write every picture in these formats too, with commas between them, into its partner's folder; see docs/exports.md
    #[arg(long, value_name = "F,…", value_delimiter = ',', value_parser = formats())]
    pub(super) format: Vec<Format>,
}

/// Arguments of `trackweave inspect`.
#[derive(Debug, Args)]
pub(super) struct Inspect {
    /// Folder of the recording: `recording.toml`, detections, perhaps truth
    pub(super) recording: PathBuf,

    /// Output folder of a finished run: try the configuration that it was made with, and compare rows and truth with what it
    /// predicts
    #[arg(long, value_name = "OUT", conflicts_with = "config")]
    pub(super) run: Option<PathBuf>,

    /// Try this configuration, a name or a file, as `--run` does
    #[arg(long, value_name = "NAME|FILE")]
    pub(super) config: Option<PathBuf>,
}

/// Arguments of `trackweave price`.
#[derive(Debug, Args)]
pub(super) struct Price {
    /// Folder of the recording
    pub(super) recording: PathBuf,

    /// Folder of the policy
    #[arg(long, value_name = "DIR")]
    pub(super) policy: PathBuf,

    /// Which side fuses
    #[arg(long, value_enum, default_value_t = Wish::Auto)]
    pub(super) executor: Wish,

    /// Configuration, a name or a file; without it, air
    #[arg(long, value_name = "NAME|FILE")]
    pub(super) config: Option<PathBuf>,

    /// Time of the run, as in `trackweave run`
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(super) as_of: Option<String>,

    /// Folder of lanes that were fused before, as in `trackweave run`; without it they are kept until all is priced
    #[arg(long, value_name = "DIR")]
    pub(super) cache: Option<PathBuf>,
}

/// Arguments of `trackweave verify`.
#[derive(Debug, Args)]
pub(super) struct Verify {
    /// Output folder of a finished run, or the folder of one partner
    pub(super) out: PathBuf,

    /// Folder of the policy that the run was made with; with it and the recording, the guard runs
    #[arg(long, value_name = "DIR", requires = "recording")]
    pub(super) policy: Option<PathBuf>,

    /// Folder of the recording that the run was made with
    #[arg(long, value_name = "DIR", requires = "policy")]
    pub(super) recording: Option<PathBuf>,

    /// Configuration that the run was made with, a name or a file; without it, air
    #[arg(long, value_name = "NAME|FILE", requires = "policy")]
    pub(super) config: Option<PathBuf>,

    /// `--as-of` of the run
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, requires = "policy")]
    pub(super) as_of: Option<String>,

    /// `--calibration` of the run
    #[arg(long, value_name = "FILE", requires = "policy")]
    pub(super) calibration: Option<PathBuf>,

    /// `--label` that every folder must have: a folder of an earlier run does not pass for this one
    #[arg(long, value_name = "TEXT")]
    pub(super) label: Option<String>,

    /// Key that every folder must be signed with: the `.pub` of the one that signed, or the line in it
    #[arg(long, value_name = "FILE")]
    pub(super) public_key: Option<PathBuf>,
}

/// Arguments of `trackweave export`.
#[derive(Debug, Args)]
pub(super) struct Export {
    /// Folder of one partner in an output, `OUT/PARTNER`
    #[arg(value_name = "OUT/PARTNER")]
    pub(super) picture: PathBuf,

    /// Formats to write, with commas between them
    #[arg(long, value_name = "F,…", required = true, value_delimiter = ',', value_parser = formats())]
    pub(super) format: Vec<Format>,

    /// Folder to write, new or empty, outside of any output
    #[arg(long, value_name = "FOLDER")]
    pub(super) out: PathBuf,
}

/// Arguments of `trackweave report`.
#[derive(Debug, Args)]
pub(super) struct Report {
    /// Output of a run, or the folder of one partner in it
    #[arg(value_name = "OUT")]
    pub(super) from: PathBuf,

    /// Recording of the run: the operator's page then shows its sensors, detections and truth
    #[arg(long, value_name = "DIR", requires = "policy")]
    pub(super) recording: Option<PathBuf>,

    /// Policy of the run: the operator's page then shows its zones
    #[arg(long, value_name = "DIR", requires = "recording")]
    pub(super) policy: Option<PathBuf>,

    /// Folder to write, new or empty, outside of any output
    #[arg(long, value_name = "FOLDER")]
    pub(super) out: PathBuf,
}

/// Takes the names of formats.
pub(super) fn formats() -> impl TypedValueParser<Value = Format> {
    let names = PossibleValuesParser::new(Format::ALL.map(Format::name));
    names.try_map(|name| Format::named(&name).ok_or("wanted the name of a format"))
}

/// Arguments of `trackweave keygen`.
#[derive(Debug, Args)]
pub(super) struct Keygen {
    /// File for the secret key; the public one goes beside it, with `.pub`
    #[arg(long, value_name = "FILE")]
    pub(super) out: PathBuf,
}

/// What can be done with a policy.
#[derive(Debug, Subcommand)]
pub(super) enum Policy {
    /// Write a policy to begin with, from a template; nothing that is there is overwritten
    New(PolicyNew),
    /// Find what is wrong with a policy, or was perhaps not meant: unknown names, rules that never apply, levels that
    /// nobody gets
    Check(PolicyCheck),
    /// Show what every partner gets of every class of a recording
    Matrix(PolicyMatrix),
    /// Show what each partner would gain and lose under another policy, before anything is written
    Diff(PolicyDiff),
    /// Say why a partner gets a detection or a track, or does not, and which rule would have to change
    Explain(PolicyExplain),
}

/// Arguments of `trackweave policy new`.
#[derive(Debug, Args)]
pub(super) struct PolicyNew {
    /// Folder to write, new or empty
    pub(super) folder: PathBuf,

    /// Template to begin with
    #[arg(long, value_name = "T", value_parser = templates())]
    pub(super) template: String,

    /// Recording whose owners become the partners, where the template's rules name none
    #[arg(long, value_name = "DIR")]
    pub(super) recording: Option<PathBuf>,
}

/// Takes the names of templates.
fn templates() -> impl TypedValueParser<Value = String> {
    PossibleValuesParser::new(TEMPLATES.iter().map(|template| PossibleValue::new(template.name).help(template.shows)))
}

/// Arguments of `trackweave policy check`.
#[derive(Debug, Args)]
pub(super) struct PolicyCheck {
    /// Folder of the policy
    pub(super) policy: PathBuf,

    /// Recording to try the rules on: then rules that apply to nothing in it are found, too
    #[arg(long, value_name = "DIR")]
    pub(super) recording: Option<PathBuf>,

    /// Time of the run, as in `trackweave run`; needs a recording
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, requires = "recording")]
    pub(super) as_of: Option<String>,
}

/// Arguments of `trackweave policy matrix`.
#[derive(Debug, Args)]
pub(super) struct PolicyMatrix {
    /// Folder of the policy
    pub(super) policy: PathBuf,

    /// Recording whose classes are shown
    #[arg(long, value_name = "DIR")]
    pub(super) recording: PathBuf,

    /// Write it as a page, too; a file that is there is replaced
    #[arg(long, value_name = "FILE")]
    pub(super) html: Option<PathBuf>,

    /// Time of the run, as in `trackweave run`
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(super) as_of: Option<String>,
}

/// Arguments of `trackweave policy diff`.
#[derive(Debug, Args)]
pub(super) struct PolicyDiff {
    /// Folder of the policy as it is
    pub(super) old: PathBuf,

    /// Folder of the policy as it would be
    pub(super) new: PathBuf,

    /// Recording that both are tried on
    pub(super) recording: PathBuf,

    /// Fuse under both policies, on the host, and compare the pictures too; they are not kept
    #[arg(long)]
    pub(super) run: bool,

    /// Time of the run, as in `trackweave run`
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(super) as_of: Option<String>,
}

/// Arguments of `trackweave policy explain`.
#[derive(Debug, Args)]
#[command(override_usage = "trackweave policy explain <POLICY> --recording <DIR> --partner <ID>\n         \
                            (--detection <N> | --track <ID> --out <DIR> [--of <PARTNER>])")]
pub(super) struct PolicyExplain {
    /// Folder of the policy
    pub(super) policy: PathBuf,

    /// Recording that the detection or the track is from
    #[arg(long, value_name = "DIR")]
    pub(super) recording: PathBuf,

    /// Partner whose rights are explained
    #[arg(long, value_name = "ID")]
    pub(super) partner: String,

    /// Detection: its number among the accepted rows of the recording, in their order, from 1
    #[arg(long, value_name = "N", required_unless_present = "track", conflicts_with = "track")]
    pub(super) detection: Option<u64>,

    /// Track: its number in the partner's picture, or in that of `--of`
    #[arg(long, value_name = "ID", requires = "out")]
    pub(super) track: Option<u64>,

    /// Whose picture has the track: then it is told what the partner sees of it and why not the rest
    #[arg(long, value_name = "PARTNER", requires = "track")]
    pub(super) of: Option<String>,

    /// Output folder of that run
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,

    /// Time of the run, as in `trackweave run`; with `--of` it is that of the output
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, conflicts_with = "of")]
    pub(super) as_of: Option<String>,
}

/// Arguments of `trackweave simulate`.
#[derive(Debug, Args)]
pub(super) struct Simulate {
    /// Scenario to simulate
    #[arg(value_name = "SCENARIO.toml")]
    pub(super) scenario: PathBuf,

    /// Folder to write; an earlier simulation is replaced, anything else is left alone
    #[arg(long, value_name = "DIR")]
    pub(super) out: PathBuf,
}

/// Arguments of `trackweave score`.
#[derive(Debug, Args)]
pub(super) struct Score {
    /// Output folder of a finished run
    pub(super) out: PathBuf,

    /// Folder of a recording with truth
    #[arg(long, value_name = "RECORDING")]
    pub(super) truth: PathBuf,

    /// Configuration to score with, a name or a file; without it, the one that each picture was made with
    #[arg(long, value_name = "NAME|FILE")]
    pub(super) config: Option<PathBuf>,

    /// There may be objects without truth: a track that is near no true object is left out, and is not false
    #[arg(long)]
    pub(super) partial_truth: bool,

    /// Folder of a policy: scores by its zones, too
    #[arg(long, value_name = "DIR")]
    pub(super) policy: Option<PathBuf>,
}

/// Arguments of `trackweave coherence`.
#[derive(Debug, Args)]
pub(super) struct Coherence {
    /// Output folder of a finished run
    pub(super) out: PathBuf,
}

/// Arguments of `trackweave bench`.
#[derive(Debug, Args)]
pub(super) struct Bench {
    /// Numbers of objects, measured one after the other, the smallest first
    #[arg(long, value_name = "N", num_args = 1.., default_values_t = [1_000, 10_000, 100_000])]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    pub(super) objects: Vec<u64>,

    /// Scans of each size; the later half is measured
    #[arg(long, value_name = "N", default_value_t = 12)]
    #[arg(value_parser = clap::value_parser!(u64).range(2..=1_000_000))]
    pub(super) scans: u64,

    /// Seed of the world
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub(super) seed: u64,

    /// Edge of the square that belongs to one object, metres; at 64 nearly all tracks compete with one another
    #[arg(long, value_name = "M", default_value_t = crate::bench::SPACING_M, value_parser = spacing)]
    pub(super) spacing: f64,

    /// Seconds from scan to scan
    #[arg(long, value_name = "S", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=60))]
    pub(super) period: u32,

    /// How detections are shared out among tracks; without it, as `data/config/bench.toml` says
    #[arg(long, value_enum)]
    pub(super) mode: Option<Mode>,

    /// Which side fuses
    #[arg(long, value_enum, default_value_t = Wish::Auto)]
    pub(super) executor: Wish,
}

/// An edge that is one: from 1 m to 10 km.
fn spacing(text: &str) -> Result<f64, String> {
    let metres = text.parse().ok().filter(|metres| (1.0..=10_000.0).contains(metres));
    metres.ok_or_else(|| "wanted metres, from 1 to 10000".to_owned())
}

/// The modes of association.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Mode {
    /// Marginal probability of every hypothesis
    Soft,
    /// The most likely assignment, one to one
    Assign,
}
