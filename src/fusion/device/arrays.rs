//! The arrays of a wave by the names of their fields, on both sides.

use super::buffer::{Device, DeviceArray, Memory};
use super::context::Context;
use super::error::DeviceError;
use super::kernels::Field;
use crate::fusion::arrays::{Arrays, Host};

impl Arrays<Device> {
    /// Arrays without elements.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            looks: DeviceArray::new("looks"),
            lane: DeviceArray::new("lane"),
            tile: DeviceArray::new("tile"),
            mean: DeviceArray::new("mean"),
            covariance: DeviceArray::new("covariance"),
            odds: DeviceArray::new("odds"),
            identity: DeviceArray::new("identity"),
            sources: DeviceArray::new("sources"),
            detections: DeviceArray::new("detections"),
            observations: DeviceArray::new("observations"),
            rows: DeviceArray::new("rows"),
            edges: DeviceArray::new("edges"),
        }
    }

    /// Replaces the elements of a field by those of the host.
    pub(super) fn upload(&mut self, context: &Context, field: Field, host: &Arrays<Host>) -> Result<(), DeviceError> {
        self.memory_mut(field).upload(context, host.bytes(field))
    }

    pub(super) fn memory(&self, field: Field) -> &Memory {
        match field {
            Field::Looks => &self.looks.memory,
            Field::Lane => &self.lane.memory,
            Field::Tile => &self.tile.memory,
            Field::Mean => &self.mean.memory,
            Field::Covariance => &self.covariance.memory,
            Field::Odds => &self.odds.memory,
            Field::Detections => &self.detections.memory,
            Field::Observations => &self.observations.memory,
            Field::Rows => &self.rows.memory,
            Field::Edges => &self.edges.memory,
        }
    }

    pub(super) fn memory_mut(&mut self, field: Field) -> &mut Memory {
        match field {
            Field::Looks => &mut self.looks.memory,
            Field::Lane => &mut self.lane.memory,
            Field::Tile => &mut self.tile.memory,
            Field::Mean => &mut self.mean.memory,
            Field::Covariance => &mut self.covariance.memory,
            Field::Odds => &mut self.odds.memory,
            Field::Detections => &mut self.detections.memory,
            Field::Observations => &mut self.observations.memory,
            Field::Rows => &mut self.rows.memory,
            Field::Edges => &mut self.edges.memory,
        }
    }
}

impl Arrays<Host> {
    /// The bytes of a field.
    #[must_use]
    pub fn bytes(&self, field: Field) -> &[u8] {
        match field {
            Field::Looks => bytemuck::cast_slice(&self.looks),
            Field::Lane => bytemuck::cast_slice(&self.lane),
            Field::Tile => bytemuck::cast_slice(&self.tile),
            Field::Mean => bytemuck::cast_slice(&self.mean),
            Field::Covariance => bytemuck::cast_slice(&self.covariance),
            Field::Odds => bytemuck::cast_slice(&self.odds),
            Field::Detections => bytemuck::cast_slice(&self.detections),
            Field::Observations => bytemuck::cast_slice(&self.observations),
            Field::Rows => bytemuck::cast_slice(&self.rows),
            Field::Edges => bytemuck::cast_slice(&self.edges),
        }
    }

    /// The same, to be written.
    #[must_use]
    pub fn bytes_mut(&mut self, field: Field) -> &mut [u8] {
        match field {
            Field::Looks => bytemuck::cast_slice_mut(&mut self.looks),
            Field::Lane => bytemuck::cast_slice_mut(&mut self.lane),
            Field::Tile => bytemuck::cast_slice_mut(&mut self.tile),
            Field::Mean => bytemuck::cast_slice_mut(&mut self.mean),
            Field::Covariance => bytemuck::cast_slice_mut(&mut self.covariance),
            Field::Odds => bytemuck::cast_slice_mut(&mut self.odds),
            Field::Detections => bytemuck::cast_slice_mut(&mut self.detections),
            Field::Observations => bytemuck::cast_slice_mut(&mut self.observations),
            Field::Rows => bytemuck::cast_slice_mut(&mut self.rows),
            Field::Edges => bytemuck::cast_slice_mut(&mut self.edges),
        }
    }
}
