//! Statements to code.

use super::Body;
use super::places::{Space, Value};
use crate::code::{At, Atomic, Binary, Op, Register};
use naga::{AtomicFunction, Barrier, Block, Expression, Handle, ScalarKind, Span, Statement, SwitchCase, SwitchValue};

impl Body<'_, '_> {
    pub(super) fn block(&mut self, block: &Block) -> Result<(), String> {
        for (statement, span) in block.span_iter() {
            let before = self.unit.program.spans.len();
            self.statement(statement)?;
            for own in &mut self.unit.program.spans[before..] {
                if *own == Span::UNDEFINED {
                    *own = *span;
                }
            }
        }
        Ok(())
    }

    fn statement(&mut self, statement: &Statement) -> Result<(), String> {
        match statement {
            Statement::Emit(range) => {
                for expression in range.clone() {
                    let before = self.unit.program.spans.len();
                    self.evaluate(expression)?;
                    let span = self.function.expressions.get_span(expression);
                    self.unit.program.spans[before..].fill(span);
                }
            }
            Statement::Block(block) => self.block(block)?,
            Statement::If { condition, accept, reject } => self.choice(*condition, accept, reject)?,
            Statement::Switch { selector, cases } => self.switch(*selector, cases)?,
            Statement::Loop { body, continuing, break_if } => self.repeat(body, continuing, *break_if)?,
            Statement::Break => {
                let at = self.jump();
                self.breaks.last_mut().ok_or("a break outside of a loop")?.push(at);
            }
            Statement::Continue => {
                let at = self.jump();
                self.continues.last_mut().ok_or("a continue outside of a loop")?.push(at);
            }
            Statement::Return { value } => {
                if let (Some(value), Some(number)) = (value, self.number) {
                    let from = self.words(*value)?;
                    let to = self.unit.functions[number].result;
                    let words = self.unit.types.words(&self.info[*value].ty);
                    self.emit(Op::Copy { to, from, words });
                }
                self.leave();
            }
            Statement::ControlBarrier(barrier) => self.barrier(*barrier),
            Statement::Store { pointer, value } => {
                let from = self.words(*value)?;
                let place = self.place(*pointer)?;
                self.store(&place, from);
            }
            Statement::Atomic { pointer, fun, value, result } => self.atomic(*pointer, fun, *value, *result)?,
            Statement::WorkGroupUniformLoad { pointer, result } => {
                self.barrier(Barrier::WORK_GROUP);
                let place = self.place(*pointer)?;
                let to = self.load(&place);
                self.barrier(Barrier::WORK_GROUP);
                self.values[result.index()] = Some(Value::Words(to));
            }
            Statement::Call { function, arguments, result } => {
                let called = self.unit.functions[function.index()].clone();
                for (argument, to) in arguments.iter().zip(&called.arguments) {
                    let from = self.words(*argument)?;
                    let words = self.unit.types.words(&self.info[*argument].ty);
                    self.emit(Op::Copy { to: *to, from, words });
                }
                self.emit(Op::Call { to: called.at, back: called.back });
                if let Some(result) = result {
                    let words = self.unit.types.words(&self.info[*result].ty);
                    let to = self.unit.allocate(words);
                    self.emit(Op::Copy { to, from: called.result, words });
                    self.values[result.index()] = Some(Value::Words(to));
                }
            }
            other => return Err(format!("the statement {other:?} is not known")),
        }
        Ok(())
    }

    fn barrier(&mut self, barrier: Barrier) {
        let storage = barrier.contains(Barrier::STORAGE);
        self.emit(Op::Barrier { storage, workgroup: barrier.contains(Barrier::WORK_GROUP) });
    }

    /// A jump that is patched later.
    fn jump(&mut self) -> usize {
        self.emit(Op::Nothing);
        self.unit.program.code.len() - 1
    }

    /// Lets a jump lead here.
    fn land(&mut self, at: usize) {
        self.unit.program.code[at] = Op::Jump { to: self.unit.here() };
    }

    fn unless(&mut self, at: usize, condition: Register) {
        self.unit.program.code[at] = Op::Unless { condition, to: self.unit.here() };
    }

    fn choice(&mut self, condition: Handle<Expression>, accept: &Block, reject: &Block) -> Result<(), String> {
        let condition = self.words(condition)?;
        let test = self.jump();
        self.block(accept)?;
        let out = self.jump();
        self.unless(test, condition);
        self.block(reject)?;
        self.land(out);
        Ok(())
    }

    fn switch(&mut self, selector: Handle<Expression>, cases: &[SwitchCase]) -> Result<(), String> {
        let selector = self.words(selector)?;
        // First the tests, each with a jump to its body; then the bodies, one falling into the next where it says so.
        let (mut entries, mut otherwise) = (Vec::new(), None);
        for (number, case) in cases.iter().enumerate() {
            let value = match case.value {
                SwitchValue::I32(value) => value.cast_unsigned(),
                SwitchValue::U32(value) => value,
                SwitchValue::Default => {
                    otherwise = Some(number);
                    continue;
                }
            };
            let (to, right) = (self.unit.allocate(1), self.unit.constant(&[value]));
            self.emit(Op::Binary { f: Binary::Ne, to, left: selector, right });
            let test = self.jump();
            entries.push((number, test, Some(to)));
        }
        let last = self.jump();
        entries.push((otherwise.unwrap_or(cases.len()), last, None));
        self.breaks.push(Vec::new());
        for number in 0..=cases.len() {
            for (_, at, condition) in entries.iter().filter(|(of, ..)| *of == number) {
                match condition {
                    Some(condition) => self.unless(*at, *condition),
                    None => self.land(*at),
                }
            }
            if let Some(case) = cases.get(number) {
                self.block(&case.body)?;
                if !case.fall_through {
                    let out = self.jump();
                    self.breaks.last_mut().ok_or("a switch without an end")?.push(out);
                }
            }
        }
        self.ends();
        Ok(())
    }

    /// Lets all breaks lead here.
    fn ends(&mut self) {
        for at in self.breaks.pop().unwrap_or_default() {
            self.land(at);
        }
    }

    fn repeat(&mut self, body: &Block, continuing: &Block, break_if: Option<Handle<Expression>>) -> Result<(), String> {
        let top = self.unit.here();
        self.breaks.push(Vec::new());
        self.continues.push(Vec::new());
        self.block(body)?;
        for at in self.continues.pop().unwrap_or_default() {
            self.land(at);
        }
        self.block(continuing)?;
        match break_if {
            None => self.emit(Op::Jump { to: top }),
            Some(condition) => {
                let condition = self.words(condition)?;
                self.emit(Op::Unless { condition, to: top });
            }
        }
        self.ends();
        Ok(())
    }

    fn atomic(
        &mut self,
        pointer: Handle<Expression>,
        fun: &AtomicFunction,
        value: Handle<Expression>,
        result: Option<Handle<Expression>>,
    ) -> Result<(), String> {
        let signed = self.unit.types.scalar(&self.info[value].ty) == Some(ScalarKind::Sint);
        let compare = match fun {
            AtomicFunction::Exchange { compare: Some(compare) } => Some(self.words(*compare)?),
            _ => None,
        };
        let value = self.words(value)?;
        let place = self.place(pointer)?;
        let Space::Shared(space) = place.space else { return Err("an atomic of registers".to_owned()) };
        let to = self.unit.allocate(2);
        let at = At { space, base: place.base, offset: place.offset };
        self.emit(Op::Atomic { to, at, fun: Atomic::of(fun, signed, compare), value });
        if let Some(result) = result {
            self.values[result.index()] = Some(Value::Words(to));
        }
        Ok(())
    }
}
