//! A wave as plain data: the passes that it consists of, in order, stage by stage.
//!
//! A pass is a kernel, how many invocations it has, and what its parameters say. How many workgroups a size means is
//! computed on the device (`shaders/scan/plan.wgsl`), from counts that only the device knows; where a pass lacked
//! room, all later sizes are zero, and the host grows what did not suffice and goes on from the pass named in `resume`.
//!
//! An exclusive scan of n words is three passes: sums of chunks, a scan of the sums, and the sums spread over the words
//! (reduce, then scan; no chunk waits for another).

use super::fields::Field;
use super::kernels::{CHUNK, KEPT, Params, RECYCLED};
use crate::fusion::arrays::{BLOCK, IDENTITY, TrackField, Widths};
use crate::fusion::associate::ROUNDS_MAX;
use crate::fusion::config::{Config, Mode};
use crate::fusion::stage::Stage;
use crate::mirror::{Numbers, numbered};

/// Every enum whose numbers WGSL has.
pub const NUMBERED: &[&Numbers] = &[&Size::NUMBERS, &Count::NUMBERS];

numbered! {
    /// How many invocations or workgroups a pass has.
    pub enum Size = "SIZE" {
        /// One.
        One = 0,
        /// Detections of the wave.
        Detections = 1,
        /// These, and the end of a scan over them.
        DetectionsAndEnd = 2,
        /// Chunks of these.
        DetectionChunks = 3,
        /// Cells of the wave.
        Cells = 4,
        /// Chunks of these.
        CellChunks = 5,
        /// Places for tracks.
        Places = 6,
        /// These, and the end of a scan over them.
        PlacesAndEnd = 7,
        /// Chunks of these.
        PlaceChunks = 8,
        /// Lanes.
        Lanes = 9,
        /// These, and the end of a scan over them.
        LanesAndEnd = 10,
        /// Chunks of these.
        LaneChunks = 11,
        /// Cells of the fields of undetected targets.
        FieldCells = 12,
        /// Edges.
        Edges = 13,
        /// Clusters to be solved, or tracks that wait to be assigned.
        Work = 14,
        /// The same, a workgroup each.
        WorkGroups = 15,
        /// Births.
        Births = 16,
        /// Places, if tracks move.
        MovingPlaces = 17,
        /// Cells, if tracks move.
        MovingCells = 18,
        /// Chunks of these.
        MovingCellChunks = 19,
        /// Columns of the assignment.
        Slots = 20,
        /// Places, while belief propagation goes on.
        GoingPlaces = 21,
        /// Detections, while belief propagation goes on.
        GoingDetections = 22,
        /// Words of the largest field, if tracks move.
        MovingWords = 23,
        /// Detections, if tracks wait to be assigned.
        WaitedDetections = 24,
    }
}

numbered! {
    /// A count that a scan notes, or that a plan compares with the room there is, or with which something begins anew.
    pub enum Count = "COUNT" {
        /// A plan: all counts of the wave begin.
        Wave = 0,
        /// Edges.
        Edges = 1,
        /// Births.
        Births = 2,
        /// A plan: clusters begin to be counted.
        Clusters = 3,
        /// Blocks after the wave.
        Blocks = 4,
        /// Components of the lane that will have most.
        Components = 5,
        /// Numbers of the tables of exact clusters; a plan: more than can be counted are too many, too.
        Table = 6,
        /// Bounded searches that did not end.
        Unfinished = 7,
        /// A plan: `kind` rounds of the assignment begin, unless nobody waits or there were too many already.
        Rounds = 8,
        /// A plan: clusters with which belief propagation would go on have not converged.
        Unconverged = 9,
        /// None.
        Nothing = 10,
    }
}

/// What may not suffice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// Room for edges.
    Edges,
    /// Room for blocks of tracks.
    Blocks,
    /// Room for Gaussian components of a lane.
    Components,
    /// Room for the tables of exact clusters.
    Table,
    /// Steps of a bounded search: nothing grows, it is run again.
    Steps,
}

