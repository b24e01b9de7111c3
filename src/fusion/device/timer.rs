//! Times passes on the device's own clock.

use super::DeviceError;
use super::buffer::Readback;
use super::context::Context;
use std::time::Duration;

/// Passes of one submission that are timed; the others are not.
const PASSES: u32 = 2048;
const BYTES: u64 = 16 * PASSES as u64;

/// Times passes.
#[derive(Debug)]
pub(super) struct Timer {
    stamps: wgpu::QuerySet,
    resolved: wgpu::Buffer,
    period_ns: f64,
}

impl Timer {
    /// On a device that has time stamps.
    pub(super) fn new(context: &Context) -> Result<Self, DeviceError> {
        let stamps = context.scoped("allocation of time stamps", || {
            context.device.create_query_set(&wgpu::QuerySetDescriptor {
                label: Some("stamps"),
                ty: wgpu::QueryType::Timestamp,
                count: 2 * PASSES,
            })
        })?;
        let resolve = wgpu::BufferUsages::QUERY_RESOLVE | wgpu::BufferUsages::COPY_SRC;
        Ok(Self {
            stamps,
            resolved: context.buffer("stamps", BYTES, resolve)?,
            period_ns: f64::from(context.queue.get_timestamp_period()),
        })
    }

    /// What the pass with this number is begun with; `None` where there are too many.
    pub(super) fn writes(&self, pass: u32) -> Option<wgpu::ComputePassTimestampWrites<'_>> {
        (pass < PASSES).then(|| wgpu::ComputePassTimestampWrites {
            query_set: &self.stamps,
            beginning_of_pass_write_index: Some(2 * pass),
            end_of_pass_write_index: Some(2 * pass + 1),
        })
    }

    /// Records the copy of the stamps into a buffer that the host can read.
    pub(super) fn record_readback(
        &self,
        context: &Context,
        encoder: &mut wgpu::CommandEncoder,
        passes: u32,
    ) -> Result<Readback, DeviceError> {
        if passes > 0 {
            encoder.resolve_query_set(&self.stamps, 0..2 * passes, &self.resolved, 0);
        }
        let read = wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST;
        let staging = context.buffer("stamps", BYTES, read)?;
        encoder.copy_buffer_to_buffer(&self.resolved, 0, &staging, 0, BYTES);
        Ok(Readback::new("stamps", staging, BYTES))
    }

    /// The time that each pass took.
    pub(super) fn read(&self, readback: Readback, passes: u32) -> Result<Vec<Duration>, DeviceError> {
        let mut stamps = vec![0u64; 2 * PASSES as usize];
        readback.finish(|bytes| bytemuck::cast_slice_mut(&mut stamps).copy_from_slice(bytes))?;
        let spent = |pair: &[u64]| match pair {
            [begin, end] => Duration::from_secs_f64(end.saturating_sub(*begin) as f64 * self.period_ns * 1e-9),
            _ => Duration::ZERO,
        };
        Ok(stamps.chunks(2).take(passes as usize).map(spent).collect())
    }
}
