//! Waves smoothed backwards on a device, one dispatch a wave: the tracks of the wave after, smoothed, stay there.
//!
//! What a step computes is said by its twin, [`crate::refine::smooth`].

use super::DeviceError;
use super::buffer::Memory;
use super::context::Context;
use super::fields::Field;
use super::kernels::{GROUPS_MAX, Kernel, Params};
use super::lanes::Options;
use super::pipeline::{PARAMS_STRIDE, Pipeline};
use crate::fusion::arrays::{Arrays, BLOCK, COVARIANCE, Host, LaneStep, MEAN, TrackField, at};
use crate::fusion::estimate::Estimate;
use crate::fusion::motion::{Between, MODELS_MAX};
use std::sync::Arc;

/// The kernels of a step: of what goes straight on, of turns and of several models, of orbits.
pub(super) const BACKWARD: [&str; 3] = ["smooth_tracks", "smooth_models", "smooth_orbits"];
/// The fields of a track that a step reads and writes, as they lie on both sides.
const STATE: [TrackField; 3] = [TrackField::Tile, TrackField::Mean, TrackField::Covariance];

/// Tracks of one wave on the device.
#[derive(Debug)]
struct Held {
    state: [Memory; STATE.len()],
    /// With it, how likely each model of a track is that is weighed.
    existence: Memory,
}

impl Held {
    fn new() -> Self {
        let memory = |field: Field| Memory::new(field.name(), field.element_bytes());
        Self { state: STATE.map(|of| memory(Field::Track(of))), existence: memory(Field::Existence) }
    }

    /// `weights` are of so many models of a track.
    fn upload(
        &mut self,
        context: &Context,
        tracks: &[Estimate],
        (weighed, weights): (usize, impl Fn(&Estimate) -> [f32; MODELS_MAX]),
    ) -> Result<(), DeviceError> {
        let arrays = laid_out(tracks);
        for (memory, of) in self.state.iter_mut().zip(STATE) {
            memory.upload(context, arrays.bytes(of))?;
        }
        let mut existence = vec![0.0; tracks.len().div_ceil(BLOCK) * BLOCK * (1 + weighed)];
        for (number, track) in tracks.iter().enumerate() {
            let [a, b, c, d] = weights(track);
            let words = [track.existence, a, b, c, d];
            put(&mut existence, number, words.get(..=weighed).unwrap_or(&words));
        }
        self.existence.upload(context, bytemuck::cast_slice(&existence))?;
        Ok(())
    }

    /// Gives tracks what lies there.
    fn download(&self, context: &Context, tracks: &mut [Estimate], weighed: usize) -> Result<(), DeviceError> {
        let (mut arrays, blocks) = (Arrays::default(), tracks.len().div_ceil(BLOCK));
        for (memory, of) in self.state.iter().zip(STATE) {
            let words: Vec<u32> = memory.download(context, blocks * BLOCK * of.words(arrays.widths))?;
            arrays.set_bytes(of, bytemuck::cast_slice(&words));
        }
        let existence: Vec<f32> = self.existence.download(context, blocks * BLOCK * (1 + weighed))?;
        for (number, track) in tracks.iter_mut().enumerate() {
            take(&arrays, number, track);
            track.existence = existence.get(at(number, 0, 1 + weighed)).copied().unwrap_or_default();
        }
        Ok(())
    }
}

/// Tracks as the fields of blocks.
fn laid_out(tracks: &[Estimate]) -> Arrays<Host> {
    let mut arrays = Arrays::default();
    arrays.resize_blocks(tracks.len().div_ceil(BLOCK));
    for (number, track) in tracks.iter().enumerate() {
        put(&mut arrays.tile, number, &track.tile);
        put(&mut arrays.mean, number, &track.state.mean);
        put(&mut arrays.covariance, number, &track.state.covariance);
    }
    arrays
}

fn put<T: Copy>(array: &mut [T], track: usize, words: &[T]) {
    for (k, word) in words.iter().enumerate() {
        if let Some(place) = array.get_mut(at(track, k, words.len())) {
            *place = *word;
        }
    }
}

#[expect(clippy::indexing_slicing, reason = "the arrays have all tracks")]
fn take(arrays: &Arrays<Host>, number: usize, track: &mut Estimate) {
    track.tile = core::array::from_fn(|k| arrays.tile[at(number, k, 3)]);
    track.state.mean = core::array::from_fn(|k| arrays.mean[at(number, k, MEAN)]);
    track.state.covariance = core::array::from_fn(|k| arrays.covariance[at(number, k, COVARIANCE)]);
}

