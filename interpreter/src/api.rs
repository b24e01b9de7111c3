//! The interface of wgpu.

use crate::absent::absent;
use crate::device::{
    BindGroup, Command, Entry, Groups, Interpreter, Layout, Memory, Pipeline, Recorded, Shader, Step, lock,
};
use std::ops::Range;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use wgpu::custom as by;
use wgpu::custom::{
    BufferInterface, BufferMappedRangeInterface, CommandEncoderInterface, ComputePassInterface, DeviceInterface,
    DispatchBuffer, QueueInterface,
};

fn memory(of: &DispatchBuffer) -> &Memory {
    of.as_custom().unwrap_or_else(|| absent("buffer of another device"))
}

fn words(bytes: &[u8]) -> Vec<u32> {
    bytes.chunks_exact(4).map(|word| u32::from_ne_bytes([word[0], word[1], word[2], word[3]])).collect()
}

impl DeviceInterface for Interpreter {
    fn features(&self) -> wgpu::Features {
        wgpu::Features::empty()
    }

    fn limits(&self) -> wgpu::Limits {
        wgpu::Limits::default()
    }

    fn adapter_info(&self) -> wgpu::AdapterInfo {
        wgpu::AdapterInfo::new(wgpu::DeviceType::Cpu, wgpu::Backend::Noop)
    }

    fn create_shader_module(
        &self,
        desc: wgpu::ShaderModuleDescriptor<'_>,
        _: wgpu::ShaderRuntimeChecks,
    ) -> by::DispatchShaderModule {
        match desc.source {
            wgpu::ShaderSource::Wgsl(text) => by::DispatchShaderModule::custom(Shader(text.into_owned())),
            _ => absent("shader that is not WGSL"),
        }
    }

    #[expect(unsafe_code, reason = "the interface says so; it does nothing")]
    unsafe fn create_shader_module_passthrough(
        &self,
        _: &wgpu::ShaderModuleDescriptorPassthrough<'_>,
    ) -> by::DispatchShaderModule {
        absent("shader that is handed through")
    }

    fn create_bind_group_layout(&self, desc: &wgpu::BindGroupLayoutDescriptor<'_>) -> by::DispatchBindGroupLayout {
        let moves = |entry: &&wgpu::BindGroupLayoutEntry| {
            matches!(entry.ty, wgpu::BindingType::Buffer { has_dynamic_offset: true, .. })
        };
        let mut dynamic: Vec<u32> = desc.entries.iter().filter(moves).map(|entry| entry.binding).collect();
        dynamic.sort_unstable();
        by::DispatchBindGroupLayout::custom(Layout(dynamic))
    }

