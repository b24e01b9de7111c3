//! What a device does when asked for too much, for nothing, or after it is gone.

use crate::cases::{copy, wave};
use crate::compare::{Tolerance, written};
use crate::{open, trial};
use libtest_mimic::{Failed, Trial};
use trackweave::fusion::arrays::{Edge, Row};
use trackweave::fusion::device::{
    Context, DeviceArray, DeviceError, KERNELS, Kernel, Options, Runner, Wanted, auto, list,
};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("device::arrays_come_back_as_they_went".into(), round_trip),
        trial("device::an_array_that_no_buffer_holds_is_an_error".into(), too_large),
        trial("device::a_lost_device_is_an_error_and_changes_nothing".into(), lost),
        trial("device::a_shader_that_is_not_valid_is_an_error".into(), invalid_shader),
        trial("device::a_workgroup_that_is_too_large_is_an_error".into(), invalid_workgroup),
        trial("device::a_stage_without_a_kernel_is_an_error".into(), no_kernel),
        trial("device::a_row_that_a_driver_would_cut_is_an_error".into(), long_row),
        trial("device::ten_runs_give_the_same_bytes".into(), same_bytes),
        trial("device::the_list_says_what_auto_takes".into(), listed),
        Trial::test("device::an_adapter_that_is_not_there_is_an_error", not_there),
    ]
}

fn round_trip() -> Result<(), Failed> {
    let context = open()?;
    let mut array = DeviceArray::<Edge>::new("edges");
    // Up, then smaller, empty, and larger than ever: what was there before must not show.
    for length in [3u32, 1000, 17, 0, 5000] {
        let edges: Vec<Edge> = (0..length).map(|detection| Edge { detection, weight: 0.5 }).collect();
        array.upload(&context, &edges)?;
        if array.len() != edges.len() || array.is_empty() != edges.is_empty() || array.download(&context)? != edges {
            return Err(format!("{length} edges came back otherwise").into());
        }
    }
    Ok(())
}

fn too_large() -> Result<(), Failed> {
    let context = open()?;
    let limit = context.report().buffer_bytes_max;
    let rows = usize::try_from(limit / size_of::<Row>() as u64 + 1)?;
    if limit > 4 << 30 {
        return Ok(()); // The host would need as much to ask for it.
    }
    let mut array = DeviceArray::<Row>::new("rows");
    expect(
        array.upload(&context, &vec![Row::default(); rows]),
        |error| matches!(error, DeviceError::TooLarge { array: "rows", place: "buffer", found, wanted } if found < wanted),
    )
}

fn lost() -> Result<(), Failed> {
    let mut runner = Runner::new(open()?, KERNELS, Options::LARGEST)?;
    let (mut found, before) = (wave(100, 9), wave(100, 9));
    runner.context().destroy();
    for kernel in KERNELS {
        expect(runner.stage(kernel.name, &mut found), |error| matches!(error, DeviceError::Lost { .. }))?;
        written(kernel, &found, &before, Tolerance::Bits)?;
    }
    Ok(())
}

fn invalid_shader() -> Result<(), Failed> {
    let wrong = Kernel { wgsl: "fn predict() { oops }", ..KERNELS[0] };
    let message = |error: &DeviceError| {
        let text = error.to_string();
        text.starts_with("the device refused compilation of `predict`: ") && !text.contains('\n')
    };
    expect(Runner::new(open()?, vec![wrong].leak(), Options::LARGEST), message)
}

fn invalid_workgroup() -> Result<(), Failed> {
    let options = Options { workgroup_size: 100_000, ..Options::LARGEST };
    expect(Runner::new(open()?, KERNELS, options), |error| matches!(error, DeviceError::Invalid { .. }))
}

fn no_kernel() -> Result<(), Failed> {
    let mut runner = Runner::new(open()?, KERNELS, Options::LARGEST)?;
    for tracks in [0, 100] {
        expect(runner.stage("gate", &mut wave(tracks, 9)), |error| {
            error.to_string() == "there is no kernel `gate`; there are: predict, update"
        })?;
    }
    Ok(())
}

fn long_row() -> Result<(), Failed> {
    let mut runner = Runner::new(open()?, KERNELS, Options::LARGEST)?;
    let mut found = wave(100, 9);
    found.rows[5].count = 1 << 20;
    let before = copy(&found);
    expect(runner.stage("update", &mut found), |error| matches!(error, DeviceError::LongRow { track: 5, .. }))?;
    written(&KERNELS[1], &found, &before, Tolerance::Bits)?;
    Ok(())
}

fn same_bytes() -> Result<(), Failed> {
    let mut runner = Runner::new(open()?, KERNELS, Options::LARGEST)?;
    for kernel in KERNELS {
        let mut first = wave(3000, 10);
        runner.stage(kernel.name, &mut first)?;
        for _ in 1..10 {
            let mut again = wave(3000, 10);
            runner.stage(kernel.name, &mut again)?;
            written(kernel, &again, &first, Tolerance::Bits)?;
        }
    }
    Ok(())
}

fn listed() -> Result<(), Failed> {
    let (reports, taken) = (list(), auto());
    if reports.is_empty() || !reports.is_sorted_by_key(|report| report.kind) {
        return Err(format!("not the adapters, the best first: {reports:?}").into());
    }
    let marked: Vec<_> = reports.iter().filter(|report| report.auto).collect();
    if marked != taken.iter().collect::<Vec<_>>() {
        return Err(format!("`auto` takes {taken:?}, the list says {marked:?}").into());
    }
    Ok(())
}

fn not_there() -> Result<(), Failed> {
    expect(Context::open(Wanted::Named("no such adapter")), |error| matches!(error, DeviceError::NoAdapter { .. }))
}

fn expect<T>(done: Result<T, DeviceError>, wanted: impl Fn(&DeviceError) -> bool) -> Result<(), Failed> {
    match done {
        Ok(_) => Err("it did not fail".into()),
        Err(error) if wanted(&error) => Ok(()),
        Err(error) => Err(format!("another error: {error}").into()),
    }
}
