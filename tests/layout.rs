//! Rust and WGSL agree on every mirrored struct, binding and constant, and on the fields of tracks.
//!
//! Each check takes a kernel and gives complaints, so that what finds nothing in the house is shown to find a planted
//! fault.

mod reflect;

use naga::{Handle, Module, Type, TypeInner};
use reflect::{bindings, shader};
use std::collections::BTreeMap;
use trackweave::fusion::arrays::{MEAN, REST, TrackField, Widths, tri};
use trackweave::fusion::device::kernels::{CONSTANTS, LAYOUTS};
use trackweave::fusion::device::program::NUMBERED;
use trackweave::fusion::device::{KERNELS, Kernel};
use trackweave::mirror::{Layout, Numbers};

#[test]
fn every_mirrored_struct_has_the_same_layout_in_wgsl() {
    for kernel in KERNELS {
        assert_clean(&layouts(kernel));
    }
}

#[test]
fn every_kernel_binds_params_and_then_arrays_that_the_device_has() {
    for kernel in KERNELS {
        assert_clean(&bound(kernel));
    }
}

#[test]
fn every_shared_constant_comes_from_rust() {
    for kernel in KERNELS {
        assert_clean(&constants(kernel));
    }
}

#[test]
fn every_numbered_name_has_its_number_in_wgsl() {
    for kernel in KERNELS {
        assert_clean(&numbers(kernel));
    }
    let wrong = planted("plan", "const SIZE_CELLS = 4u;", "const SIZE_CELLS = 5u;");
    assert_complains(&numbers(&wrong), "`SIZE_CELLS`");
    assert_complains(&numbers(&planted("scan_sums", "const COUNT_BIRTHS = 2u;", "")), "`COUNT_BIRTHS`");
}

#[test]
fn every_field_of_tracks_has_the_same_elements_in_wgsl() {
    for kernel in KERNELS {
        assert_clean(&tracks(kernel));
    }
}

#[test]
fn every_covariance_lies_row_by_row() {
    for kernel in KERNELS {
        assert_clean(&triangles(kernel));
    }
}

#[test]
fn a_field_of_tracks_with_other_elements_is_seen() {
    let wgsl = planted("prune_or_recycle", "tile: array<i32>", "tile: array<u32>");
    let wgsl = Kernel {
        wgsl: wgsl
            .wgsl
            .replace("-> vec3<i32> {\n    return vec3(tile[", "-> vec3<i32> {\n    return vec3<i32>(vec3(tile[")
            .replace("tile[at(track, 2u, 3u)])", "tile[at(track, 2u, 3u)]))")
            .leak(),
        ..wgsl
    };
    assert_complains(&tracks(&wgsl), "`tile`");
    assert_complains(
        &tracks(&planted("predict", "mean[at(track, k, MEAN)]", "mean[at(track, k, IDENTITY)]")),
        "`mean`",
    );
    assert_complains(
        &tracks(&planted("confirm_tracks", "at(track, source / 32u, SOURCE_WORDS)", "at(track, source / 32u, 5u)")),
        "`sources`",
    );
}

#[test]
fn a_covariance_that_lies_otherwise_is_seen() {
    for (kernel, from, to) in [
        ("predict", "covariance_of(track, 1u, 6u, 7u)", "covariance_of(track, 1u, 7u, 6u)"),
        ("predict", "vec3(s.pv[0].z, s.pv[1].z, s.pv[2].z)", "vec3(s.pv[2].x, s.pv[2].y, s.pv[2].z)"),
        ("predict_models", "of_model(track, m, 8u, 13u, 14u)", "of_model(track, m, 8u, 14u, 13u)"),
        ("update_models", "s.pp[1].y, s.pp[2].y, s.pv[0].y", "s.pp[1].y, s.pv[0].y, s.pp[2].y"),
        ("predict_components", "vec3(p[4], p[9], p[13])", "vec3(p[4], p[9], p[14])"),
        ("recycle_tracks", "s.pp[1].y, s.pp[2].y", "s.pp[2].y, s.pp[1].y"),
    ] {
        assert_complains(&triangles(&planted(kernel, from, to)), "row by row");
    }
}