    fn create_bind_group(&self, desc: &wgpu::BindGroupDescriptor<'_>) -> by::DispatchBindGroup {
        let entry = |entry: &wgpu::BindGroupEntry<'_>| match &entry.resource {
            wgpu::BindingResource::Buffer(bound) => {
                let memory: &Memory = bound.buffer.as_custom().unwrap_or_else(|| absent("buffer of another device"));
                Entry { binding: entry.binding, memory: memory.clone(), offset: bound.offset }
            }
            _ => absent("binding that is not a buffer"),
        };
        let layout: &Layout = desc.layout.as_custom().unwrap_or_else(|| absent("layout of another device"));
        let entries = Arc::new(desc.entries.iter().map(entry).collect());
        by::DispatchBindGroup::custom(BindGroup { entries, dynamic: layout.0.clone() })
    }

    fn create_pipeline_layout(&self, _: &wgpu::PipelineLayoutDescriptor<'_>) -> by::DispatchPipelineLayout {
        by::DispatchPipelineLayout::custom(Layout(Vec::new()))
    }

    fn create_render_pipeline(&self, _: &wgpu::RenderPipelineDescriptor<'_>) -> by::DispatchRenderPipeline {
        absent("render pipeline")
    }

    fn create_mesh_pipeline(&self, _: &wgpu::MeshPipelineDescriptor<'_>) -> by::DispatchRenderPipeline {
        absent("mesh pipeline")
    }

    fn create_compute_pipeline(&self, desc: &wgpu::ComputePipelineDescriptor<'_>) -> by::DispatchComputePipeline {
        let shader: &Shader = desc.module.as_custom().unwrap_or_else(|| absent("shader of another device"));
        let entry = desc.entry_point.unwrap_or_default();
        let program = self.program(&shader.0, entry, desc.compilation_options.constants);
        by::DispatchComputePipeline::custom(Pipeline(program.map(Arc::new)))
    }

    #[expect(unsafe_code, reason = "the interface says so; it does nothing")]
    unsafe fn create_pipeline_cache(&self, _: &wgpu::PipelineCacheDescriptor<'_>) -> by::DispatchPipelineCache {
        absent("pipeline cache")
    }

    fn create_buffer(&self, desc: &wgpu::BufferDescriptor<'_>) -> DispatchBuffer {
        DispatchBuffer::custom(Memory::new(desc.size))
    }

    fn create_texture(&self, _: &wgpu::TextureDescriptor<'_>) -> by::DispatchTexture {
        absent("texture")
    }

    fn create_external_texture(
        &self,
        _: &wgpu::ExternalTextureDescriptor<'_>,
        _: &[&wgpu::TextureView],
    ) -> by::DispatchExternalTexture {
        absent("external texture")
    }

    fn create_blas(
        &self,
        _: &wgpu::CreateBlasDescriptor<'_>,
        _: wgpu::BlasGeometrySizeDescriptors,
    ) -> (Option<u64>, by::DispatchBlas) {
        absent("acceleration structure")
    }

    fn create_tlas(&self, _: &wgpu::CreateTlasDescriptor<'_>) -> by::DispatchTlas {
        absent("acceleration structure")
    }

    fn create_sampler(&self, _: &wgpu::SamplerDescriptor<'_>) -> by::DispatchSampler {
        absent("sampler")
    }

    fn create_query_set(&self, _: &wgpu::QuerySetDescriptor<'_>) -> by::DispatchQuerySet {
        absent("query")
    }

    fn create_command_encoder(&self, _: &wgpu::CommandEncoderDescriptor<'_>) -> by::DispatchCommandEncoder {
        by::DispatchCommandEncoder::custom(Encoder::default())
    }

    fn create_render_bundle_encoder(
        &self,
        _: &wgpu::RenderBundleEncoderDescriptor<'_>,
    ) -> by::DispatchRenderBundleEncoder {
        absent("render bundle")
    }

    fn set_device_lost_callback(&self, _: by::BoxDeviceLostCallback) {}

    fn on_uncaptured_error(&self, _: Arc<dyn wgpu::UncapturedErrorHandler>) {}

    fn push_error_scope(&self, _: wgpu::ErrorFilter) -> u32 {
        0
    }

    /// What was refused is said to whoever asks first.
    fn pop_error_scope(&self, _: u32) -> Pin<Box<dyn by::PopErrorScopeFuture>> {
        let description = lock(&self.0.errors).pop();
        let error = description.map(|description| wgpu::Error::Validation {
            source: Box::new(std::io::Error::other(description.clone())),
            description,
        });
        Box::pin(std::future::ready(error))
    }

    #[expect(unsafe_code, reason = "the interface says so; it does nothing")]
    unsafe fn start_graphics_debugger_capture(&self) {}

    #[expect(unsafe_code, reason = "the interface says so; it does nothing")]
    unsafe fn stop_graphics_debugger_capture(&self) {}

    /// Everything is done when it is submitted.
    fn poll(&self, _: wgpu::wgt::PollType<u64>) -> Result<wgpu::PollStatus, wgpu::PollError> {
        Ok(wgpu::PollStatus::QueueEmpty)
    }

    fn get_internal_counters(&self) -> wgpu::InternalCounters {
        wgpu::InternalCounters::default()
    }

    fn generate_allocator_report(&self) -> Option<wgpu::AllocatorReport> {
        None
    }

    fn destroy(&self) {}
}

impl QueueInterface for Interpreter {
    fn write_buffer(&self, buffer: &DispatchBuffer, offset: u64, data: &[u8]) {
        memory(buffer).put((offset / 4) as usize, &words(data));
    }

    fn create_staging_buffer(&self, _: wgpu::BufferSize) -> Option<by::DispatchQueueWriteBuffer> {
        None
    }

    fn validate_write_buffer(&self, _: &DispatchBuffer, _: u64, _: wgpu::BufferSize) -> Option<()> {
        None
    }

    fn write_staging_buffer(&self, _: &DispatchBuffer, _: u64, _: &by::DispatchQueueWriteBuffer) {
        absent("staging buffer")
    }

