//! Runs stages on the arrays of a wave: up, through the kernel, and back.
//!
//! The host's arrays change only once everything has come back: a failure leaves them as they were.

use super::buffer::{Device, Memory, Readback};
use super::context::Context;
use super::error::DeviceError;
use super::kernels::{Access, Field, HYPOTHESES_MAX, Kernel, Params, WORKGROUP_SIZE};
use super::pipeline::{CUT_BLOCKS, PARAMS_STRIDE, Pipeline, pieces, tracks};
use super::timer::Timer;
use crate::fusion::arrays::{AT_REST, Arrays, Host, Row};
use crate::fusion::executor::{KernelError, Kernels};
use std::collections::BTreeMap;
use std::time::Duration;

/// How kernels are run. Results do not depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Invocations of a workgroup, 1 to 256.
    pub workgroup_size: u32,
    /// Most blocks of tracks in one dispatch, rounded to a multiple of 64; the device's limits may ask for fewer.
    pub blocks_max: usize,
}

/// Kernels, compiled, and the arrays that they work on.
#[derive(Debug)]
pub struct Runner {
    context: Context,
    options: Options,
    pipelines: Vec<Pipeline>,
    arrays: Arrays<Device>,
    params: Option<wgpu::Buffer>,
    timer: Option<Timer>,
    times: BTreeMap<&'static str, Duration>,
}

impl Options {
    /// As large as the device allows.
    pub const LARGEST: Self = Self { workgroup_size: WORKGROUP_SIZE, blocks_max: usize::MAX };
}

impl Runner {
    /// Compiles kernels, as a rule [`super::KERNELS`], on an open device.
    ///
    /// # Errors
    /// If the device does not take a kernel.
    pub fn new(context: Context, kernels: &'static [Kernel], options: Options) -> Result<Self, DeviceError> {
        let compile = |kernel| Pipeline::compile(&context, kernel, options.workgroup_size);
        let pipelines: Result<Vec<_>, _> = kernels.iter().map(compile).collect();
        let timer = if context.has_timestamps() { Some(Timer::new(&context)?) } else { None };
        let (arrays, times) = (Arrays::<Device>::empty(), BTreeMap::new());
        Ok(Self { pipelines: pipelines?, options, arrays, params: None, timer, times, context })
    }

