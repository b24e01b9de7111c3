//! Compiled kernels and the shape of their dispatch.

use super::buffer::Memory;
use super::context::Context;
use super::error::DeviceError;
use super::kernels::{Access, Kernel};
use crate::fusion::arrays::BLOCK;
use core::ops::Range;

/// Workgroups that one dimension of a dispatch can have, by the rules of WebGPU.
const GROUPS_MAX: u32 = 65_535;
/// Blocks by which a dispatch may be cut: every array is then cut at a multiple of 256 bytes.
pub(super) const CUT_BLOCKS: usize = 64;
/// Bytes from the `params` of one dispatch to those of the next.
pub(super) const PARAMS_STRIDE: u64 = 256;

/// One compiled kernel.
#[derive(Debug)]
pub(super) struct Pipeline {
    pub(super) kernel: &'static Kernel,
    workgroup_size: u32,
    layout: wgpu::BindGroupLayout,
    compiled: wgpu::ComputePipeline,
}

/// The blocks of one dispatch and its `params`, the `number`th of their buffer.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) number: u64,
    pub(super) blocks: Range<usize>,
}

impl Pipeline {
    /// Compiles a kernel for workgroups of `workgroup_size` invocations.
    pub(super) fn compile(
        context: &Context,
        kernel: &'static Kernel,
        workgroup_size: u32,
    ) -> Result<Self, DeviceError> {
        let device = &context.device;
        let mut constants = kernel.constants.to_vec();
        constants.push(("WORKGROUP_SIZE", f64::from(workgroup_size)));
        let (layout, compiled) = context.scoped(&format!("compilation of `{}`", kernel.name), || {
            let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
                label: Some(kernel.name),
                source: wgpu::ShaderSource::Wgsl(kernel.wgsl.into()),
            });
            let entries = entries(kernel);
            let layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
                label: Some(kernel.name),
                entries: &entries,
            });
            let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
                label: Some(kernel.name),
                bind_group_layouts: &[Some(&layout)],
                ..wgpu::PipelineLayoutDescriptor::default()
            });
            let compiled = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: Some(kernel.name),
                layout: Some(&pipeline_layout),
                module: &module,
                entry_point: Some(kernel.name),
                compilation_options: wgpu::PipelineCompilationOptions {
                    constants: &constants,
                    ..wgpu::PipelineCompilationOptions::default()
                },
                cache: None,
            });
            (layout, compiled)
        })?;
        Ok(Self { kernel, workgroup_size, layout, compiled })
    }

    /// Binds `params` and the arrays (in the order of the kernel's bindings) for one piece.
    pub(super) fn bind(
        &self,
        context: &Context,
        params: &wgpu::Buffer,
        arrays: &[&Memory],
        piece: &Piece,
    ) -> Result<wgpu::BindGroup, DeviceError> {
        let mut entries = vec![wgpu::BindGroupEntry {
            binding: 0,
            resource: wgpu::BindingResource::Buffer(wgpu::BufferBinding {
                buffer: params,
                offset: piece.number * PARAMS_STRIDE,
                size: wgpu::BufferSize::new(size_of::<super::kernels::Params>() as u64),
            }),
        }];
        for ((binding, array), number) in self.kernel.bindings.iter().zip(arrays).zip(1..) {
            let Some(buffer) = array.buffer() else {
                return Err(DeviceError::Invalid {
                    at: format!("binding of `{}`", array.name()),
                    reason: "nothing was uploaded to it".to_owned(),
                });
            };
            let (offset, bytes) = match binding.field.per_block() {
                None => (0, array.bound_bytes()),
                Some(elements) => {
                    let block = (elements * binding.field.element_bytes()) as u64;
                    (piece.blocks.start as u64 * block, piece.blocks.len() as u64 * block)
                }
            };
            let found = context.report().binding_bytes_max;
            if bytes > found {
                return Err(DeviceError::TooLarge { array: array.name(), place: "binding", found, wanted: bytes });
            }
            let size = wgpu::BufferSize::new(bytes);
            let resource = wgpu::BindingResource::Buffer(wgpu::BufferBinding { buffer, offset, size });
            entries.push(wgpu::BindGroupEntry { binding: number, resource });
        }
        let descriptor =
            wgpu::BindGroupDescriptor { label: Some(self.kernel.name), layout: &self.layout, entries: &entries };
        context.scoped(&format!("binding of `{}`", self.kernel.name), || context.device.create_bind_group(&descriptor))
    }

    /// Records one dispatch over `invocations`; none at all where there are none.
    pub(super) fn dispatch(&self, pass: &mut wgpu::ComputePass<'_>, group: &wgpu::BindGroup, invocations: u32) {
        let Some([x, y]) = groups(invocations, self.workgroup_size) else { return };
        pass.set_pipeline(&self.compiled);
        pass.set_bind_group(0, group, &[]);
        pass.dispatch_workgroups(x, y, 1);
    }
}

