//! What a WGSL module declares, as naga reads it; no GPU is needed.

use naga::proc::Layouter;
use naga::valid::{Capabilities, ModuleInfo, ValidationFlags, Validator};
use naga::{AddressSpace, GlobalVariable, Handle, Module, StorageAccess, Type, TypeInner};
use std::panic::{AssertUnwindSafe, catch_unwind};
use trackweave::fusion::device::Kernel;

/// Invocations of a workgroup that a module is checked with.
const WORKGROUP_SIZE: f64 = 64.0;

/// A valid module and what the validator found out about it.
pub struct Shader {
    pub module: Module,
    pub info: ModuleInfo,
}

/// Parses and validates.
pub fn shader(wgsl: &str) -> Result<Shader, String> {
    let module = naga::front::wgsl::parse_str(wgsl).map_err(|error| error.emit_to_string(wgsl))?;
    let validated = Validator::new(ValidationFlags::all(), Capabilities::empty()).validate(&module);
    let info = validated.map_err(|error| error.emit_to_string(wgsl))?;
    Ok(Shader { module, info })
}

/// Sets the constants of a kernel and writes SPIR-V, as wgpu will; a panic of the writer is an error as well.
pub fn compile(shader: &Shader, constants: &[(&str, f64)]) -> Result<Vec<u32>, String> {
    let constants = constants.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
    let written = catch_unwind(AssertUnwindSafe(|| {
        let (module, info) =
            naga::back::pipeline_constants::process_overrides(&shader.module, &shader.info, None, &constants)
                .map_err(|error| error.to_string())?;
        naga::back::spv::write_vec(&module, &info, &naga::back::spv::Options::default(), None)
            .map_err(|error| error.to_string())
    }));
    written.unwrap_or_else(|_| Err("the SPIR-V writer of naga panics".to_owned()))
}

/// The constants that a kernel is compiled with.
pub fn constants(kernel: &Kernel) -> Vec<(&'static str, f64)> {
    let mut constants = kernel.constants.to_vec();
    constants.push(("WORKGROUP_SIZE", WORKGROUP_SIZE));
    constants
}

/// Size, and names and offsets of the fields, of a struct.
pub fn layout(module: &Module, name: &str) -> Option<(usize, Vec<(String, usize)>)> {
    let (_, ty) = module.types.iter().find(|(_, ty)| ty.name.as_deref() == Some(name))?;
    let TypeInner::Struct { members, span } = &ty.inner else { return None };
    let fields = members.iter().map(|m| (m.name.clone().unwrap_or_default(), m.offset as usize)).collect();
    Some((*span as usize, fields))
}

/// Every bound variable by group and binding: its name, and `uniform`, `read` or `read_write`.
pub fn bindings(module: &Module) -> Vec<(u32, u32, String, &'static str)> {
    let bound = |(_, variable): (Handle<GlobalVariable>, &GlobalVariable)| {
        let at = variable.binding?;
        let access = match variable.space {
            AddressSpace::Uniform => "uniform",
            AddressSpace::Storage { access } if access.contains(StorageAccess::STORE) => "read_write",
            AddressSpace::Storage { .. } => "read",
            _ => "neither uniform nor storage",
        };
        Some((at.group, at.binding, variable.name.clone().unwrap_or_default(), access))
    };
    let mut bindings: Vec<_> = module.global_variables.iter().filter_map(bound).collect();
    bindings.sort();
    bindings
}

/// Names of the structs that bound variables consist of.
pub fn bound_structs(module: &Module) -> Vec<String> {
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
pub fn overrides(module: &Module) -> Vec<(String, bool)> {
    module.overrides.iter().map(|(_, o)| (o.name.clone().unwrap_or_default(), o.init.is_some())).collect()
}

/// The value of a `const` of type `u32`.
pub fn constant(module: &Module, name: &str) -> Option<u32> {
    let (_, constant) = module.constants.iter().find(|(_, constant)| constant.name.as_deref() == Some(name))?;
    match module.global_expressions[constant.init] {
        naga::Expression::Literal(naga::Literal::U32(value)) => Some(value),
        _ => None,
    }
}

/// Bytes of workgroup memory.
pub fn workgroup_bytes(shader: &Shader) -> Result<u32, String> {
    let mut layouter = Layouter::default();
    layouter.update(shader.module.to_ctx()).map_err(|error| error.to_string())?;
    let shared = shader.module.global_variables.iter().filter(|(_, v)| v.space == AddressSpace::WorkGroup);
    Ok(shared.map(|(_, variable)| layouter[variable.ty].size).sum())
}