/// Smooths the waves of a lane backwards.
#[derive(Debug)]
pub struct Backward {
    context: Context,
    options: Options,
    params: wgpu::Buffer,
    looks: Memory,
    successors: Memory,
    here: Held,
    /// Of the wave after.
    later: Held,
    weighed: usize,
}

impl Backward {
    /// Of no wave yet.
    ///
    /// # Errors
    /// If the device lacks memory.
    pub fn new(context: Context, options: Options) -> Result<Self, DeviceError> {
        let usage = wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST;
        let params = context.buffer("params", PARAMS_STRIDE, usage)?;
        let memory = |field: Field| Memory::new(field.name(), field.element_bytes());
        let [looks, successors] = [Field::Looks, Field::Successors].map(memory);
        Ok(Self { context, options, params, looks, successors, here: Held::new(), later: Held::new(), weighed: 0 })
    }

    /// Begins anew, with the tracks of the last wave; so many models of them are weighed
    /// ([`Motion::weighed`](crate::fusion::motion::Motion::weighed)).
    ///
    /// # Errors
    /// If the device lacks memory or fails.
    pub fn begin(&mut self, weighed: usize, tracks: &[Estimate]) -> Result<(), DeviceError> {
        self.weighed = weighed;
        self.later.upload(&self.context, tracks, (weighed, |track| track.models))
    }

    /// Smooths the tracks of the wave before: states, places and existence. `between` is what happens between the two, and
    /// `successors` the place of each track in the wave after, [`NONE`](crate::fusion::arrays::NONE) where it has ended.
    ///
    /// # Errors
    /// If the device lacks memory, has no such kernel or fails.
    pub fn step(&mut self, between: &Between, tracks: &mut [Estimate], successors: &[u32]) -> Result<(), DeviceError> {
        let weights = |track: &Estimate| between.weights(&track.models);
        self.here.upload(&self.context, tracks, (self.weighed, weights))?;
        let looks: Vec<LaneStep> = between.looks().collect();
        self.looks.upload(&self.context, bytemuck::cast_slice(&looks))?;
        self.successors.upload(&self.context, bytemuck::cast_slice(successors))?;
        if !tracks.is_empty() {
            self.dispatch(between.look(), tracks.len())?;
        }
        self.here.download(&self.context, tracks, self.weighed)?;
        std::mem::swap(&mut self.here, &mut self.later);
        Ok(())
    }

    fn dispatch(&self, look: &LaneStep, tracks: usize) -> Result<(), DeviceError> {
        let [straight, models, orbits] = BACKWARD;
        let pipeline = self.kernel(match self.weighed {
            _ if look.orbits == 1 => orbits,
            0 => straight,
            _ => models,
        })?;
        let Ok(n) = u32::try_from(tracks) else {
            let (found, wanted) = (u64::from(u32::MAX), tracks as u64);
            return Err(DeviceError::TooLarge { array: "successors", place: "dispatch", found, wanted });
        };
        let models = u32::try_from(self.weighed).unwrap_or(0);
        let params = Params { n, lanes: 1, models, ..Params::default() };
        let write = || self.context.queue.write_buffer(&self.params, 0, bytemuck::bytes_of(&params));
        self.context.scoped("upload of `params`", write)?;
        let group = pipeline.bind(&self.context, &self.params, |field| self.memory(field))?;
        let mut encoder = self.context.encoder("a wave backwards")?;
        let groups = n.div_ceil(self.options.workgroup_size);
        self.context.scoped("a wave backwards", || {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            pass.set_pipeline(&pipeline.compiled);
            pass.set_bind_group(0, &group, &[0]);
            pass.dispatch_workgroups(groups.min(GROUPS_MAX), groups.div_ceil(GROUPS_MAX), 1);
        })?;
        self.context.scoped("a wave backwards", || self.context.queue.submit([encoder.finish()]))?;
        Ok(())
    }

    fn kernel(&self, name: &'static str) -> Result<Arc<Pipeline>, DeviceError> {
        let known = self.options.kernels.iter().find(|kernel| kernel.name == name);
        let names = || self.options.kernels.iter().map(|kernel| kernel.name).collect::<Vec<_>>().join(", ");
        let kernel: &Kernel = known.ok_or_else(|| DeviceError::NoKernel { name, known: names() })?;
        self.context.compiled(kernel, self.options.workgroup_size)
    }

    fn memory(&self, field: Field) -> Option<&Memory> {
        let place = |of| STATE.iter().position(|known| *known == of);
        match field {
            Field::Looks => Some(&self.looks),
            Field::Successors => Some(&self.successors),
            Field::Existence => Some(&self.here.existence),
            Field::LaterExistence => Some(&self.later.existence),
            Field::Track(of) => self.here.state.get(place(of)?),
            Field::Spare(of) => self.later.state.get(place(of)?),
            _ => None,
        }
    }
}
