//! The host's lanes, tracks and graph to the device, and back: at the beginning, and for stages that run by themselves.

use super::super::DeviceError;
use super::super::fields::Field;
use super::super::kernels::{Component, FIELD_BLOCK, Ground, LaneState, Setup, Status};
use super::super::program::Count;
use super::{DeviceLanes, Wave};
use crate::fusion::arrays::{AT_REST, Arrays, BLOCK, Host, NONE, Placed, TrackField, TrackHypotheses};
use crate::fusion::setup::LaneSetup;
use crate::fusion::stage::Stage;
use crate::fusion::undetected::{self, UndetectedIntensity};
use crate::scan::{Detection, Limit, Planes};
use core::ops::RangeInclusive;

impl DeviceLanes {
    /// Lays out lanes, their fields and their components.
    pub(super) fn begin(&mut self, setups: &[&LaneSetup]) -> Result<(), DeviceError> {
        let (mut described, mut grounds, mut rest) = (Vec::new(), Vec::new(), Vec::new());
        let (mut density, mut field_lane) = (Vec::new(), Vec::new());
        let (mut births, mut first): (Vec<Component>, Vec<Vec<Component>>) = (Vec::new(), Vec::new());
        for (lane, LaneSetup { radial, undetected, .. }) in (0u32..).zip(setups.iter().copied()) {
            let mut setup = Setup { radial: u32::from(*radial), ..Setup::default() };
            let mut own = Vec::new();
            match undetected {
                UndetectedIntensity::Field { planes: over, density: cells, birth, prior } => {
                    let mut rows = planes(over, density.len(), setups.len() + rest.len()).into_iter();
                    grounds.extend(rows.next());
                    rest.extend(rows);
                    density.extend(cells);
                    density.resize(density.len().next_multiple_of(FIELD_BLOCK as usize), 0.0);
                    setup.birth = *birth;
                    (setup.speed_m_s, setup.climb_m_s, setup.height_m) =
                        (prior.speed_m_s, prior.climb_m_s, prior.height_m);
                }
                UndetectedIntensity::Components { components, births: born, weight_min } => {
                    grounds.push(Ground { after: NONE, next: NONE, ..Ground::default() });
                    setup.kind = 1;
                    setup.first_birth = u32::try_from(births.len()).unwrap_or(u32::MAX);
                    setup.births = u32::try_from(born.len()).unwrap_or(u32::MAX);
                    births.extend(born.iter().map(component));
                    own.extend(components.iter().map(component));
                    setup.weight_min = *weight_min;
                }
            }
            field_lane.resize(density.len() / FIELD_BLOCK as usize, lane);
            let room = own.len() + 2 * setup.births as usize;
            if setup.kind == 1 {
                self.capacity.components = self.capacity.components.max(u32::try_from(room + 8).unwrap_or(u32::MAX));
            }
            described.push(setup);
            first.push(own);
        }
        self.field_cells = u32::try_from(density.len()).unwrap_or(u32::MAX);
        let states: Vec<LaneState> = first
            .iter()
            .map(|own| LaneState { components: u32::try_from(own.len()).unwrap_or(0), ..LaneState::default() })
            .collect();
        self.allocate()?;
        self.upload(Field::Setups, bytemuck::cast_slice(&described))?;
        // Parts of masks lie behind these and stay.
        grounds.append(&mut rest);
        self.masks.begin(grounds.len());
        self.upload(Field::Grounds, bytemuck::cast_slice(&grounds))?;
        self.upload(Field::Density, bytemuck::cast_slice(&density))?;
        self.upload(Field::FieldLane, bytemuck::cast_slice(&field_lane))?;
        self.upload(Field::ComponentBirths, bytemuck::cast_slice(&births))?;
        self.upload(Field::LaneStates, bytemuck::cast_slice(&states))?;
        let room = self.capacity.components as usize;
        let laid_out: Vec<Component> = first
            .into_iter()
            .flat_map(|mut own| {
                own.resize(room, Component::default());
                own
            })
            .collect();
        self.upload(Field::Components, bytemuck::cast_slice(&laid_out))?;
        self.upload(Field::Status, bytemuck::bytes_of(&Status::default()))
    }

