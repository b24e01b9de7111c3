// The order within a cell. Twin: src/fusion/grid.rs

// The place of `i` among all: by cell, within a cell by number.
fn place_in(cell: u32, i: u32) -> u32 {
    let start = start_of(cell);
    var place = start;
    for (var other = start; other < cells[cell]; other++) {
        place += select(0u, 1u, unordered[other] < i);
    }
    return place;
}