    /// The open device.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Time that the kernel of each stage took in its last run, where the adapter can tell. Never part of a result.
    #[must_use]
    pub fn times(&self) -> &BTreeMap<&'static str, Duration> {
        &self.times
    }

    /// Runs the kernel of `stage`: uploads what it binds, dispatches, and reads back what it writes.
    ///
    /// # Errors
    /// If there is no such kernel or the device fails; `host` is then unchanged.
    ///
    /// # Panics
    /// If the track arrays differ in their number of blocks: a bug of the caller.
    pub fn stage(&mut self, stage: &'static str, host: &mut Arrays<Host>) -> Result<(), DeviceError> {
        if host.lane.is_empty() {
            // Without tracks there is nothing to read or write; a dispatch of no workgroups would say so only by silence.
            return self.pipeline(stage).map(|_| ());
        }
        let done = self.upload(stage, host).and_then(|()| self.dispatch(stage, host));
        if done.is_err() {
            // A failed run may leave buffers mapped or half written: nothing of it is used again.
            self.arrays = Arrays::<Device>::empty();
        }
        done
    }

    /// Uploads what the kernel of `stage` binds.
    ///
    /// # Errors
    /// As [`Self::stage`].
    ///
    /// # Panics
    /// As [`Self::stage`].
    pub fn upload(&mut self, stage: &'static str, host: &Arrays<Host>) -> Result<(), DeviceError> {
        let kernel = self.pipeline(stage)?.kernel;
        for binding in kernel.bindings {
            if let Some(elements) = binding.field.per_block() {
                let found = host.bytes(binding.field).len() / binding.field.element_bytes();
                assert_eq!(found, host.lane.len() * elements, "`{}` has the blocks of `lane`", binding.field.name());
            }
            if binding.field == Field::Rows {
                short(&host.rows)?;
            }
            self.arrays.upload(&self.context, binding.field, host)?;
        }
        Ok(())
    }

    /// Runs the kernel of `stage` on what was uploaded, without reading back; for benches.
    ///
    /// # Errors
    /// As [`Self::stage`].
    pub fn resident(&mut self, stage: &'static str, blocks: usize) -> Result<(), DeviceError> {
        let mut encoder = self.context.encoder(stage)?;
        self.record(stage, blocks, &mut encoder)?;
        self.context.scoped(stage, || self.context.queue.submit([encoder.finish()]))?;
        self.context.wait(stage)
    }

    fn dispatch(&mut self, stage: &'static str, host: &mut Arrays<Host>) -> Result<(), DeviceError> {
        let kernel = self.pipeline(stage)?.kernel;
        let mut encoder = self.context.encoder(stage)?;
        self.record(stage, host.lane.len(), &mut encoder)?;
        let mut readbacks = Vec::new();
        for binding in kernel.bindings.iter().filter(|binding| binding.access == Access::ReadWrite) {
            let readback = self.arrays.memory_mut(binding.field).record_readback(&self.context, &mut encoder)?;
            readbacks.extend(readback.map(|readback| (binding.field, readback)));
        }
        let timed = self.timer.as_ref().map(|timer| timer.record_readback(&mut encoder));
        self.context.scoped(stage, || self.context.queue.submit([encoder.finish()]))?;
        let all = || readbacks.iter().map(|(_, readback)| readback).chain(&timed);
        all().for_each(Readback::map);
        self.context.wait(stage)?;
        all().try_for_each(Readback::ready)?;
        if let (Some(timer), Some(timed)) = (&self.timer, timed) {
            self.times.insert(kernel.name, timer.read(timed)?);
        }
        for (field, readback) in readbacks {
            readback.finish(|bytes| host.bytes_mut(field).copy_from_slice(bytes))?;
        }
        Ok(())
    }

    /// Records the dispatches of a stage over `blocks` blocks; nothing where there are none.
    fn record(
        &mut self,
        stage: &'static str,
        blocks: usize,
        encoder: &mut wgpu::CommandEncoder,
    ) -> Result<(), DeviceError> {
        let pipeline = self.pipeline(stage)?;
        let most = self.options.blocks_max.max(CUT_BLOCKS);
        let pieces = pieces(pipeline.kernel, blocks, self.context.report().binding_bytes_max, most);
        let params: Vec<Params> = pieces
            .iter()
            .map(|piece| Params {
                tracks: tracks(piece),
                lanes: u32::try_from(self.arrays.looks.len()).unwrap_or(u32::MAX),
            })
            .collect();
        let buffer = self.upload_params(&params)?;
        let pipeline = self.pipeline(stage)?;
        let arrays: Vec<&Memory> =
            pipeline.kernel.bindings.iter().map(|binding| self.arrays.memory(binding.field)).collect();
        let groups: Result<Vec<_>, _> =
            pieces.iter().map(|piece| pipeline.bind(&self.context, &buffer, &arrays, piece)).collect();
        let groups = groups?;
        self.context.scoped(stage, || {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor {
                label: Some(stage),
                timestamp_writes: self.timer.as_ref().map(Timer::writes),
            });
            for (params, group) in params.iter().zip(&groups) {
                pipeline.dispatch(&mut pass, group, params.tracks);
            }
        })
    }

    fn upload_params(&mut self, params: &[Params]) -> Result<wgpu::Buffer, DeviceError> {
        let size = (params.len().max(1) as u64) * PARAMS_STRIDE;
        let buffer = if let Some(buffer) = self.params.take().filter(|buffer| buffer.size() >= size) {
            buffer
        } else {
            let usage = wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST;
            self.context.buffer("params", size, usage)?
        };
        self.context.scoped("upload of `params`", || {
            for (params, number) in params.iter().zip(0..) {
                self.context.queue.write_buffer(&buffer, number * PARAMS_STRIDE, bytemuck::bytes_of(params));
            }
        })?;
        self.params = Some(buffer.clone());
        Ok(buffer)
    }

    fn pipeline(&self, stage: &'static str) -> Result<&Pipeline, DeviceError> {
        self.pipelines.iter().find(|pipeline| pipeline.kernel.name == stage).ok_or_else(|| DeviceError::NoKernel {
            name: stage,
            known: self.pipelines.iter().map(|pipeline| pipeline.kernel.name).collect::<Vec<_>>().join(", "),
        })
    }
}

fn short(rows: &[Row]) -> Result<(), DeviceError> {
    let long = rows.iter().position(|row| row.start != AT_REST && row.count > HYPOTHESES_MAX);
    match long.and_then(|track| Some((track, rows.get(track)?.count))) {
        None => Ok(()),
        Some((track, found)) => Err(DeviceError::LongRow { track, found, wanted: HYPOTHESES_MAX }),
    }
}

impl Kernels for Runner {
    fn run(&mut self, stage: &'static str, arrays: &mut Arrays<Host>) -> Result<(), KernelError> {
        self.stage(stage, arrays).map_err(|error| KernelError { stage, reason: error.to_string() })
    }
}
