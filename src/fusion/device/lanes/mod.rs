//! Fusion that stays on the device: waves are recorded, many to a submission, and run without the host.
//!
//! Capacity is an outcome: where a pass lacks room, the batch halts before anything was changed that the pass cannot do
//! again; the host grows what did not suffice, keeping what is there, and goes on from that pass. So the result does
//! not depend on how much room there was to begin with.

mod room; // what every array needs
mod masks; // where looks could have seen
mod load; // lanes, tracks and graph, there and back
mod submit; // waves to submissions

use super::DeviceError;
use super::buffer::{Memory, Readback};
use super::context::Context;
use super::fields::Field;
use super::kernels::{Kernel, LaneState, Status, WORKGROUP_SIZE};
use super::pipeline::Pipeline;
use super::program::Extent;
use super::timer::Timer;
use crate::fusion::arrays::{Arrays, Host, Hypothesis, LaneStep, Placed, TrackField, Widths};
use crate::fusion::config::Config;
use crate::fusion::credit::Accounts;
use crate::fusion::engine::Patience;
use crate::fusion::estimate::LaneTracks;
use crate::fusion::motion::ModelLook;
use crate::fusion::setup::LaneSetup;
use crate::fusion::stage::{Stage, Timings};
use crate::fusion::views::ViewLook;
use crate::scan::{Detection, Observation};
pub use masks::Laid;
use masks::Masks;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// How lanes begin on a device. Results do not depend on it.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The kernels, as a rule [`super::KERNELS`].
    pub kernels: &'static [Kernel],
    /// Invocations of a workgroup, 1 to 256, a power of two.
    pub workgroup_size: u32,
    /// Blocks of tracks that there is room for at first.
    pub blocks: u32,
    /// Edges that there is room for at first.
    pub edges: u32,
    /// Numbers of tables of exact clusters that there is room for at first.
    pub table: u32,
    /// Waves of a submission.
    pub waves: usize,
}

impl Options {
    /// Room that most recordings need at least.
    pub const USUAL: Self = Self {
        kernels: super::KERNELS,
        workgroup_size: WORKGROUP_SIZE,
        blocks: 64,
        edges: 8192,
        table: 1 << 16,
        waves: 16,
    };
}

/// One wave as it is uploaded.
#[derive(Debug, Default)]
pub struct Wave {
    /// What each lane does.
    pub looks: Vec<LaneStep>,
    /// What each lane knows of each of its views; none where every lane has one.
    pub views: Vec<ViewLook>,
    /// What each look is to each of several motion models; none where there is one.
    pub models: Vec<ModelLook>,
    /// Its detections, lane by lane, as they arrived.
    pub arrived: Vec<Detection>,
    /// Lane of each, and its source in the low eight bits.
    pub tags: Vec<u32>,
    /// The number of the address of each; none where none has one that counts.
    pub addresses: Vec<u32>,
    /// When each was made, the lower word first.
    pub times: Vec<[u32; 2]>,
    /// How they were measured.
    pub observations: Vec<Observation>,
    /// Cells of the grids of all lanes.
    pub cells: u32,
}

impl Wave {
    fn bytes(&self) -> u64 {
        let words = size_of_val(self.tags.as_slice()) + size_of_val(self.times.as_slice());
        let addresses = size_of_val(self.addresses.as_slice());
        let detections = size_of_val(self.arrived.as_slice()) + words + addresses;
        let of_looks = size_of_val(self.views.as_slice()) + size_of_val(self.models.as_slice());
        let looks = size_of_val(self.looks.as_slice()) + of_looks;
        (detections + looks + size_of_val(self.observations.as_slice())) as u64
    }
}

/// What may have to grow.
#[derive(Clone, Copy, Debug, Default)]
struct Capacity {
    blocks: u32,
    edges: u32,
    table: u32,
    components: u32,
    detections: u32,
    cells: u32,
}

