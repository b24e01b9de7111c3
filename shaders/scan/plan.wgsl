// Says how many workgroups every pass has, from what is counted on the device; none where the batch has halted.
// One invocation. Guard: invocations past the first return.
// Twin: src/fusion/device/program.rs

// Sizes that a pass can have.
override SIZES: u32;

// Rounds of an assignment after which those that wait are left alone.
override ROUNDS_MAX: u32;

// Longest list that is put in order by ranks.
override RANK_MAX: u32;

// Words of a motion model of a track, where there are several.
override MODEL: u32;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> status: array<Status>;
@group(0) @binding(2) var<storage, read_write> arguments: array<u32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn plan(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = index_of(id);
    if i >= params.n {
        return;
    }
    let crowded = status[0].longest > RANK_MAX;
    if status[0].halted == 0u && (crowded || needed() > params.capacity) {
        status[0].halted = params.pass_number;
        status[0].wave = params.wave;
        status[0].needed = needed();
    }
    let running = status[0].halted == 0u;
    if running {
        note();
    }
    for (var size = 0u; size < SIZES; size++) {
        let groups = select(0u, groups_of(size), running);
        let wide = min(groups, GROUPS_MAX);
        var deep = 1u;
        if groups > GROUPS_MAX {
            deep = (groups + GROUPS_MAX - 1u) / GROUPS_MAX;
        }
        arguments[3u * size] = wide;
        arguments[3u * size + 1u] = deep;
        arguments[3u * size + 2u] = 1u;
    }
}

// What the passes before this one needed of what may not suffice.
fn needed() -> u32 {
    let s = status[0];
    switch params.counted {
        case COUNT_EDGES: { return s.edges; }
        case COUNT_BLOCKS: { return s.next_blocks; }
        case COUNT_COMPONENTS: { return s.components; }
        case COUNT_TABLE: { return select(s.table, 0xffffffffu, s.unfinished == 1u); }
        case COUNT_UNFINISHED: { return s.unfinished; }
        default: { return 0u; }
    }
}

// Counts that begin anew here, or end. Where a batch has halted they stay as they are: it goes on with them.
fn note() {
    switch params.counted {
        case COUNT_WAVE: {
            var fresh = Status();
            fresh.wave = params.wave;
            status[0] = fresh;
        }
        case COUNT_CLUSTERS: {
            status[0].unfinished = 0u;
            status[0].clusters = 0u;
        }
        case COUNT_ROUNDS: { begin_rounds(); }
        case COUNT_UNCONVERGED: { status[0].unconverged = status[0].going; }
        default: {}
    }
}

fn begin_rounds() {
    if status[0].unfinished == 0u || status[0].rounds >= ROUNDS_MAX {
        status[0].unconverged += status[0].unfinished;
        status[0].work = 0u;
    }
    status[0].unfinished = 0u;
    status[0].rounds += params.kind;
}

fn invocations(count: u32) -> u32 {
    return (count + WORKGROUP_SIZE - 1u) / WORKGROUP_SIZE;
}

fn chunks(count: u32) -> u32 {
    return (count + CHUNK - 1u) / CHUNK;
}

fn groups_of(size: u32) -> u32 {
    let s = status[0];
    let moves = s.moves == 1u;
    switch size {
        case SIZE_ONE: { return 1u; }
        case SIZE_DETECTIONS: { return invocations(params.detections); }
        case SIZE_DETECTIONS_AND_END: { return invocations(params.detections + 1u); }
        case SIZE_DETECTION_CHUNKS: { return chunks(params.detections + 1u); }
        case SIZE_CELLS: { return invocations(params.cells); }
        case SIZE_CELL_CHUNKS: { return chunks(params.cells); }
        case SIZE_PLACES: { return invocations(params.places); }
        case SIZE_PLACES_AND_END: { return invocations(params.places + 1u); }
        case SIZE_PLACE_CHUNKS: { return chunks(params.places + 1u); }
        case SIZE_LANES: { return invocations(params.lanes); }
        case SIZE_LANES_AND_END: { return invocations(params.lanes + 1u); }
        case SIZE_LANE_CHUNKS: { return chunks(params.lanes + 1u); }
        case SIZE_FIELD_CELLS: { return invocations(params.field_cells); }
        case SIZE_EDGES: { return invocations(s.edges); }
        case SIZE_WORK: { return invocations(s.work); }
        case SIZE_WORK_GROUPS: { return s.work; }
        case SIZE_BIRTHS: { return invocations(s.births); }
        case SIZE_MOVING_PLACES: { return select(0u, invocations(params.places), moves); }
        case SIZE_MOVING_CELLS: { return select(0u, invocations(params.cells), moves); }
        case SIZE_MOVING_CELL_CHUNKS: { return select(0u, chunks(params.cells), moves); }
        case SIZE_SLOTS: { return invocations(params.detections + params.places + 1u); }
        case SIZE_GOING_PLACES: { return select(0u, invocations(params.places), s.going > 0u); }
        case SIZE_GOING_DETECTIONS: { return select(0u, invocations(params.detections), s.going > 0u); }
        case SIZE_WAITED_DETECTIONS: { return select(0u, invocations(params.detections), s.work > 0u); }
        case SIZE_MOVING_WORDS: { return select(0u, invocations(params.places * max(COVARIANCE, params.models * MODEL)), moves); }
        default: { return 0u; }
    }
}
