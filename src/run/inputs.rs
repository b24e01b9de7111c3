//! The digest of all that goes into a lane.
//!
//! A lane's tracks are a function of what fusion is given: parameters, field of undetected targets, scans with their
//! masks and detections, the times at which tracks are asked for; and of what computes them: this very program, and
//! the host or an adapter with its driver. All of it goes into one SHA-256, so equal digests mean equal tracks. What
//! the lane may not see does not go in: it changes no digest.

use super::RunError;
use super::basis::Basis;
use super::feed::Asked;
use crate::digest::{Hashing, hex};
use crate::fusion::batch::LaneSetup;
use crate::fusion::undetected::UndetectedIntensity;
use crate::lane_log::failed;
use crate::scan::{Detection, Lane, Mask, Observation, Part, Scan, Sight};
use crate::waves::Pasts;
use crate::waves::Taker;
use bytemuck::Zeroable;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// Digests of lanes, as they are fed.
#[derive(Debug)]
pub(super) struct Inputs<'a> {
    lanes: Vec<Sha256>,
    /// When tracks of which lane were asked for.
    order: Vec<Asked>,
    /// The addresses of each lane, number 1 first.
    pub(super) identities: Vec<Vec<Arc<str>>>,
    /// What scans tell of the time before them, where that is asked.
    pub(super) pasts: Option<Pasts>,
    /// Digests of masks, which many scans share, by where they lie.
    masks: BTreeMap<*const Mask, (&'a Mask, [u8; 32])>,
}

impl Inputs<'_> {
    /// Of lanes before their first scan, `executor` telling what fuses them.
    ///
    /// # Errors
    /// If this program cannot be read.
    pub(super) fn new(basis: &Basis<'_>, lanes: &[Lane], executor: &str) -> Result<Self, RunError> {
        let program = program()?;
        let begin = |lane: &Lane| {
            let LaneSetup { radial, undetected, views } =
                LaneSetup::new(lane, basis.catalogue.frame, &basis.config.fusion);
            let mut hash = Sha256::new_with_prefix(program);
            text(&mut hash, &(executor, &basis.config.fusion, radial, views));
            // Densities are uniform at first, and many.
            match undetected {
                UndetectedIntensity::Field { planes, density, birth, prior } => {
                    text(&mut hash, &(planes, density.first(), birth, prior));
                }
                components @ UndetectedIntensity::Components { .. } => text(&mut hash, &components),
            }
            hash
        };
        let identities = vec![Vec::new(); lanes.len()];
        Ok(Self {
            lanes: lanes.iter().map(begin).collect(),
            order: Vec::new(),
            identities,
            pasts: None,
            masks: BTreeMap::new(),
        })
    }

    /// The digest of each lane, and when tracks of which lane were asked for.
    pub(super) fn finish(self) -> (Vec<String>, Vec<Asked>) {
        (self.lanes.into_iter().map(|hash| hex(&hash.finalize())).collect(), self.order)
    }
}

impl<'a> Inputs<'a> {
    fn mask(&mut self, mask: &'a Mask) -> [u8; 32] {
        let digest = |mask: &Mask| {
            let mut hash = Sha256::new();
            text(&mut hash, mask.planes());
            hash.update(bytemuck::cast_slice(mask.share()));
            for Part { shape, permission } in mask.parts() {
                text(&mut hash, &(shape, permission.is_some()));
                hash.update(bytemuck::cast_slice(permission.as_deref().unwrap_or_default()));
            }
            hash.finalize().into()
        };
        self.masks.entry(mask).or_insert_with(|| (mask, digest(mask))).1
    }

    /// Takes in that a lane's tracks are asked for.
    pub(super) fn ask(&mut self, asked: Asked) {
        self.order.push(asked);
        if let Some(hash) = self.lanes.get_mut(asked.lane) {
            text(hash, &(if asked.shown { "due" } else { "passed" }, asked.time_us));
        }
    }

