//! Which side runs which stage.
//!
//! The stages of a wave run in the order of [`Stage`](super::stage::Stage). The host executor runs the twins in blocks of eight. A device
//! executor keeps the tracks on the device and runs every stage there, many waves to a submission. A split executor
//! runs the stages of each wave up to any of them on the device and the rest on the host, so that a difference can be
//! traced to the stage that makes it; it moves all tracks there and back for every wave.

use super::config::Config;
use super::engine::host::HostEngine;
use super::engine::{self, Device, Engine};
use super::estimate::Estimate;
use super::motion::Between;
use super::refusal::DeviceError;
use super::setup::LaneSetup;
use std::sync::Arc;

/// The device did not do as asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("fusion failed on the device: {0}")]
pub struct KernelError(#[from] pub DeviceError);

/// Runs stages on the host, on a device, or the first of them on a device. Clones share the device, with the kernels that
/// it has compiled: one executor serves many runs.
#[derive(Clone, Debug, Default)]
pub struct Executor {
    device: Option<Arc<dyn Device>>,
}

impl Executor {
    /// What runs the waves of these lanes. Where there is none, no device is asked.
    pub(super) fn engine(self, config: Config, setups: Vec<LaneSetup>) -> Result<Box<dyn Engine>, KernelError> {
        match self.device.filter(|_| !setups.is_empty()) {
            None => Ok(Box::new(HostEngine::new(config, setups))),
            Some(device) => device.engine(config, setups),
        }
    }

    /// What smooths waves backwards, where every stage is on the device; `None`: the host does.
    ///
    /// # Errors
    /// If the device lacks memory.
    #[doc(hidden)]
    pub fn backward(&self) -> Result<Option<Backward>, KernelError> {
        Ok(self.device.as_ref().map_or(Ok(None), |device| device.backward())?.map(Backward))
    }

    /// Every stage on the host.
    #[must_use]
    pub fn host() -> Self {
        Self { device: None }
    }

    /// Stages on a device.
    pub(super) fn on(device: Arc<dyn Device>) -> Self {
        Self { device: Some(device) }
    }

    /// Whether every stage is on the host.
    #[must_use]
    pub fn is_host(&self) -> bool {
        self.device.is_none()
    }

    /// What computes, so far as the same input may give other bits elsewhere: the host, or stages, adapter and driver.
    #[must_use]
    #[doc(hidden)]
    pub fn identity(&self) -> String {
        self.device.as_ref().map_or_else(|| "host".to_owned(), |device| device.identity())
    }
}

/// Smooths the waves of a lane backwards, on a device.
#[derive(Debug)]
pub struct Backward(Box<dyn engine::Backward>);

impl Backward {
    /// Begins anew, with the tracks of the last wave.
    pub(crate) fn begin(&mut self, weighed: usize, tracks: &[Estimate]) -> Result<(), KernelError> {
        self.0.begin(weighed, tracks)
    }

    /// Smooths the tracks of the wave before.
    pub(crate) fn step(
        &mut self,
        between: &Between,
        tracks: &mut [Estimate],
        successors: &[u32],
    ) -> Result<(), KernelError> {
        self.0.step(between, tracks, successors)
    }
}
