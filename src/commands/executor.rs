//! Which side fuses, and why: a real GPU, the host, or any driver that is asked for.
//!
//! A GPU comes before the host, and the host before a software driver, which computes the same numbers on the same
//! processor, but slower.

use super::failure::Failure;
use crate::fusion::device::{AdapterReport, Context, DeviceError, Kind, Options, Wanted, list};
use crate::fusion::executor::Executor;
use crate::run::RunError;
use clap::ValueEnum;
use serde::Serialize;

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Wish {
    /// A real GPU where there is one, else the host
    Auto,
    /// The best adapter that answers, a software driver too
    Device,
    /// The processor
    Host,
}

/// What was taken.
#[derive(Clone, Debug, Serialize)]
pub struct Choice {
    /// `host` or `device`; `logs` where nothing was fused.
    pub executor: &'static str,
    /// The adapter, if a device was taken.
    pub adapter: Option<String>,
    /// Why this one.
    pub reason: String,
}

/// Opens what fits the wish.
///
/// # Errors
/// A device that was asked for and does not open.
pub fn choose(wish: Wish) -> Result<(Executor, Choice), Failure> {
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

/// Runs on what was chosen. Where `auto` took a device that fails, the host does the work again: nothing was published.
///
/// # Errors
/// What the run gives.
pub fn attempt<T>(
    wish: Wish,
    (executor, choice): (Executor, Choice),
    mut run: impl FnMut(Executor) -> Result<T, RunError>,
) -> Result<(T, Choice), RunError> {
    match run(executor) {
        Err(RunError::Kernel(error)) if wish == Wish::Auto => {
            run(Executor::host()).map(|done| (done, Choice::host(error.to_string())))
        }
        done => done.map(|done| (done, choice)),
    }
}

fn open(wanted: Wanted<'_>, reason: &str) -> Result<(Executor, Choice), DeviceError> {
    let context = Context::open(wanted)?;
    let AdapterReport { name, kind, backend, .. } = context.report().clone();
    let software =
        if kind == Kind::Software { ", a driver that computes on the processor, slower than `host`" } else { "" };
    let choice = Choice {
        executor: "device",
        adapter: Some(format!("{name} ({kind}, {backend})")),
        reason: format!("{reason}{software}"),
    };
    Ok((Executor::device(context, Options::USUAL), choice))
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
    /// That nothing was fused: all tracks are from logs.
    pub(super) fn logs(reason: String) -> Self {
        Self { executor: "logs", adapter: None, reason }
    }

    fn host(reason: String) -> Self {
        Self { executor: "host", adapter: None, reason }
    }

    /// The choice in words.
    pub(super) fn words(&self) -> String {
        let Self { executor, adapter, reason } = self;
        match adapter {
            None => format!("{executor} ({reason})"),
            Some(adapter) => format!("{executor}: {adapter} ({reason})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fusion::executor::KernelError;

    /// Runs twice at most; the first run loses its device.
    fn losing(wish: Wish) -> (Result<Choice, RunError>, u32) {
        let mut runs = 0;
        let chosen = (Executor::host(), Choice { adapter: Some("A".to_owned()), ..Choice::host(String::new()) });
        let done = attempt(wish, chosen, |_| {
            runs += 1;
            let lost = KernelError(DeviceError::Lost { reason: "gone".to_owned() });
            if runs == 1 { Err(RunError::Kernel(lost)) } else { Ok(()) }
        });
        (done.map(|((), choice)| choice), runs)
    }

    #[test]
    fn auto_goes_on_with_the_host_where_its_device_fails_and_says_so() {
        let (choice, runs) = losing(Wish::Auto);
        let choice = choice.unwrap();
        assert_eq!((runs, choice.executor, choice.adapter.as_deref()), (2, "host", None));
        assert!(choice.reason.contains("the device was lost: gone"), "{}", choice.reason);
    }

    #[test]
    fn a_device_that_was_asked_for_and_fails_is_an_error() {
        let (choice, runs) = losing(Wish::Device);
        assert!(matches!(choice, Err(RunError::Kernel(_))) && runs == 1, "{runs} runs");
    }
}
