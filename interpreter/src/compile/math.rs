//! Built-in functions to code: those whose results WGSL says.

use super::Body;
use crate::code::{Binary, Op, Register, Unary};
use naga::{Expression, Handle, MathFunction, ScalarKind};

impl Body<'_, '_> {
    pub(super) fn math(
        &mut self,
        fun: MathFunction,
        a: Handle<Expression>,
        b: Option<Handle<Expression>>,
        c: Option<Handle<Expression>>,
    ) -> Result<Register, String> {
        use MathFunction as M;
        let unknown = || format!("`{fun:?}` is not known");
        let kind = if fun == M::Transpose { ScalarKind::Float } else { self.kind(a)? };
        let by = |float: Binary, signed: Binary, unsigned: Binary| match kind {
            ScalarKind::Float => float,
            ScalarKind::Sint => signed,
            _ => unsigned,
        };
        let least = by(Binary::MinF, Binary::MinI, Binary::MinU);
        let most = by(Binary::MaxF, Binary::MaxI, Binary::MaxU);
        match (fun, b, c) {
            (M::Min, Some(b), _) => self.both(least, a, b),
            (M::Max, Some(b), _) => self.both(most, a, b),
            (M::Clamp, Some(low), Some(high)) => {
                let raised = self.both(most, a, low)?;
                let words = self.count(a);
                for k in 0..words {
                    let right = self.component(high, k)?;
                    self.emit(Op::Binary { f: least, to: raised + k, left: raised + k, right });
                }
                Ok(raised)
            }
            (M::Fma, Some(b), Some(c)) => {
                let words = self.count(a);
                let to = self.unit.allocate(words);
                for k in 0..words {
                    let (x, y, plus) = (self.component(a, k)?, self.component(b, k)?, self.component(c, k)?);
                    self.emit(Op::Fma { to: to + k, x, y, plus, minus_product: false, minus_plus: false });
                }
                Ok(to)
            }
            (M::Transpose, ..) => self.transpose(a),
            _ => {
                let f = match (fun, kind) {
                    (M::Abs, ScalarKind::Float) => Unary::AbsF,
                    (M::Abs, ScalarKind::Sint) => Unary::AbsI,
                    (M::Abs, _) => return self.words(a),
                    (M::Floor, _) => Unary::Floor,
                    (M::Ceil, _) => Unary::Ceil,
                    (M::Trunc, _) => Unary::Trunc,
                    (M::Round, _) => Unary::Round,
                    (M::Fract, _) => Unary::Fract,
                    (M::Sqrt, _) => Unary::Sqrt,
                    (M::Sign, ScalarKind::Float) => Unary::Sign,
                    (M::CountOneBits, _) => Unary::CountOnes,
                    (M::CountLeadingZeros, _) => Unary::LeadingZeros,
                    (M::CountTrailingZeros, _) => Unary::TrailingZeros,
                    (M::ReverseBits, _) => Unary::ReverseBits,
                    (M::FirstLeadingBit, ScalarKind::Uint) => Unary::FirstLeadingU,
                    (M::FirstTrailingBit, _) => Unary::FirstTrailing,
                    _ => return Err(unknown()),
                };
                self.each(f, a)
            }
        }
    }

    fn transpose(&mut self, of: Handle<Expression>) -> Result<Register, String> {
        let (columns, rows) = self.unit.types.matrix(&self.info[of].ty).ok_or("a transpose of no matrix")?;
        let from = self.words(of)?;
        let to = self.unit.allocate(columns * rows);
        for row in 0..rows {
            for column in 0..columns {
                self.emit(Op::Copy { to: to + row * columns + column, from: from + column * rows + row, words: 1 });
            }
        }
        Ok(to)
    }
}
