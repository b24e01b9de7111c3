// Writes down what is compared of every track that may be a twin. One invocation a track.
// Guard: places past the end return. Twin: src/fusion/views/twins.rs

// Twins exist with more than this probability.
override TWIN_EXISTENCE: f32;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> looks: array<LaneStep>;
@group(0) @binding(2) var<storage, read> view_looks: array<ViewLook>;
@group(0) @binding(3) var<storage, read> lane: array<u32>;
@group(0) @binding(4) var<storage, read> odds: array<f32>;
@group(0) @binding(5) var<storage, read> identity: array<u32>;
@group(0) @binding(6) var<storage, read> tile: array<i32>;
@group(0) @binding(7) var<storage, read> mean: array<f32>;
@group(0) @binding(8) var<storage, read> covariance: array<f32>;
@group(0) @binding(9) var<storage, read> views: array<u32>;
@group(0) @binding(10) var<storage, read_write> portraits: array<Portrait>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn portray(@builtin(global_invocation_id) id: vec3<u32>) {
    let track = index_of(id);
    if track >= params.n {
        return;
    }
    portraits[track].odds = 0.0;
    let l = lane[track / BLOCK];
    if !is_awake(l) {
        return;
    }
    let look = looks[params.first_look + l];
    let o = odds[track];
    if look.views > 1u && o > 0.0 && o / (1.0 + o) > TWIN_EXISTENCE {
        write_down(look, l, track, o);
    }
}

fn write_down(look: LaneStep, l: u32, track: u32, o: f32) {
    var most = -1.0;
    var variance_m2 = 0.0;
    var seen = array<f32, 8>();
    for (var h = 0u; h < look.views; h++) {
        let view = view_looks[view_at(l, h)];
        let steps = stored(views[at(track, h / 2u, VIEW_WORDS)], h);
        // That of the view that looked is of now.
        seen[h] = select(chance_now(view, steps).x, chance(steps).x, h == look.view);
        if seen[h] > most {
            most = seen[h];
            variance_m2 = view.variance_m2;
        }
    }
    portraits[track] = Portrait(
        tile_of(track),
        o,
        mean_of(track, 0u),
        variance_m2,
        mean_of(track, 3u),
        identity[at(track, BORN_SCAN, IDENTITY)],
        array(
            covariance[at(track, 15u, COVARIANCE)],
            covariance[at(track, 16u, COVARIANCE)],
            covariance[at(track, 17u, COVARIANCE)],
            covariance[at(track, 18u, COVARIANCE)],
            covariance[at(track, 19u, COVARIANCE)],
            covariance[at(track, 20u, COVARIANCE)],
        ),
        identity[at(track, BORN_DETECTION, IDENTITY)],
        look.radial,
        seen,
    );
}