    /// Takes in the scan of a lane.
    pub(super) fn scan(&mut self, scan: &Scan<'a>, observations: &[Observation]) {
        let Scan { lane, time_us, detection_probability, sight, slack_m, detections, views } = scan;
        let mut masks = |sight: &Sight<'a>| match sight {
            Sight::Everywhere => None,
            Sight::Mask(mask) => Some(self.mask(mask)),
        };
        let mask = masks(sight);
        let views = (views.looking, views.sights.iter().map(masks).collect::<Vec<_>>());
        let Some(hash) = self.lanes.get_mut(*lane) else { return };
        text(hash, &("scan", time_us, detection_probability, mask, slack_m, detections.len(), views));
        let mut before = Observation::zeroed();
        for detection in detections.detections() {
            // An index counts over the lanes of a wave; what it means to this one goes in, where it is new.
            let observation = observations.get(detection.observation as usize).copied().unwrap_or(before);
            let new = bytemuck::bytes_of(&observation) != bytemuck::bytes_of(&before);
            hash.update(bytemuck::bytes_of(&Detection { observation: u32::from(new), ..*detection }));
            if new {
                hash.update(bytemuck::bytes_of(&observation));
                before = observation;
            }
        }
        hash.update(detections.sources());
        hash.update(bytemuck::cast_slice(detections.addresses()));
    }

    /// Takes in the next address of a lane.
    pub(super) fn name(&mut self, lane: usize, identity: &Arc<str>) {
        if let Some(hash) = self.lanes.get_mut(lane) {
            text(hash, &("named", identity));
        }
    }
}

impl<'a> Taker<'a> for Inputs<'a> {
    type Error = RunError;

    fn due(&mut self, lane: usize, time_us: i64) -> Result<(), RunError> {
        self.ask(Asked { lane, time_us, shown: true });
        Ok(())
    }

    fn passed(&mut self, lane: usize, time_us: i64) -> Result<(), RunError> {
        self.ask(Asked { lane, time_us, shown: false });
        Ok(())
    }

    fn named(&mut self, lane: usize, identity: &Arc<str>) {
        self.name(lane, identity);
        if let Some(names) = self.identities.get_mut(lane) {
            names.push(Arc::clone(identity));
        }
    }

    fn wave(&mut self, scans: Vec<Scan<'a>>, observations: Vec<Observation>) -> Result<(), RunError> {
        for scan in &scans {
            self.scan(scan, &observations);
            if let Some(pasts) = &mut self.pasts {
                pasts.scan(scan);
            }
        }
        Ok(())
    }
}

/// Takes in a value as Rust writes it for debugging: every field, numbers with as many digits as tell them apart.
fn text(hash: &mut Sha256, value: &impl Debug) {
    // A hash takes whatever it is given.
    let _ = writeln!(Hashing(hash), "{value:?}");
}

