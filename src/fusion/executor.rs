//! Which side runs which stage.
//!
//! The stages of a wave run in the order of [`Stage`]. The host executor runs the twins in blocks of eight. A device
//! executor keeps the tracks on the device and runs every stage there, many waves to a submission. A split executor
//! runs the stages of each wave up to any of them on the device and the rest on the host, so that a difference can be
//! traced to the stage that makes it; it moves all tracks there and back for every wave.

use super::config::Config;
use super::device::{AdapterReport, Backward, Context, DeviceError, Options};
use super::engine::Engine;
use super::engine::device::DeviceEngine;
use super::engine::host::HostEngine;
use super::engine::split::SplitEngine;
use super::setup::LaneSetup;
use super::stage::Stage;

/// The device did not do as asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("fusion failed on the device: {0}")]
pub struct KernelError(#[from] pub DeviceError);

/// Runs stages on the host, on a device, or the first of them on a device. Clones share the device, with the kernels that
/// it has compiled: one executor serves many runs.
#[derive(Clone, Debug, Default)]
pub struct Executor {
    device: Option<(Context, Options, Stage)>,
}

impl Executor {
    /// What runs the waves of these lanes. Where there is none, no device is asked.
    pub(super) fn engine(self, config: Config, setups: Vec<LaneSetup>) -> Result<Box<dyn Engine>, KernelError> {
        Ok(match self.device.filter(|_| !setups.is_empty()) {
            None => Box::new(HostEngine::new(config, setups)),
            Some((context, options, Stage::Manage)) => Box::new(DeviceEngine::new((context, options), config, setups)?),
            Some(split) => Box::new(SplitEngine::new(split, config, setups)?),
        })
    }

    /// What smooths waves backwards, where every stage is on the device; `None`: the host does.
    ///
    /// # Errors
    /// If the device lacks memory.
    pub fn backward(&self) -> Result<Option<Backward>, KernelError> {
        let whole = self.device.clone().filter(|(.., last)| *last == Stage::Manage);
        Ok(whole.map(|(context, options, _)| Backward::new(context, options)).transpose()?)
    }

    /// Every stage on the host.
    #[must_use]
    pub fn host() -> Self {
        Self { device: None }
    }

    /// Every stage on the device.
    #[must_use]
    pub fn device(context: Context, options: Options) -> Self {
        Self::split(context, options, Stage::Manage)
    }

    /// Whether every stage is on the host.
    #[must_use]
    pub fn is_host(&self) -> bool {
        self.device.is_none()
    }

    /// What computes, so far as the same input may give other bits elsewhere: the host, or stages, adapter and driver.
    #[must_use]
    pub fn identity(&self) -> String {
        self.device.as_ref().map_or_else(
            || "host".to_owned(),
            |(context, _, last)| {
                let AdapterReport { name, backend, driver, .. } = context.report();
                format!("{} stages: {name}, {backend}, {driver}", *last as usize + 1)
            },
        )
    }

    /// The stages up to `last` on the device, the rest on the host.
    #[must_use]
    pub fn split(context: Context, options: Options, last: Stage) -> Self {
        Self { device: Some((context, options, last)) }
    }
}
