// What one dispatch works on, and the parameters of the filter. Twin: src/fusion/device/kernels.rs
struct Params {
    // Invocations that have work.
    n: u32,
    lanes: u32,
    // Places for tracks.
    places: u32,
    // Detections and cells of this wave, and where it lies in the uploads.
    detections: u32,
    cells: u32,
    first_look: u32,
    first_detection: u32,
    wave: u32,
    // Cells of the fields of undetected targets.
    field_cells: u32,
    // Of a scan or a copy: words of an element, the word read, the word written.
    stride: u32,
    from_word: u32,
    to_word: u32,
    // Which count a scan notes, or a plan compares with the room there is.
    counted: u32,
    capacity: u32,
    // The number of the pass in its wave, plus one.
    pass_number: u32,
    exact_max: u32,
    // Room for Gaussian components of a lane.
    components_max: u32,
    // What a pass that has several uses is asked to do.
    kind: u32,
    prune: f32,
    recycle: f32,
    confirm: f32,
    contributor: f32,
    // Twice the square of the largest standard deviation of a track's position along a horizontal axis.
    level_max: f32,
    tolerance: f32,
    // Detections that a track may choose among.
    hypotheses_max: u32,
    // Probability that an address is not that of its object alone; 0 where addresses do not count.
    address_error: f32,
    // Motion models of a track; 0 where all move by one.
    models: u32,
}
