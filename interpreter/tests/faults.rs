//! Every check of the interpreter finds its planted fault, and passes what is like it and clean.

use std::future::Future;
use std::task::{Context, Poll, Waker};
use trackweave_interpreter::lints::Rule;
use trackweave_interpreter::{Fault, Interpreter, Journal, Options, Schedule, Stores};

/// Seeds that are tried.
const SEEDS: u64 = 20;

/// Runs a kernel `k`, of workgroups of 8, over one array `words`, by an indirect dispatch; gives the array back.
fn run(options: Options, text: &str, words: &[u32], groups: u32) -> (Vec<u32>, Journal) {
    let interpreter = Interpreter::new(options);
    let (device, queue) = interpreter.open();
    let scope = device.push_error_scope(wgpu::ErrorFilter::Validation);
    let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
        label: None,
        source: wgpu::ShaderSource::Wgsl(text.into()),
    });
    let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST;
    let buffer = |words: &[u32]| {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
        let size = bytes.len() as u64;
        let buffer =
            device.create_buffer(&wgpu::BufferDescriptor { label: None, size, usage, mapped_at_creation: false });
        queue.write_buffer(&buffer, 0, &bytes);
        buffer
    };
    let (array, arguments) = (buffer(words), buffer(&[groups, 1, 1]));
    let ty = wgpu::BindingType::Buffer {
        ty: wgpu::BufferBindingType::Storage { read_only: false },
        has_dynamic_offset: false,
        min_binding_size: None,
    };
    let entry = wgpu::BindGroupLayoutEntry { binding: 0, visibility: wgpu::ShaderStages::COMPUTE, ty, count: None };
    let layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: None, entries: &[entry] });
    let whole = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        bind_group_layouts: &[Some(&layout)],
        ..wgpu::PipelineLayoutDescriptor::default()
    });
    let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: None,
        layout: Some(&whole),
        module: &module,
        entry_point: Some("k"),
        compilation_options: wgpu::PipelineCompilationOptions::default(),
        cache: None,
    });
    let refused = std::pin::pin!(scope.pop()).poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(refused, Poll::Ready(None)), "{refused:?}");
    let entries = [wgpu::BindGroupEntry { binding: 0, resource: array.as_entire_binding() }];
    let group =
        device.create_bind_group(&wgpu::BindGroupDescriptor { label: None, layout: &layout, entries: &entries });
    let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    {
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        pass.set_pipeline(&pipeline);
        pass.set_bind_group(0, &group, &[]);
        pass.dispatch_workgroups_indirect(&arguments, 0);
    }
    queue.submit([encoder.finish()]);
    array.slice(..).map_async(wgpu::MapMode::Read, |_| {});
    let bytes = array.slice(..).get_mapped_range().expect("a mapped buffer").to_vec();
    let words = bytes.chunks_exact(4).map(|word| u32::from_ne_bytes(word.try_into().expect("four bytes")));
    (words.collect(), interpreter.journal())
}