#[test]
fn two_fields_that_change_places_are_seen() {
    let wgsl = planted("update", "start: u32,\n    count: u32,", "count: u32,\n    start: u32,");
    assert_complains(&layouts(&wgsl), "`TrackHypotheses`");
}

#[test]
fn a_field_that_moves_is_seen() {
    let wgsl = planted("predict", "    awake: u32,\n", "    late: u32,\n    awake: u32,\n");
    assert_complains(&layouts(&wgsl), "`LaneStep`");
}

#[test]
fn a_struct_that_is_bound_and_not_mirrored_is_seen() {
    let kernel = planted("update", "struct Hypothesis", "struct Pair");
    let kernel = Kernel { wgsl: kernel.wgsl.replace("array<Hypothesis>", "array<Pair>").leak(), ..kernel };
    assert_complains(&layouts(&kernel), "`Pair` is bound and not mirrored");
}

#[test]
fn an_array_that_the_device_does_not_have_is_seen() {
    let kernel = planted("predict", "var<storage, read> lane: array<u32>", "var<storage, read> lanes_of: array<u32>");
    let kernel =
        Kernel { wgsl: kernel.wgsl.replace("lane[track / BLOCK]", "lanes_of[track / BLOCK]").leak(), ..kernel };
    assert_complains(&bound(&kernel), "binds");
}

#[test]
fn an_array_out_of_its_place_is_seen() {
    let kernel =
        planted("predict", "@binding(3) var<storage, read_write> tile", "@binding(9) var<storage, read_write> tile");
    assert_complains(&bound(&kernel), "`tile`");
}

#[test]
fn a_second_copy_of_a_constant_is_seen() {
    assert_complains(&constants(&planted("predict", "override BLOCK: u32;", "override BLOCK: u32 = 16;")), "`BLOCK`");
    assert_complains(&constants(&planted("predict", "override BLOCK: u32;", "const BLOCK = 32u;")), "`BLOCK`");
    assert_complains(
        &constants(&planted("update", "override ODDS_MAX: f32;", "const ODDS_MAX = 1e30f;")),
        "`ODDS_MAX`",
    );
}

/// Mirrored structs: fields, offsets, size; and all that is bound is mirrored.
fn layouts(kernel: &Kernel) -> Vec<String> {
    let module = module(kernel);
    let mut complaints = Vec::new();
    for mirrored in LAYOUTS {
        let wanted = (mirrored.size, mirrored.fields.iter().map(|(n, at)| ((*n).to_owned(), *at)).collect::<Vec<_>>());
        let found = layout(&module, mirrored.name);
        if found.as_ref().is_some_and(|found| *found != wanted) {
            complaints.push(format!("`{}`: WGSL has {found:?}, Rust {wanted:?}", mirrored.name));
        }
    }
    let known = |name: &str| LAYOUTS.iter().any(|layout: &&Layout| layout.name == name);
    let unknown = bound_structs(&module).into_iter().filter(|name| !known(name));
    complaints.extend(unknown.map(|name| format!("`{name}` is bound and not mirrored")));
    complaints
}

/// `params` at binding 0, then the arrays that Rust reads from the text, all in group 0.
fn bound(kernel: &Kernel) -> Vec<String> {
    let mut wanted = vec![(0, 0, "params".to_owned(), "uniform")];
    wanted.extend(kernel.bindings().iter().zip(1..).map(|(binding, number)| {
        let access = if binding.written { "read_write" } else { "read" };
        (0, number, binding.field.name().to_owned(), access)
    }));
    let found = bindings(&module(kernel));
    let pairs = found.iter().zip(&wanted).filter(|(found, wanted)| found != wanted);
    let mut complaints: Vec<String> =
        pairs.map(|(found, wanted)| format!("`{}`: found {found:?}, wanted {wanted:?}", wanted.2)).collect();
    if found.len() != wanted.len() {
        complaints.push(format!("`{}` binds {}, wanted {}", kernel.name, found.len(), wanted.len()));
    }
    complaints
}

/// Every constant of Rust that a kernel names is an `override` without a value, and there is no other override.
fn constants(kernel: &Kernel) -> Vec<String> {
    let module = module(kernel);
    let mut complaints = Vec::new();
    let known = |name: &str| name == "WORKGROUP_SIZE" || CONSTANTS.iter().any(|(known, _)| *known == name);
    for (name, has_value) in overrides(&module) {
        if has_value || !known(&name) {
            complaints.push(format!("`{name}` has a value of its own, or none from Rust"));
        }
    }
    for (_, constant) in module.constants.iter() {
        if let Some(name) = constant.name.as_deref().filter(|name| known(name)) {
            complaints.push(format!("`{name}` is not an `override`"));
        }
    }
    complaints
}

