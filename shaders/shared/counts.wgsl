// What a scan notes, or a plan compares or begins. Twin: src/fusion/device/program.rs
const COUNT_WAVE = 0u;
const COUNT_EDGES = 1u;
const COUNT_BIRTHS = 2u;
const COUNT_CLUSTERS = 3u;
const COUNT_BLOCKS = 4u;
const COUNT_COMPONENTS = 5u;
const COUNT_TABLE = 6u;
const COUNT_UNFINISHED = 7u;
const COUNT_ROUNDS = 8u;
const COUNT_UNCONVERGED = 9u;
const COUNT_NOTHING = 10u;
