//! The guard: a second reader of finished folders, which recomputes what each partner may have and fails on more.
//!
//! It takes a policy, a recording, the configuration and the time of the run, and nothing from the engine: of this
//! crate it uses the readers of `ingest`, kinds of `sensor`, geodetic constants and the text of times (a test holds it to that). Classes,
//! decisions, zones, cells, obligations, looks and the form of every file are done anew, from the documents; what
//! little logic is here twice is here twice on purpose, so that one slip cannot be made on both sides by one line.
//!
//! It cannot know which detections a filter gave to which track; it asks whether *any* class of tracks that the
//! partner's own detections could have made explains a row. Where labels and owners allow too many classes to try,
//! the row is counted as undecided, and said to be. For people: `docs/verification.md`.

mod cells; // cells of coarse positions
mod error; // why the guard could not do its work
mod measured; // a measurement as a level gives it
mod evidence; // what each partner may have had fused
mod calibrated; // which entry of a calibration corrects it
mod looks; // rows -> looks -> scans
mod given; // detections as they were given, and their digest
mod accounts; // what became of them
mod finding; // what goes beyond
mod ground; // positions in metres
mod exports; // files beside a picture, in other formats
mod folder; // files, manifest, audit
mod page; // the page for people
mod change; // one rule or level less
mod lifts; // pictures of lifted policies, in the operator's folder
mod reading; // files byte by byte
mod places; // zones and periods
mod beside; // tables beside a picture
mod associations; // which detections made which tracks
mod links; // which tracks go on as which
mod horizon; // what a row may rest on
mod rows; // rows of a picture against what may be released
mod rules; // the policy, asked as a whole
mod view; // what of it concerns one partner
mod support; // whether a permitted detection explains a row
mod counted; // what rows say of their tracks' detections
mod table; // tracks.parquet, and whether its rows explain every byte

pub use error::GuardError;
pub use finding::{Beyond, Breach};

use crate::ingest::Catalogue;
use calibrated::Calibrations;
use evidence::{Recording, Sight};
use finding::Breaches;
use looks::Forming;
use rules::Book;
use serde::Serialize;
use serde_json::Value;
use std::path::Path;

/// What to hold against what.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// An output, or the folder of one partner.
    pub out: &'a Path,
    /// Folder of the policy.
    pub policy: &'a Path,
    /// Folder of the recording.
    pub recording: &'a Path,
    /// The configuration that the run was made with.
    pub configuration: &'a Value,
    /// The time of the run, microseconds, if it was given one.
    pub as_of_us: Option<i64>,
    /// The label of the run, if it was given one.
    pub label: Option<&'a str>,
    /// The calibration of the run, if it was given one.
    pub calibration: Option<&'a Path>,
}

impl Request<'_> {
    /// Whether addresses that targets send are fused.
    fn fuses_identities(&self) -> bool {
        self.configuration.pointer("/fusion/identity").is_some()
    }

    /// Whether pictures come with the detections that made their tracks.
    fn associates(&self) -> bool {
        self.configuration.pointer("/associations").and_then(Value::as_bool).unwrap_or(false)
    }

    /// Whether pictures come with links between their tracks.
    fn stitches(&self) -> bool {
        self.configuration.pointer("/stitching").is_some()
    }

    /// Whether rows of pictures say of which object their tracks are.
    fn joins(&self) -> bool {
        self.configuration.pointer("/stitching/join").and_then(Value::as_bool).unwrap_or(false)
    }

    /// Whether rows are smoothed.
    fn smooths(&self) -> bool {
        self.configuration.pointer("/smoothing").is_some()
    }
}

/// What the guard looked at, and what it found.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// Folders.
    pub partners: u64,
    /// Rows of pictures.
    pub rows: u64,
    /// Rows with too many possible classes to try.
    pub undecided: u64,
    /// What goes beyond; the first of each kind in each folder.
    pub breaches: Vec<Breach>,
}

/// A policy and a recording, read once: what folders are held against.
#[derive(Debug)]
pub struct Reference {
    book: Book,
    recording: Recording,
}

/// Holds the folders of an output against a policy and a recording.
///
/// # Errors
/// A policy, recording, configuration or folder that cannot be read. What is found in the folders is no error.
pub fn inspect(request: &Request<'_>) -> Result<Report, GuardError> {
    Reference::read(request)?.inspect(request)
}

impl Reference {
    /// Reads the policy and the recording that a request names, as they are at its time.
    ///
    /// # Errors
    /// If either cannot be read.
    pub fn read(request: &Request<'_>) -> Result<Self, GuardError> {
        let catalogue = Catalogue::read(request.recording)?;
        let book = Book::read(request.policy, catalogue.frame, request.as_of_us)?;
        let calibrations = Calibrations::read(request.calibration, request.configuration)?;
        let known = (&book, request.fuses_identities());
        let recording = Recording::read(request.recording, catalogue, known, calibrations)?;
        Ok(Self { book, recording })
    }

    /// Holds the folders of an output against it; the request is one with the same policy, recording, calibration and time.
    ///
    /// # Errors
    /// A folder that cannot be read. What is found in the folders is no error.
    pub fn inspect(&self, request: &Request<'_>) -> Result<Report, GuardError> {
        let Self { book, recording } = self;
        let forming = Forming::of(request.configuration)?;
        let mut report = Report::default();
        let alone = folder::no_file(&request.out.join(folder::MANIFEST)) != Some(folder::NOTHING);
        if !alone {
            let mut breaches = Breaches::default();
            folder::strangers(request.out, book, &mut breaches)?;
            lifts::inspect(request.out, (book, recording, forming), &mut breaches)?;
            report.breaches.extend(breaches.into_vec());
        }
        for partner in &book.partners {
            let name = if alone { "" } else { partner.id.as_str() };
            let path = request.out.join(name);
            if alone && !folder::is_of(&path, &partner.id) || !folder::is_folder(&path) {
                continue;
            }
            let sight = Sight::of(recording, book, partner, forming)?;
            let mut breaches = Breaches::default();
            let basis = rows::Basis { request, book, recording, partner, sight: &sight };
            let looked = folder::inspect(&basis, &path, name, &mut breaches)?;
            report.partners += 1;
            report.rows += looked.rows;
            report.undecided += looked.undecided;
            report.breaches.extend(breaches.into_vec());
        }
        if report.partners == 0 && alone {
            let mut breaches = Breaches::default();
            breaches.add(Beyond::Manifest, folder::MANIFEST, "a partner that the policy lacks", "one of its partners");
            report.breaches.extend(breaches.into_vec());
        }
        Ok(report)
    }
}
