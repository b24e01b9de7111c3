//! Expressions to code.

use super::places::{Place, Space, Value};
use super::{Body, word};
use crate::code::{Binary, Op, Register, Unary, ZERO};
use naga::proc::TypeResolution;
use naga::{
    BinaryOperator, BuiltIn, Expression, Handle, RelationalFunction, ScalarKind, SwizzleComponent, TypeInner,
    UnaryOperator, VectorSize,
};

impl Body<'_, '_> {
    /// Computes an expression, now.
    pub(super) fn evaluate(&mut self, of: Handle<Expression>) -> Result<(), String> {
        let value = match &self.function.expressions[of] {
            Expression::Literal(literal) => {
                let word = word(*literal)?;
                Value::Words(self.unit.constant(&[word]))
            }
            Expression::Constant(constant) => {
                let words = self.unit.global_constant(self.unit.types.0.constants[*constant].init)?;
                Value::Words(self.unit.constant(&words))
            }
            Expression::ZeroValue(ty) => {
                let words = self.unit.types.words(&TypeResolution::Handle(*ty));
                Value::Words(self.unit.constant(&vec![0; words as usize]))
            }
            Expression::Compose { components, .. } => Value::Words(self.compose(components)?),
            Expression::Access { base, index } => self.element(*base, *index)?,
            Expression::AccessIndex { base, index } => self.part(*base, *index)?,
            Expression::Splat { size, value } => {
                let from = self.words(*value)?;
                Value::Words(self.gather((0..*size as u32).map(|_| from)))
            }
            Expression::Swizzle { size, vector, pattern } => Value::Words(self.swizzle(*size, *vector, pattern)?),
            Expression::FunctionArgument(number) => self.argument(*number)?,
            Expression::GlobalVariable(variable) => {
                let place = self.unit.global_places[variable.index()].clone();
                Value::Place(place.ok_or("a global variable without a place")?)
            }
            Expression::LocalVariable(variable) => Value::Place(Place {
                space: Space::Local,
                base: self.locals[variable.index()],
                offset: ZERO,
                ty: TypeResolution::Handle(self.function.local_variables[*variable].ty),
            }),
            Expression::Load { pointer } => {
                let place = self.place(*pointer)?;
                Value::Words(self.load(&place))
            }
            Expression::Unary { op, expr } => Value::Words(self.unary(*op, *expr)?),
            Expression::Binary { op, left, right } => Value::Words(self.binary(of, *op, *left, *right)?),
            Expression::Select { condition, accept, reject } => {
                Value::Words(self.select(*condition, *accept, *reject)?)
            }
            Expression::Relational { fun, argument } => Value::Words(self.relational(*fun, *argument)?),
            Expression::Math { fun, arg, arg1, arg2, .. } => Value::Words(self.math(*fun, *arg, *arg1, *arg2)?),
            Expression::As { expr, kind, convert } => match convert {
                None => Value::Words(self.words(*expr)?),
                Some(_) => Value::Words(self.convert(*expr, *kind)?),
            },
            Expression::ArrayLength(pointer) => {
                let place = self.place(*pointer)?;
                let Space::Shared(space) = place.space else { return Err("the length of no binding".to_owned()) };
                let elements = self.unit.types.elements(&place.ty).ok_or("the length of no array")?;
                let to = self.unit.allocate(1);
                self.emit(Op::Length { to, space, before: place.base, stride: elements.placed });
                Value::Words(to)
            }
            other => return Err(format!("the expression {other:?} is not known")),
        };
        self.values[of.index()] = Some(value);
        Ok(())
    }

    /// How many words a value has.
    pub(super) fn count(&self, of: Handle<Expression>) -> u32 {
        self.unit.types.words(&self.info[of].ty)
    }

    pub(super) fn kind(&self, of: Handle<Expression>) -> Result<ScalarKind, String> {
        self.unit.types.scalar(&self.info[of].ty).ok_or_else(|| "a value that is not of numbers".to_owned())
    }

    /// Word `number` of a value; a scalar is all words of a vector.
    pub(super) fn component(&mut self, of: Handle<Expression>, number: u32) -> Result<Register, String> {
        let register = self.words(of)?;
        Ok(if self.unit.types.is_scalar(&self.info[of].ty) { register } else { register + number })
    }

    /// Registers one behind the other.
    fn gather(&mut self, of: impl ExactSizeIterator<Item = Register>) -> Register {
        let first = self.unit.allocate(of.len() as u32);
        for (to, from) in (first..).zip(of) {
            self.emit(Op::Copy { to, from, words: 1 });
        }
        first
    }