/// A kernel that has a number of an enum has them all, as Rust has them.
fn numbers(kernel: &Kernel) -> Vec<String> {
    let mut complaints = Vec::new();
    for Numbers { prefix, names } in NUMBERED {
        let constant = |line: &str| {
            let (name, value) = line.strip_prefix("const ")?.split_once(" = ")?;
            name.starts_with(&format!("{prefix}_")).then(|| (name.to_owned(), value.to_owned()))
        };
        let found: BTreeMap<String, String> = kernel.wgsl.lines().filter_map(constant).collect();
        let in_wgsl = |name: &str| {
            let upper = |c: char| if c.is_uppercase() { format!("_{c}") } else { c.to_uppercase().to_string() };
            format!("{prefix}{}", name.chars().map(upper).collect::<String>())
        };
        let wanted: BTreeMap<String, String> =
            names.iter().map(|(name, number)| (in_wgsl(name), format!("{number}u;"))).collect();
        for name in found.keys().chain(wanted.keys()).filter(|_| !found.is_empty()) {
            if found.get(name) != wanted.get(name) {
                complaints.push(format!("`{name}`: found {:?}, wanted {:?}", found.get(name), wanted.get(name)));
            }
        }
    }
    complaints
}

/// Arrays of tracks, and the room for them while they move: the type of an element, and how many a track has wherever one
/// is read or written.
fn tracks(kernel: &Kernel) -> Vec<String> {
    let module = module(kernel);
    let mut complaints = Vec::new();
    for of in TrackField::ALL {
        for name in [of.name(), of.spare_name()] {
            let bound = module.global_variables.iter().find(|(_, variable)| variable.name.as_deref() == Some(name));
            let found = bound.and_then(|(_, variable)| scalar(element(&module, variable.ty)?));
            if found.is_some_and(|found| found != of.element()) {
                complaints.push(format!("`{name}` is an array of {found:?}, wanted {}", of.element()));
            }
            let wanted = of.words(Widths { rest_words: REST, ..Widths::of(2) }) as f64;
            for stride in strides(kernel.wgsl, name) {
                let known = CONSTANTS.iter().find(|(known, _)| *known == stride).map(|(_, value)| *value);
                if known.or_else(|| stride.trim_end_matches('u').parse().ok()) != Some(wanted) {
                    complaints.push(format!("`{name}` has {wanted} elements a track, found `{stride}`"));
                }
            }
        }
    }
    complaints
}

/// The third argument of each `at(…)` by which an array is indexed, at once or through a name.
fn strides<'a>(wgsl: &'a str, name: &str) -> Vec<&'a str> {
    let third = |text: &'a str| text.split_once(')')?.0.rsplit(',').next().map(str::trim);
    let mut strides = Vec::new();
    for (place, found) in wgsl.match_indices(&format!("{name}[")) {
        let (before, index) = (&wgsl[..place], &wgsl[place + found.len()..]);
        if before.ends_with(|before: char| before.is_alphanumeric() || ['_', '.'].contains(&before)) {
            continue;
        }
        let named = index.split(']').next().unwrap_or_default();
        let through = || third(before.rsplit_once(&format!("let {named} = at("))?.1);
        strides.extend(index.strip_prefix("at(").map_or_else(through, third));
    }
    strides
}

fn scalar(ty: &Type) -> Option<&'static str> {
    let (TypeInner::Scalar(scalar) | TypeInner::Atomic(scalar)) = &ty.inner else { return None };
    Some(match scalar.kind {
        naga::ScalarKind::Sint => "i32",
        naga::ScalarKind::Uint => "u32",
        naga::ScalarKind::Float => "f32",
        _ => "another type",
    })
}