/// Cuts `blocks` into pieces that fit a binding of `bytes_max` bytes, at most `blocks_max` each.
pub(super) fn pieces(kernel: &Kernel, blocks: usize, bytes_max: u64, blocks_max: usize) -> Vec<Piece> {
    let widest = kernel
        .bindings
        .iter()
        .filter_map(|binding| Some(binding.field.per_block()? * binding.field.element_bytes()))
        .max()
        .unwrap_or(1);
    let fit = usize::try_from(bytes_max).unwrap_or(usize::MAX) / widest;
    let step = (fit.min(blocks_max) / CUT_BLOCKS).max(1) * CUT_BLOCKS;
    (0..blocks)
        .step_by(step)
        .zip(0..)
        .map(|(first, number)| Piece { number, blocks: first..blocks.min(first + step) })
        .collect()
}

/// Tracks in a piece.
pub(super) fn tracks(piece: &Piece) -> u32 {
    u32::try_from(piece.blocks.len() * BLOCK).unwrap_or(u32::MAX)
}

/// Workgroups in two dimensions; `None` where there is nothing to do. The kernel recovers its index from both.
fn groups(invocations: u32, workgroup_size: u32) -> Option<[u32; 2]> {
    let groups = invocations.div_ceil(workgroup_size);
    match groups {
        0 => None,
        1..=GROUPS_MAX => Some([groups, 1]),
        _ => Some([GROUPS_MAX, groups.div_ceil(GROUPS_MAX)]),
    }
}

fn entries(kernel: &Kernel) -> Vec<wgpu::BindGroupLayoutEntry> {
    let entry = |binding, ty| wgpu::BindGroupLayoutEntry {
        binding,
        visibility: wgpu::ShaderStages::COMPUTE,
        ty: wgpu::BindingType::Buffer { ty, has_dynamic_offset: false, min_binding_size: None },
        count: None,
    };
    let mut entries = vec![entry(0, wgpu::BufferBindingType::Uniform)];
    entries.extend(kernel.bindings.iter().zip(1..).map(|(binding, number)| {
        entry(number, wgpu::BufferBindingType::Storage { read_only: binding.access == Access::Read })
    }));
    entries
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fusion::device::kernels::{Field, KERNELS};

    #[test]
    fn nothing_to_do_is_no_dispatch() {
        assert_eq!(groups(0, 64), None);
    }

    #[test]
    fn every_invocation_has_a_workgroup_also_past_65_535_of_them() {
        assert_eq!(groups(1, 64), Some([1, 1]));
        assert_eq!(groups(64, 64), Some([1, 1]));
        assert_eq!(groups(65, 64), Some([2, 1]));
        assert_eq!(groups(64 * 65_535, 64), Some([65_535, 1]));
        assert_eq!(groups(64 * 65_535 + 1, 64), Some([65_535, 2]));
        for invocations in [1, 1000, 64 * 65_535, 64 * 65_535 + 1, 200_000_000, u32::MAX] {
            let [x, y] = groups(invocations, 64).unwrap();
            assert!(u64::from(x) * u64::from(y) * 64 >= u64::from(invocations), "{invocations}: {x} x {y}");
            assert!(x <= 65_535 && y <= 65_535, "{invocations}: {x} x {y}");
        }
    }

    #[test]
    fn pieces_cover_every_block_once_and_are_cut_at_256_bytes() {
        for kernel in KERNELS {
            for (blocks, blocks_max) in [(0, 64), (1, 64), (64, 64), (65, 64), (1000, 128), (1000, usize::MAX)] {
                let pieces = pieces(kernel, blocks, 128 << 20, blocks_max);
                let covered: Vec<usize> = pieces.iter().flat_map(|piece| piece.blocks.clone()).collect();
                assert_eq!(covered, (0..blocks).collect::<Vec<_>>(), "{} of {blocks}", kernel.name);
                for (piece, binding) in pieces.iter().flat_map(|p| kernel.bindings.iter().map(move |b| (p, b))) {
                    let bytes = binding.field.per_block().unwrap_or(0) * binding.field.element_bytes();
                    assert_eq!(piece.blocks.start * bytes % 256, 0, "{}", binding.field.name());
                }
            }
        }
    }

    #[test]
    fn a_piece_fits_the_binding() {
        let bytes_max = 128 << 20;
        let pieces = pieces(&KERNELS[0], 1_000_000, bytes_max, usize::MAX);
        assert!(pieces.len() > 1, "32 million covariances do not fit");
        let widest = Field::Covariance.per_block().unwrap() * Field::Covariance.element_bytes();
        assert!(pieces.iter().all(|piece| (piece.blocks.len() * widest) as u64 <= bytes_max));
    }
}
