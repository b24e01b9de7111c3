//! Rust and WGSL agree on every mirrored struct, binding and constant.
//!
//! Each check takes a kernel and gives complaints, so that what finds nothing in the house is shown to find a planted
//! fault.

mod reflect;

use naga::{Handle, Module, Type, TypeInner};
use reflect::{bindings, shader};
use trackweave::fusion::device::kernels::{CONSTANTS, LAYOUTS};
use trackweave::fusion::device::{KERNELS, Kernel};
use trackweave::mirror::Layout;

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
fn two_fields_that_change_places_are_seen() {
    let wgsl = planted("update", "start: u32,\n    count: u32,", "count: u32,\n    start: u32,");
    assert_complains(&layouts(&wgsl), "`Row`");
}

#[test]
fn a_field_that_moves_is_seen() {
    let wgsl = planted("predict", "    awake: u32,\n", "    late: u32,\n    awake: u32,\n");
    assert_complains(&layouts(&wgsl), "`Look`");
}

#[test]
fn a_struct_that_is_bound_and_not_mirrored_is_seen() {
    let kernel = planted("update", "struct Edge", "struct Pair");
    let kernel = Kernel { wgsl: kernel.wgsl.replace("array<Edge>", "array<Pair>").leak(), ..kernel };
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
