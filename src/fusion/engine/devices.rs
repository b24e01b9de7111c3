//! A device as an executor has it: every stage there, or the first of them.

use super::device::DeviceEngine;
use super::split::SplitEngine;
use super::{Backward, Device, Engine};

use crate::fusion::config::Config;
use crate::fusion::device::{self, AdapterReport, Context, Options};
use crate::fusion::estimate::Estimate;
use crate::fusion::executor::{Executor, KernelError};
use crate::fusion::motion::Between;
use crate::fusion::setup::LaneSetup;
use crate::fusion::stage::Stage;
use std::sync::Arc;

/// The stages up to `last` on the device, the rest on the host. Clones share the device, with the kernels that it has compiled.
#[derive(Debug)]
struct Stages {
    context: Context,
    options: Options,
    last: Stage,
}

impl Device for Stages {
    fn engine(&self, config: Config, setups: Vec<LaneSetup>) -> Result<Box<dyn Engine>, KernelError> {
        let (context, options) = (self.context.clone(), self.options);
        Ok(match self.last {
            Stage::Manage => Box::new(DeviceEngine::new((context, options), config, setups)?),
            last => Box::new(SplitEngine::new((context, options, last), config, setups)?),
        })
    }

    fn backward(&self) -> Result<Option<Box<dyn Backward>>, KernelError> {
        if self.last != Stage::Manage {
            return Ok(None);
        }
        Ok(Some(Box::new(device::Backward::new(self.context.clone(), self.options)?)))
    }

    fn identity(&self) -> String {
        let AdapterReport { name, backend, driver, .. } = self.context.report();
        format!("{} stages: {name}, {backend}, {driver}", self.last as usize + 1)
    }
}

impl Backward for device::Backward {
    fn begin(&mut self, weighed: usize, tracks: &[Estimate]) -> Result<(), KernelError> {
        Ok(self.begin(weighed, tracks)?)
    }

    fn step(&mut self, between: &Between, tracks: &mut [Estimate], successors: &[u32]) -> Result<(), KernelError> {
        Ok(self.step(between, tracks, successors)?)
    }
}

impl Executor {
    /// Every stage on the device.
    #[must_use]
    pub fn device(context: Context, options: Options) -> Self {
        Self::split(context, options, Stage::Manage)
    }

    /// The stages up to `last` on the device, the rest on the host.
    #[must_use]
    #[doc(hidden)]
    pub fn split(context: Context, options: Options, last: Stage) -> Self {
        Self::on(Arc::new(Stages { context, options, last }))
    }
}