/// The digest of this program's file: another build may compute other bits.
pub(super) fn program() -> Result<[u8; 32], RunError> {
    static PROGRAM: OnceLock<[u8; 32]> = OnceLock::new();
    if let Some(digest) = PROGRAM.get() {
        return Ok(*digest);
    }
    let read = |path: &Path| -> io::Result<[u8; 32]> {
        let mut hash = Sha256::new();
        io::copy(&mut File::open(path)?, &mut Hashing(&mut hash))?;
        Ok(hash.finalize().into())
    };
    let path = std::env::current_exe().map_err(failed(Path::new("this program"), "find it"))?;
    let digest = read(&path).map_err(failed(&path, "read the program"))?;
    Ok(*PROGRAM.get_or_init(|| digest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::{Plane, Sourced, Views};
    use crate::space::Place;

    fn plane() -> Plane {
        let origin = Place::from_metres([0.0; 3]);
        Plane { origin, east: [1.0, 0.0, 0.0], north: [0.0, 1.0, 0.0], centre: [0.0; 3], cell_m: 10.0, cells: [2, 1] }
    }

    fn detection(observation: u32) -> Detection {
        Detection { tile: [0; 3], ahead_s: -0.5, offset_m: [1.0, 2.0, 3.0], observation }
    }

    /// Two detections of two sources.
    fn two([first, second]: [Detection; 2]) -> Sourced {
        [(first, 0), (second, 1)].into_iter().collect()
    }

    /// One lane's digest, the lane being fed one scan and asked for its tracks once.
    fn digest(scan: Scan<'_>, observations: Vec<Observation>, due_us: i64) -> String {
        let mut inputs = Inputs {
            lanes: vec![Sha256::new(); 2],
            order: Vec::new(),
            identities: vec![Vec::new(); 2],
            pasts: None,
            masks: BTreeMap::new(),
        };
        inputs.wave(vec![scan], observations).expect("a hash takes anything");
        inputs.due(0, due_us).expect("a hash takes anything");
        inputs.finish().0.swap_remove(0)
    }

    #[test]
    fn every_part_of_a_scan_changes_the_digest_of_its_lane_and_no_other_lane_does() {
        let masks = [[1.0, 0.5], [1.0, 0.25]].map(|share| Mask::new(plane(), share.to_vec()).unwrap());
        let [mask, other] = &masks;
        let observations = || vec![Observation { clutter: 1.0, ..Observation::zeroed() }, Observation::zeroed()];
        let scan = || Scan {
            lane: 0,
            time_us: 7,
            detection_probability: 0.9,
            sight: Sight::Mask(mask),
            slack_m: 1.0,
            detections: two([detection(0), detection(0)]),
            views: Views::default(),
        };
        let base = digest(scan(), observations(), 9);
        let moved = Detection { offset_m: [1.0, 2.0, 3.5], ..detection(0) };
        let later = Detection { ahead_s: -0.25, ..detection(0) };
        let changed = [
            digest(Scan { time_us: 8, ..scan() }, observations(), 9),
            digest(Scan { detection_probability: 0.8, ..scan() }, observations(), 9),
            digest(Scan { sight: Sight::Everywhere, ..scan() }, observations(), 9),
            digest(Scan { sight: Sight::Mask(other), ..scan() }, observations(), 9),
            digest(Scan { slack_m: 2.0, ..scan() }, observations(), 9),
            digest(Scan { detections: two([detection(0), moved]), ..scan() }, observations(), 9),
            digest(Scan { detections: two([later, detection(0)]), ..scan() }, observations(), 9),
            digest(Scan { detections: two([detection(0), detection(1)]), ..scan() }, observations(), 9),
            digest(Scan { detections: two([detection(1), detection(1)]), ..scan() }, observations(), 9),
            digest(Scan { detections: Sourced::of(0, vec![detection(0)]), ..scan() }, observations(), 9),
            digest(
                Scan { detections: [(detection(0), 1), (detection(0), 0)].into_iter().collect(), ..scan() },
                observations(),
                9,
            ),
            digest(scan(), observations(), 10),
            digest(Scan { lane: 1, ..scan() }, observations(), 9),
        ];
        for (number, other) in changed.iter().enumerate() {
            assert!(*other != base && changed.iter().filter(|digest| *digest == other).count() == 1, "{number}");
        }

        // Another lane of the wave, whose observations come before, is none of this one's business.
        let mut inputs = Inputs {
            lanes: vec![Sha256::new(); 2],
            order: Vec::new(),
            identities: vec![Vec::new(); 2],
            pasts: None,
            masks: BTreeMap::new(),
        };
        let shifted = Scan { detections: two([detection(1), detection(1)]), ..scan() };
        let beside = Scan { lane: 1, detections: Sourced::of(0, vec![detection(0)]), ..scan() };
        let all = [Observation { spread: 3.0, ..Observation::zeroed() }].into_iter().chain(observations()).collect();
        inputs.wave(vec![shifted, beside], all).expect("a hash takes anything");
        inputs.due(1, 3).expect("a hash takes anything");
        inputs.due(0, 9).expect("a hash takes anything");
        let (digests, order) = inputs.finish();
        let order: Vec<_> = order.iter().map(|asked| (asked.lane, asked.time_us, asked.shown)).collect();
        assert_eq!((&digests[0], order), (&base, vec![(1, 3, true), (0, 9, true)]));
    }
}
