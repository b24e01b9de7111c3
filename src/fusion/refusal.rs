//! What a device may refuse: said also where there is none in the program.

use serde::Serialize;

/// What kind of device an adapter drives; the better comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A GPU with memory of its own.
    DiscreteGpu,
    /// A GPU that shares the processor's memory.
    IntegratedGpu,
    /// A GPU seen through a virtual machine.
    VirtualGpu,
    /// What the driver does not say.
    Other,
    /// A driver that computes on the processor.
    Software,
}

impl core::fmt::Display for Kind {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::DiscreteGpu => "discrete GPU",
            Self::IntegratedGpu => "integrated GPU",
            Self::VirtualGpu => "virtual GPU",
            Self::Other => "other",
            Self::Software => "software driver",
        })
    }
}

/// A device could not be had, or did not do as asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// There is no adapter of the wanted sort.
    #[error("no adapter is {wanted}; found: {found}")]
    NoAdapter {
        /// What was asked for.
        wanted: String,
        /// What there is, or why nothing was found.
        found: String,
    },
    /// An adapter offers less than the kernels need.
    #[error("adapter `{adapter}` offers {limit} = {found}; the kernels need {wanted}")]
    Limit {
        /// The adapter's name.
        adapter: String,
        /// The limit, by its WebGPU name.
        limit: &'static str,
        /// What it offers.
        found: u64,
        /// What is needed.
        wanted: u64,
    },
    /// An adapter did not open.
    #[error("adapter `{adapter}` ({kind}) did not open: {reason}")]
    Refused {
        /// The adapter's name.
        adapter: String,
        /// Its kind.
        kind: Kind,
        /// What the driver said.
        reason: String,
    },
    /// An array does not fit into one binding or one buffer.
    #[error("array `{array}` needs {wanted} bytes; the device allows {found} in one {place}")]
    TooLarge {
        /// The array.
        array: &'static str,
        /// `buffer` or `binding`.
        place: &'static str,
        /// The limit in bytes.
        found: u64,
        /// What is needed.
        wanted: u64,
    },
    /// More comes together in one place than every driver is known to loop over.
    #[error("more than {wanted} detections or tracks lie in one cell or gate: the kernels take no more, the host does")]
    Crowded {
        /// The most.
        wanted: u32,
    },
    /// Memory ran out.
    #[error("the device is out of memory at {at}")]
    OutOfMemory {
        /// What was being done.
        at: String,
    },
    /// The device went away.
    #[error("the device was lost: {reason}")]
    Lost {
        /// What the driver said.
        reason: String,
    },
    /// A call was not valid, or failed inside the driver: a bug here or there.
    #[error("the device refused {at}: {reason}")]
    Invalid {
        /// What was being done.
        at: String,
        /// What wgpu said, in one line.
        reason: String,
    },
    /// Nothing came back in time.
    #[error("the device did not finish {at} within {seconds} s")]
    Timeout {
        /// What was being done.
        at: String,
        /// The limit.
        seconds: u64,
    },
    /// There is no kernel of that name.
    #[error("there is no kernel `{name}`; there are: {known}")]
    NoKernel {
        /// The name asked for.
        name: &'static str,
        /// The names that exist.
        known: String,
    },
}
