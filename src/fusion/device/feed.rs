//! Scans to waves: what the host says of a wave before the device runs it.

use super::engine::{Engine, Laid, Wave};
use crate::fusion::arrays::{Look, NONE};
use crate::fusion::config::Config;
use crate::fusion::credit::words;
use crate::fusion::error::{FusionError, WORD_MAX, counted};
use crate::fusion::executor::KernelError;
use crate::fusion::grid::Grid;
use crate::fusion::setup::LaneSetup;
use crate::fusion::views::{Outlook, VIEWS_MAX, ViewLook};
use crate::scan::{Observation, Scan, Sight};
use crate::time::seconds_between;

/// When each lane had its last scan, and how many it has had.
#[derive(Debug)]
pub struct Feed {
    lanes: Vec<Lane>,
}

#[derive(Clone, Debug)]
struct Lane {
    radial: bool,
    height_information: f32,
    outlook: Option<Outlook>,
    reports_per_s: f64,
    time_us: Option<i64>,
    scans: u32,
}

impl Feed {
    /// Before the first scan of any lane.
    #[must_use]
    pub fn new(setups: &[&LaneSetup]) -> Self {
        let lane = |setup: &&LaneSetup| Lane {
            radial: setup.radial,
            height_information: setup.undetected.height_information(),
            reports_per_s: setup.undetected.reports_per_s(),
            outlook: Outlook::of(setup),
            time_us: None,
            scans: 0,
        };
        Self { lanes: setups.iter().map(lane).collect() }
    }

    /// Time of a lane's last scan.
    #[must_use]
    pub fn time_us(&self, lane: usize) -> Option<i64> {
        self.lanes.get(lane)?.time_us
    }

    /// The wave of these scans, which are checked: in the order of their lanes, at most one a lane, none back in time.
    ///
    /// # Errors
    /// If the device does not take a mask, or there are more cells than a word counts.
    pub(in crate::fusion) fn wave(
        &mut self,
        config: &Config,
        engine: &mut Engine,
        scans: Vec<Scan<'_>>,
        observations: Vec<Observation>,
    ) -> Result<Wave, FusionError> {
        let mut wave = Wave { observations, ..Wave::default() };
        let mut cells = 0u64;
        let mut scans = scans.into_iter().peekable();
        let has_views = self.lanes.iter().any(|lane| lane.outlook.is_some());
        for (index, lane) in self.lanes.iter_mut().enumerate() {
            let mut look = Look {
                radial: u32::from(lane.radial),
                height_information: lane.height_information,
                gate: config.gate.get(),
                first_detection: count(wave.arrived.len()),
                first_cell: counted("cells", cells, WORD_MAX)?,
                ..Look::default()
            };
            let mut views = [ViewLook::default(); VIEWS_MAX];
            match scans.next_if(|scan| scan.lane == index) {
                Some(scan) => {
                    lane.begin(config, &scan, &mut look);
                    let mut laid = |sight: &Sight<'_>| match sight {
                        Sight::Everywhere => Ok(Laid { mask: NONE, cover: NONE }),
                        Sight::Mask(mask) => engine.mask(mask).map_err(KernelError),
                    };
                    Laid { mask: look.mask, cover: look.cover } = laid(&scan.sight)?;
                    if let Some(outlook) = &mut lane.outlook {
                        views = outlook.look(&scan, &mut look);
                        for (view, sight) in views.iter_mut().zip(&scan.views.sights) {
                            Laid { mask: view.mask, cover: view.cover } = laid(sight)?;
                        }
                    }
                    let detections = scan.detections.detections();
                    cells += u64::from(Grid::describe(detections, &wave.observations, scan.slack_m, &mut look));
                    wave.add(index, &scan);
                }
                None => cells += 1,
            }
            wave.looks.push(look);
            if has_views {
                wave.views.extend(views);
            }
        }
        wave.cells = counted("cells", cells, WORD_MAX)?;
        if config.identity.is_none() || wave.addresses.iter().all(|address| *address == 0) {
            wave.addresses.clear();
        }
        Ok(wave)
    }
}

impl Lane {
    fn begin(&mut self, config: &Config, scan: &Scan<'_>, look: &mut Look) {
        let before = self.time_us.unwrap_or(scan.time_us);
        config.motion.over(seconds_between(before, scan.time_us), self.reports_per_s, look);
        look.awake = 1;
        look.detections = count(scan.detections.len());
        look.detection_probability = scan.detection_probability;
        look.scan = self.scans;
        self.time_us = Some(scan.time_us);
        self.scans += 1;
        look.reorder = u32::from(self.scans.is_multiple_of(config.reorder_scans.max(1)));
    }
}

impl Wave {
    fn add(&mut self, lane: usize, scan: &Scan<'_>) {
        let Scan { time_us, detections: all, .. } = scan;
        self.arrived.extend_from_slice(all.detections());
        self.addresses.extend_from_slice(all.addresses());
        self.addresses.resize(self.arrived.len(), 0);
        let lane = count(lane) << 8;
        self.tags.extend(all.sources().iter().map(|source| lane | u32::from(*source)));
        self.times.extend(all.detections().iter().map(|detection| words(detection.time_us(*time_us))));
    }
}

fn count(of: usize) -> u32 {
    u32::try_from(of).unwrap_or(u32::MAX)
}
