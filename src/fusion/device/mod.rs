//! The device side of fusion: adapters, buffers, pipelines, and the run of kernels. The only place that names `wgpu`.
//!
//! A kernel is a WGSL file under `shaders/`, named after its stage; [`kernels`] lists them with the arrays that they
//! bind. What a kernel computes is said by its twin. Every failure (no adapter, memory, a lost device) is a
//! [`DeviceError`], never a panic and never half a result.
//!
//! Mesa's drivers print a line about `XDG_RUNTIME_DIR` where that variable names no folder and `NODEVICE_SELECT` is not set; it means
//! nothing here, and the program has them not print it.

pub mod adapter; // what there is, and which one to take
pub mod context; // one open device
pub mod fields; // the arrays on the device
mod buffer; // their memory
pub mod kernels; // what a kernel is; structs and constants
mod shaders; // every kernel, by its files
mod pipeline; // compiled kernels
mod timer; // how long passes took
pub mod program; // a wave as passes
pub mod lanes; // lanes whose tracks live on the device
pub mod waves; // scans to waves
mod backward; // waves smoothed backwards
mod probe; // one small kernel, run once

pub use super::refusal::{DeviceError, Kind};
pub use adapter::{AdapterReport, Wanted, auto, list};
pub use backward::Backward;
pub use context::Context;
pub use fields::Field;
pub use kernels::Kernel;
pub use lanes::{DeviceLanes, Options};
pub use probe::probe;
pub use shaders::KERNELS;
pub use waves::WaveBuilder;

impl DeviceError {
    /// An array that is not there: a bug here, never a pass left out.
    fn no_memory(at: &str) -> Self {
        Self::Invalid { at: at.to_owned(), reason: "it has no memory".to_owned() }
    }
}

/// The first lines of a message as one line: errors of this crate have no line breaks.
fn one_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}
