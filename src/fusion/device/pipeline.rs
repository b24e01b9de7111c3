//! Compiled kernels and what they are bound with.

use super::DeviceError;
use super::buffer::Memory;
use super::context::Context;
use super::fields::Field;
use super::kernels::{Binding, Kernel, Params};

/// Bytes from the `params` of one dispatch to those of the next.
pub(super) const PARAMS_STRIDE: u64 = 256;

/// One compiled kernel.
#[derive(Debug)]
pub(super) struct Pipeline {
    name: &'static str,
    bindings: Vec<Binding>,
    layout: wgpu::BindGroupLayout,
    pub(super) compiled: wgpu::ComputePipeline,
}

impl Pipeline {
    /// Compiles a kernel for workgroups of `workgroup_size` invocations.
    pub(super) fn compile(context: &Context, kernel: &Kernel, workgroup_size: u32) -> Result<Self, DeviceError> {
        let device = &context.device;
        let bindings = kernel.bindings();
        let mut constants = kernel.constants();
        constants.push(("WORKGROUP_SIZE", f64::from(workgroup_size)));
        let (layout, compiled) = context.scoped(&format!("compilation of `{}`", kernel.name), || {
            let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
                label: Some(kernel.name),
                source: wgpu::ShaderSource::Wgsl(kernel.wgsl.into()),
            });
            let entries = entries(&bindings);
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
        Ok(Self { name: kernel.name, bindings, layout, compiled })
    }

    /// Binds `params`, which moves from dispatch to dispatch, and the arrays in the order of the kernel's bindings.
    pub(super) fn bind<'a>(
        &self,
        context: &Context,
        params: &wgpu::Buffer,
        memory: impl Fn(Field) -> Option<&'a Memory>,
    ) -> Result<wgpu::BindGroup, DeviceError> {
        let whole = |buffer, size| wgpu::BindingResource::Buffer(wgpu::BufferBinding { buffer, offset: 0, size });
        let size = wgpu::BufferSize::new(size_of::<Params>() as u64);
        let mut entries = vec![wgpu::BindGroupEntry { binding: 0, resource: whole(params, size) }];
        for (binding, number) in self.bindings.iter().zip(1..) {
            let Some(buffer) = memory(binding.field).and_then(Memory::buffer) else {
                return Err(DeviceError::Invalid {
                    at: format!("binding of `{}` of `{}`", binding.field.name(), self.name),
                    reason: "it has no memory".to_owned(),
                });
            };
            entries.push(wgpu::BindGroupEntry { binding: number, resource: whole(buffer, None) });
        }
        let descriptor = wgpu::BindGroupDescriptor { label: Some(self.name), layout: &self.layout, entries: &entries };
        context.scoped(&format!("binding of `{}`", self.name), || context.device.create_bind_group(&descriptor))
    }
}

fn entries(bindings: &[Binding]) -> Vec<wgpu::BindGroupLayoutEntry> {
    let entry = |binding, ty, has_dynamic_offset| wgpu::BindGroupLayoutEntry {
        binding,
        visibility: wgpu::ShaderStages::COMPUTE,
        ty: wgpu::BindingType::Buffer { ty, has_dynamic_offset, min_binding_size: None },
        count: None,
    };
    let mut entries = vec![entry(0, wgpu::BufferBindingType::Uniform, true)];
    entries.extend(bindings.iter().zip(1..).map(|(binding, number)| {
        entry(number, wgpu::BufferBindingType::Storage { read_only: !binding.written }, false)
    }));
    entries
}
