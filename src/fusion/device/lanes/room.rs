//! Room on the device: what every array needs, and what happens where it does not suffice.

use super::super::DeviceError;
use super::super::context::Context;
use super::super::fields::Field;
use super::super::kernels::{CHUNK, Component, FIELD_BLOCK, RANK_MAX, SIZES, Status};
use super::super::program::{Extent, Room};
use super::{Capacity, DeviceLanes, Memory};
use crate::fusion::arrays::{BLOCK, COVARIANCE, NONE, TrackField};
use crate::fusion::config::Mode;

impl DeviceLanes {
    /// Gives every array the room that the capacities ask for, keeping what is there.
    pub(super) fn allocate(&mut self) -> Result<(), DeviceError> {
        let blocks_before = self.elements(Field::Lane);
        for field in Field::all() {
            let wanted = self.wanted(field);
            let (memory, context) = self.memory_mut(field)?;
            memory.grow(context, wanted)?;
        }
        let blocks = self.elements(Field::Lane);
        if blocks > blocks_before {
            let none = vec![NONE; blocks - blocks_before];
            self.memory(Field::Lane)?.write(&self.context, blocks_before, bytemuck::cast_slice(&none))?;
        }
        self.groups.clear();
        Ok(())
    }

    pub(super) fn memory(&self, field: Field) -> Result<&Memory, DeviceError> {
        self.memory.get(&field).ok_or_else(|| DeviceError::no_memory(&format!("use of `{}`", field.name())))
    }

    fn memory_mut(&mut self, field: Field) -> Result<(&mut Memory, &Context), DeviceError> {
        let missing = || DeviceError::no_memory(&format!("use of `{}`", field.name()));
        Ok((self.memory.get_mut(&field).ok_or_else(missing)?, &self.context))
    }

    pub(super) fn elements(&self, field: Field) -> usize {
        self.memory.get(&field).map_or(0, Memory::elements)
    }

    /// Elements that an array is to have.
    pub(super) fn wanted(&self, field: Field) -> usize {
        let Capacity { blocks, edges, table, components, detections, cells } = self.capacity;
        let (blocks, edges, table) = (blocks as usize, edges as usize, table as usize);
        let (detections, cells, lanes) = (detections as usize, cells as usize, self.lanes as usize);
        let (places, field_cells) = (blocks * BLOCK, self.field_cells as usize);
        let soft = self.config.association.mode == Mode::Soft;
        let only = |when: bool, elements: usize| if when { elements } else { 1 };
        let chunks = |elements: usize| elements.div_ceil(CHUNK as usize);
        match field {
            Field::Lane => blocks,
            Field::Track(of) | Field::Spare(of) => of.words(self.widths) * places,
            Field::Windows | Field::Rows | Field::Labels | Field::Targets | Field::Work => places,
            Field::Portraits | Field::Elders | Field::Heirs => only(self.widths.has_views(), places),
            Field::Fates | Field::Keep => places + 1,
            Field::Gathered => only(components > 0, places + 1),
            Field::Holds | Field::Waiting | Field::Lost => only(!soft, places),
            Field::Slots => only(!soft, detections + places + 1),
            Field::Claims => only(!soft, detections),
            Field::Clusters => only(soft, places),
            Field::Members => only(soft, places + detections),
            Field::Table => only(soft, table),
            Field::ToDetection | Field::ToTrack => only(soft, edges),
            Field::Keys | Field::Unordered => places.max(detections),
            Field::Placed | Field::Columns | Field::FirstTrack | Field::Owners | Field::Homes => detections,
            Field::Chances | Field::Born | Field::BirthAt => detections + 1,
            Field::Edges | Field::EdgeTrack | Field::Loose | Field::Entries => edges,
            Field::Cells => cells,
            Field::Sums => chunks(cells).max(chunks(places + 1)).max(chunks(detections + 1)).max(chunks(lanes + 1)) + 1,
            Field::Density => field_cells,
            Field::Returned => 2 * field_cells,
            Field::FieldLane => field_cells / FIELD_BLOCK as usize,
            Field::Components => lanes * components as usize,
            Field::LaneStates | Field::Setups | Field::Accounts => lanes,
            Field::Blocks => lanes + 1,
            Field::Reports => self.options.waves,
            Field::Arguments => 3 * SIZES as usize,
            // One, sized by what is uploaded, or standing for another.
            Field::Status
            | Field::Looks
            | Field::ViewLooks
            | Field::ModelLooks
            | Field::Arrived
            | Field::Tags
            | Field::Addresses
            | Field::Times
            | Field::Observations
            | Field::Grounds
            | Field::Share
            | Field::ComponentBirths
            | Field::Words
            | Field::Copies
            | Field::Successors
            | Field::Existence
            | Field::LaterExistence => 1,
        }
    }

