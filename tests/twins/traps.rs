//! Canaries for what drivers are known to do otherwise: each says what the kernels rely on.

use crate::{exact_trial, open, trial};
use libtest_mimic::{Failed, Trial};
use trackweave::fusion::arrays::{Arrays, BLOCK, Host};
use trackweave::fusion::device::kernels::{Access, Binding, Field, HYPOTHESES_MAX};
use trackweave::fusion::device::{Kernel, Options, Runner};

/// Numbers that a canary computes with; read from memory, so that no compiler knows them.
const BEFORE: [f32; 8] = [1.0, f32::NAN, 1e-40, 3.0, 16_777_217.0, 0.1, 2.0, -0.0];

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("traps::a_loop_as_long_as_the_longest_row_is_not_cut".into(), loops),
        trial("traps::nan_is_seen_by_its_bits_and_less_than_nothing".into(), nan),
        exact_trial("traps::a_product_and_a_sum_are_rounded_apart".into(), contraction),
        trial("traps::division_and_root_are_rounded_correctly".into(), rounding),
        exact_trial("traps::denormals_are_kept".into(), denormals),
        trial("traps::far_numbers_become_the_nearest_integer".into(), conversion),
    ]
}

fn loops() -> Result<(), Failed> {
    // One driver ends every invocation after 65,535 iterations, all loops together, and says nothing.
    let body =
        format!("var n = 0.0; for (var i = 0u; i < {HYPOTHESES_MAX}u; i++) {{ n += odds[3] / 3.0; }} odds[0] = n;");
    let found = run(&body)?[0];
    let wanted = HYPOTHESES_MAX as f32;
    if found == wanted { Ok(()) } else { Err(format!("{found} iterations, wanted {wanted}").into()) }
}

fn nan() -> Result<(), Failed> {
    let found = run("odds[0] = select(0.0, 1.0, (bitcast<u32>(odds[1]) & 0x7fffffffu) > 0x7f800000u);
        odds[2] = select(0.0, 1.0, odds[1] < odds[3]); odds[4] = select(0.0, 1.0, odds[3] < odds[1]);")?;
    let found = [found[0], found[2], found[4]];
    if found == [1.0, 0.0, 0.0] { Ok(()) } else { Err(format!("{found:?}, wanted [1, 0, 0]").into()) }
}

/// 0.1 × 0.1 - round(0.1 × 0.1) is 0 where each operation is rounded, and the rounding error where both are one.
fn contraction() -> Result<(), Failed> {
    let found = run("let product = odds[5] * odds[5]; odds[0] = product; odds[2] = odds[5] * odds[5] - odds[0];")?[2];
    if found == 0.0 { Ok(()) } else { Err(format!("{found:e}, wanted 0: contracted").into()) }
}

fn rounding() -> Result<(), Failed> {
    let found = run("odds[0] = odds[5] / odds[3]; odds[2] = sqrt(odds[6]);")?;
    let (found, wanted) = ([found[0], found[2]], [BEFORE[5] / BEFORE[3], BEFORE[6].sqrt()]);
    if found == wanted { Ok(()) } else { Err(format!("{found:?}, wanted {wanted:?}").into()) }
}

fn denormals() -> Result<(), Failed> {
    let found = run("odds[0] = odds[2] + odds[2];")?[0];
    let wanted = BEFORE[2] + BEFORE[2];
    if found.to_bits() == wanted.to_bits() { Ok(()) } else { Err(format!("{found:e}, wanted {wanted:e}").into()) }
}

/// Beyond what a word holds, naga clamps to the largest float that is an integer; the kernels clamp to the integer.
fn conversion() -> Result<(), Failed> {
    let found =
        run("odds[0] = f32(i32(odds[4])); odds[2] = f32(i32(odds[1])); odds[6] = f32(i32(-odds[3] / odds[6]));")?;
    let wanted = [16_777_216.0, -1.0];
    let found = [found[0], found[6]];
    if found == wanted { Ok(()) } else { Err(format!("{found:?}, wanted {wanted:?}").into()) }
}

/// Runs `body` once, over a block of odds that begins with [`BEFORE`], and gives the block.
fn run(body: &str) -> Result<Vec<f32>, Failed> {
    let wgsl = format!(
        "override WORKGROUP_SIZE: u32;
        struct Params {{ tracks: u32, lanes: u32 }}
        @group(0) @binding(0) var<uniform> params: Params;
        @group(0) @binding(1) var<storage, read_write> odds: array<f32>;
        @compute @workgroup_size(WORKGROUP_SIZE)
        fn trap(@builtin(global_invocation_id) id: vec3<u32>) {{
            if id.x >= min(params.tracks, 1u) {{ return; }}
            {body}
        }}"
    );
    let bindings = &[Binding { field: Field::Odds, access: Access::ReadWrite }];
    let kernel = Kernel { name: "trap", wgsl: wgsl.leak(), bindings, constants: &[], layouts: &[] };
    let mut runner = Runner::new(open()?, vec![kernel].leak(), Options::LARGEST)?;
    let mut arrays = Arrays::<Host>::default();
    arrays.resize_blocks(1);
    arrays.odds[..BEFORE.len()].copy_from_slice(&BEFORE);
    assert_eq!(arrays.odds.len(), BLOCK, "one block");
    runner.stage("trap", &mut arrays)?;
    Ok(arrays.odds)
}
