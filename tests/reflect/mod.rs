//! What a WGSL module declares, as naga reads it; no GPU is needed.

use naga::valid::{Capabilities, ModuleInfo, ValidationFlags, Validator};
use naga::{AddressSpace, GlobalVariable, Handle, Module, StorageAccess};

/// Parses and validates.
pub(crate) fn shader(wgsl: &str) -> Result<(Module, ModuleInfo), String> {
    let module = naga::front::wgsl::parse_str(wgsl).map_err(|error| error.emit_to_string(wgsl))?;
    let validated = Validator::new(ValidationFlags::all(), Capabilities::empty()).validate(&module);
    let info = validated.map_err(|error| error.emit_to_string(wgsl))?;
    Ok((module, info))
}

/// Every bound variable by group and binding: its name, and `uniform`, `read` or `read_write`.
pub(crate) fn bindings(module: &Module) -> Vec<(u32, u32, String, &'static str)> {
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
