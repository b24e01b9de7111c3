//! A kernel of naga to code.

mod expressions;
mod math;
mod places;
mod statements;

use crate::code::{Binding, Op, Program, Register, WORKGROUP};
use crate::negation::negated;
use crate::options::{Options, Random};
use crate::types::Types;
use naga::back::PipelineConstants;
use naga::back::pipeline_constants::process_overrides;
use naga::proc::TypeResolution;
use naga::valid::{Capabilities, FunctionInfo, ModuleInfo, ValidationFlags, Validator};
use naga::{AddressSpace, Expression, Function, Handle, Literal, Module, Span, StorageAccess};
use places::{Place, Space, Value};
use std::collections::BTreeSet;

/// Registers of constants and private variables.
const FIRST_MAX: usize = 2048;

/// Parses and validates a text.
pub(crate) fn read(source: &str) -> Result<(Module, ModuleInfo), String> {
    let module = naga::front::wgsl::parse_str(source).map_err(|error| error.emit_to_string(source))?;
    let validated = Validator::new(ValidationFlags::all(), Capabilities::all()).validate(&module);
    let info = validated.map_err(|error| error.emit_to_string(source))?;
    Ok((module, info))
}

/// Compiles the entry point `entry`.
pub(crate) fn compile(
    source: &str,
    entry: &str,
    constants: &PipelineConstants,
    options: &Options,
) -> Result<Program, String> {
    let (module, info) = read(source)?;
    let (module, info) =
        process_overrides(&module, &info, None, constants).map_err(|error| format!("{entry}: {error}"))?;
    let found = module.entry_points.iter().position(|point| point.name == entry);
    let Some(number) = found else { return Err(format!("there is no entry point `{entry}`")) };
    let mut unit = Unit::new(&module, options, source, entry);
    unit.globals()?;
    for (handle, function) in module.functions.iter() {
        let begun = unit.declare(function);
        unit.functions.push(begun);
        let body = unit.functions.len() - 1;
        Body::new(&mut unit, function, &info[handle], Some(body)).compile()?;
    }
    unit.program.code[0] = Op::Jump { to: unit.here() };
    let point = &module.entry_points[number];
    unit.program.workgroup_size = point.workgroup_size;
    Body::new(&mut unit, &point.function, info.get_entry_point(number), None).compile()?;
    if unit.program.first.len() > FIRST_MAX {
        return Err(format!("{entry}: constants and private variables have {} words", unit.program.first.len()));
    }
    unit.program.registers = unit.next as usize;
    Ok(unit.program)
}

/// A function that was compiled: where it begins, and its registers.
#[derive(Clone, Debug)]
struct Called {
    at: u32,
    arguments: Vec<Register>,
    result: Register,
    back: Register,
}

/// A module on its way.
struct Unit<'a> {
    types: Types<'a>,
    options: Options,
    random: Random,
    program: Program,
    next: Register,
    /// Of the first registers: zero, and private variables.
    private_words: usize,
    functions: Vec<Called>,
    global_places: Vec<Option<Place>>,
}

/// A function on its way.
struct Body<'u, 'a> {
    unit: &'u mut Unit<'a>,
    function: &'a Function,
    info: &'a FunctionInfo,
    /// Its number; none: it is the entry point.
    number: Option<usize>,
    values: Vec<Option<Value>>,
    locals: Vec<Register>,
    /// Comparisons that are turned round.
    turned: BTreeSet<Handle<Expression>>,
    breaks: Vec<Vec<usize>>,
    continues: Vec<Vec<usize>>,
}