    pub(super) fn upload(&mut self, field: Field, bytes: &[u8]) -> Result<(), DeviceError> {
        let (memory, context) = self.memory_mut(field)?;
        if memory.upload(context, bytes)? {
            self.groups.clear();
        }
        Ok(())
    }

    /// Writes elements behind the first `element` ones, which stay.
    pub(super) fn append(&mut self, field: Field, element: usize, bytes: &[u8]) -> Result<(), DeviceError> {
        let (before, wanted) = (self.elements(field), element + bytes.len() / field.element_bytes());
        let room = |elements: usize| u32::try_from(elements).unwrap_or(u32::MAX);
        let after = if wanted > before { self.roomy(room(before), room(wanted), field, 1) as usize } else { before };
        let (memory, context) = self.memory_mut(field)?;
        if after > before {
            memory.grow(context, after)?;
        }
        memory.write(context, element, bytes)?;
        if after > before {
            self.groups.clear();
        }
        Ok(())
    }

    pub(super) fn download<T: bytemuck::Pod>(&self, field: Field, elements: usize) -> Result<Vec<T>, DeviceError> {
        self.memory(field)?.download(&self.context, elements)
    }

    /// Grows what did not suffice; says from which wave and pass to go on.
    pub(super) fn make_room(&mut self, status: Status, extents: &[Extent]) -> Result<(usize, usize), DeviceError> {
        let at = status.wave as usize;
        let passes = extents.get(at).map(|extent| self.passes(core::slice::from_ref(extent), (0, 0)));
        let halted = passes.as_ref().and_then(|passes| passes.get((status.halted - 1) as usize)?.halts);
        if status.longest > RANK_MAX || status.edges == u32::MAX {
            return Err(DeviceError::Crowded { wanted: RANK_MAX });
        }
        let Some((room, resume)) = halted else {
            return Err(DeviceError::Invalid {
                at: format!("pass {}", status.halted),
                reason: "it has no reason to halt".to_owned(),
            });
        };
        let before = self.capacity;
        match room {
            Room::Edges => self.capacity.edges = self.roomy(before.edges, status.needed, Field::Edges, 1),
            Room::Blocks => {
                let words = COVARIANCE.max(TrackField::Models.words(self.widths));
                let widest = Field::Track(TrackField::Covariance);
                self.capacity.blocks = self.roomy(before.blocks, status.needed, widest, words * BLOCK);
            }
            Room::Table => self.capacity.table = self.roomy(before.table, status.needed, Field::Table, 1),
            Room::Components => self.grow_components(status.needed)?,
            Room::Steps => {}
        }
        self.allocate()?;
        let mut next = Status { halted: 0, needed: 0, ..status };
        if room != Room::Steps {
            next.unfinished = 0;
        }
        if room == Room::Table {
            (next.work, next.listed, next.table) = (0, 0, 0);
            (next.exact, next.belief, next.going) = (0, 0, 0);
        }
        if room == Room::Blocks {
            next.tracks = 0;
        }
        if room == Room::Components {
            next.components = 0;
        }
        self.upload(Field::Status, bytemuck::bytes_of(&next))?;
        Ok((at, resume))
    }

    /// Half as much again as is needed, so that a picture that grows does not halt every wave; but no more than one
    /// binding of `field` holds, `each` elements a piece, as long as that suffices.
    pub(super) fn roomy(&self, before: u32, needed: u32, field: Field, each: usize) -> u32 {
        let piece = (field.element_bytes() * each.max(1)) as u64;
        let most = u32::try_from(self.context.report().binding_bytes_max / piece).unwrap_or(u32::MAX);
        before.max(needed).max(needed.saturating_add(needed / 2).min(most))
    }

    /// Gives every lane room for more Gaussian components.
    pub(super) fn grow_components(&mut self, needed: u32) -> Result<(), DeviceError> {
        let (before, after) = (
            self.capacity.components as usize,
            self.roomy(self.capacity.components, needed, Field::Components, self.lanes as usize),
        );
        let lanes = self.lanes as usize;
        let old: Vec<Component> = self.download(Field::Components, lanes * before)?;
        let mut new = vec![Component::default(); lanes * after as usize];
        for (to, from) in new.chunks_mut(after as usize).zip(old.chunks(before.max(1))) {
            if let Some(to) = to.get_mut(..from.len()) {
                to.copy_from_slice(from);
            }
        }
        self.capacity.components = after;
        self.upload(Field::Components, bytemuck::cast_slice(&new))
    }
}
