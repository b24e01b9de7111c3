//! Runs WGSL kernels on the host behind the interface of wgpu, instruction by instruction, under seeded schedules.
//!
//! [`Interpreter::open`] gives a [`wgpu::Device`] and its queue. What a program of wgpu's does with them is done as always:
//! buffers, pipelines, bind groups, compute passes, indirect dispatches, copies, read-back. The kernels are parsed and
//! validated by naga and executed in the order of its representation, floats as IEEE single precision without contraction,
//! so that results can be compared bit for bit. Between any two accesses to shared memory another invocation may go on, as
//! [`Schedule`] says. Meanwhile every word that a kernel may write is watched:
//! two accesses of which one writes and that nothing orders are a [`Finding`], whether or not they changed the result.
//!
//! [`Options`] turn on what devices are allowed to do or do: stores that others see late, `a * b + c` with one rounding,
//! comparisons turned round, `num_workgroups` forgotten, denormals flushed.
//!
//! [`lints`] are rules over the text alone.

mod absent;
mod api;
mod code;
mod compile;
mod device;
mod dispatch;
mod findings;
pub mod lints;
mod machine;
mod negation;
mod ops;
mod options;
mod race;
mod types;

pub use device::Interpreter;
pub use findings::{Counts, Fault, Finding, Journal};
pub use options::{Bounds, Options, Schedule, Stores};
