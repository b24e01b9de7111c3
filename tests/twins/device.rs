//! What a device does when asked for too much, for nothing, or after it is gone.

use crate::cases::{setups, states, wave};
use crate::compare::{Tolerance, written};
use crate::{config, fresh, lanes, open, trial};
use libtest_mimic::{Failed, Trial};
use trackweave::fusion::batch::Batch;
use trackweave::fusion::device::{
    Context, DeviceError, DeviceLanes, KERNELS, Kernel, Options, Wanted, auto, list, probe,
};
use trackweave::fusion::error::FusionError;
use trackweave::fusion::executor::{Executor, KernelError};
use trackweave::fusion::stage::Stage;
use trackweave::scan::{Detection, Observation, Scan, Sight, Sourced, Views};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("device::an_array_that_no_buffer_holds_is_an_error".into(), too_large),
        trial("device::a_lost_device_is_an_error_and_changes_nothing".into(), lost),
        trial("device::a_shader_that_is_not_valid_is_an_error".into(), invalid_shader),
        trial("device::a_workgroup_that_is_too_large_is_an_error".into(), invalid_workgroup),
        trial("device::a_kernel_that_is_not_there_is_an_error".into(), no_kernel),
        trial("device::too_many_in_one_place_is_an_error".into(), crowded),
        trial("device::waves_that_wait_fit_the_largest_binding".into(), many_waves),
        trial("device::a_track_takes_as_many_bytes_as_documented".into(), footprint),
        trial("device::the_list_says_what_auto_takes".into(), listed),
        Trial::test("device::an_adapter_that_is_not_there_is_an_error", not_there),
    ]
}

fn too_large() -> Result<(), Failed> {
    let options = Options { edges: u32::MAX, ..Options::USUAL };
    let error = lanes(options).err().ok_or("it did not fail")?;
    if error.contains("needs") && error.contains("the device allows") { Ok(()) } else { Err(error.into()) }
}

fn lost() -> Result<(), Failed> {
    let setups = setups();
    let fields: Vec<_> = setups.iter().collect();
    let mut on_device = DeviceLanes::new(fresh()?, config(), &fields, Options::USUAL)?;
    let (mut found, before) = (wave(100, 9), wave(100, 9));
    on_device.context().destroy();
    for stage in [Stage::Predict, Stage::Update] {
        let done = on_device.stage(stage, &mut found, &states(), &fields);
        expect(done, |error| matches!(error, DeviceError::Lost { .. }))?;
        written(&found, &before, Tolerance::Bits)?;
    }
    let again = found.clone();
    Ok(written(&again, &before, Tolerance::Bits)?)
}

fn invalid_shader() -> Result<(), Failed> {
    let wrong = Kernel { name: "trap", wgsl: "fn trap() { oops }" };
    expect(probe(&open()?, &wrong, &[0]), |error| {
        let text = error.to_string();
        text.starts_with("the device refused compilation of `trap`: ") && !text.contains('\n')
    })
}

fn invalid_workgroup() -> Result<(), Failed> {
    let error = lanes(Options { workgroup_size: 100_000, ..Options::USUAL }).err().ok_or("it did not fail")?;
    if error.starts_with("the device refused compilation of ") { Ok(()) } else { Err(error.into()) }
}

fn no_kernel() -> Result<(), Failed> {
    let few: Vec<Kernel> = KERNELS.iter().copied().filter(|kernel| kernel.name != "update").collect();
    let setups = setups();
    let fields: Vec<_> = setups.iter().collect();
    let options = Options { kernels: few.leak(), ..Options::USUAL };
    let mut on_device = DeviceLanes::new(open()?, config(), &fields, options)?;
    let done = on_device.stage(Stage::Update, &mut wave(100, 9), &states(), &fields);
    expect(done, |error| error.to_string().starts_with("there is no kernel `update`; there are: "))
}

fn measured() -> Observation {
    Observation::offsets([[0.0; 3]; 3], [1.0, 1.0, 0.0], 2)
}

fn crowded() -> Result<(), Failed> {
    let scan = |time_us: i64| Scan {
        lane: 0,
        time_us,
        detection_probability: 0.9,
        sight: Sight::Everywhere,
        slack_m: 0.0,
        detections: Sourced::of(0, vec![Detection::default(); 40_000]),
        views: Views::default(),
    };
    let mut batch = Batch::new(config(), Executor::device(open()?, Options::USUAL), setups())?;
    batch.step(vec![scan(0)], vec![measured()])?;
    match batch.estimates(0) {
        Err(FusionError::Kernel(KernelError(DeviceError::Crowded { .. }))) => Ok(()),
        other => Err(format!("not an error: {:?}", other.map(|tracks| tracks.len())).into()),
    }
}

/// Together the detections of the waves would not fit into one binding; in each wave they do.
fn many_waves() -> Result<(), Failed> {
    let context = open()?;
    let each = i32::try_from(context.report().binding_bytes_max.min(128 << 20) / 3 / size_of::<Detection>() as u64)?;
    let place = |i: i32| Detection { tile: [i % 1000, i / 1000, 0], ..Detection::default() };
    let mut batch = Batch::new(config(), Executor::device(context, Options::USUAL), setups())?;
    for time_us in 0..5 {
        let detections: Vec<Detection> = (0..each).map(place).collect();
        let (sight, slack_m, detections) = (Sight::Everywhere, 0.0, Sourced::of(0, detections));
        let scan =
            Scan { lane: 0, time_us, detection_probability: 0.9, sight, slack_m, detections, views: Views::default() };
        batch.step(vec![scan], vec![measured()])?;
    }
    let reports = batch.take_reports()?;
    if reports.len() == 5 { Ok(()) } else { Err(format!("{} waves ran", reports.len()).into()) }
}

/// The figures of `benches/README.md`.
fn footprint() -> Result<(), Failed> {
    let bytes = |blocks: u32, edges: u32| lanes(Options { blocks, edges, ..Options::USUAL }).map(|e| e.bytes());
    let (track, edge) =
        ((bytes(2000, 8192)? - bytes(1000, 8192)?) / 32_000, (bytes(1000, 9192)? - bytes(1000, 8192)?) / 1000);
    if (track, edge) == (424, 20) { Ok(()) } else { Err(format!("{track} bytes a track, {edge} an edge").into()) }
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
