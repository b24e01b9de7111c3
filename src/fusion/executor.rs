//! Which side runs which stage.
//!
//! The stages of a wave run in the order of [`STAGES`]. The host executor runs the twins in blocks of eight; a
//! device executor runs the first k stages that have kernels on the device and the rest on the host, for any k, so
//! that a difference can be traced to the stage that makes it.

use super::arrays::{Arrays, Host};
use super::{predict, update};
use core::fmt::Debug;
use wide::f32x8;

/// One stage of a wave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stage {
    /// Its name: file, entry point, module, timing key.
    pub name: &'static str,
    /// Whether a kernel exists.
    pub has_kernel: bool,
}

/// All stages, in order.
pub const STAGES: [Stage; 6] = [
    Stage { name: "predict", has_kernel: true },
    Stage { name: "gate", has_kernel: false },
    Stage { name: "cluster", has_kernel: false },
    Stage { name: "associate", has_kernel: false },
    Stage { name: "update", has_kernel: true },
    Stage { name: "manage", has_kernel: false },
];

/// Runs the stages that have kernels.
pub trait Kernels: Debug + Send {
    /// Runs `stage` on the arrays of the wave. The arrays come from and go back to the host.
    ///
    /// # Errors
    /// Says what the device refused; the arrays are then unchanged.
    fn run(&mut self, stage: &'static str, arrays: &mut Arrays<Host>) -> Result<(), KernelError>;
}

/// A kernel did not run.
#[derive(Debug, thiserror::Error)]
#[error("stage `{stage}` failed on the device: {reason}")]
pub struct KernelError {
    /// The stage.
    pub stage: &'static str,
    /// What the device said.
    pub reason: String,
}

/// Runs stages on the host, or the first of them on a device.
#[derive(Debug, Default)]
pub struct Executor {
    kernels: Option<(Box<dyn Kernels>, usize)>,
}

impl Executor {
    /// Every stage on the host.
    #[must_use]
    pub fn host() -> Self {
        Self { kernels: None }
    }

    /// The first `stages` stages on the device, where they have kernels.
    #[must_use]
    pub fn device(kernels: Box<dyn Kernels>, stages: usize) -> Self {
        Self { kernels: Some((kernels, stages)) }
    }

    /// Runs `predict`.
    ///
    /// # Errors
    /// If the device fails.
    pub fn predict(&mut self, arrays: &mut Arrays<Host>) -> Result<(), KernelError> {
        self.stage(0, arrays, predict::predict::<f32x8>)
    }

    /// Runs `update`.
    ///
    /// # Errors
    /// If the device fails.
    pub fn update(&mut self, arrays: &mut Arrays<Host>) -> Result<(), KernelError> {
        self.stage(4, arrays, update::update::<f32x8>)
    }

    fn stage(
        &mut self,
        index: usize,
        arrays: &mut Arrays<Host>,
        twin: fn(&mut Arrays<Host>),
    ) -> Result<(), KernelError> {
        match (&mut self.kernels, STAGES.get(index)) {
            (Some((kernels, stages)), Some(stage)) if stage.has_kernel && index < *stages => {
                kernels.run(stage.name, arrays)
            }
            _ => {
                twin(arrays);
                Ok(())
            }
        }
    }
}
