//! Rules over the text of a kernel, without running it.

use crate::compile::read;
use crate::negation::negated;
use crate::types::Types;
use naga::valid::FunctionInfo;
use naga::{AddressSpace, BinaryOperator, Binding, Block, BuiltIn, Expression, Function, Handle, Span, Statement};

/// A rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// `num_workgroups` is zero in indirect dispatches of DirectX 12.
    NoNumWorkgroups,
    /// A compiler with fast math may turn a negated comparison of floats round: NaN takes the other branch.
    NoNegatedComparison,
    /// A loop around a barrier that ends by a plain load of workgroup memory: not uniform for strict compilers.
    NoWorkgroupBound,
}

impl Rule {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::NoNumWorkgroups, Self::NoNegatedComparison, Self::NoWorkgroupBound];

    /// The lines of a text that break it.
    ///
    /// # Errors
    /// If naga does not take the text.
    pub fn broken(self, source: &str) -> Result<Vec<String>, String> {
        let (module, info) = read(source)?;
        let mut lines: Vec<String> = Vec::new();
        let mut add = |span: Span| {
            let start = span.to_range().map_or(0, |range| range.start);
            let number = source.get(..start).unwrap_or_default().matches('\n').count();
            lines.push(source.lines().nth(number).unwrap_or_default().trim().to_owned());
        };
        let entries =
            module.entry_points.iter().enumerate().map(|(k, point)| (&point.function, info.get_entry_point(k)));
        let others = module.functions.iter().map(|(handle, function)| (function, &info[handle]));
        let functions: Vec<(&Function, &FunctionInfo)> = others.chain(entries).collect();
        match self {
            Self::NoNumWorkgroups => {
                let arguments = module.entry_points.iter().flat_map(|point| &point.function.arguments);
                let named = arguments.filter(|one| one.binding == Some(Binding::BuiltIn(BuiltIn::NumWorkGroups)));
                let names = named.map(|one| format!("`{}` is num_workgroups", one.name.as_deref().unwrap_or_default()));
                lines.extend(names);
            }
            Self::NoNegatedComparison => {
                for (function, info) in functions {
                    let spans = negated(Types(&module), function, info, source).into_iter().map(|one| one.span);
                    spans.for_each(&mut add);
                }
            }
            Self::NoWorkgroupBound => {
                for (function, _) in functions {
                    let shared =
                        |of: Handle<naga::GlobalVariable>| module.global_variables[of].space == AddressSpace::WorkGroup;
                    bounds(&function.body, &mut |condition| {
                        if is_load_of(function, condition, &shared) {
                            add(function.expressions.get_span(condition));
                        }
                    });
                }
            }
        }
        lines.dedup();
        Ok(lines)
    }
}

/// Visits the conditions by which loops end.
fn bounds(block: &Block, visit: &mut impl FnMut(Handle<Expression>)) {
    for statement in block {
        match statement {
            Statement::Loop { body, continuing, break_if } => {
                break_if.iter().for_each(|condition| visit(*condition));
                for statement in body {
                    if let Statement::If { condition, accept, reject } = statement {
                        let ends = |block: &Block| matches!(block.last(), Some(Statement::Break));
                        if ends(accept) || ends(reject) {
                            visit(*condition);
                        }
                    }
                }
                bounds(body, visit);
                bounds(continuing, visit);
            }
            Statement::Block(block) => bounds(block, visit),
            Statement::If { accept, reject, .. } => {
                bounds(accept, visit);
                bounds(reject, visit);
            }
            Statement::Switch { cases, .. } => cases.iter().for_each(|case| bounds(&case.body, visit)),
            _ => {}
        }
    }
}

/// Whether a value is computed of a plain load of such a variable.
fn is_load_of(
    function: &Function,
    of: Handle<Expression>,
    is_such: &impl Fn(Handle<naga::GlobalVariable>) -> bool,
) -> bool {
    let within = |of| is_load_of(function, of, is_such);
    match &function.expressions[of] {
        Expression::Load { pointer } => {
            let mut at = *pointer;
            loop {
                at = match function.expressions[at] {
                    Expression::Access { base, .. } | Expression::AccessIndex { base, .. } => base,
                    Expression::GlobalVariable(variable) => return is_such(variable),
                    _ => return false,
                };
            }
        }
        Expression::Binary { op, left, right } if *op != BinaryOperator::LogicalAnd => within(*left) || within(*right),
        Expression::Unary { expr, .. } | Expression::As { expr, .. } => within(*expr),
        Expression::Math { arg, arg1, arg2, .. } => {
            within(*arg) || arg1.is_some_and(within) || arg2.is_some_and(within)
        }
        Expression::Select { accept, reject, .. } => within(*accept) || within(*reject),
        _ => false,
    }
}