/// Rounds of an assignment that a wave has planned: a few that are often enough, and as many as nearly always are. After them
/// the batch halts and has them once more. A claim has four bits for the number of its round.
const ROUNDS: [u32; 2] = [4, 8];

// The twin counts rounds one by one, the device those that are planned together: both end after as many.
const _: () = assert!(ROUNDS_MAX.is_multiple_of(ROUNDS[0] + ROUNDS[1]) && ROUNDS[0] + ROUNDS[1] < 16);

/// One dispatch.
#[derive(Clone, Debug)]
pub struct Pass {
    /// Its stage.
    pub stage: Stage,
    /// Its kernel.
    pub kernel: &'static str,
    /// Its size.
    pub size: Size,
    /// Its parameters.
    pub params: Params,
    /// What stands for the arrays `words` and `copies` of a general kernel.
    pub general: [Field; 2],
    /// If it may halt the batch: for want of what, and the number of the pass to go on from.
    pub halts: Option<(Room, usize)>,
}

/// How much there is of everything when a wave is recorded.
#[derive(Clone, Copy, Debug, Default)]
pub struct Extent {
    /// Lanes.
    pub lanes: u32,
    /// Places for tracks.
    pub places: u32,
    /// Detections of the wave.
    pub detections: u32,
    /// Cells of the wave.
    pub cells: u32,
    /// First look of the wave in its upload.
    pub first_look: u32,
    /// First detection of the wave in its upload.
    pub first_detection: u32,
    /// Number of the wave in its upload.
    pub wave: u32,
    /// Cells of the fields of undetected targets.
    pub field_cells: u32,
    /// Fields of a track of which the batch says how many there are.
    pub widths: Widths,
    /// Whether detections of the wave have addresses that count.
    pub has_addresses: bool,
    /// Room for edges.
    pub edges_max: u32,
    /// Room for Gaussian components of a lane; 0 if no lane has any.
    pub components_max: u32,
    /// Room for tables.
    pub table_max: u32,
}

/// Builds the passes of a wave.
#[derive(Debug)]
struct Builder {
    base: Params,
    extent: Extent,
    stage: Stage,
    passes: Vec<Pass>,
}

/// The passes of one wave.
#[must_use]
pub fn wave(config: &Config, extent: &Extent) -> Vec<Pass> {
    let existence = &config.existence;
    let limit = existence.position_sigma_max_m.get();
    let base = Params {
        lanes: extent.lanes,
        places: extent.places,
        detections: extent.detections,
        cells: extent.cells,
        first_look: extent.first_look,
        first_detection: extent.first_detection,
        wave: extent.wave,
        exact_max: config.association.exact_max,
        components_max: extent.components_max,
        prune: existence.prune.get(),
        recycle: existence.recycle.get(),
        confirm: existence.confirm.get(),
        contributor: existence.contributor.get(),
        level_max: 2.0 * (limit * limit),
        tolerance: config.association.tolerance,
        hypotheses_max: config.association.hypotheses_max.get(),
        address_error: config.address_error(),
        field_cells: extent.field_cells,
        models: u32::try_from(extent.widths.models).unwrap_or(0),
        capacity: u32::MAX,
        ..Params::default()
    };
    let mut to = Builder { base, extent: *extent, stage: Stage::Predict, passes: Vec::new() };
    to.plan(Count::Wave, u32::MAX, None);
    to.predict();
    to.stage = Stage::Gate;
    to.gate();
    to.stage = Stage::Cluster;
    to.cluster();
    to.stage = Stage::Associate;
    match config.association.mode {
        Mode::Assign => to.assign(),
        Mode::Soft => to.soft(config.association.iterations_max),
    }
    to.stage = Stage::Update;
    to.update();
    to.stage = Stage::Manage;
    to.manage();
    to.passes
}

impl Builder {
    /// The pass that was added last.
    #[expect(clippy::indexing_slicing, reason = "called behind a push")]
    fn last(&mut self) -> &mut Pass {
        let last = self.passes.len() - 1;
        &mut self.passes[last]
    }