/// A submission that the device has not been asked about yet.
#[derive(Debug)]
struct Flight {
    waves: Vec<Wave>,
    extents: Vec<Extent>,
    landing: Landing,
}

/// All that a track is, and what is known of lanes, by name.
type TrackReadback = Vec<(Field, Readback)>;

/// What the device has been asked for.
#[derive(Debug)]
enum Asked {
    /// Waves.
    Waves(Box<Flight>),
    /// The tracks as they are then.
    Tracks(TrackReadback, wgpu::SubmissionIndex),
}

/// The tracks of all lanes as they were read back.
#[derive(Debug)]
pub struct Tracks {
    /// Where they are.
    pub arrays: Arrays<Host>,
    /// What is known of each lane.
    pub lanes: Vec<LaneState>,
    /// What became of the detections of each lane.
    pub accounts: Vec<[u32; 4]>,
    /// Of each hypothesis of the last wave, where the track lay before it; none unless they were asked for.
    edge_track: Vec<u32>,
    /// The detections of that wave, by cell.
    placed: Vec<Placed>,
}

impl Tracks {
    /// Those of one lane.
    pub(in crate::fusion) fn lane(&self, lane: usize) -> Option<LaneTracks<'_>> {
        let (state, accounts) = self.lanes.get(lane).zip(self.accounts.get(lane))?;
        Some(LaneTracks {
            arrays: &self.arrays,
            first: state.first as usize,
            places: state.places as usize,
            live: state.live as usize,
            ended: Accounts::of(accounts.map(u64::from)),
        })
    }

    /// The hypotheses of the last wave, where they were asked for: place of the track before it, the hypothesis, its
    /// detection.
    pub(in crate::fusion) fn hypotheses(&self) -> impl Iterator<Item = (usize, &Hypothesis, &Placed)> {
        let edges = self.edge_track.iter().zip(&self.arrays.edges);
        edges.filter_map(|(track, edge)| Some((*track as usize, edge, self.placed.get(edge.detection as usize)?)))
    }
}

/// Submissions that the host leaves unasked at most.
const QUEUE: usize = 3;

/// What a submission brings back.
#[derive(Debug)]
struct Landing {
    submission: wgpu::SubmissionIndex,
    status: Readback,
    reports: Readback,
    stamps: Option<Readback>,
    /// Stage of each pass that is timed.
    stages: Vec<Stage>,
}

/// Bytes of waves that wait at most: what is uploaded at once, if one binding takes it.
const PENDING_BYTES: u64 = 256 << 20;

/// Lanes whose tracks live on the device.
#[derive(Debug)]
pub struct DeviceLanes {
    context: Context,
    options: Options,
    config: Config,
    pipelines: BTreeMap<&'static str, Arc<Pipeline>>,
    memory: BTreeMap<Field, Memory>,
    groups: BTreeMap<(&'static str, [Field; 2]), wgpu::BindGroup>,
    params: Option<wgpu::Buffer>,
    timer: Option<Timer>,
    capacity: Capacity,
    lanes: u32,
    /// Fields of a track of which the batch says how many there are.
    widths: Widths,
    field_cells: u32,
    masks: Masks,
    pending: Vec<Wave>,
    pending_bytes: u64,
    /// What the device has been asked for, in order.
    queue: VecDeque<Asked>,
    /// Tracks as they were when they were asked for, in that order.
    snapshots: VecDeque<Tracks>,
    /// Whether tracks are read back with the hypotheses of the last wave.
    with_hypotheses: bool,
    reports: Vec<(Status, u32)>,
    times: Timings,
}

impl DeviceLanes {
    /// Begins with no track in any lane.
    ///
    /// # Errors
    /// If the device does not take the kernels or lacks memory.
    pub fn new(context: Context, config: Config, setups: &[&LaneSetup], options: Options) -> Result<Self, DeviceError> {
        let views = setups.iter().map(|setup| setup.views.len()).max().unwrap_or(0);
        let widths = Widths::of(views).moved_by(&config.motion);
        let mut pipelines = BTreeMap::new();
        for kernel in options.kernels.iter().filter(|kernel| kernel.is_of(widths)) {
            pipelines.insert(kernel.name, context.compiled(kernel, options.workgroup_size)?);
        }
        let timer = if context.has_timestamps() { Some(Timer::new(&context)?) } else { None };
        let memory = Field::all().map(|field| (field, Memory::new(field.name(), field.element_bytes()))).collect();
        let mut lanes = Self {
            context,
            options,
            config,
            pipelines,
            memory,
            groups: BTreeMap::new(),
            params: None,
            timer,
            capacity: Capacity {
                blocks: options.blocks.max(1),
                edges: options.edges.max(1),
                table: options.table.max(1),
                components: 0,
                detections: 1,
                cells: 1,
            },
            lanes: u32::try_from(setups.len()).unwrap_or(u32::MAX),
            widths,
            field_cells: 0,
            masks: Masks::default(),
            pending: Vec::new(),
            pending_bytes: 0,
            queue: VecDeque::new(),
            snapshots: VecDeque::new(),
            with_hypotheses: false,
            reports: Vec::new(),
            times: Timings::default(),
        };
        lanes.begin(setups)?;
        Ok(lanes)
    }