    fn write_texture(
        &self,
        _: wgpu::TexelCopyTextureInfo<'_>,
        _: &[u8],
        _: wgpu::TexelCopyBufferLayout,
        _: wgpu::Extent3d,
    ) {
        absent("texture")
    }

    fn submit(&self, buffers: &mut dyn Iterator<Item = by::DispatchCommandBuffer>) -> u64 {
        for buffer in buffers {
            if let Some(recorded) = buffer.as_custom::<Recorded>() {
                self.run(std::mem::take(&mut lock(&recorded.0)));
            }
        }
        0
    }

    fn get_timestamp_period(&self) -> f32 {
        1.0
    }

    fn on_submitted_work_done(&self, callback: by::BoxSubmittedWorkDoneCallback) {
        callback();
    }

    fn compact_blas(&self, _: &by::DispatchBlas) -> (Option<u64>, by::DispatchBlas) {
        absent("acceleration structure")
    }

    fn present(&self, _: &by::DispatchSurfaceOutputDetail) {
        absent("surface")
    }
}

impl BufferInterface for Memory {
    fn map_async(&self, _: wgpu::MapMode, _: Range<u64>, callback: by::BufferMapCallback) {
        callback(Ok(()));
    }

    fn get_mapped_range(&self, range: Range<u64>) -> Result<by::DispatchBufferMappedRange, wgpu::MapRangeError> {
        let bytes: Vec<u8> = lock(&self.0).words.iter().flat_map(|word| word.to_ne_bytes()).collect();
        let range = range.start as usize..range.end as usize;
        Ok(by::DispatchBufferMappedRange::custom(Mapped(bytes.get(range).unwrap_or_default().to_vec())))
    }

    fn unmap(&self) {}

    fn destroy(&self) {}
}

/// Bytes of a buffer that is mapped to be read.
#[derive(Debug)]
struct Mapped(Vec<u8>);

impl BufferMappedRangeInterface for Mapped {
    fn len(&self) -> usize {
        self.0.len()
    }

    #[expect(unsafe_code, reason = "the interface says so")]
    unsafe fn read_slice(&self) -> &[u8] {
        &self.0
    }

    #[expect(unsafe_code, reason = "the interface says so")]
    unsafe fn write_slice(&mut self) -> wgpu::WriteOnly<'_, [u8]> {
        absent("buffer that is mapped to be written")
    }
}

/// Commands, as they are recorded.
#[derive(Clone, Debug, Default)]
struct Encoder(Arc<Mutex<Vec<Command>>>);

impl CommandEncoderInterface for Encoder {
    fn copy_buffer_to_buffer(
        &self,
        source: &DispatchBuffer,
        source_offset: u64,
        destination: &DispatchBuffer,
        destination_offset: u64,
        size: Option<u64>,
    ) {
        let (from, to) = (memory(source).clone(), memory(destination).clone());
        let first = (source_offset / 4) as usize;
        let words = size.map_or_else(|| lock(&from.0).words.len() - first, |bytes| (bytes / 4) as usize);
        let place = (destination_offset / 4) as usize;
        lock(&self.0).push(Command::Copy { from: (from, first), to: (to, place), words });
    }

    fn copy_buffer_to_texture(
        &self,
        _: wgpu::TexelCopyBufferInfo<'_>,
        _: wgpu::TexelCopyTextureInfo<'_>,
        _: wgpu::Extent3d,
    ) {
        absent("texture")
    }

    fn copy_texture_to_buffer(
        &self,
        _: wgpu::TexelCopyTextureInfo<'_>,
        _: wgpu::TexelCopyBufferInfo<'_>,
        _: wgpu::Extent3d,
    ) {
        absent("texture")
    }

    fn copy_texture_to_texture(
        &self,
        _: wgpu::TexelCopyTextureInfo<'_>,
        _: wgpu::TexelCopyTextureInfo<'_>,
        _: wgpu::Extent3d,
    ) {
        absent("texture")
    }

    fn begin_compute_pass(&self, _: &wgpu::ComputePassDescriptor<'_>) -> by::DispatchComputePass {
        by::DispatchComputePass::custom(Pass {
            commands: self.clone(),
            pipeline: None,
            group: None,
            offsets: Vec::new(),
        })
    }

    fn begin_render_pass(&self, _: &wgpu::RenderPassDescriptor<'_>) -> by::DispatchRenderPass {
        absent("render pass")
    }