    fn pass(&mut self, kernel: &'static str, size: Size, n: u32) -> &mut Pass {
        let number = self.passes.len();
        let params = Params { n, pass_number: u32::try_from(number + 1).unwrap_or(u32::MAX), ..self.base };
        let general = [Field::Words, Field::Copies];
        self.passes.push(Pass { stage: self.stage, kernel, size, params, general, halts: None });
        self.last()
    }

    fn of_kind(&mut self, kernel: &'static str, size: Size, n: u32, kind: u32) -> &mut Pass {
        let pass = self.pass(kernel, size, n);
        pass.params.kind = kind;
        pass
    }

    /// Computes all sizes anew; halts where `count` is more than `capacity`.
    fn plan(&mut self, count: Count, capacity: u32, halts: Option<(Room, usize)>) {
        let pass = self.pass("plan", Size::One, 1);
        pass.params.counted = count as u32;
        pass.params.capacity = capacity;
        pass.halts = halts;
    }

    fn general(&mut self, kernel: &'static str, size: Size, n: u32, general: [Field; 2]) -> &mut Pass {
        let pass = self.pass(kernel, size, n);
        pass.general = general;
        pass
    }

    /// An exclusive scan of `count` words in place; `total` says where their sum is noted.
    fn scan(&mut self, words: Field, chunks: Size, count: u32, total: Count) {
        self.scan_words(words, chunks, count, total, [1, 0, 0]);
    }

    fn scan_words(&mut self, words: Field, chunks: Size, count: u32, total: Count, [stride, read, written]: [u32; 3]) {
        for (kernel, size) in [("reduce", chunks), ("scan_sums", Size::One), ("downsweep", chunks)] {
            let pass = self.general(kernel, size, count.div_ceil(CHUNK), [words, Field::Copies]);
            pass.params.capacity = count;
            (pass.params.stride, pass.params.from_word, pass.params.to_word) = (stride, read, written);
            if kernel == "scan_sums" {
                (pass.params.n, pass.params.capacity) = (1, count.div_ceil(CHUNK));
                pass.params.counted = total as u32;
            }
        }
    }

    fn predict(&mut self) {
        let Extent { places, lanes, field_cells, components_max, .. } = self.extent;
        let kernels: &[_] = match self.extent.widths {
            widths if widths.orbits => &["predict_orbit_models", "keep_models"],
            widths if widths.has_models() => &["predict_models", "keep_models"],
            widths if widths.has_rest() => &["predict_orbits"],
            _ => &["predict"],
        };
        for kernel in kernels {
            self.pass(kernel, Size::Places, places);
        }
        self.pass("predict_field", Size::FieldCells, field_cells);
        if components_max > 0 {
            self.pass("predict_components", Size::Lanes, lanes);
        }
    }

    fn gate(&mut self) {
        let Extent { places, detections, cells, components_max, edges_max, .. } = self.extent;
        self.general("clear", Size::Cells, cells, [Field::Cells, Field::Copies]);
        self.pass("cell_histogram", Size::Detections, detections);
        self.scan(Field::Cells, Size::CellChunks, cells, Count::Nothing);
        self.pass("scatter", Size::Detections, detections);
        self.pass("stable_rank", Size::Detections, detections);
        self.pass("field_density", Size::Detections, detections);
        if components_max > 0 {
            self.pass("component_density", Size::Detections, detections);
        }
        let again = self.passes.len();
        if self.extent.widths.has_views() {
            self.pass("detectability", Size::Places, places);
        }
        self.pass("gate_window", Size::Places, places);
        self.of_kind("search", Size::Places, places, 0);
        self.scan_words(Field::Rows, Size::PlaceChunks, places, Count::Edges, [4, 1, 0]);
        self.plan(Count::Edges, edges_max, Some((Room::Edges, again)));
        self.of_kind("search", Size::Places, places, 1);
        if self.extent.has_addresses {
            self.pass("weigh_addresses", Size::Places, places);
        }
    }