    /// The open device.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Time that the stages took on the device so far, where the adapter can tell. Never part of a result.
    #[must_use]
    pub fn times(&self) -> Timings {
        self.times
    }

    /// Bytes of all arrays on the device.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.memory.values().map(Memory::allocated_bytes).sum()
    }

    /// Bytes a second that the device copies, both reading and writing counted; the best of a few copies.
    ///
    /// # Errors
    /// If the device fails.
    pub fn copy_bandwidth(&self) -> Result<f64, DeviceError> {
        const BYTES: u64 = 128 << 20;
        const COPIES: u32 = 8;
        let usage = wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::COPY_SRC;
        let buffers = [self.context.buffer("copy", BYTES, usage)?, self.context.buffer("copy", BYTES, usage)?];
        let [from, to] = &buffers;
        let mut best = f64::INFINITY;
        for _ in 0..3 {
            let mut encoder = self.context.encoder("copy")?;
            for _ in 0..COPIES {
                encoder.copy_buffer_to_buffer(from, 0, to, 0, BYTES);
            }
            let start = std::time::Instant::now();
            self.context.scoped("copy", || self.context.queue.submit([encoder.finish()]))?;
            self.context.wait("copy")?;
            best = best.min(start.elapsed().as_secs_f64());
        }
        Ok(2.0 * BYTES as f64 * f64::from(COPIES) / best)
    }

    /// Takes one wave; submits those that wait once they fill a submission, and asks after earlier submissions only when
    /// several are under way: the host prepares and uploads waves while the device runs earlier ones.
    ///
    /// # Errors
    /// If the device fails. The lanes are then not to be used further.
    pub fn push(&mut self, wave: Wave) -> Result<(), DeviceError> {
        if self.pending_bytes + wave.bytes() > PENDING_BYTES.min(self.context.report().binding_bytes_max) {
            self.launch()?;
        }
        self.pending_bytes += wave.bytes();
        self.pending.push(wave);
        if self.pending.len() >= self.options.waves { self.launch() } else { Ok(()) }
    }

    /// Runs all waves that wait.
    ///
    /// # Errors
    /// If the device fails. The lanes are then not to be used further.
    pub fn flush(&mut self) -> Result<(), DeviceError> {
        self.launch()?;
        while !self.queue.is_empty() {
            self.settle()?;
        }
        Ok(())
    }

    /// Has tracks read back with the hypotheses of the last wave from now on.
    pub(in crate::fusion) fn bring_hypotheses(&mut self) {
        self.with_hypotheses = true;
    }

