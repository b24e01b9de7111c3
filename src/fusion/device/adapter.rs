//! Which adapters there are, what they offer, and which one to take.
//!
//! `auto` takes a real GPU (discrete, then integrated, then virtual), else the host twin: a software driver computes
//! the same numbers as the host, but slower (measured on lavapipe: see `benches/stages.rs`). A software driver is
//! taken only when a device is asked for by name or kind, which is how the tests run.

use super::{DeviceError, Kind, one_line};
use serde::Serialize;

/// Which adapter to open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted<'a> {
    /// A real GPU, the best kind first.
    Gpu,
    /// Any, a real GPU before a software driver.
    Any,
    /// A software driver.
    Software,
    /// The first whose name contains these letters, in any case.
    Named(&'a str),
}

/// One adapter, as `trackweave devices` shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AdapterReport {
    /// Its name.
    pub name: String,
    /// What it drives.
    pub kind: Kind,
    /// Vulkan, Metal or DirectX 12.
    pub backend: String,
    /// The driver and its version.
    pub driver: String,
    /// Largest binding of one array, bytes.
    pub binding_bytes_max: u64,
    /// Largest buffer, bytes.
    pub buffer_bytes_max: u64,
    /// Arrays that one kernel can bind.
    pub storage_buffers_max: u32,
    /// Invocations in a workgroup.
    pub workgroup_size_max: u32,
    /// Memory shared by a workgroup, bytes.
    pub workgroup_bytes_max: u32,
    /// Whether it can time kernels.
    pub timestamps: bool,
    /// What it lacks for the kernels, in words; `None` if nothing.
    pub lacks: Option<String>,
    /// Whether `--executor auto` takes it.
    pub auto: bool,
}

/// What the kernels need of an adapter. WebGPU's default limits, which every driver that was tried offers.
pub(super) fn needed() -> wgpu::Limits {
    wgpu::Limits {
        max_storage_buffers_per_shader_stage: 10,
        max_compute_invocations_per_workgroup: 256,
        max_compute_workgroup_size_x: 256,
        max_storage_buffer_binding_size: 128 << 20,
        ..wgpu::Limits::default()
    }
}

/// All adapters, the best first; empty where there is no driver.
#[must_use]
pub fn list() -> Vec<AdapterReport> {
    let mut reports: Vec<AdapterReport> = adapters().iter().map(describe).collect();
    let taken = reports.iter().position(|report| Wanted::Gpu.fits(report) && report.lacks.is_none());
    if let Some(report) = taken.and_then(|index| reports.get_mut(index)) {
        report.auto = true;
    }
    reports
}

/// What `--executor auto` takes: a real GPU that has what the kernels need, or `None`, the host.
#[must_use]
pub fn auto() -> Option<AdapterReport> {
    list().into_iter().find(|report| report.auto)
}

/// The best adapter of the wanted sort.
pub(super) fn find(wanted: Wanted<'_>) -> Result<(wgpu::Adapter, AdapterReport), DeviceError> {
    let adapters = adapters();
    let reports: Vec<AdapterReport> = adapters.iter().map(describe).collect();
    let index = reports
        .iter()
        .position(|report| wanted.fits(report) && report.lacks.is_none())
        .or_else(|| reports.iter().position(|report| wanted.fits(report)));
    match index.and_then(|index| Some((adapters.get(index)?, reports.get(index)?))) {
        None => Err(DeviceError::NoAdapter { wanted: wanted.to_string(), found: found(&reports) }),
        Some((adapter, report)) => match missing(adapter) {
            Some(error) => Err(error),
            None => Ok((adapter.clone(), report.clone())),
        },
    }
}

impl Wanted<'_> {
    /// Whether an adapter is of this sort.
    #[must_use]
    #[doc(hidden)]
    pub fn fits(&self, report: &AdapterReport) -> bool {
        match self {
            Self::Gpu => report.kind <= Kind::VirtualGpu,
            Self::Any => true,
            Self::Software => report.kind == Kind::Software,
            Self::Named(name) => report.name.to_lowercase().contains(&name.to_lowercase()),
        }
    }
}

impl core::fmt::Display for Wanted<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Gpu => f.write_str("a GPU"),
            Self::Any => f.write_str("available"),
            Self::Software => f.write_str("a software driver"),
            Self::Named(name) => write!(f, "named `{name}`"),
        }
    }
}