/// Functions that take a covariance apart into blocks, or put it together, take its upper triangle row by row.
fn triangles(kernel: &Kernel) -> Vec<String> {
    let text: String = kernel.wgsl.split_whitespace().collect();
    // Column j of each block of 3 x 3: elements (i, j) for i of 0, 1, 2.
    let blocks = |column: &dyn Fn([usize; 3]) -> String| {
        let block = |(row, first): (usize, usize)| {
            let columns = (0..3).map(|j| column([0, 1, 2].map(|i| tri(row + i, first + j))));
            format!("mat3x3({}),", columns.collect::<Vec<_>>().join(","))
        };
        [(0, 0), (0, 3), (3, 3)].map(block).concat()
    };
    let element = |(i, j): (usize, usize)| {
        let block = ["pp", "pv", "vv"][(i / 3) + (j / 3)];
        format!("s.{block}[{}].{}", j % 3, ["x", "y", "z"][i % 3])
    };
    let elements: Vec<String> = (0..MEAN).flat_map(|i| (i..MEAN).map(move |j| (i, j))).map(element).collect();
    let stored = |call: &str, first: usize| -> String {
        let threes = elements.chunks(3).enumerate();
        let calls = threes.map(|(k, three)| format!("{call}{}u,vec3({}));", first + 3 * k, three.join(",")));
        calls.collect::<Vec<_>>().concat()
    };
    let rules = [
        ("fnload_state(", blocks(&|[a, b, c]| format!("covariance_of(track,{a}u,{b}u,{c}u)"))),
        ("fnstate_of_component(", blocks(&|[a, b, c]| format!("vec3(p[{a}],p[{b}],p[{c}])"))),
        ("fncomponent_of(", format!("array({},),", elements.join(","))),
        ("fnstore_state(", stored("store_covariance(track,", 0)),
        (
            "fnload_model(",
            blocks(&|abc| {
                let [a, b, c] = abc.map(|k| 1 + MEAN + k);
                format!("of_model(track,m,{a}u,{b}u,{c}u)")
            }),
        ),
        ("fnstore_model(", stored("store_model_words(track,m,", 1 + MEAN)),
    ];
    let broken = rules.into_iter().filter(|(function, wanted)| text.contains(function) && !text.contains(wanted));
    broken.map(|(function, wanted)| format!("{function} is not row by row: wanted {wanted}")).collect()
}

fn module(kernel: &Kernel) -> Module {
    shader(kernel.wgsl).unwrap_or_else(|error| panic!("`{}`: {error}", kernel.name)).0
}

/// Size, and names and offsets of the fields, of a struct.
fn layout(module: &Module, name: &str) -> Option<(usize, Vec<(String, usize)>)> {
    let (_, ty) = module.types.iter().find(|(_, ty)| ty.name.as_deref() == Some(name))?;
    let TypeInner::Struct { members, span } = &ty.inner else { return None };
    let fields = members.iter().map(|m| (m.name.clone().unwrap_or_default(), m.offset as usize)).collect();
    Some((*span as usize, fields))
}

/// Names of the structs that bound variables consist of.
fn bound_structs(module: &Module) -> Vec<String> {
    let bound = module.global_variables.iter().filter(|(_, variable)| variable.binding.is_some());
    let mut names: Vec<String> = bound.filter_map(|(_, variable)| element(module, variable.ty)?.name.clone()).collect();
    names.sort();
    names.dedup();
    names
}

/// The element of an array, or the type itself.
fn element(module: &Module, ty: Handle<Type>) -> Option<&Type> {
    let ty = module.types.get_handle(ty).ok()?;
    match ty.inner {
        TypeInner::Array { base, .. } => element(module, base),
        _ => Some(ty),
    }
}

/// `override` constants: name, and whether they have a value of their own.
fn overrides(module: &Module) -> Vec<(String, bool)> {
    module.overrides.iter().map(|(_, o)| (o.name.clone().unwrap_or_default(), o.init.is_some())).collect()
}

/// A kernel with a fault planted.
fn planted(name: &str, from: &str, to: &str) -> Kernel {
    let kernel = *Kernel::of(name).expect("it exists");
    assert!(kernel.wgsl.contains(from), "`{name}` has no `{from}`");
    Kernel { wgsl: kernel.wgsl.replace(from, to).leak(), ..kernel }
}

fn assert_clean(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

fn assert_complains(complaints: &[String], of: &str) {
    assert!(complaints.iter().any(|complaint| complaint.contains(of)), "nothing about {of} in {complaints:#?}");
}