    fn compose(&mut self, components: &[Handle<Expression>]) -> Result<Register, String> {
        let mut parts = Vec::new();
        for component in components {
            parts.push((self.words(*component)?, self.count(*component)));
        }
        let first = self.unit.allocate(parts.iter().map(|(_, words)| words).sum());
        let mut to = first;
        for (from, words) in parts {
            self.emit(Op::Copy { to, from, words });
            to += words;
        }
        Ok(first)
    }

    fn swizzle(
        &mut self,
        size: VectorSize,
        vector: Handle<Expression>,
        pattern: &[SwizzleComponent; 4],
    ) -> Result<Register, String> {
        let from = self.words(vector)?;
        let taken: Vec<Register> = pattern.iter().take(size as usize).map(|one| from + *one as u32).collect();
        Ok(self.gather(taken.into_iter()))
    }

    fn argument(&mut self, number: u32) -> Result<Value, String> {
        let argument = &self.function.arguments[number as usize];
        let Some(function) = self.number else {
            let (built_in, register) = self.unit.program.built_ins[number as usize];
            return match built_in {
                BuiltIn::GlobalInvocationId
                | BuiltIn::LocalInvocationId
                | BuiltIn::LocalInvocationIndex
                | BuiltIn::WorkGroupId
                | BuiltIn::NumWorkGroups => Ok(Value::Words(register)),
                other => Err(format!("the built-in value {other:?} is not known")),
            };
        };
        let register = self.unit.functions[function].arguments[number as usize];
        let types = self.unit.types.0;
        if let TypeInner::Pointer { base, .. } = types.types[argument.ty].inner {
            let ty = TypeResolution::Handle(base);
            return Ok(Value::Place(Place { space: Space::Local, base: 0, offset: register, ty }));
        }
        if let TypeInner::ValuePointer { size, scalar, .. } = types.types[argument.ty].inner {
            let inner = size.map_or(TypeInner::Scalar(scalar), |size| TypeInner::Vector { size, scalar });
            let ty = TypeResolution::Value(inner);
            return Ok(Value::Place(Place { space: Space::Local, base: 0, offset: register, ty }));
        }
        Ok(Value::Words(register))
    }

    /// The same for every word of a value.
    pub(super) fn each(&mut self, f: Unary, of: Handle<Expression>) -> Result<Register, String> {
        let words = self.count(of);
        let from = self.words(of)?;
        let to = self.unit.allocate(words);
        for k in 0..words {
            self.emit(Op::Unary { f, to: to + k, of: from + k });
        }
        Ok(to)
    }

    /// The same for every word of two values, one of which may be a scalar.
    pub(super) fn both(
        &mut self,
        f: Binary,
        left: Handle<Expression>,
        right: Handle<Expression>,
    ) -> Result<Register, String> {
        let words = self.count(left).max(self.count(right));
        let to = self.unit.allocate(words);
        for k in 0..words {
            let (left, right) = (self.component(left, k)?, self.component(right, k)?);
            self.emit(Op::Binary { f, to: to + k, left, right });
        }
        Ok(to)
    }

    fn unary(&mut self, op: UnaryOperator, of: Handle<Expression>) -> Result<Register, String> {
        let f = match (op, self.kind(of)?) {
            (UnaryOperator::Negate, ScalarKind::Float) => Unary::NegF,
            (UnaryOperator::Negate, _) => Unary::NegI,
            (UnaryOperator::LogicalNot, _) => Unary::Not,
            (UnaryOperator::BitwiseNot, _) => Unary::NotBits,
        };
        self.each(f, of)
    }

    fn binary(
        &mut self,
        own: Handle<Expression>,
        op: BinaryOperator,
        left: Handle<Expression>,
        right: Handle<Expression>,
    ) -> Result<Register, String> {
        let kind = self.kind(left)?;
        let is_matrix = |of: Handle<Expression>| self.unit.types.matrix(&self.info[of].ty).is_some();
        let is_scalar = |of: Handle<Expression>| self.unit.types.is_scalar(&self.info[of].ty);
        let of_matrices = (is_matrix(left) && !is_scalar(right)) || (is_matrix(right) && !is_scalar(left));
        if op == BinaryOperator::Multiply && of_matrices {
            return Err("a product of matrices: the order of its sums is the driver's".to_owned());
        }
        let f = operation(op, kind)?;
        if self.unit.options.contracts
            && matches!(f, Binary::AddF | Binary::SubF)
            && let Some(contracted) = self.contracted(f, left, right)?
        {
            return Ok(contracted);
        }
        let f = if self.turned.contains(&own) { or_nan(f) } else { f };
        self.both(f, left, right)
    }

