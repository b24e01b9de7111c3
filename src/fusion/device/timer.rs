//! Times one pass on the device's own clock.

use super::buffer::Readback;
use super::context::Context;
use super::error::DeviceError;
use std::time::Duration;

/// Two time stamps: the beginning and the end of a pass.
const STAMPS: u32 = 2;
const BYTES: u64 = 8 * STAMPS as u64;

/// Times one pass.
#[derive(Debug)]
pub(super) struct Timer {
    stamps: wgpu::QuerySet,
    resolved: wgpu::Buffer,
    staging: wgpu::Buffer,
    period_ns: f64,
}

impl Timer {
    /// On a device that has time stamps.
    pub(super) fn new(context: &Context) -> Result<Self, DeviceError> {
        let stamps = context.scoped("allocation of time stamps", || {
            context.device.create_query_set(&wgpu::QuerySetDescriptor {
                label: Some("stamps"),
                ty: wgpu::QueryType::Timestamp,
                count: STAMPS,
            })
        })?;
        let resolve = wgpu::BufferUsages::QUERY_RESOLVE | wgpu::BufferUsages::COPY_SRC;
        let read = wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST;
        Ok(Self {
            stamps,
            resolved: context.buffer("stamps", BYTES, resolve)?,
            staging: context.buffer("stamps", BYTES, read)?,
            period_ns: f64::from(context.queue.get_timestamp_period()),
        })
    }

    /// What a pass is begun with.
    pub(super) fn writes(&self) -> wgpu::ComputePassTimestampWrites<'_> {
        wgpu::ComputePassTimestampWrites {
            query_set: &self.stamps,
            beginning_of_pass_write_index: Some(0),
            end_of_pass_write_index: Some(1),
        }
    }

    /// Records the copy of the stamps into a buffer that the host can read.
    pub(super) fn record_readback(&self, encoder: &mut wgpu::CommandEncoder) -> Readback {
        encoder.resolve_query_set(&self.stamps, 0..STAMPS, &self.resolved, 0);
        encoder.copy_buffer_to_buffer(&self.resolved, 0, &self.staging, 0, BYTES);
        Readback::new("stamps", self.staging.clone(), BYTES)
    }

    /// The time that the pass took.
    pub(super) fn read(&self, readback: Readback) -> Result<Duration, DeviceError> {
        let mut stamps = [0u64; STAMPS as usize];
        readback.finish(|bytes| bytemuck::cast_slice_mut(&mut stamps).copy_from_slice(bytes))?;
        let [begin, end] = stamps;
        Ok(Duration::from_secs_f64(end.saturating_sub(begin) as f64 * self.period_ns * 1e-9))
    }
}