    fn cluster(&mut self) {
        let Extent { places, detections, edges_max, .. } = self.extent;
        self.pass("detection_degree", Size::Places, places);
        self.scan(Field::Columns, Size::DetectionChunks, detections, Count::Nothing);
        self.pass("transpose_edges", Size::Edges, edges_max);
        self.pass("sort_columns", Size::Edges, edges_max);
        let again = self.passes.len();
        self.plan(Count::Clusters, u32::MAX, None);
        self.pass("unite", Size::Places, places);
        self.pass("flatten", Size::Places, places);
        self.plan(Count::Unfinished, 0, Some((Room::Steps, again)));
    }

    fn assign(&mut self) {
        let Extent { places, detections, .. } = self.extent;
        self.pass("init_columns", Size::Slots, detections + places + 1);
        self.pass("best_detection", Size::Places, places);
        self.pass("list_unassigned", Size::Places, places);
        let again = self.passes.len();
        let mut round = 0;
        for rounds in ROUNDS {
            self.plan(Count::Rounds, u32::MAX, None);
            self.last().params.kind = rounds;
            if round == 0 {
                self.general("clear", Size::WaitedDetections, detections, [Field::Claims, Field::Copies]);
            }
            for left in (0..rounds).rev() {
                round += 1;
                self.of_kind("claim_paths", Size::Work, places, round);
                self.pass("take_paths", Size::Work, places);
                // Who waits after the last one is counted.
                self.last().params.counted = if left == 0 { Count::Unfinished } else { Count::Nothing } as u32;
            }
        }
        self.plan(Count::Unfinished, 0, Some((Room::Steps, again)));
        self.pass("assignment_weights", Size::Places, places);
    }

    fn soft(&mut self, iterations_max: u32) {
        let Extent { places, detections, edges_max, table_max, .. } = self.extent;
        let again = self.passes.len();
        self.pass("init_clusters", Size::Places, places);
        self.pass("count_tracks", Size::Places, places);
        self.pass("count_detections", Size::Detections, detections);
        self.pass("classify_clusters", Size::Places, places);
        self.plan(Count::Table, table_max, Some((Room::Table, again)));
        self.pass("list_tracks", Size::Places, places);
        self.pass("list_detections", Size::Detections, detections);
        self.pass("exact", Size::WorkGroups, places);
        self.pass("init_messages", Size::Edges, edges_max);
        for _ in 0..iterations_max {
            self.pass("track_to_detection", Size::GoingPlaces, places);
            self.pass("detection_to_track", Size::GoingDetections, detections);
            self.pass("check_convergence", Size::GoingPlaces, places);
            self.plan(Count::Nothing, u32::MAX, None);
        }
        self.plan(Count::Unconverged, u32::MAX, None);
        self.pass("settle_marginals", Size::Places, places);
    }

    fn update(&mut self) {
        let Extent { places, widths, .. } = self.extent;
        if widths.has_views() {
            self.pass("learn_views", Size::Places, places);
        }
        let kernels: &[_] = if widths.has_models() { &["update_models", "merge_models"] } else { &["update"] };
        for kernel in kernels {
            self.pass(kernel, Size::Places, places);
        }
    }

