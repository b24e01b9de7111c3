//! Arrays on the device, counted in elements.

use super::context::Context;
use super::{DeviceError, one_line};
use bytemuck::Pod;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};

/// An array: one buffer that grows. It is bound whole; WebGPU has no empty bindings, so it has one element at least.
#[derive(Debug)]
pub(super) struct Memory {
    name: &'static str,
    element_bytes: usize,
    buffer: Option<wgpu::Buffer>,
}

/// A readback under way: mapped once the device has done the submission that wrote it. Who is told so first is whoever waits
/// for the device, which may be another thread.
#[derive(Debug)]
pub(super) struct Readback {
    name: &'static str,
    staging: wgpu::Buffer,
    bytes: u64,
    tell: Sender<Result<(), wgpu::BufferAsyncError>>,
    told: Mutex<Receiver<Result<(), wgpu::BufferAsyncError>>>,
}

impl Memory {
    /// An array without memory.
    pub(super) fn new(name: &'static str, element_bytes: usize) -> Self {
        Self { name, element_bytes: element_bytes.max(1), buffer: None }
    }

    pub(super) fn buffer(&self) -> Option<&wgpu::Buffer> {
        self.buffer.as_ref()
    }

    /// Elements that there is room for.
    pub(super) fn elements(&self) -> usize {
        usize::try_from(self.allocated_bytes()).unwrap_or(usize::MAX) / self.element_bytes
    }

    /// Bytes of its buffer.
    pub(super) fn allocated_bytes(&self) -> u64 {
        self.buffer.as_ref().map_or(0, wgpu::Buffer::size)
    }

    /// Makes room for so many elements; keeps those that are there, and what is new is zero.
    pub(super) fn grow(&mut self, context: &Context, elements: usize) -> Result<(), DeviceError> {
        let wanted = (elements.max(1) * self.element_bytes) as u64;
        if self.allocated_bytes() >= wanted {
            return Ok(());
        }
        let report = context.report();
        for (place, found) in [("buffer", report.buffer_bytes_max), ("binding", report.binding_bytes_max)] {
            if wanted > found {
                return Err(DeviceError::TooLarge { array: self.name, place, found, wanted });
            }
        }
        let usage = wgpu::BufferUsages::STORAGE
            | wgpu::BufferUsages::COPY_DST
            | wgpu::BufferUsages::COPY_SRC
            | wgpu::BufferUsages::INDIRECT;
        let buffer = context.buffer(self.name, wanted.next_multiple_of(wgpu::COPY_BUFFER_ALIGNMENT), usage)?;
        if let Some(old) = &self.buffer {
            let mut encoder = context.encoder(self.name)?;
            encoder.copy_buffer_to_buffer(old, 0, &buffer, 0, old.size());
            context.scoped(self.name, || context.queue.submit([encoder.finish()]))?;
        }
        self.buffer = Some(buffer);
        Ok(())
    }

    /// Replaces the first bytes; grows where they do not fit, and says whether it did.
    pub(super) fn upload(&mut self, context: &Context, bytes: &[u8]) -> Result<bool, DeviceError> {
        let grows = self.buffer.is_none() || self.allocated_bytes() < bytes.len() as u64;
        if grows {
            self.grow(context, bytes.len().div_ceil(self.element_bytes))?;
        }
        self.write(context, 0, bytes)?;
        Ok(grows)
    }

    /// Replaces bytes from an element on; there is room for them.
    pub(super) fn write(&self, context: &Context, element: usize, bytes: &[u8]) -> Result<(), DeviceError> {
        if bytes.is_empty() {
            return Ok(());
        }
        let buffer = self.present("upload")?;
        let offset = (element * self.element_bytes) as u64;
        context.scoped(&format!("upload of `{}`", self.name), || context.queue.write_buffer(buffer, offset, bytes))
    }

    /// Reads the first elements back, after everything that was submitted.
    pub(super) fn download<T: Pod>(&self, context: &Context, elements: usize) -> Result<Vec<T>, DeviceError> {
        let mut to = vec![T::zeroed(); elements];
        let bytes = size_of_val(to.as_slice()) as u64;
        if bytes == 0 {
            return Ok(to);
        }
        let mut encoder = context.encoder(self.name)?;
        let readback = self.record_readback(context, elements, &mut encoder)?;
        context.scoped(self.name, || context.queue.submit([encoder.finish()]))?;
        readback.map();
        context.wait(self.name)?;
        readback.finish(|bytes| bytemuck::cast_slice_mut(&mut to).copy_from_slice(bytes))?;
        Ok(to)
    }
}

impl Memory {
    fn present(&self, doing: &str) -> Result<&wgpu::Buffer, DeviceError> {
        self.buffer.as_ref().ok_or_else(|| DeviceError::no_memory(&format!("{doing} of `{}`", self.name)))
    }

    /// Records the copy of the first elements into a buffer that the host can read.
    pub(super) fn record_readback(
        &self,
        context: &Context,
        elements: usize,
        encoder: &mut wgpu::CommandEncoder,
    ) -> Result<Readback, DeviceError> {
        let bytes = (elements * self.element_bytes) as u64;
        let usage = wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST;
        let buffer = self.present("download")?;
        if buffer.size() < bytes {
            let reason = format!("it has {} bytes, wanted {bytes}", buffer.size());
            return Err(DeviceError::Invalid { at: format!("download of `{}`", self.name), reason });
        }
        let staging = context.buffer(self.name, bytes, usage)?;
        encoder.copy_buffer_to_buffer(buffer, 0, &staging, 0, bytes);
        Ok(Readback::new(self.name, staging, bytes))
    }
}

impl Readback {
    /// Of the first `bytes` of a buffer that the host can read.
    pub(super) fn new(name: &'static str, staging: wgpu::Buffer, bytes: u64) -> Self {
        let (tell, told) = channel();
        Self { name, staging, bytes, tell, told: Mutex::new(told) }
    }

    /// Asks for the mapping; to be called once the copy is submitted, and followed by a wait.
    pub(super) fn map(&self) {
        let tell = self.tell.clone();
        self.staging.slice(0..self.bytes).map_async(wgpu::MapMode::Read, move |result| {
            // Nobody listens any more where the wait has failed.
            let _ = tell.send(result);
        });
    }

    /// Hands the bytes over and lets go of them.
    pub(super) fn finish(self, take: impl FnOnce(&[u8])) -> Result<(), DeviceError> {
        let Self { name, staging, bytes, tell, told } = self;
        let invalid =
            |reason: &str| DeviceError::Invalid { at: format!("download of `{name}`"), reason: one_line(reason) };
        drop(tell);
        let told = told.into_inner().unwrap_or_else(PoisonError::into_inner);
        let Ok(mapped) = told.recv() else { return Err(invalid("the buffer was not mapped")) };
        mapped.map_err(|error| invalid(&error.to_string()))?;
        take(&staging.slice(0..bytes).get_mapped_range().map_err(|error| invalid(&error.to_string()))?);
        staging.unmap();
        Ok(())
    }
}
