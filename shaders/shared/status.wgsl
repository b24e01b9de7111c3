// What kernels report: counts, and the pass that lacked room. Twin: src/fusion/device/kernels.rs
struct Status {
    // Number of the pass that halted the batch, the wave, and what it needed; 0: none has.
    halted: u32,
    wave: u32,
    needed: u32,
    // Of the present wave.
    edges: u32,
    births: u32,
    next_blocks: u32,
    moves: u32,
    clusters: u32,
    exact: u32,
    belief: u32,
    unconverged: u32,
    // Clusters to be solved, or tracks that wait to be assigned; their members, the numbers of their tables, those that belief propagation goes on with.
    work: u32,
    listed: u32,
    table: u32,
    going: u32,
    // Largest number of components of a lane.
    components: u32,
    // Not 0 if a bounded search or a count did not end: of an assignment, tracks that wait still.
    unfinished: u32,
    // Rounds of the assignment that are over once those that are planned are.
    rounds: u32,
    // Tracks that were there before births.
    tracks: u32,
    // Longest list that was put in order by ranks.
    longest: u32,
    // Tracks whose gates were narrowed.
    narrowed: u32,
    // Twins that ended.
    merged: u32,
}