    fn manage(&mut self) {
        let Extent { places, detections, lanes, field_cells, components_max, .. } = self.extent;
        let (detections_and_end, places_and_end) = (detections + 1, places + 1);
        if self.extent.has_addresses {
            self.pass("learn_addresses", Size::Places, places);
        }
        self.pass("birth_probability", Size::DetectionsAndEnd, detections_and_end);
        self.pass("credit", Size::Places, places);
        if self.extent.widths.has_views() {
            self.twins();
        }
        self.scan(Field::Born, Size::DetectionChunks, detections_and_end, Count::Births);
        self.pass("prune_or_recycle", Size::PlacesAndEnd, places_and_end);
        self.of_kind("fate_flags", Size::PlacesAndEnd, places_and_end, KEPT).general = [Field::Keep, Field::Copies];
        self.scan(Field::Keep, Size::PlaceChunks, places_and_end, Count::Nothing);
        if components_max > 0 {
            self.of_kind("fate_flags", Size::PlacesAndEnd, places_and_end, RECYCLED).general =
                [Field::Gathered, Field::Copies];
            self.scan(Field::Gathered, Size::PlaceChunks, places_and_end, Count::Nothing);
            let again = self.passes.len();
            self.pass("count_components", Size::Lanes, lanes);
            self.plan(Count::Components, components_max, Some((Room::Components, again)));
        }
        let again = self.passes.len();
        self.pass("size_lanes", Size::LanesAndEnd, lanes + 1);
        self.scan(Field::Blocks, Size::LaneChunks, lanes + 1, Count::Blocks);
        self.plan(Count::Blocks, blocks(places), Some((Room::Blocks, again)));
        self.pass("place_births", Size::Places, places);
        self.pass("append_births", Size::Detections, detections);
        if components_max > 0 {
            self.pass("recycle_tracks", Size::Places, places);
        }
        self.pass("misdetect", Size::FieldCells, field_cells);
        self.pass("confirm_tracks", Size::Places, places);
        self.moves();
        self.pass("begin_from_field", Size::Births, detections);
        if components_max > 0 {
            self.pass("begin_from_components", Size::Births, detections);
            self.pass("prune_components", Size::Lanes, lanes);
        }
        self.pass("init_births", Size::Births, detections);
        self.pass("credit_births", Size::Births, detections);
        if self.extent.widths.has_views() {
            self.pass("init_views", Size::Births, detections);
        }
        if self.extent.widths.has_rest() {
            self.pass("init_rest", Size::Births, detections);
        }
        if self.extent.widths.has_models() {
            self.pass("init_models", Size::Births, detections);
        }
        self.pass("commit_lanes", Size::Lanes, lanes);
        self.pass("report", Size::One, 1);
    }

    /// Merges tracks of one object that different views feed.
    fn twins(&mut self) {
        let Extent { places, edges_max, .. } = self.extent;
        for of in [Field::Elders, Field::Heirs] {
            self.general("clear", Size::Places, places, [of, Field::Copies]);
        }
        self.pass("portray", Size::Places, places);
        self.pass("elder", Size::Edges, edges_max);
        self.pass("heir", Size::Places, places);
        self.pass("merge", Size::Places, places);
    }

    /// Puts tracks where they belong, if any lane asks for it: into spare arrays and back.
    fn moves(&mut self) {
        let Extent { places, cells, widths, .. } = self.extent;
        self.general("clear", Size::MovingCells, cells, [Field::Cells, Field::Copies]);
        self.general("clear", Size::MovingPlaces, places, [Field::Spare(TrackField::Odds), Field::Copies]);
        // Places that no track comes to have nothing to account for.
        let words = places * u32::try_from(IDENTITY).unwrap_or(0);
        self.general("clear", Size::MovingWords, words, [Field::Spare(TrackField::Identity), Field::Copies]);
        self.pass("count_cells", Size::MovingPlaces, places);
        self.scan(Field::Cells, Size::MovingCellChunks, cells, Count::Nothing);
        self.pass("scatter", Size::MovingPlaces, places);
        self.pass("compaction_targets", Size::MovingPlaces, places);
        let words = |of: TrackField| u32::try_from(of.words(widths)).unwrap_or(0);
        let fields = || TrackField::ALL.iter().copied().filter(|of| words(*of) > 0);
        for of in fields() {
            let general = [Field::Track(of), Field::Spare(of)];
            self.general("move_words", Size::MovingPlaces, places, general).params.stride = words(of);
        }
        for of in fields() {
            self.general("copy_words", Size::MovingWords, places * words(of), [Field::Spare(of), Field::Track(of)]);
        }
        self.pass("assign_blocks", Size::MovingPlaces, blocks(places));
    }
}

fn blocks(places: u32) -> u32 {
    places / u32::try_from(BLOCK).unwrap_or(u32::MAX)
}
