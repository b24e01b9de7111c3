// The cells of planes. Twin: src/scan/cells.rs

// Index of the cell below a point, in the first plane that has one, or NONE.
fn cell_of(row: u32, tile: vec3<i32>, offset_m: vec3<f32>) -> u32 {
    for (var r = row; r != NONE; r = grounds[r].next) {
        let cell = cell_of_plane(grounds[r], tile, offset_m);
        if cell != NONE {
            return cell;
        }
    }
    return NONE;
}

fn cell_of_plane(p: Ground, tile: vec3<i32>, offset_m: vec3<f32>) -> u32 {
    let d = from_ground(p, tile, offset_m);
    var u = dot3(d, p.east);
    var v = dot3(d, p.north);
    let squared = dot3(p.centre, p.centre);
    if squared > 0.0 {
        // Seen from the Earth's centre.
        let at = vec3<f32>(tile) * TILE_M + offset_m;
        let up = dot3(at, p.centre);
        if up > 0.0 {
            let nearer = squared / up;
            u = dot3(at, p.east) * nearer - p.least_m;
            v = dot3(at, p.north) * nearer - p.most_m;
        } else {
            return NONE;
        }
    }
    let i = u / p.cell_m;
    let j = v / p.cell_m;
    if i >= 0.0 && j >= 0.0 && i < f32(p.cells_u) && j < f32(p.cells_v) {
        return p.first + u32(j) * p.cells_u + u32(i);
    }
    return NONE;
}
