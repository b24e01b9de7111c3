//! Arrays on the device, counted in elements.

use super::context::Context;
use super::error::{DeviceError, one_line};
use crate::fusion::arrays::Side;
use bytemuck::Pod;
use core::fmt::Debug;
use core::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError};

/// Device memory.
#[derive(Clone, Copy, Debug)]
pub struct Device;

impl Side for Device {
    type Array<T: Pod + Debug> = DeviceArray<T>;
}

/// A growable array on the device.
///
/// What lies past its length is never bound, so that a kernel's `arrayLength` is its length. An empty array is bound
/// as one zero element: WebGPU has no empty bindings.
#[derive(Debug)]
pub struct DeviceArray<T> {
    pub(super) memory: Memory,
    element: PhantomData<T>,
}

/// The bytes of an array.
#[derive(Debug)]
pub(super) struct Memory {
    name: &'static str,
    element_bytes: usize,
    bytes: usize,
    buffer: Option<wgpu::Buffer>,
    staging: Option<wgpu::Buffer>,
}

/// A readback under way: mapped once the device has done the submission that wrote it.
#[derive(Debug)]
pub(super) struct Readback {
    name: &'static str,
    staging: wgpu::Buffer,
    bytes: u64,
    mapped: Arc<Mutex<Option<Result<(), wgpu::BufferAsyncError>>>>,
}

impl<T: Pod + Debug> DeviceArray<T> {
    /// An empty array, without memory.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        let memory = Memory { name, element_bytes: size_of::<T>().max(1), bytes: 0, buffer: None, staging: None };
        Self { memory, element: PhantomData }
    }

    /// Number of elements.
    #[must_use]
    pub fn len(&self) -> usize {
        self.memory.bytes / self.memory.element_bytes
    }

    /// Whether there are no elements.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.memory.bytes == 0
    }

    /// Replaces the elements; grows where they do not fit.
    ///
    /// # Errors
    /// If they do not fit into one buffer of the device, or into its memory.
    pub fn upload(&mut self, context: &Context, elements: &[T]) -> Result<(), DeviceError> {
        self.memory.upload(context, bytemuck::cast_slice(elements))
    }

    /// Reads all elements back.
    ///
    /// # Errors
    /// If the device fails.
    pub fn download(&mut self, context: &Context) -> Result<Vec<T>, DeviceError> {
        let mut elements = vec![T::zeroed(); self.len()];
        let at = self.memory.name;
        let mut encoder = context.encoder(at)?;
        let Some(readback) = self.memory.record_readback(context, &mut encoder)? else { return Ok(elements) };
        context.scoped(at, || context.queue.submit([encoder.finish()]))?;
        readback.map();
        context.wait(at)?;
        readback.finish(|bytes| bytemuck::cast_slice_mut(&mut elements).copy_from_slice(bytes))?;
        Ok(elements)
    }
}

impl Memory {
    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    pub(super) fn buffer(&self) -> Option<&wgpu::Buffer> {
        self.buffer.as_ref()
    }

    /// Bytes that the whole array is bound with.
    pub(super) fn bound_bytes(&self) -> u64 {
        self.bytes.max(self.element_bytes) as u64
    }

    /// Replaces the bytes; grows where they do not fit.
    pub(super) fn upload(&mut self, context: &Context, bytes: &[u8]) -> Result<(), DeviceError> {
        let buffer = self.reserve(context, bytes.len().max(self.element_bytes))?;
        // What an empty array is bound with is zero, not what an earlier upload left there.
        let zero = vec![0; if bytes.is_empty() { self.element_bytes } else { 0 }];
        let written = if bytes.is_empty() { &zero } else { bytes };
        context.scoped(&format!("upload of `{}`", self.name), || context.queue.write_buffer(&buffer, 0, written))?;
        self.bytes = bytes.len();
        Ok(())
    }

    /// Records the copy into a buffer that the host can read; `None` where there is nothing to read.
    pub(super) fn record_readback(
        &mut self,
        context: &Context,
        encoder: &mut wgpu::CommandEncoder,
    ) -> Result<Option<Readback>, DeviceError> {
        let bytes = self.bytes as u64;
        let Some(buffer) = self.buffer.as_ref().filter(|_| bytes > 0) else { return Ok(None) };
        let staging = if let Some(staging) = self.staging.take().filter(|staging| staging.size() >= bytes) {
            staging
        } else {
            let usage = wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST;
            context.buffer(self.name, buffer.size(), usage)?
        };
        encoder.copy_buffer_to_buffer(buffer, 0, &staging, 0, bytes);
        self.staging = Some(staging.clone());
        Ok(Some(Readback::new(self.name, staging, bytes)))
    }

    fn reserve(&mut self, context: &Context, bytes: usize) -> Result<wgpu::Buffer, DeviceError> {
        let wanted = (bytes as u64).next_multiple_of(wgpu::COPY_BUFFER_ALIGNMENT);
        if let Some(buffer) = self.buffer.as_ref().filter(|buffer| buffer.size() >= wanted) {
            return Ok(buffer.clone());
        }
        let found = context.report().buffer_bytes_max;
        if wanted > found {
            return Err(DeviceError::TooLarge { array: self.name, place: "buffer", found, wanted });
        }
        // Half as much again, so that a picture that grows by a few tracks a wave is not allocated anew every wave.
        let roomy = (wanted + wanted / 2).next_multiple_of(wgpu::COPY_BUFFER_ALIGNMENT);
        // The old buffer goes first: both might not fit.
        (self.buffer, self.staging, self.bytes) = (None, None, 0);
        let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::COPY_SRC;
        let buffer = context.buffer(self.name, if roomy <= found { roomy } else { wanted }, usage)?;
        self.buffer = Some(buffer.clone());
        Ok(buffer)
    }
}

impl Readback {
    /// Of the first `bytes` of a buffer that the host can read.
    pub(super) fn new(name: &'static str, staging: wgpu::Buffer, bytes: u64) -> Self {
        Self { name, staging, bytes, mapped: Arc::default() }
    }

    /// Asks for the mapping; to be called once the copy is submitted, and followed by a wait.
    pub(super) fn map(&self) {
        let mapped = Arc::clone(&self.mapped);
        self.staging.slice(0..self.bytes).map_async(wgpu::MapMode::Read, move |result| {
            *mapped.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
        });
    }

    /// Whether the bytes are there to be read.
    pub(super) fn ready(&self) -> Result<(), DeviceError> {
        match &*self.mapped.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(Ok(())) => Ok(()),
            Some(Err(error)) => Err(self.invalid(&error.to_string())),
            None => Err(self.invalid("the buffer was not mapped")),
        }
    }

    /// Hands the bytes over and lets go of them.
    pub(super) fn finish(self, take: impl FnOnce(&[u8])) -> Result<(), DeviceError> {
        self.ready()?;
        let view = self.staging.slice(0..self.bytes).get_mapped_range();
        take(&view.map_err(|error| self.invalid(&error.to_string()))?);
        self.staging.unmap();
        Ok(())
    }

    fn invalid(&self, reason: &str) -> DeviceError {
        DeviceError::Invalid { at: format!("download of `{}`", self.name), reason: one_line(reason) }
    }
}
