//! Runs one small kernel once, over one array: what a driver does, asked directly.

use super::DeviceError;
use super::buffer::Memory;
use super::context::Context;
use super::fields::Field;
use super::kernels::{Kernel, Params};
use super::pipeline::{PARAMS_STRIDE, Pipeline};

/// Runs `kernel`, which binds nothing but `words`, with one workgroup of one invocation; returns the words it leaves.
///
/// # Errors
/// If the device does not take the kernel or fails.
pub fn probe(context: &Context, kernel: &Kernel, words: &[u32]) -> Result<Vec<u32>, DeviceError> {
    let pipeline = Pipeline::compile(context, kernel, 1)?;
    let mut memory = Memory::new(Field::Words.name(), size_of::<u32>());
    memory.upload(context, bytemuck::cast_slice(words))?;
    let usage = wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST;
    let params = context.buffer("params", PARAMS_STRIDE, usage)?;
    let asked = Params { n: 1, ..Params::default() };
    context.scoped("upload of `params`", || context.queue.write_buffer(&params, 0, bytemuck::bytes_of(&asked)))?;
    let group = pipeline.bind(context, &params, |_| Some(&memory))?;
    let mut encoder = context.encoder("probe")?;
    context.scoped("probe", || {
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        pass.set_pipeline(&pipeline.compiled);
        pass.set_bind_group(0, &group, &[0]);
        pass.dispatch_workgroups(1, 1, 1);
    })?;
    context.scoped("probe", || context.queue.submit([encoder.finish()]))?;
    memory.download(context, words.len())
}