impl From<wgpu::DeviceType> for Kind {
    fn from(kind: wgpu::DeviceType) -> Self {
        match kind {
            wgpu::DeviceType::DiscreteGpu => Self::DiscreteGpu,
            wgpu::DeviceType::IntegratedGpu => Self::IntegratedGpu,
            wgpu::DeviceType::VirtualGpu => Self::VirtualGpu,
            wgpu::DeviceType::Cpu => Self::Software,
            wgpu::DeviceType::Other => Self::Other,
        }
    }
}

/// Best kind first; among equals in the driver's order.
fn adapters() -> Vec<wgpu::Adapter> {
    let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
    // The sizes of indirect dispatches are bounded by the kernel that writes them: checking each costs a dispatch.
    descriptor.flags.remove(wgpu::InstanceFlags::VALIDATION_INDIRECT_CALL);
    let instance = wgpu::Instance::new(descriptor);
    let mut adapters = pollster::block_on(instance.enumerate_adapters(wgpu::Backends::all()));
    adapters.sort_by_key(|adapter| Kind::from(adapter.get_info().device_type));
    adapters
}

fn describe(adapter: &wgpu::Adapter) -> AdapterReport {
    let (info, limits) = (adapter.get_info(), adapter.limits());
    AdapterReport {
        kind: info.device_type.into(),
        backend: info.backend.to_string(),
        driver: one_line(&format!("{} {}", info.driver, info.driver_info)),
        name: info.name,
        binding_bytes_max: limits.max_storage_buffer_binding_size,
        buffer_bytes_max: limits.max_buffer_size,
        storage_buffers_max: limits.max_storage_buffers_per_shader_stage,
        workgroup_size_max: limits.max_compute_invocations_per_workgroup,
        workgroup_bytes_max: limits.max_compute_workgroup_storage_size,
        timestamps: adapter.features().contains(wgpu::Features::TIMESTAMP_QUERY),
        lacks: missing(adapter).map(|error| error.to_string()),
        auto: false,
    }
}

/// The first limit that an adapter falls short of.
fn missing(adapter: &wgpu::Adapter) -> Option<DeviceError> {
    let mut first = None;
    needed().check_limits_with_fail_fn(&adapter.limits(), true, |limit, wanted, found| {
        first.get_or_insert((limit, wanted, found));
    });
    first.map(|(limit, wanted, found)| DeviceError::Limit { adapter: adapter.get_info().name, limit, found, wanted })
}

fn found(reports: &[AdapterReport]) -> String {
    if reports.is_empty() {
        return "none (no Vulkan, Metal or DirectX 12 driver answers)".to_owned();
    }
    reports.iter().map(|report| format!("`{}` ({})", report.name, report.kind)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(name: &str, kind: Kind) -> AdapterReport {
        AdapterReport {
            name: name.to_owned(),
            kind,
            backend: "vulkan".to_owned(),
            driver: String::new(),
            binding_bytes_max: 0,
            buffer_bytes_max: 0,
            storage_buffers_max: 0,
            workgroup_size_max: 0,
            workgroup_bytes_max: 0,
            timestamps: false,
            lacks: None,
            auto: false,
        }
    }

    #[test]
    fn auto_takes_no_software_driver() {
        assert!(!Wanted::Gpu.fits(&report("llvmpipe", Kind::Software)));
        assert!(!Wanted::Gpu.fits(&report("unknown", Kind::Other)));
        assert!(Wanted::Gpu.fits(&report("H200", Kind::DiscreteGpu)));
        assert!(list().iter().filter(|report| report.auto).all(|report| report.kind <= Kind::VirtualGpu));
    }

    #[test]
    fn the_better_kind_comes_first() {
        let mut kinds = [Kind::Software, Kind::Other, Kind::VirtualGpu, Kind::IntegratedGpu, Kind::DiscreteGpu];
        kinds.sort();
        assert_eq!(kinds.first(), Some(&Kind::DiscreteGpu));
        assert_eq!(kinds.last(), Some(&Kind::Software));
    }

    #[test]
    fn a_name_that_no_adapter_has_is_answered_with_those_there_are() {
        let error = find(Wanted::Named("no such adapter")).map(|_| ()).unwrap_err().to_string();
        assert!(error.starts_with("no adapter is named `no such adapter`; found: "), "{error}");
        assert_eq!(found(&[report("A", Kind::Software)]), "`A` (software driver)");
    }
}