    /// Replaces the tracks, and the fields of undetected targets, by those of the host.
    ///
    /// # Errors
    /// If the device fails.
    pub fn load(
        &mut self,
        arrays: &Arrays<Host>,
        lanes: &[LaneState],
        setups: &[&LaneSetup],
    ) -> Result<(), DeviceError> {
        self.capacity.blocks = self.capacity.blocks.max(u32::try_from(arrays.lane.len()).unwrap_or(u32::MAX));
        let mut states = lanes.to_vec();
        for (state, setup) in states.iter_mut().zip(setups) {
            if let UndetectedIntensity::Components { components, .. } = &setup.undetected {
                state.components = u32::try_from(components.len()).unwrap_or(u32::MAX);
            }
        }
        self.begin(setups)?;
        self.upload(Field::LaneStates, bytemuck::cast_slice(&states))?;
        let mut lane = arrays.lane.clone();
        lane.resize(self.capacity.blocks as usize, NONE);
        self.upload(Field::Lane, bytemuck::cast_slice(&lane))?;
        for of in TrackField::ALL.iter().copied() {
            self.upload(Field::Track(of), arrays.bytes(of))?;
        }
        // Places behind those of the host are free.
        let mut odds = arrays.odds.clone();
        odds.resize(self.capacity.blocks as usize * BLOCK, 0.0);
        self.upload(Field::Track(TrackField::Odds), bytemuck::cast_slice(&odds))
    }

    /// Replaces the graph of tracks and detections by the host's, for a stage that is run by itself.
    ///
    /// # Errors
    /// If the device fails.
    pub fn load_graph(&mut self, arrays: &Arrays<Host>) -> Result<(), DeviceError> {
        let edges = u32::try_from(arrays.edges.len()).unwrap_or(u32::MAX);
        let detections = u32::try_from(arrays.detections.len()).unwrap_or(u32::MAX);
        self.capacity.edges = self.capacity.edges.max(edges);
        self.capacity.detections = self.capacity.detections.max(detections);
        self.allocate()?;
        let placed = |d: &Detection| Placed {
            tile: d.tile,
            ahead_s: d.ahead_s,
            offset_m: d.offset_m,
            observation: d.observation,
            ..Placed::default()
        };
        let placed: Vec<Placed> = arrays.detections.iter().map(placed).collect();
        self.upload(Field::Placed, bytemuck::cast_slice(&placed))?;
        let mut rows = arrays.rows.clone();
        rows.resize(
            self.capacity.blocks as usize * BLOCK,
            TrackHypotheses { start: AT_REST, ..TrackHypotheses::default() },
        );
        self.upload(Field::Rows, bytemuck::cast_slice(&rows))?;
        self.upload(Field::Edges, bytemuck::cast_slice(&arrays.edges))?;
        self.upload(Field::Columns, bytemuck::cast_slice(&vec![0u32; arrays.detections.len()]))?;
        self.upload(Field::FirstTrack, bytemuck::cast_slice(&vec![NONE; arrays.detections.len()]))?;
        self.upload(Field::Status, bytemuck::bytes_of(&Status { edges, ..Status::default() }))
    }

    /// Runs some stages of one wave.
    ///
    /// # Errors
    /// If the device fails.
    pub fn run(&mut self, wave: Wave, stages: RangeInclusive<Stage>) -> Result<Status, DeviceError> {
        let first = *stages.start() == Stage::Predict;
        let extents = self.upload_waves(&[wave])?;
        let mut at = (0, 0);
        loop {
            let mut passes = self.passes(&extents, at);
            passes.retain(|pass| stages.contains(&pass.stage) || pass.params.pass_number == 1);
            if let Some(plan) = passes.first_mut().filter(|_| !first) {
                // What is counted already stays counted.
                plan.params.counted = Count::Nothing as u32;
            }
            let landing = self.submit(&passes)?;
            let (status, _) = self.ask(landing)?;
            if status.halted == 0 {
                return Ok(status);
            }
            at = self.make_room(status, &extents)?;
        }
    }

