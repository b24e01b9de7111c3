//! Scans to waves: what the host says of a wave before the device runs it.

use super::lanes::{DeviceLanes, Laid, Wave};
use crate::fusion::arrays::NONE;
use crate::fusion::config::Config;
use crate::fusion::credit::words;
use crate::fusion::error::{FusionError, WORD_MAX, counted};
use crate::fusion::executor::KernelError;
use crate::fusion::grid::Grid;
use crate::fusion::setup::LaneSetup;
use crate::fusion::timeline::Timeline;
use crate::fusion::views::{VIEWS_MAX, ViewLook};
use crate::scan::{Observation, Scan, Sight};

/// Makes waves of scans: what lanes do in time, said to a device.
#[derive(Debug)]
pub struct WaveBuilder {
    lanes: Vec<Timeline>,
}

impl WaveBuilder {
    /// Before the first scan of any lane.
    #[must_use]
    pub fn new(setups: &[LaneSetup]) -> Self {
        Self { lanes: setups.iter().map(Timeline::new).collect() }
    }

    /// How far a lane is.
    pub(in crate::fusion) fn timeline(&self, lane: usize) -> Option<&Timeline> {
        self.lanes.get(lane)
    }

    /// The wave of these scans, which are checked: in the order of their lanes, at most one a lane, none back in time.
    ///
    /// # Errors
    /// If the device does not take a mask, or there are more cells than a word counts.
    pub(in crate::fusion) fn wave(
        &mut self,
        config: &Config,
        device: &mut DeviceLanes,
        scans: Vec<Scan<'_>>,
        observations: Vec<Observation>,
    ) -> Result<Wave, FusionError> {
        let mut wave = Wave { observations, ..Wave::default() };
        let mut cells = 0u64;
        let mut scans = scans.into_iter().peekable();
        let has_views = self.lanes.iter().any(Timeline::has_views);
        for (index, lane) in self.lanes.iter_mut().enumerate() {
            let (scan, mut views) = (scans.next_if(|scan| scan.lane == index), [ViewLook::default(); VIEWS_MAX]);
            let mut look = lane.at_rest(config);
            if let Some(scan) = &scan {
                (look, views) = lane.look(scan, config);
            }
            look.first_detection = count(wave.arrived.len());
            look.first_cell = counted("cells", cells, WORD_MAX)?;
            let mut of_lane = 1;
            if let Some(scan) = scan {
                let mut laid = |sight: &Sight<'_>| match sight {
                    Sight::Everywhere => Ok(Laid { mask: NONE, cover: NONE }),
                    Sight::Mask(mask) => device.mask(mask).map_err(KernelError),
                };
                Laid { mask: look.mask, cover: look.cover } = laid(&scan.sight)?;
                for (view, sight) in views.iter_mut().zip(&scan.views.sights) {
                    Laid { mask: view.mask, cover: view.cover } = laid(sight)?;
                }
                let detections = scan.detections.detections();
                of_lane = Grid::describe(detections, &wave.observations, scan.slack_m, &mut look);
                wave.add(index, &scan);
            }
            cells += u64::from(of_lane);
            wave.looks.push(look);
            if has_views {
                wave.views.extend(views);
            }
        }
        if let Some(models) = config.motion.several() {
            wave.models = wave.looks.iter().flat_map(|look| models.looks_of(look)).collect();
        }
        wave.cells = counted("cells", cells, WORD_MAX)?;
        if config.identity.is_none() || wave.addresses.iter().all(|address| *address == 0) {
            wave.addresses.clear();
        }
        Ok(wave)
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
