//! Canaries for what drivers are known to do otherwise: each says what the kernels rely on. The numbers come from
//! memory, so that no compiler knows them.

use crate::{denormal_trial, exact_trial, open, trial};
use libtest_mimic::{Failed, Trial};
use trackweave::fusion::device::{Kernel, probe};

/// More iterations than any loop of a kernel has by design: one driver ends an invocation after 65,535.
const ITERATIONS: u32 = 60_000;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("traps::a_loop_as_long_as_the_longest_row_is_not_cut".into(), loops),
        trial("traps::nan_is_seen_by_its_bits_and_never_less".into(), nan),
        exact_trial("traps::a_product_and_a_sum_are_rounded_apart".into(), contraction),
        exact_trial("traps::a_sum_that_begins_with_no_product_keeps_its_order".into(), order),
        exact_trial("traps::division_and_root_are_rounded_correctly".into(), rounding),
        denormal_trial("traps::denormals_are_kept".into(), denormals),
    ]
}

/// One driver ends every invocation after 65,535 iterations, all loops together, and says nothing.
fn loops() -> Result<(), Failed> {
    let body = format!("for (var i = 0u; i < {ITERATIONS}u; i++) {{ x[0] += x[1]; }}");
    expect(&[0.0, 1.0], &body, &[ITERATIONS as f32])
}

fn nan() -> Result<(), Failed> {
    let body = "let nan = x[0]; let one = x[1];
        x[0] = select(0.0, 1.0, (bitcast<u32>(nan) & 0x7fffffffu) > 0x7f800000u);
        x[1] = select(0.0, 1.0, nan < one);
        x[2] = select(0.0, 1.0, one < nan);";
    expect(&[f32::NAN, 1.0, 1.0], body, &[1.0, 0.0, 0.0])
}

fn contraction() -> Result<(), Failed> {
    let (a, product) = (0.1f32, 0.1f32 * 0.1f32);
    assert!((f64::from(a) * f64::from(a) - f64::from(product)).abs() > 0.0, "rounding shows in this product");
    expect(&[a, product], "x[0] = x[0] * x[0] - x[1];", &[0.0])
}

fn order() -> Result<(), Failed> {
    // 1 + 2⁻²⁴ + 2⁻²⁴ is 1 from the left, and more in any other order.
    let small = 2f32.powi(-12);
    assert!(1.0 + (small * small + small * small) > 1.0, "order shows in this sum");
    expect(&[1.0, small, small, small, small], "x[0] = x[0] + x[1] * x[2] + x[3] * x[4];", &[1.0])
}

fn rounding() -> Result<(), Failed> {
    let values: Vec<f32> = (0..16).map(|i| 0.1 + 0.37 * i as f32).collect();
    let wanted: Vec<f32> = values.windows(2).flat_map(|pair| [pair[0] / pair[1], pair[0].sqrt()]).collect();
    let body = "for (var i = 15u; i > 0u; i--) {
        let a = x[i - 1u]; let b = x[i]; x[2u * i - 2u] = a / b; x[2u * i - 1u] = sqrt(a);
    }";
    expect(&values, body, &wanted)
}

pub(crate) fn denormals() -> Result<(), Failed> {
    expect(&[1e-40], "x[0] = x[0] + x[0];", &[1e-40 + 1e-40])
}

/// Runs `body` once over an array `x` that begins with `values`; demands what it begins with afterwards, bit for bit.
fn expect(values: &[f32], body: &str, wanted: &[f32]) -> Result<(), Failed> {
    let wgsl = format!(
        "override WORKGROUP_SIZE: u32;
struct Params {{ n: u32 }}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> words: array<f32>;
@compute @workgroup_size(WORKGROUP_SIZE)
fn trap(@builtin(global_invocation_id) id: vec3<u32>) {{
    if id.x >= params.n {{ return; }}
    {}
}}",
        body.replace("x[", "words[")
    );
    let kernel = Kernel { name: "trap", wgsl: wgsl.leak() };
    let mut words: Vec<u32> = values.iter().map(|value| value.to_bits()).collect();
    words.resize(words.len().max(wanted.len()), 0);
    let found = probe(&open()?, &kernel, &words)?;
    let same = found.iter().zip(wanted).all(|(found, wanted)| *found == wanted.to_bits());
    let found: Vec<f32> = found.into_iter().map(f32::from_bits).collect();
    if same { Ok(()) } else { Err(format!("found {found:?}, wanted {wanted:?}").into()) }
}