    /// Asks for the tracks as they are after the waves taken so far; [`Self::take_snapshot`] has them later.
    ///
    /// # Errors
    /// If the device fails.
    pub fn snapshot(&mut self) -> Result<(), DeviceError> {
        self.launch()?;
        let (readbacks, submission) = self.ask_tracks()?;
        self.enqueue(Asked::Tracks(readbacks, submission))
    }

    /// The oldest tracks that were asked for and not yet taken, if the device has brought them; waits for them if asked
    /// to.
    ///
    /// # Errors
    /// If the device fails.
    pub fn take_snapshot(&mut self, patience: Patience) -> Result<Option<Tracks>, DeviceError> {
        if patience == Patience::Wait {
            self.launch()?;
            while self.snapshots.is_empty() && !self.queue.is_empty() {
                self.settle()?;
            }
        }
        Ok(self.snapshots.pop_front())
    }

    /// Submits the waves that wait.
    fn launch(&mut self) -> Result<(), DeviceError> {
        let waves = core::mem::take(&mut self.pending);
        self.pending_bytes = 0;
        if waves.is_empty() {
            return Ok(());
        }
        let flight = self.fly(waves)?;
        self.enqueue(Asked::Waves(Box::new(flight)))
    }

    /// Adds to the queue, and asks after its front where it is long.
    fn enqueue(&mut self, asked: Asked) -> Result<(), DeviceError> {
        self.queue.push_back(asked);
        while self.queue.len() > QUEUE {
            self.settle()?;
        }
        Ok(())
    }

    /// Asks after the front of the queue. What was submitted behind waves that had halted did nothing: it is done again.
    fn settle(&mut self) -> Result<(), DeviceError> {
        match self.queue.pop_front() {
            None => Ok(()),
            Some(Asked::Tracks(readbacks, submission)) => {
                self.context.wait_for("tracks", Some(submission))?;
                let tracks = self.tracks_of(readbacks)?;
                self.snapshots.push_back(tracks);
                Ok(())
            }
            Some(Asked::Waves(flight)) => {
                if self.land(*flight)? {
                    for asked in core::mem::take(&mut self.queue) {
                        let again = self.again(asked)?;
                        self.queue.push_back(again);
                    }
                }
                Ok(())
            }
        }
    }

    fn again(&mut self, asked: Asked) -> Result<Asked, DeviceError> {
        match asked {
            Asked::Waves(flight) => {
                let Flight { waves, landing, .. } = *flight;
                self.ask(landing)?;
                Ok(Asked::Waves(Box::new(self.fly(waves)?)))
            }
            Asked::Tracks(readbacks, submission) => {
                self.context.wait_for("tracks", Some(submission))?;
                readbacks.into_iter().try_for_each(|(_, readback)| readback.finish(|_| ()))?;
                let (readbacks, submission) = self.ask_tracks()?;
                Ok(Asked::Tracks(readbacks, submission))
            }
        }
    }

    fn fly(&mut self, waves: Vec<Wave>) -> Result<Flight, DeviceError> {
        let extents = self.upload_waves(&waves)?;
        let landing = self.submit(&self.passes(&extents, (0, 0)))?;
        Ok(Flight { waves, extents, landing })
    }

    /// Waits for a submission; where it lacked room, gives it more and goes on. Says whether it did.
    fn land(&mut self, flight: Flight) -> Result<bool, DeviceError> {
        let Flight { waves, extents, landing } = flight;
        let (mut status, mut reports) = self.ask(landing)?;
        let halted = status.halted != 0;
        while status.halted != 0 {
            let extents_again = self.upload_waves(&waves)?;
            let at = self.make_room(status, &extents_again)?;
            let landing = self.submit(&self.passes(&extents_again, at))?;
            (status, reports) = self.ask(landing)?;
        }
        self.reports.extend(reports.into_iter().zip(extents.iter().map(|extent| extent.detections)));
        Ok(halted)
    }