    /// A sum of a product with one rounding, as the seed says.
    fn contracted(
        &mut self,
        f: Binary,
        left: Handle<Expression>,
        right: Handle<Expression>,
    ) -> Result<Option<Register>, String> {
        let product = |of: Handle<Expression>| match self.function.expressions[of] {
            Expression::Binary { op: BinaryOperator::Multiply, left, right } => Some((left, right)),
            _ => None,
        };
        let (first, second) = (product(left), product(right));
        let chosen = match (first, second) {
            (None, None) => return Ok(None),
            (Some(_), Some(_)) => self.unit.random.below(4),
            (Some(_), None) => 2 * self.unit.random.below(2),
            (None, Some(_)) => 3 * self.unit.random.below(2),
        };
        let is_difference = f == Binary::SubF;
        let ((x, y), plus, minus_product, minus_plus) = match (chosen, first, second) {
            (2, Some(factors), _) => (factors, right, false, is_difference),
            (3, _, Some(factors)) => (factors, left, is_difference, false),
            _ => return Ok(None),
        };
        let words = self.count(left).max(self.count(right));
        let to = self.unit.allocate(words);
        for k in 0..words {
            let (x, y, plus) = (self.component(x, k)?, self.component(y, k)?, self.component(plus, k)?);
            self.emit(Op::Fma { to: to + k, x, y, plus, minus_product, minus_plus });
        }
        Ok(Some(to))
    }

    fn select(
        &mut self,
        condition: Handle<Expression>,
        accept: Handle<Expression>,
        reject: Handle<Expression>,
    ) -> Result<Register, String> {
        let words = self.count(accept);
        let to = self.unit.allocate(words);
        for k in 0..words {
            let condition = self.component(condition, k)?;
            let (accept, reject) = (self.words(accept)? + k, self.words(reject)? + k);
            self.emit(Op::Select { to: to + k, condition, accept, reject });
        }
        Ok(to)
    }

    fn relational(&mut self, fun: RelationalFunction, of: Handle<Expression>) -> Result<Register, String> {
        let f = match fun {
            RelationalFunction::All => Binary::And,
            RelationalFunction::Any => Binary::Or,
            other => return Err(format!("`{other:?}` is not known")),
        };
        let mut sum = self.words(of)?;
        for k in 1..self.count(of) {
            let right = self.words(of)? + k;
            let to = self.unit.allocate(1);
            self.emit(Op::Binary { f, to, left: sum, right });
            sum = to;
        }
        Ok(sum)
    }

    fn convert(&mut self, of: Handle<Expression>, to: ScalarKind) -> Result<Register, String> {
        use ScalarKind as K;
        let f = match (self.kind(of)?, to) {
            (from, to) if from == to => return self.words(of),
            (K::Sint | K::Uint, K::Sint | K::Uint) | (K::Bool, K::Sint | K::Uint) => return self.words(of),
            (K::Float, K::Sint) => Unary::FToI,
            (K::Float, K::Uint) => Unary::FToU,
            (K::Float, K::Bool) => Unary::FToB,
            (K::Sint, K::Float) => Unary::IToF,
            (K::Uint | K::Bool, K::Float) => Unary::UToF,
            (_, K::Bool) => Unary::IToB,
            (from, to) => return Err(format!("{from:?} to {to:?} is not known")),
        };
        self.each(f, of)
    }
}

fn operation(op: BinaryOperator, kind: ScalarKind) -> Result<Binary, String> {
    use Binary as B;
    use BinaryOperator as O;
    let by = |float: B, signed: B, unsigned: B| match kind {
        ScalarKind::Float => float,
        ScalarKind::Sint => signed,
        _ => unsigned,
    };
    Ok(match op {
        O::Add => by(B::AddF, B::AddI, B::AddI),
        O::Subtract => by(B::SubF, B::SubI, B::SubI),
        O::Multiply => by(B::MulF, B::MulI, B::MulI),
        O::Divide => by(B::DivF, B::DivI, B::DivU),
        O::Modulo => by(B::RemF, B::RemI, B::RemU),
        O::Equal => by(B::EqF, B::Eq, B::Eq),
        O::NotEqual => by(B::NeF, B::Ne, B::Ne),
        O::Less => by(B::LtF, B::LtI, B::LtU),
        O::LessEqual => by(B::LeF, B::LeI, B::LeU),
        O::Greater => by(B::GtF, B::GtI, B::GtU),
        O::GreaterEqual => by(B::GeF, B::GeI, B::GeU),
        O::And | O::LogicalAnd => B::And,
        O::InclusiveOr | O::LogicalOr => B::Or,
        O::ExclusiveOr => B::Xor,
        O::ShiftLeft => B::Shl,
        O::ShiftRight => by(B::ShrU, B::ShrI, B::ShrU),
    })
}

fn or_nan(f: Binary) -> Binary {
    match f {
        Binary::EqF => Binary::EqOrNan,
        Binary::LtF => Binary::LtOrNan,
        Binary::LeF => Binary::LeOrNan,
        Binary::GtF => Binary::GtOrNan,
        Binary::GeF => Binary::GeOrNan,
        other => other,
    }
}
