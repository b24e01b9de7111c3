// Sums over the subsets of a cluster, folded in halves. Twin: src/fusion/associate/exact.rs

var<workgroup> values: array<f32, 1024>;

// The sum over sets without `bit` of the layer `a`, times that of the sets with it in layer `b` if there are `two`.
fn folded(a: u32, b: u32, bit: u32, size: u32, local: u32, two: bool) -> f32 {
    workgroupBarrier();
    for (var s = local; s < size; s += WORKGROUP_SIZE) {
        var value = 0.0;
        if (s & bit) == 0u {
            value = table[a + s];
            if two {
                value = value * table[b + (s | bit)];
            }
        }
        values[s] = value;
    }
    for (var half = size / 2u; half > 0u; half = half / 2u) {
        workgroupBarrier();
        for (var s = local; s < half; s += WORKGROUP_SIZE) {
            values[s] = values[s] + values[s + half];
        }
    }
    workgroupBarrier();
    return values[0];
}
