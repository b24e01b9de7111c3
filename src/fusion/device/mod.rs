//! The device side of fusion: adapters, buffers, pipelines, and the run of kernels. The only place that names `wgpu`.
//!
//! A kernel is a WGSL file under `shaders/`, named after its stage; [`kernels`] lists them with the arrays that they
//! bind. What a kernel computes is said by its twin. Every failure (no adapter, memory, a lost device) is a
//! [`DeviceError`], never a panic and never half a result.
//!
//! Mesa's drivers print a line about `XDG_RUNTIME_DIR` where that variable names no folder; it means nothing here.

pub mod error; // what a device may refuse
pub mod adapter; // what there is, and which one to take
pub mod context; // one open device
pub mod buffer; // arrays on the device
mod arrays; // the arrays of a wave by name, on both sides
pub mod kernels; // what exists as WGSL, and what it binds
mod pipeline; // compiled kernels and their dispatch
mod timer; // how long a pass took
pub mod runner; // runs stages on the arrays of a wave

pub use adapter::{AdapterReport, Kind, Wanted, auto, list};
pub use buffer::{Device, DeviceArray};
pub use context::Context;
pub use error::DeviceError;
pub use kernels::{KERNELS, Kernel};
pub use runner::{Options, Runner};
