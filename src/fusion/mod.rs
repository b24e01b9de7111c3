//! Scans to tracks: a track-oriented Poisson multi-Bernoulli filter, all lanes of a batch together, wave by wave.
//!
//! `predict → gate → cluster → associate → update → manage` (Williams, IEEE TAES 51(3), 2015). One file a stage, which
//! owns its mathematics, units, shapes and its twin: plain f32 Rust in the kernel's order of operations. The same
//! lines, over blocks of eight, are the host executor. `wgpu` is named only under `device`, which is there with the feature of that
//! name.

pub mod error; // what can be wrong with what is given
mod track; // what follows from the fields of a track
pub mod arrays; // what a wave reads and writes, declared once for both sides
mod bounds; // numbers of a configuration within their bounds
pub mod config; // parameters of the filter
pub mod simd; // one number or a block of eight
pub mod state; // mean, covariance, scalar update

pub mod motion; // process noise
pub mod since; // noise between a detection and its scan
pub mod sight; // rows along a line of sight, to second order
pub mod observation; // residuals, innovation, posterior
pub mod undetected; // the Poisson field and births from it
mod check; // what a wave of scans has to be
mod setup; // a lane before its first scan
mod timeline; // a lane in time: what a scan is to it
mod lanes; // a lane on the host, wave by wave
pub mod past; // how long undetected targets have been there
pub mod views; // detectability: who sees an object at all

mod models; // tracks of several motion models
pub mod predict; // stage 1
pub mod grid; // detections by cell
pub mod gate; // stage 2
pub mod address; // addresses that targets send: a likelihood, and a belief
pub mod cluster; // stage 3
pub mod associate; // stage 4
pub mod update; // stage 5
pub mod credit; // detections counted to tracks
pub mod manage; // stage 6

pub mod stage; // the stages in their order
pub mod refusal; // what a device may refuse
pub mod executor; // which side runs which stage
#[cfg(feature = "device")]
pub mod device; // kernels on a GPU, through wgpu
pub mod estimate; // tracks as they stand
mod wave_log; // what a wave leaves behind
mod engine; // what runs the waves: the host, a device, or both
pub mod batch; // all lanes together, wave by wave

#[cfg(test)]
mod detection_tests;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod tests;
