//! Which side fuses, and why: a real GPU, the host, or any driver that is asked for.
//!
//! A GPU comes before the host, and the host before a software driver, which computes the same numbers on the same
//! processor, but slower.

use super::failure::Failure;
use crate::fusion::device::{AdapterReport, Context, DeviceError, KERNELS, Kind, Options, Runner, Wanted, list};
use crate::fusion::executor::{Executor, STAGES};
use clap::ValueEnum;
use serde::Serialize;

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Wish {
    /// A real GPU where there is one, else the host
    Auto,
    /// The best adapter that answers, a software driver too
    Device,
    /// The processor
    Host,
}

/// What was taken.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Choice {
    /// `host` or `device`.
    pub(super) executor: &'static str,
    /// The adapter, if a device was taken.
    pub(super) adapter: Option<String>,
    /// Why this one.
    pub(super) reason: String,
    /// Stages that run on the device; the others run on the host.
    pub(super) device_stages: Vec<&'static str>,
}

/// Opens what fits the wish.
pub(super) fn choose(wish: Wish) -> Result<(Executor, Choice), Failure> {
    match wish {
        Wish::Host => Ok((Executor::host(), Choice::host("as asked".to_owned()))),
        Wish::Device => open(Wanted::Any, "as asked").map_err(Failure::from),
        Wish::Auto => {
            let adapters = list();
            if !adapters.iter().any(|adapter| adapter.auto) {
                return Ok((Executor::host(), Choice::host(no_gpu(&adapters))));
            }
            let taken = open(Wanted::Gpu, "a GPU is there");
            // A GPU that does not open is no reason to give up: the host does the same.
            Ok(taken.unwrap_or_else(|error| (Executor::host(), Choice::host(error.to_string()))))
        }
    }
}

fn open(wanted: Wanted<'_>, reason: &str) -> Result<(Executor, Choice), DeviceError> {
    let context = Context::open(wanted)?;
    let AdapterReport { name, kind, backend, .. } = context.report().clone();
    let runner = Runner::new(context, &KERNELS, Options::LARGEST)?;
    let software = if kind == Kind::Software { ", a driver that computes on the processor, slower than `host`" } else { "" };
    let choice = Choice {
        executor: "device",
        adapter: Some(format!("{name} ({kind}, {backend})")),
        reason: format!("{reason}{software}"),
        device_stages: STAGES.iter().filter(|stage| stage.has_kernel).map(|stage| stage.name).collect(),
    };
    Ok((Executor::device(Box::new(runner), STAGES.len()), choice))
}

/// Why `auto` takes none of the adapters.
fn no_gpu(adapters: &[AdapterReport]) -> String {
    let found = adapters.iter().map(|adapter| match &adapter.lacks {
        Some(lacks) => format!("`{}`: {lacks}", adapter.name),
        None => format!("`{}` ({})", adapter.name, adapter.kind),
    });
    let found = found.collect::<Vec<_>>().join(", ");
    if found.is_empty() { "no GPU answers".to_owned() } else { format!("no GPU answers, only {found}") }
}

impl Choice {
    fn host(reason: String) -> Self {
        Self { executor: "host", adapter: None, reason, device_stages: Vec::new() }
    }

    /// The choice in words.
    pub(super) fn words(&self) -> String {
        let Self { executor, adapter, reason, device_stages } = self;
        match adapter {
            None => format!("{executor} ({reason})"),
            Some(adapter) => {
                format!("{executor}: {adapter} ({reason}); on it {}, the rest on the host", device_stages.join(" and "))
            }
        }
    }
}
