// The ground of cells. Twin: src/scan/cells.rs

// Area of the ground of cell `i` of the planes from this row on, square metres.
fn area_of(row: u32, i: u32) -> f32 {
    var area_m2 = 1.0;
    for (var r = row; r != NONE; r = grounds[r].next) {
        let p = grounds[r];
        if i >= p.first && i - p.first < p.cells_u * p.cells_v {
            area_m2 = area_in_plane(p, i - p.first);
        }
    }
    return area_m2;
}

fn area_in_plane(p: Ground, cell: u32) -> f32 {
    let area_m2 = p.cell_m * p.cell_m;
    let squared = dot3(p.centre, p.centre);
    if squared <= 0.0 {
        return area_m2;
    }
    let u = p.least_m + (f32(cell % p.cells_u) + 0.5) * p.cell_m;
    let v = p.most_m + (f32(cell / p.cells_u) + 0.5) * p.cell_m;
    let cosine2 = squared / (squared + u * u + v * v);
    return area_m2 * (cosine2 * sqrt(cosine2));
}