    /// Runs one stage by itself on arrays of the host, and brings back what it made of them.
    ///
    /// # Errors
    /// If the device fails; `arrays` are then unchanged.
    pub fn stage(
        &mut self,
        stage: Stage,
        arrays: &mut Arrays<Host>,
        lanes: &[LaneState],
        setups: &[&LaneSetup],
    ) -> Result<(), DeviceError> {
        self.load(arrays, lanes, setups)?;
        self.load_graph(arrays)?;
        let (looks, observations) = (arrays.looks.clone(), arrays.observations.clone());
        let (views, models) = (arrays.view_looks.clone(), arrays.model_looks.clone());
        self.run(Wave { looks, views, models, observations, cells: 1, ..Wave::default() }, stage..=stage)?;
        self.unload(arrays)
    }

    /// Brings the host's tracks up to date; there are as many on both sides.
    ///
    /// # Errors
    /// If the device fails.
    pub fn unload(&mut self, arrays: &mut Arrays<Host>) -> Result<(), DeviceError> {
        let field = |of: &TrackField| {
            let elements = arrays.bytes(*of).len() / of.element_bytes();
            Ok((*of, self.download::<u32>(Field::Track(*of), elements)?))
        };
        let fields: Vec<(TrackField, Vec<u32>)> =
            TrackField::ALL.iter().map(field).collect::<Result<_, DeviceError>>()?;
        for (of, words) in &fields {
            arrays.set_bytes(*of, bytemuck::cast_slice(words));
        }
        Ok(())
    }

    /// Brings the graph of the host's tracks and detections up to date.
    ///
    /// # Errors
    /// If the device fails.
    pub fn unload_graph(&mut self, arrays: &mut Arrays<Host>, blocks: usize, edges: u32) -> Result<(), DeviceError> {
        arrays.rows = self.download(Field::Rows, blocks * BLOCK)?;
        arrays.edges = self.download(Field::Edges, edges as usize)?;
        Ok(())
    }

    /// The track of each hypothesis.
    ///
    /// # Errors
    /// If the device fails.
    pub fn edge_track(&mut self, edges: u32) -> Result<Vec<u32>, DeviceError> {
        self.download(Field::EdgeTrack, edges as usize)
    }

    /// The least track of each track's cluster.
    ///
    /// # Errors
    /// If the device fails.
    pub fn labels(&mut self, blocks: usize) -> Result<Vec<u32>, DeviceError> {
        self.download(Field::Labels, blocks * BLOCK)
    }
}

/// The planes of some cells, the first of which is number `first`; those after the first one will lie from row `rest` on.
pub(super) fn planes(of: &Planes, mut first: usize, rest: usize) -> Vec<Ground> {
    let word = |of: usize| u32::try_from(of).unwrap_or(NONE);
    let mut rows: Vec<Ground> = Vec::new();
    for (number, plane) in of.each().enumerate() {
        if let Some(before) = rows.last_mut() {
            before.next = word(rest + number - 1);
        }
        let [least_m, most_m] = plane.corner_m();
        rows.push(Ground {
            tile: plane.origin.tile,
            least_m,
            most_m,
            offset_m: plane.origin.offset_m,
            first: word(first),
            east: plane.east,
            after: NONE,
            north: plane.north,
            cell_m: plane.cell_m,
            cells_u: plane.cells[0],
            cells_v: plane.cells[1],
            next: NONE,
            centre: plane.centre,
            ..Ground::default()
        });
        first += plane.len();
    }
    rows
}

pub(super) fn limit(of: &Limit) -> Ground {
    Ground {
        tile: of.place.tile,
        kind: of.kind,
        offset_m: of.place.offset_m,
        east: of.along,
        north: of.across,
        radius_m: of.radius_m,
        sine: of.sine,
        cosine: of.cosine,
        least_m: of.least_m,
        most_m: of.most_m,
        ahead_s: of.ahead_s,
        ..Ground::default()
    }
}

fn component(of: &undetected::Component) -> Component {
    Component { tile: of.tile, weight: of.weight, mean: of.state.mean, covariance: of.state.covariance, padding: 0 }
}