impl<'a> Unit<'a> {
    fn new(module: &'a Module, options: &Options, source: &str, name: &str) -> Self {
        let named = name.bytes().fold(options.seed, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
        let program = Program {
            name: name.to_owned(),
            source: source.to_owned(),
            code: vec![Op::Nothing],
            spans: vec![Span::UNDEFINED],
            first: vec![0],
            registers: 0,
            workgroup_words: 0,
            workgroup_size: [1; 3],
            built_ins: Vec::new(),
            bindings: Vec::new(),
            maps: Vec::new(),
        };
        Self {
            types: Types(module),
            options: *options,
            random: Random(named),
            program,
            next: FIRST_MAX as Register,
            private_words: 1,
            functions: Vec::new(),
            global_places: vec![None; module.global_variables.len()],
        }
    }

    fn here(&self) -> u32 {
        self.program.code.len() as u32
    }

    fn emit(&mut self, op: Op, span: Span) {
        self.program.code.push(op);
        self.program.spans.push(span);
    }

    fn allocate(&mut self, words: u32) -> Register {
        let register = self.next;
        self.next += words;
        register
    }

    /// A register that holds these words.
    fn constant(&mut self, words: &[u32]) -> Register {
        // Private variables change; they come first.
        let constants = &self.program.first[self.private_words..];
        if let Some(at) = constants.windows(words.len().max(1)).position(|window| window == words) {
            return (self.private_words + at) as Register;
        }
        let at = self.program.first.len();
        self.program.first.extend_from_slice(words);
        at as Register
    }

    /// Lays out global variables.
    fn globals(&mut self) -> Result<(), String> {
        let module = self.types.0;
        for (handle, variable) in module.global_variables.iter() {
            let ty = TypeResolution::Handle(variable.ty);
            let name = variable.name.clone().unwrap_or_default();
            let (space, base) = match variable.space {
                AddressSpace::Private => {
                    let base = self.program.first.len() as u32;
                    let words = match variable.init {
                        Some(init) => self.global_constant(init)?,
                        None => vec![0; self.types.words(&ty) as usize],
                    };
                    self.program.first.extend(words);
                    (Space::Local, base)
                }
                AddressSpace::WorkGroup => {
                    let base = self.program.workgroup_words as u32;
                    self.program.workgroup_words += self.types.words(&ty) as usize;
                    (Space::Shared(WORKGROUP), base)
                }
                AddressSpace::Storage { .. } | AddressSpace::Uniform => {
                    let binding = variable.binding.ok_or_else(|| format!("`{name}` has no binding"))?;
                    let stores = AddressSpace::Storage { access: StorageAccess::LOAD | StorageAccess::STORE };
                    let written = variable.space == stores
                        || matches!(variable.space, AddressSpace::Storage { access } if access.contains(StorageAccess::STORE));
                    self.program.bindings.push(Binding {
                        at: (binding.group, binding.binding),
                        name,
                        written,
                        coherent: variable.memory_decorations.contains(naga::MemoryDecorations::COHERENT),
                        words: self.types.bound_words(&ty),
                    });
                    (Space::Shared(self.program.bindings.len() as u32 - 1), 0)
                }
                other => return Err(format!("`{name}` lies in {other:?}")),
            };
            self.global_places[handle.index()] = Some(Place { space, base, offset: crate::code::ZERO, ty });
        }
        self.private_words = self.program.first.len();
        Ok(())
    }

    fn global_constant(&self, of: Handle<Expression>) -> Result<Vec<u32>, String> {
        let module = self.types.0;
        match &module.global_expressions[of] {
            Expression::Literal(literal) => Ok(vec![word(*literal)?]),
            Expression::Constant(constant) => self.global_constant(module.constants[*constant].init),
            Expression::ZeroValue(ty) => Ok(vec![0; self.types.words(&TypeResolution::Handle(*ty)) as usize]),
            Expression::Compose { components, .. } => {
                let parts = components.iter().map(|part| self.global_constant(*part));
                Ok(parts.collect::<Result<Vec<_>, _>>()?.concat())
            }
            Expression::Splat { size, value } => Ok(self.global_constant(*value)?.repeat(*size as usize)),
            other => Err(format!("the constant {other:?} is not known")),
        }
    }

    /// Gives a function its registers; it begins here.
    fn declare(&mut self, function: &Function) -> Called {
        let words = |ty| self.types.words(&TypeResolution::Handle(ty));
        let arguments: Vec<u32> = function.arguments.iter().map(|argument| words(argument.ty)).collect();
        let result = function.result.as_ref().map_or(0, |result| words(result.ty));
        let arguments = arguments.into_iter().map(|words| self.allocate(words)).collect();
        Called { at: self.here(), arguments, result: self.allocate(result), back: self.allocate(1) }
    }
}

/// The word of a literal.
fn word(literal: Literal) -> Result<u32, String> {
    match literal {
        Literal::F32(value) => Ok(value.to_bits()),
        Literal::U32(value) => Ok(value),
        Literal::I32(value) => Ok(value.cast_unsigned()),
        Literal::Bool(value) => Ok(u32::from(value)),
        other => Err(format!("the literal {other:?} has not 32 bits")),
    }
}

impl<'u, 'a> Body<'u, 'a> {
    fn new(unit: &'u mut Unit<'a>, function: &'a Function, info: &'a FunctionInfo, number: Option<usize>) -> Self {
        let turned = if unit.options.turns_comparisons {
            let all = negated(unit.types, function, info, &unit.program.source);
            all.into_iter().map(|negated| negated.comparison).collect()
        } else {
            BTreeSet::new()
        };
        let locals = function.local_variables.iter();
        let locals = locals.map(|(_, local)| unit.types.words(&TypeResolution::Handle(local.ty)));
        let locals: Vec<u32> = locals.collect();
        let locals = locals.into_iter().map(|words| unit.allocate(words)).collect();
        let values = vec![None; function.expressions.len()];
        Self { unit, function, info, number, values, locals, turned, breaks: Vec::new(), continues: Vec::new() }
    }

    fn compile(mut self) -> Result<(), String> {
        for (number, (_, local)) in self.function.local_variables.iter().enumerate() {
            let (to, words) = (self.locals[number], self.unit.types.words(&TypeResolution::Handle(local.ty)));
            match local.init {
                None => self.emit(Op::Zero { to, words }),
                Some(init) => {
                    let from = self.words(init)?;
                    self.emit(Op::Copy { to, from, words });
                }
            }
        }
        if self.number.is_none() {
            for (number, argument) in self.function.arguments.iter().enumerate() {
                let Some(naga::Binding::BuiltIn(built_in)) = argument.binding else {
                    return Err(format!("argument {number} of the entry point is not built in"));
                };
                let register = self.unit.allocate(3);
                self.unit.program.built_ins.push((built_in, register));
            }
        }
        self.block(&self.function.body)?;
        self.leave();
        Ok(())
    }

    fn emit(&mut self, op: Op) {
        self.unit.emit(op, Span::UNDEFINED);
    }

    /// Back to the caller.
    fn leave(&mut self) {
        match self.number {
            None => self.emit(Op::End),
            Some(number) => {
                let back = self.unit.functions[number].back;
                self.emit(Op::Return { back });
            }
        }
    }
}