    /// Waits for a submission and reads what it brings back.
    fn ask(&mut self, landing: Landing) -> Result<(Status, Vec<Status>), DeviceError> {
        let Landing { submission, status, reports, stamps, stages } = landing;
        self.context.wait_for("waves", Some(submission))?;
        let mut now = [Status::default()];
        status.finish(|bytes| bytemuck::cast_slice_mut(&mut now).copy_from_slice(bytes))?;
        let mut all = vec![Status::default(); self.options.waves];
        reports.finish(|bytes| bytemuck::cast_slice_mut(&mut all).copy_from_slice(bytes))?;
        if let (Some(timer), Some(stamps)) = (&self.timer, stamps) {
            let count = u32::try_from(stages.len()).unwrap_or(u32::MAX);
            for (stage, spent) in stages.into_iter().zip(timer.read(stamps, count)?) {
                self.times.add(stage, spent);
            }
        }
        let [now] = now;
        Ok((now, all))
    }

    /// What the waves since the last call did, with the number of their detections.
    ///
    /// # Errors
    /// If the device fails.
    pub fn take_reports(&mut self) -> Result<Vec<(Status, u32)>, DeviceError> {
        self.flush()?;
        Ok(core::mem::take(&mut self.reports))
    }

    /// Runs all waves that wait and reads the tracks back.
    ///
    /// # Errors
    /// If the device fails.
    pub fn tracks(&mut self) -> Result<Tracks, DeviceError> {
        self.flush()?;
        let (readbacks, submission) = self.ask_tracks()?;
        self.context.wait_for("tracks", Some(submission))?;
        self.tracks_of(readbacks)
    }

    /// Submits the copies of all that a track is.
    fn ask_tracks(&mut self) -> Result<(TrackReadback, wgpu::SubmissionIndex), DeviceError> {
        let mut encoder = self.context.encoder("tracks")?;
        let mut readbacks = Vec::new();
        let fields = TrackField::ALL.iter().filter(|of| of.words(self.widths) > 0).map(|of| Field::Track(*of));
        let graph = [Field::Status, Field::Edges, Field::EdgeTrack, Field::Placed];
        let graph = graph.into_iter().filter(|_| self.with_hypotheses);
        for field in [Field::LaneStates, Field::Accounts, Field::Lane].into_iter().chain(fields).chain(graph) {
            let memory = self.memory(field)?;
            readbacks.push((field, memory.record_readback(&self.context, memory.elements(), &mut encoder)?));
        }
        let submission = self.context.scoped("tracks", || self.context.queue.submit([encoder.finish()]))?;
        for (_, readback) in &readbacks {
            readback.map();
        }
        Ok((readbacks, submission))
    }

    fn tracks_of(&self, readbacks: TrackReadback) -> Result<Tracks, DeviceError> {
        let (mut lanes, mut accounts) = (Vec::new(), Vec::new());
        let (mut edge_track, mut placed, mut edges) = (Vec::new(), Vec::new(), 0);
        let mut arrays = Arrays { widths: self.widths, ..Arrays::default() };
        for (field, readback) in readbacks {
            readback.finish(|bytes| match field {
                Field::LaneStates => lanes = bytemuck::pod_collect_to_vec(bytes),
                Field::Accounts => accounts = bytemuck::pod_collect_to_vec(bytes),
                Field::Lane => arrays.lane = bytemuck::pod_collect_to_vec(bytes),
                Field::Track(of) => arrays.set_bytes(of, bytes),
                Field::Status => {
                    let status: Vec<Status> = bytemuck::pod_collect_to_vec(bytes);
                    edges = status.first().map_or(0, |status| status.edges as usize);
                }
                Field::Edges => arrays.edges = bytemuck::pod_collect_to_vec(bytes),
                Field::EdgeTrack => edge_track = bytemuck::pod_collect_to_vec(bytes),
                Field::Placed => placed = bytemuck::pod_collect_to_vec(bytes),
                _ => {}
            })?;
        }
        lanes.truncate(self.lanes as usize);
        arrays.edges.truncate(edges);
        Ok(Tracks { arrays, lanes, accounts, edge_track, placed })
    }
}