    fn finish(&mut self) -> by::DispatchCommandBuffer {
        by::DispatchCommandBuffer::custom(Recorded(Mutex::new(std::mem::take(&mut lock(&self.0)))))
    }

    fn clear_texture(&self, _: &by::DispatchTexture, _: &wgpu::ImageSubresourceRange) {
        absent("texture")
    }

    fn clear_buffer(&self, _: &DispatchBuffer, _: u64, _: Option<u64>) {
        absent("clearing of buffers")
    }

    fn insert_debug_marker(&self, _: &str) {}

    fn push_debug_group(&self, _: &str) {}

    fn pop_debug_group(&self) {}

    fn write_timestamp(&self, _: &by::DispatchQuerySet, _: u32) {
        absent("query")
    }

    fn resolve_query_set(&self, _: &by::DispatchQuerySet, _: u32, _: u32, _: &DispatchBuffer, _: u64) {
        absent("query")
    }

    fn mark_acceleration_structures_built<'a>(
        &self,
        _: &mut dyn Iterator<Item = &'a wgpu::Blas>,
        _: &mut dyn Iterator<Item = &'a wgpu::Tlas>,
    ) {
        absent("acceleration structure")
    }

    fn build_acceleration_structures<'a>(
        &self,
        _: &mut dyn Iterator<Item = &'a wgpu::BlasBuildEntry<'a>>,
        _: &mut dyn Iterator<Item = &'a wgpu::Tlas>,
    ) {
        absent("acceleration structure")
    }

    fn transition_resources<'a>(
        &mut self,
        _: &mut dyn Iterator<Item = wgpu::wgt::BufferTransition<&'a DispatchBuffer>>,
        _: &mut dyn Iterator<Item = wgpu::wgt::TextureTransition<&'a by::DispatchTexture>>,
    ) {
    }
}

/// A compute pass, as it is recorded.
#[derive(Debug)]
struct Pass {
    commands: Encoder,
    pipeline: Option<Pipeline>,
    group: Option<BindGroup>,
    offsets: Vec<u32>,
}

impl Pass {
    fn record(&self, size: Groups) {
        let (Some(pipeline), Some(group)) = (self.pipeline.clone(), self.group.clone()) else {
            absent("dispatch without a pipeline and a bind group")
        };
        let step = Step { pipeline, group, offsets: self.offsets.clone(), size };
        lock(&self.commands.0).push(Command::Dispatch(step));
    }
}

impl Drop for Pass {
    fn drop(&mut self) {}
}

impl ComputePassInterface for Pass {
    fn set_pipeline(&mut self, pipeline: &by::DispatchComputePipeline) {
        self.pipeline = pipeline.as_custom::<Pipeline>().cloned();
    }

    fn set_bind_group(&mut self, index: u32, group: Option<&by::DispatchBindGroup>, offsets: &[u32]) {
        if index > 0 {
            absent("bind group but the first")
        }
        self.group = group.and_then(|group| group.as_custom::<BindGroup>().cloned());
        self.offsets = offsets.to_vec();
    }

    fn set_immediates(&mut self, _: u32, _: &[u8]) {
        absent("immediates")
    }

    fn insert_debug_marker(&mut self, _: &str) {}

    fn push_debug_group(&mut self, _: &str) {}

    fn pop_debug_group(&mut self) {}

    fn write_timestamp(&mut self, _: &by::DispatchQuerySet, _: u32) {
        absent("query")
    }

    fn begin_pipeline_statistics_query(&mut self, _: &by::DispatchQuerySet, _: u32) {
        absent("query")
    }

    fn end_pipeline_statistics_query(&mut self) {
        absent("query")
    }

    fn dispatch_workgroups(&mut self, x: u32, y: u32, z: u32) {
        self.record(Groups::Direct([x, y, z]));
    }

    fn dispatch_workgroups_indirect(&mut self, buffer: &DispatchBuffer, offset: u64) {
        self.record(Groups::Indirect(memory(buffer).clone(), offset));
    }

    fn transition_resources<'a>(
        &mut self,
        _: &mut dyn Iterator<Item = wgpu::wgt::BufferTransition<&'a DispatchBuffer>>,
        _: &mut dyn Iterator<Item = wgpu::wgt::TextureTransition<&'a by::DispatchTextureView>>,
    ) {
    }
}
