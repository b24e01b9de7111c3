// The cells of a wave, each with its end. Twin: src/fusion/grid.rs

fn start_of(cell: u32) -> u32 {
    if cell == 0u {
        return 0u;
    }
    return cells[cell - 1u];
}
