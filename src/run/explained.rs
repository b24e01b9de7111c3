//! Why a partner gets a detection or a track, or does not: an explanation for each class that it was of, in the order of time.

use crate::ingest::Where;
use crate::policy::{Explanation, Policy, PolicyError, SurveyError, explain_detection, explain_track};
use crate::product::{ProductError, Stretch, read_stretches};
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What is asked about.
#[derive(Clone, Copy, Debug)]
pub enum About<'a> {
    /// A detection of a recording, counted from 1 over the accepted rows.
    Detection(Where<'a>, u64),
    /// A track, as the lane of the partner numbers it, of the output of a run.
    Track(&'a Path, u64),
}

/// One class, when it held, and why.
#[derive(Clone, Debug, Serialize)]
pub struct Explained {
    /// When it began to hold, microseconds.
    pub first_us: i64,
    /// The last time at which it held.
    pub last_us: i64,
    /// How many detections or reports.
    pub rows: u64,
    /// Why the partner gets what of it.
    pub explanation: Explanation,
    /// The number of a track, and the partners whose lane numbers it so.
    #[serde(skip)]
    pub numbered: Option<(u64, Vec<String>)>,
}

/// Why it cannot be explained.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// There is no such partner.
    #[error("found partner `{found}`, wanted one of: {known}")]
    Partner {
        /// Who was asked about.
        found: String,
        /// Who could be.
        known: String,
    },
    /// The partner's lane has no such track.
    #[error("{}: found no track {track} in the lane of `{partner}`, wanted {wanted}", out.display())]
    Track {
        /// The output.
        out: PathBuf,
        /// The number.
        track: u64,
        /// The partner.
        partner: String,
        /// What could be.
        wanted: String,
    },
    /// The recording.
    #[error(transparent)]
    Survey(#[from] Box<SurveyError>),
    /// A rule.
    #[error(transparent)]
    Policy(#[from] Box<PolicyError>),
    /// A file of the output.
    #[error(transparent)]
    Product(#[from] Box<ProductError>),
}

/// Explains what a partner gets of a detection or a track, as of the time of the run if it had one.
///
/// # Errors
/// A partner, a detection or a track that there is not; a file that cannot be read; a rule that fails.
pub fn explained(
    policy: &Policy,
    about: About<'_>,
    partner: &str,
    as_of_us: Option<i64>,
) -> Result<Vec<Explained>, ExplainError> {
    let number = policy.partners().iter().position(|known| known.id == *partner).ok_or_else(|| {
        let known: Vec<&str> = policy.partners().iter().map(|known| known.id.as_str()).collect();
        ExplainError::Partner { found: partner.to_owned(), known: known.join(", ") }
    })?;
    match about {
        About::Detection(recording, detection) => {
            let (explanation, time_us) =
                explain_detection(policy, recording, number, detection, as_of_us).map_err(Box::new)?;
            let (first_us, last_us) = (time_us, time_us);
            Ok(vec![Explained { first_us, last_us, rows: 1, explanation, numbered: None }])
        }
        About::Track(out, track) => {
            let explained = |Stretch { first_us, last_us, rows, class, lane, .. }: Stretch| {
                let explanation = explain_track(policy, number, &class, as_of_us).map_err(Box::new)?;
                let numbered = Some((track, lane.to_vec()));
                Ok(Explained { first_us, last_us, rows, explanation, numbered })
            };
            life(out, partner, track)?.into_iter().map(explained).collect()
        }
    }
}

/// The stretches of a track of the lane that makes a partner's picture.
fn life(out: &Path, partner: &str, track: u64) -> Result<Vec<Stretch>, ExplainError> {
    let (mut life, mut others) = (Vec::new(), BTreeSet::new());
    for stretch in read_stretches(out).map_err(Box::new)?.into_iter().filter(|stretch| stretch.track == track) {
        if stretch.lane.iter().any(|known| known == partner) {
            life.push(stretch);
        } else {
            others.extend(stretch.lane.iter().cloned());
        }
    }
    if life.is_empty() {
        let others: Vec<String> = others.into_iter().collect();
        let wanted = match others.as_slice() {
            [] => "one of its".to_owned(),
            others => format!("one of its, or `--of` whose number it is: {} have one", others.join(", ")),
        };
        return Err(ExplainError::Track { out: out.to_owned(), track, partner: partner.to_owned(), wanted });
    }
    Ok(life)
}
