//! The host's lanes, tracks and graph to the device, and back: at the beginning, and for stages that run by themselves.

use super::super::error::DeviceError;
use super::super::fields::Field;
use super::super::kernels::{Component, FIELD_BLOCK, LaneState, Plane, Setup, Status};
use super::{Engine, Wave};
use crate::fusion::arrays::{AT_REST, Arrays, BLOCK, Host, NONE, Placed, Row};
use crate::fusion::setup::LaneSetup;
use crate::fusion::undetected::{self, Undetected};
use crate::scan::Detection;

impl Engine {
    /// Lays out lanes, their fields and their components.
    pub(super) fn begin(&mut self, setups: &[&LaneSetup]) -> Result<(), DeviceError> {
        let (mut described, mut planes) = (Vec::new(), Vec::new());
        let (mut density, mut field_lane) = (Vec::new(), Vec::new());
        let (mut births, mut first): (Vec<Component>, Vec<Vec<Component>>) = (Vec::new(), Vec::new());
        for (lane, LaneSetup { radial, undetected, .. }) in (0u32..).zip(setups.iter().copied()) {
            let mut setup = Setup { radial: u32::from(*radial), ..Setup::default() };
            let mut own = Vec::new();
            match undetected {
                Undetected::Field { plane: over, density: cells, birth, prior } => {
                    planes.push(plane(over, density.len()));
                    density.extend(cells);
                    density.resize(density.len().next_multiple_of(FIELD_BLOCK as usize), 0.0);
                    setup.birth = *birth;
                    (setup.speed_m_s, setup.climb_m_s, setup.height_m) =
                        (prior.speed_m_s, prior.climb_m_s, prior.height_m);
                }
                Undetected::Components { components, births: born, weight_min } => {
                    planes.push(Plane::default());
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
        // Planes of masks lie behind these and stay.
        self.upload(Field::Planes, bytemuck::cast_slice(&planes))?;
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
            if let Undetected::Components { components, .. } = &setup.undetected {
                state.components = u32::try_from(components.len()).unwrap_or(u32::MAX);
            }
        }
        self.begin(setups)?;
        self.upload(Field::LaneStates, bytemuck::cast_slice(&states))?;
        let mut lane = arrays.lane.clone();
        lane.resize(self.capacity.blocks as usize, NONE);
        self.upload(Field::Lane, bytemuck::cast_slice(&lane))?;
        self.upload(Field::Tile, bytemuck::cast_slice(&arrays.tile))?;
        self.upload(Field::Mean, bytemuck::cast_slice(&arrays.mean))?;
        self.upload(Field::Covariance, bytemuck::cast_slice(&arrays.covariance))?;
        let mut odds = arrays.odds.clone();
        odds.resize(self.capacity.blocks as usize * BLOCK, 0.0);
        self.upload(Field::Odds, bytemuck::cast_slice(&odds))?;
        self.upload(Field::Identity, bytemuck::cast_slice(&arrays.identity))?;
        self.upload(Field::Views, bytemuck::cast_slice(&arrays.views))?;
        self.upload(Field::Sources, bytemuck::cast_slice(&arrays.sources))
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
        rows.resize(self.capacity.blocks as usize * BLOCK, Row { start: AT_REST, ..Row::default() });
        self.upload(Field::Rows, bytemuck::cast_slice(&rows))?;
        self.upload(Field::Edges, bytemuck::cast_slice(&arrays.edges))?;
        self.upload(Field::Columns, bytemuck::cast_slice(&vec![0u32; arrays.detections.len()]))?;
        self.upload(Field::FirstTrack, bytemuck::cast_slice(&vec![NONE; arrays.detections.len()]))?;
        self.upload(Field::Status, bytemuck::bytes_of(&Status { edges, ..Status::default() }))
    }

    /// Runs the stages `stages` of one wave.
    ///
    /// # Errors
    /// If the device fails.
    pub fn run(&mut self, wave: Wave, stages: core::ops::Range<usize>) -> Result<Status, DeviceError> {
        let first = stages.start == 0;
        let extents = self.upload_waves(&[wave])?;
        let mut at = (0, 0);
        loop {
            let mut passes = self.passes(&extents, at);
            passes.retain(|pass| stages.contains(&pass.stage) || pass.params.pass_number == 1);
            if let Some(plan) = passes.first_mut().filter(|_| !first) {
                // What is counted already stays counted.
                plan.params.slot = u32::MAX;
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
        stage: usize,
        arrays: &mut Arrays<Host>,
        lanes: &[LaneState],
        setups: &[&LaneSetup],
    ) -> Result<(), DeviceError> {
        self.load(arrays, lanes, setups)?;
        self.load_graph(arrays)?;
        let (looks, observations) = (arrays.looks.clone(), arrays.observations.clone());
        let views = arrays.view_looks.clone();
        self.run(Wave { looks, views, observations, cells: 1, ..Wave::default() }, stage..stage + 1)?;
        self.unload(arrays)
    }

    /// Brings the host's tracks up to date; there are as many on both sides.
    ///
    /// # Errors
    /// If the device fails.
    pub fn unload(&mut self, arrays: &mut Arrays<Host>) -> Result<(), DeviceError> {
        let tile = self.download(Field::Tile, arrays.tile.len())?;
        let mean = self.download(Field::Mean, arrays.mean.len())?;
        let covariance = self.download(Field::Covariance, arrays.covariance.len())?;
        arrays.odds = self.download(Field::Odds, arrays.odds.len())?;
        arrays.views = self.download(Field::Views, arrays.views.len())?;
        (arrays.tile, arrays.mean, arrays.covariance) = (tile, mean, covariance);
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

pub(super) fn plane(of: &crate::scan::Plane, first: usize) -> Plane {
    Plane {
        tile: of.origin.tile,
        cell_m: of.cell_m,
        offset_m: of.origin.offset_m,
        cells_u: of.cells[0],
        east: of.east,
        cells_v: of.cells[1],
        north: of.north,
        first: u32::try_from(first).unwrap_or(u32::MAX),
    }
}

fn component(of: &undetected::Component) -> Component {
    Component { tile: of.tile, weight: of.weight, mean: of.state.mean, covariance: of.state.covariance, padding: 0 }
}