/// A kernel of workgroups of 8 over `words`, of some type.
fn kernel(element: &str, declarations: &str, body: &str) -> String {
    format!(
        "@group(0) @binding(0) var<storage, read_write> words: array<{element}>;
{declarations}
@compute @workgroup_size(8)
fn k(@builtin(global_invocation_id) id: vec3<u32>, @builtin(local_invocation_index) local: u32,
     @builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {{
{body}
}}"
    )
}

fn seeded(seed: u64) -> Options {
    Options { seed, schedule: Schedule::Seeded, ..Options::default() }
}

/// What is found over all seeds.
fn found(text: &str) -> Vec<Fault> {
    let mut faults: Vec<Fault> = Vec::new();
    for seed in 0..SEEDS {
        let (_, journal) = run(seeded(seed), text, &[0; 64], 4);
        faults.extend(journal.findings.into_keys().map(|finding| finding.fault));
    }
    faults.sort();
    faults.dedup();
    faults
}

/// Different arrays that come out over all seeds of some options.
fn outcomes(options: impl Fn(u64) -> Options, text: &str, words: &[u32]) -> usize {
    let mut all: Vec<Vec<u32>> = (0..SEEDS).map(|seed| run(options(seed), text, words, 4).0).collect();
    all.sort();
    all.dedup();
    all.len()
}

fn words() -> String {
    "words".to_owned()
}

#[test]
fn a_race_between_workgroups_is_found() {
    let racing = kernel("u32", "", "words[local] = id.x;");
    assert_eq!(found(&racing), [Fault::RaceBetweenWorkgroups { array: words() }]);
    let reading = kernel("u32", "", "let other = words[(id.x + 8u) % 32u]; words[id.x] = other + 1u;");
    assert_eq!(found(&reading), [Fault::RaceBetweenWorkgroups { array: words() }]);
    let clean = kernel("u32", "", "words[id.x] = words[id.x] + id.x;");
    assert_eq!(found(&clean), []);
    let atomic = kernel("atomic<u32>", "", "atomicMax(&words[local], id.x);");
    assert_eq!(found(&atomic), []);
    assert_eq!(outcomes(seeded, &atomic, &[0; 64]), 1);
}

#[test]
fn a_race_within_a_workgroup_is_found_and_a_barrier_ends_it() {
    let shared = "var<workgroup> shared_words: array<u32, 8>;";
    let body =
        |barrier: &str| format!("shared_words[local] = id.x; {barrier} words[id.x] = shared_words[(local + 1u) % 8u];");
    let array = || "workgroup".to_owned();
    assert_eq!(found(&kernel("u32", shared, &body(""))), [Fault::RaceWithinWorkgroup { array: array() }]);
    // A barrier of the other kind of memory orders nothing.
    assert_eq!(
        found(&kernel("u32", shared, &body("storageBarrier();"))),
        [Fault::RaceWithinWorkgroup { array: array() }]
    );
    assert_eq!(found(&kernel("u32", shared, &body("workgroupBarrier();"))), []);
    let through = |barrier: &str| {
        format!(
            "words[id.x] = id.x; {barrier} let next = words[(id.x & ~7u) + ((local + 1u) & 7u)]; words[32u + id.x] = next;"
        )
    };
    assert_eq!(
        found(&kernel("u32", "", &through("workgroupBarrier();"))),
        [Fault::RaceWithinWorkgroup { array: words() }]
    );
    assert_eq!(found(&kernel("u32", "", &through("storageBarrier();"))), []);
}

#[test]
fn equal_writes_are_told_apart() {
    assert_eq!(
        found(&kernel("u32", "", "words[0] = 1u;")),
        [
            // The first one changes what there was.
            Fault::EqualWrites { array: words() }
        ]
    );
}

#[test]
fn an_index_past_the_end_is_found_and_means_the_last_element() {
    let past = kernel("u32", "", "words[id.x + 40u] = 7u;");
    assert!(found(&past).contains(&Fault::OutOfBounds));
    assert_eq!(run(seeded(1), &past, &[0; 64], 4).0[63], 7);
    assert_eq!(found(&kernel("u32", "", "words[id.x + 32u] = 7u;")), []);
}

#[test]
fn a_barrier_that_not_all_reach_is_found() {
    let divergent = kernel("u32", "", "if local < 4u { workgroupBarrier(); } words[id.x] = 1u;");
    assert_eq!(found(&divergent), [Fault::DivergentBarrier]);
    let uniform = kernel("u32", "", "if group.x < 2u { workgroupBarrier(); } words[id.x] = 1u;");
    assert_eq!(found(&uniform), []);
}

#[test]
fn an_invocation_that_does_not_end_is_found() {
    let endless = kernel("atomic<u32>", "", "loop { if id.x != 3u || atomicLoad(&words[40]) == 1u { break; } }");
    let (_, journal) = run(Options::default(), &endless, &[0; 64], 1);
    assert!(journal.findings.keys().any(|finding| finding.fault == Fault::Endless), "{journal:?}");
}

#[test]
fn what_depends_on_the_order_of_arrival_comes_out_differently() {
    let arriving =
        kernel("atomic<u32>", "", "let place = atomicAdd(&words[0], 1u); atomicStore(&words[1u + place], id.x);");
    assert!(outcomes(seeded, &arriving, &[0; 64]) > 1);
    let counting = kernel("atomic<u32>", "", "atomicAdd(&words[0], 1u); atomicStore(&words[1u + id.x], id.x);");
    assert_eq!(outcomes(seeded, &counting, &[0; 64]), 1);
}

#[test]
fn all_at_once_finds_what_no_order_of_whole_invocations_does() {
    // A load and a store in place of an addition: in order, nothing is lost.
    let lost = kernel("atomic<u32>", "", "atomicStore(&words[0], atomicLoad(&words[0]) + 1u);");
    let at = |schedule| run(Options { schedule, ..Options::default() }, &lost, &[0; 64], 4).0[0];
    assert_eq!(at(Schedule::InOrder), 32);
    assert_eq!(at(Schedule::AllAtOnce), 1);
    let added = kernel("atomic<u32>", "", "atomicAdd(&words[0], 1u);");
    let at = |schedule| run(Options { schedule, ..Options::default() }, &added, &[0; 64], 4).0[0];
    assert_eq!([at(Schedule::InOrder), at(Schedule::AllAtOnce)], [32, 32]);
}

#[test]
fn late_stores_are_seen_behind_barriers_and_of_storage_only_if_coherent() {
    let through = |barrier: &str| {
        format!("words[id.x] = id.x + 1u; {barrier} words[32u + id.x] = words[(id.x & ~7u) + ((local + 1u) & 7u)];")
    };
    let at = |stores, text: &str| run(Options { stores, ..Options::default() }, text, &[0; 64], 4).0[32];
    let plain = kernel("u32", "", &through("storageBarrier();"));
    let coherent = plain.replace("@group(0)", "@coherent @group(0)");
    assert_eq!(at(Stores::AtOnce, &plain), 2);
    assert_eq!(at(Stores::AtBarriers, &plain), 2);
    assert_eq!(at(Stores::AtBarriersIfCoherent, &plain), 0, "what is not coherent is stale");
    assert_eq!(at(Stores::AtBarriersIfCoherent, &coherent), 2);
    // Without a barrier of its kind.
    assert_eq!(at(Stores::AtBarriers, &kernel("u32", "", &through("workgroupBarrier();"))), 0);
    let shared = "var<workgroup> shared_words: array<u32, 8>;";
    let body =
        "shared_words[local] = id.x + 1u; workgroupBarrier(); words[32u + id.x] = shared_words[(local + 1u) % 8u];";
    assert_eq!(at(Stores::AtBarriersIfCoherent, &kernel("u32", shared, body)), 2);
}

#[test]
fn contraction_shows_where_a_decision_hangs_on_rounding() {
    let contracts = |seed| Options { seed, contracts: true, ..Options::default() };
    let third = (1.0f32 / 3.0).to_bits();
    let hanging = kernel(
        "f32",
        "",
        "let x = words[id.x]; words[id.x] = select(1.0, 2.0, x * x - x * x > 0.0 || x * x - x * x < 0.0);",
    );
    assert!(outcomes(contracts, &hanging, &[third; 64]) > 1);
    let clean = kernel("f32", "", "let x = words[id.x]; words[id.x] = select(1.0, 2.0, x * x + 1.0 > 0.5);");
    assert_eq!(outcomes(contracts, &clean, &[third; 64]), 1);
}

#[test]
fn a_negated_comparison_keeps_nan_and_is_turned_round() {
    let turns = |turns_comparisons| Options { turns_comparisons, ..Options::default() };
    let at = |options, text: &str, words: &[u32]| run(options, text, words, 1).0[0];
    let nan = [f32::NAN.to_bits(); 64];
    for negated in ["!(words[id.x] > 0.0)", "!(words[id.x] > 0.0 && id.x < 9u)", "!(id.x > 9u || words[id.x] > 0.0)"] {
        let text = kernel("f32", "", &format!("if {negated} {{ words[id.x] = 1.0; }} else {{ words[id.x] = 2.0; }}"));
        assert_eq!(at(turns(false), &text, &nan), 1.0f32.to_bits(), "{negated}");
        assert_eq!(at(turns(true), &text, &nan), 2.0f32.to_bits(), "{negated}");
        assert_eq!(at(turns(true), &text, &[0; 64]), 1.0f32.to_bits(), "{negated}");
        assert_eq!(Rule::NoNegatedComparison.broken(&text).expect("a text").len(), 1, "{negated}");
    }
    for clean in ["words[id.x] > 0.0", "words[id.x] > 0.0 && id.x < 9u", "!(id.x > 9u) && words[id.x] > 0.0"] {
        let text = kernel("f32", "", &format!("if {clean} {{ words[id.x] = 1.0; }} else {{ words[id.x] = 2.0; }}"));
        assert_eq!(at(turns(true), &text, &nan), at(turns(false), &text, &nan), "{clean}");
        assert_eq!(Rule::NoNegatedComparison.broken(&text).expect("a text"), [""; 0], "{clean}");
    }
}

#[test]
fn num_workgroups_is_forgotten_in_indirect_dispatches() {
    let forgets = Options { forgets_num_workgroups: true, ..Options::default() };
    let text = kernel("u32", "", "words[id.x] = groups.x;");
    assert_eq!(run(Options::default(), &text, &[9; 64], 4).0[0], 4);
    assert_eq!(run(forgets, &text, &[9; 64], 4).0[0], 0);
    let clean = kernel("u32", "", "words[id.x] = group.x;");
    assert_eq!(run(forgets, &clean, &[9; 64], 4).0, run(Options::default(), &clean, &[9; 64], 4).0);
    assert_eq!(Rule::NoNumWorkgroups.broken(&text).expect("a text").len(), 1);
    let without = clean.replace(", @builtin(num_workgroups) groups: vec3<u32>", "");
    assert_eq!(Rule::NoNumWorkgroups.broken(&without).expect("a text"), [""; 0]);
}

#[test]
fn denormals_are_flushed() {
    let flushes = Options { flushes_denormals: true, ..Options::default() };
    let text = kernel("f32", "", "words[id.x] = words[id.x] * 0.5;");
    let smallest = [f32::MIN_POSITIVE.to_bits(); 64];
    assert_ne!(run(Options::default(), &text, &smallest, 1).0[0], 0);
    assert_eq!(run(flushes, &text, &smallest, 1).0[0], 0);
    let ones = [1.0f32.to_bits(); 64];
    assert_eq!(run(flushes, &text, &ones, 1).0[0], 0.5f32.to_bits());
}

#[test]
fn a_loop_that_ends_by_workgroup_memory_is_found() {
    let text = |bound: &str| {
        let shared = "var<workgroup> count: u32;";
        kernel("u32", shared, &format!("for (var k = 0u; k < {bound}; k++) {{ words[id.x] += 1u; }}"))
    };
    assert_eq!(Rule::NoWorkgroupBound.broken(&text("count")).expect("a text").len(), 1);
    assert_eq!(Rule::NoWorkgroupBound.broken(&text("workgroupUniformLoad(&count)")).expect("a text"), [""; 0]);
    assert_eq!(Rule::NoWorkgroupBound.broken(&text("words[0]")).expect("a text"), [""; 0]);
}

#[test]
fn words_are_counted() {
    let text = kernel("u32", "", "words[id.x] = words[id.x] + words[id.x + 1u];");
    let (_, journal) = run(Options::default(), &text, &[0; 64], 4);
    let counts = journal.counts.get("k").expect("the kernel ran");
    assert_eq!((counts.dispatches, counts.invocations), (1, 32));
    assert_eq!((counts.words_read, counts.words_written, counts.atomics), (64, 32, 0));
}

/// Structs, matrices, functions, pointers, loops, private memory: against numbers worked by hand.
#[test]
fn the_language_is_that_of_the_kernels() {
    let declarations = "
struct Part { place: vec3<f32>, weight: f32, tile: vec3<i32>, block: mat3x3<f32> }
var<private> spent: u32;
const START = 3u;
fn twice(part: ptr<function, Part>, by: f32) { (*part).weight = (*part).weight * by; spent += 1u; }
fn sum(m: mat3x3<f32>) -> f32 { var s = 0.0; for (var c = 0; c < 3; c++) { s = s + m[c].x + m[c][1] + m[c].z; } return s; }
fn pick(k: u32) -> u32 { switch k { case 0u: { return 10u; } case 1u, 2u: { return 20u; } default: { return 30u; } } }";
    let body = "
if id.x >= 8u { return; }
var part = Part(vec3(1.0, 2.0, 3.0), 0.5, vec3(-7, 5, i32(id.x)), mat3x3(1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0));
twice(&part, 3.0);
twice(&part, 2.0);
part.place.y = dot_of(part.place, vec3(2.0));
var list = array<u32, 4>(1u, 2u, 3u, 4u);
list[id.x % 4u] += START;
let turned = transpose(part.block);
var total = 0u;
for (var k = 0u; k < 6u; k++) { if k == 2u { continue; } if k == 5u { break; } total += k; }
words[id.x] = vec4(part.weight, part.place.y, sum(part.block * 2.0 + part.block), turned[0].y);
words[8u + id.x] = vec4(f32(list[id.x % 4u]), f32(spent + total), f32(pick(id.x)), f32(part.tile.x / 2 + part.tile.z));
words[16u + id.x] = vec4(bitcast<f32>(bitcast<u32>(1.5)), floor(-1.5), select(1.0, 2.0, all(part.place.xy > vec2(0.0))), sqrt(16.0));";
    let declarations = format!(
        "{declarations}\nfn dot_of(a: vec3<f32>, b: vec3<f32>) -> f32 {{ return a.x * b.x + a.y * b.y + a.z * b.z; }}"
    );
    let (words, journal) = run(seeded(3), &kernel("vec4<f32>", &declarations, body), &[0; 128], 2);
    assert!(journal.findings.is_empty(), "{:?}", journal.findings);
    let at =
        |row: usize| -> Vec<f32> { words[row * 4..row * 4 + 4].iter().map(|word| f32::from_bits(*word)).collect() };
    assert_eq!(at(2), [3.0, 12.0, 135.0, 4.0]);
    assert_eq!(at(8 + 2), [6.0, 2.0 + 8.0, 20.0, -3.0 + 2.0]);
    assert_eq!(at(16 + 5), [1.5, -2.0, 2.0, 4.0]);
}
