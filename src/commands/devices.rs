//! `trackweave devices`: the adapters that answer, and what `--executor auto` takes.

use super::failure::Failure;
use super::screen::Screen;
use crate::fusion::device::{AdapterReport, list};
use serde::Serialize;

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Devices {
    /// The adapter that `auto` takes, or `host`.
    auto: String,
    adapters: Vec<AdapterReport>,
}

/// Runs the command.
pub(super) fn execute(screen: Screen) -> Result<(), Failure> {
    let adapters = list();
    let auto = adapters.iter().find(|adapter| adapter.auto).map_or("host", |adapter| &adapter.name).to_owned();
    let devices = Devices { auto, adapters };
    screen.publish(&devices, || describe(&devices))
}

fn describe(Devices { auto, adapters }: &Devices) -> String {
    let mut text: String = adapters.iter().map(adapter).collect();
    if adapters.is_empty() {
        text.push_str("no adapter: no Vulkan, Metal or DirectX 12 driver answers\n");
    }
    text + &format!("--executor auto takes: {auto}\n")
}

fn adapter(report: &AdapterReport) -> String {
    let AdapterReport { name, kind, backend, driver, binding_bytes_max, buffer_bytes_max, .. } = report;
    let mib = |bytes: &u64| bytes >> 20;
    let clock = if report.timestamps { "yes" } else { "no" };
    let fit = report.lacks.as_deref().unwrap_or("has what the kernels need");
    format!(
        "{name}\n  {kind}, {backend}, driver {driver}\n  one array up to {} MiB, one buffer up to {} MiB, \
         workgroups of {}, times kernels: {clock}\n  {fit}\n",
        mib(binding_bytes_max),
        mib(buffer_bytes_max),
        report.workgroup_size_max,
    )
}
