//! Comparisons of floats that a text negates: with `!`, alone or within `&&` and `||`.
//!
//! naga makes `if` of these: `a && b` is a variable that is `b` if `a`, else false. And it negates by itself, `a` of `a || b`;
//! so a negation is one whose text begins with `!`.

use naga::proc::TypeResolution;
use naga::valid::FunctionInfo;
use naga::{
    BinaryOperator, Block, Expression, Function, Handle, LocalVariable, ScalarKind, Span, Statement, UnaryOperator,
};

use crate::types::Types;

/// One negated comparison.
#[derive(Debug)]
pub(crate) struct Negated {
    /// The comparison.
    pub comparison: Handle<Expression>,
    /// The text with its `!`.
    pub span: Span,
}

struct Search<'a> {
    types: Types<'a>,
    function: &'a Function,
    info: &'a FunctionInfo,
    /// What variables without a name are made of.
    stored: Vec<(Handle<LocalVariable>, Handle<Expression>)>,
    source: &'a str,
}

/// The negated comparisons of a function.
pub(crate) fn negated(types: Types<'_>, function: &Function, info: &FunctionInfo, source: &str) -> Vec<Negated> {
    let mut search = Search { types, function, info, stored: Vec::new(), source };
    search.collect(&function.body);
    let mut found = Vec::new();
    for (handle, expression) in function.expressions.iter() {
        if let Expression::Unary { op: UnaryOperator::LogicalNot, expr } = expression
            && search.is_written(handle)
        {
            search.within(*expr, function.expressions.get_span(handle), &mut found);
        }
    }
    found
}

impl Search<'_> {
    fn is_written(&self, not: Handle<Expression>) -> bool {
        let range = self.function.expressions.get_span(not).to_range();
        range.and_then(|range| self.source.get(range)).is_some_and(|text| text.starts_with('!'))
    }

    fn collect(&mut self, block: &Block) {
        for statement in block {
            match statement {
                Statement::If { condition, accept, reject } => {
                    for store in accept.iter().chain(reject) {
                        if let Statement::Store { pointer, .. } = store {
                            self.note(*pointer, *condition);
                        }
                    }
                    self.collect(accept);
                    self.collect(reject);
                }
                Statement::Store { pointer, value } => self.note(*pointer, *value),
                Statement::Block(block) => self.collect(block),
                Statement::Loop { body, continuing, .. } => {
                    self.collect(body);
                    self.collect(continuing);
                }
                Statement::Switch { cases, .. } => cases.iter().for_each(|case| self.collect(&case.body)),
                _ => {}
            }
        }
    }

    fn note(&mut self, pointer: Handle<Expression>, value: Handle<Expression>) {
        if let Expression::LocalVariable(variable) = self.function.expressions[pointer]
            && self.function.local_variables[variable].name.is_none()
        {
            self.stored.push((variable, value));
        }
    }

    fn is_float(&self, ty: &TypeResolution) -> bool {
        self.types.scalar(ty) == Some(ScalarKind::Float)
    }

    fn within(&self, of: Handle<Expression>, span: Span, found: &mut Vec<Negated>) {
        use BinaryOperator as B;
        match self.function.expressions[of] {
            Expression::Binary { op, left, right } => match op {
                B::Less | B::LessEqual | B::Greater | B::GreaterEqual | B::Equal | B::NotEqual => {
                    if self.is_float(&self.info[left].ty) {
                        found.push(Negated { comparison: of, span });
                    }
                }
                _ => [left, right].into_iter().for_each(|part| self.within(part, span, found)),
            },
            Expression::Unary { op: UnaryOperator::LogicalNot, expr } if !self.is_written(of) => {
                self.within(expr, span, found);
            }
            Expression::Load { pointer } => {
                if let Expression::LocalVariable(variable) = self.function.expressions[pointer] {
                    let stored = self.stored.iter().filter(|(of, _)| *of == variable);
                    stored.for_each(|(_, value)| self.within(*value, span, found));
                }
            }
            _ => {}
        }
    }
}
