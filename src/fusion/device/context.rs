//! One open device: its queue, its limits, and every way in which it can fail turned into a [`DeviceError`].

use super::Kind;
use super::adapter::{AdapterReport, Wanted, find, needed};
use super::kernels::Kernel;
use super::pipeline::Pipeline;
use super::{DeviceError, one_line};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long a submission may take before the device is given up.
const PATIENCE: Duration = Duration::from_mins(2);
/// The same of a driver that computes on the processor.
const PATIENCE_SOFTWARE: Duration = Duration::from_hours(1);

/// Kernels with the sizes of their workgroups, compiled.
type Compiled = BTreeMap<(Kernel, u32), Arc<Pipeline>>;

/// One open device; clones are the same one.
#[derive(Clone, Debug)]
pub struct Context {
    pub(super) device: wgpu::Device,
    pub(super) queue: wgpu::Queue,
    report: AdapterReport,
    /// The first failure that no call could answer for: a lost device, an error outside any scope.
    failure: Arc<Failure>,
    compiled: Arc<Mutex<Compiled>>,
}

#[derive(Debug, Default)]
struct Failure(Mutex<Option<DeviceError>>);

impl Failure {
    fn note(&self, error: DeviceError) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }

    fn get(&self) -> Option<DeviceError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Context {
    /// Opens the best adapter of the wanted sort, with the largest arrays that it allows.
    ///
    /// # Errors
    /// If there is none, if it offers less than the kernels need, or if it does not open.
    pub fn open(wanted: Wanted<'_>) -> Result<Self, DeviceError> {
        let (adapter, report) = find(wanted)?;
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("trackweave"),
            required_features: adapter.features() & wgpu::Features::TIMESTAMP_QUERY,
            required_limits: wgpu::Limits {
                max_storage_buffer_binding_size: report.binding_bytes_max,
                max_buffer_size: report.buffer_bytes_max,
                ..needed()
            },
            memory_hints: wgpu::MemoryHints::Performance,
            ..wgpu::DeviceDescriptor::default()
        };
        let (device, queue) =
            pollster::block_on(adapter.request_device(&descriptor)).map_err(|error| DeviceError::Refused {
                adapter: report.name.clone(),
                kind: report.kind,
                reason: one_line(&error.to_string()),
            })?;
        Ok(Self::over(device, queue, report))
    }

    /// A device that is open already, which is as `report` says: one that interprets kernels, in tests.
    #[must_use]
    pub fn over(device: wgpu::Device, queue: wgpu::Queue, report: AdapterReport) -> Self {
        let failure = Arc::new(Failure::default());
        let lost = Arc::clone(&failure);
        device.set_device_lost_callback(move |reason, message| {
            lost.note(DeviceError::Lost { reason: one_line(&format!("{reason:?} {message}")) });
        });
        let uncaptured = Arc::clone(&failure);
        device.on_uncaptured_error(Arc::new(move |error| uncaptured.note(explain("a call", &error))));
        Self { device, queue, report, failure, compiled: Arc::default() }
    }

    /// The adapter and what it offers.
    #[must_use]
    pub fn report(&self) -> &AdapterReport {
        &self.report
    }

    /// Whether kernels can be timed.
    #[must_use]
    pub fn has_timestamps(&self) -> bool {
        self.device.features().contains(wgpu::Features::TIMESTAMP_QUERY)
    }

    /// A kernel for workgroups of `workgroup_size` invocations, compiled when it is first asked for.
    pub(super) fn compiled(&self, kernel: &Kernel, workgroup_size: u32) -> Result<Arc<Pipeline>, DeviceError> {
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (*kernel, workgroup_size);
        if let Some(pipeline) = compiled.get(&key) {
            return Ok(Arc::clone(pipeline));
        }
        let pipeline = Arc::new(Pipeline::compile(self, kernel, workgroup_size)?);
        compiled.insert(key, Arc::clone(&pipeline));
        Ok(pipeline)
    }

    /// Does `work`; what the device refuses meanwhile is the error.
    pub(super) fn scoped<T>(&self, at: &str, work: impl FnOnce() -> T) -> Result<T, DeviceError> {
        self.healthy()?;
        let filters = [wgpu::ErrorFilter::Internal, wgpu::ErrorFilter::OutOfMemory, wgpu::ErrorFilter::Validation];
        let scopes = filters.map(|filter| self.device.push_error_scope(filter));
        let value = work();
        // Scopes are popped in the reverse of the order in which they were pushed.
        let errors: Vec<_> = scopes.into_iter().rev().filter_map(|scope| pollster::block_on(scope.pop())).collect();
        self.healthy()?;
        errors.first().map_or(Ok(value), |error| Err(explain(at, error)))
    }

    /// A buffer of `size` bytes.
    pub(super) fn buffer(
        &self,
        name: &'static str,
        size: u64,
        usage: wgpu::BufferUsages,
    ) -> Result<wgpu::Buffer, DeviceError> {
        let descriptor = wgpu::BufferDescriptor { label: Some(name), size, usage, mapped_at_creation: false };
        let at = format!("allocation of `{name}`, {size} bytes");
        self.scoped(&at, || self.device.create_buffer(&descriptor))
    }

    /// Begins to record.
    pub(super) fn encoder(&self, at: &'static str) -> Result<wgpu::CommandEncoder, DeviceError> {
        let descriptor = wgpu::CommandEncoderDescriptor { label: Some(at) };
        self.scoped(at, || self.device.create_command_encoder(&descriptor))
    }

    /// Waits until everything that was submitted is done.
    pub(super) fn wait(&self, at: &str) -> Result<(), DeviceError> {
        self.wait_for(at, None)
    }

    /// Waits until a submission is done, or everything that was submitted.
    pub(super) fn wait_for(&self, at: &str, submission: Option<wgpu::SubmissionIndex>) -> Result<(), DeviceError> {
        self.healthy()?;
        let patience = if self.report.kind == Kind::Software { PATIENCE_SOFTWARE } else { PATIENCE };
        let poll = wgpu::PollType::Wait { submission_index: submission, timeout: Some(patience) };
        // wgpu panics where a device is lost during the wait; the callback above then knows why.
        let polled = catch_unwind(AssertUnwindSafe(|| self.device.poll(poll)));
        self.healthy()?;
        match polled {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(wgpu::PollError::Timeout)) => {
                Err(DeviceError::Timeout { at: at.to_owned(), seconds: patience.as_secs() })
            }
            Ok(Err(error)) => Err(DeviceError::Invalid { at: at.to_owned(), reason: one_line(&error.to_string()) }),
            Err(_) => Err(DeviceError::Lost { reason: format!("while waiting for {at}") }),
        }
    }

    /// Gives the device up: whatever is asked of it from now on is answered with [`DeviceError::Lost`].
    pub fn destroy(&self) {
        self.failure.note(DeviceError::Lost { reason: "it was given up".to_owned() });
        self.device.destroy();
    }

    fn healthy(&self) -> Result<(), DeviceError> {
        self.failure.get().map_or(Ok(()), Err)
    }
}

fn explain(at: &str, error: &wgpu::Error) -> DeviceError {
    match error {
        wgpu::Error::OutOfMemory { .. } => DeviceError::OutOfMemory { at: at.to_owned() },
        wgpu::Error::Validation { description, .. } | wgpu::Error::Internal { description, .. } => {
            DeviceError::Invalid { at: at.to_owned(), reason: one_line(description) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fusion::device::KERNELS;

    #[test]
    #[expect(clippy::print_stderr, reason = "a test that has no device says so")]
    fn clones_compile_a_kernel_once() {
        let context = match Context::open(Wanted::Any) {
            Ok(context) => context,
            Err(error) => {
                assert!(std::env::var_os("REQUIRE_GPU").is_none(), "no device: {error}");
                return eprintln!("skipped: no device: {error}");
            }
        };
        let first = context.compiled(&KERNELS[0], 64).expect("a kernel");
        assert!(Arc::ptr_eq(&first, &context.clone().compiled(&KERNELS[0], 64).expect("a kernel")));
        assert!(!Arc::ptr_eq(&first, &context.compiled(&KERNELS[0], 32).expect("a kernel")));
    }
}
