//! One invocation, from one access to shared memory to the next.

use crate::code::{At, Atomic, Length, Op, Program, Register, WORKGROUP, Words};
use crate::findings::{Counts, Fault, Finding, Journal};
use crate::ops;
use crate::options::{Bounds, Options, Stores};
use crate::race::{Conflict, Shadow, Who};

/// Instructions after which an invocation is given up.
const ENDLESS: u64 = 50_000_000;

/// One binding of a dispatch.
#[derive(Debug)]
pub(crate) struct Bound<'a> {
    /// The words that it has, and what was done with them.
    pub words: &'a mut [u32],
    pub shadow: &'a mut [Shadow],
}

/// A workgroup.
#[derive(Debug)]
pub(crate) struct Group {
    pub number: u32,
    pub memory: Vec<u32>,
    pub shadow: Vec<Shadow>,
    /// Barriers of storage and of workgroup memory so far.
    pub epochs: [u32; 2],
}

/// Where an invocation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Before an access to shared memory.
    Access,
    /// Behind a barrier, with the number of the instruction.
    Barrier {
        at: u32,
        storage: bool,
        workgroup: bool,
    },
    Ended,
}

/// An invocation.
#[derive(Debug)]
pub(crate) struct Invocation {
    pub local: u32,
    pub registers: Vec<u32>,
    pub next: u32,
    pub spent: u64,
    /// What it wrote and others do not see yet: memory, word, value.
    pub stored: Vec<(u32, u32, u32)>,
}

/// A dispatch.
#[derive(Debug)]
pub(crate) struct Machine<'a> {
    pub program: &'a Program,
    pub options: &'a Options,
    pub bound: Vec<Bound<'a>>,
    pub journal: &'a mut Journal,
    pub counts: Counts,
    /// Its number.
    pub dispatch: u64,
    /// Invocations of a workgroup.
    pub size: u32,
}

impl Machine<'_> {
    /// Runs an invocation until it has made `accesses` accesses to memory that others may change, or stops before that.
    pub fn run(&mut self, group: &mut Group, own: &mut Invocation, accesses: u32) -> Stop {
        let mut left = accesses;
        let program = self.program;
        loop {
            let at = own.next;
            let op = program.code[at as usize];
            if let Some(space) = shared(&op) {
                let changes = space == WORKGROUP || program.bindings[space as usize].written;
                if changes {
                    if left == 0 {
                        return Stop::Access;
                    }
                    left -= 1;
                }
            }
            own.next += 1;
            own.spent += 1;
            self.counts.instructions += 1;
            if own.spent > ENDLESS {
                self.find(Fault::Endless, at);
                return Stop::Ended;
            }
            match op {
                Op::End => return Stop::Ended,
                Op::Barrier { storage, workgroup } => return Stop::Barrier { at, storage, workgroup },
                Op::Jump { to } => own.next = to,
                Op::Unless { condition, to } => {
                    if own.registers[condition as usize] == 0 {
                        own.next = to;
                    }
                }
                Op::Call { to, back } => {
                    own.registers[back as usize] = own.next;
                    own.next = to;
                }
                Op::Return { back } => own.next = own.registers[back as usize],
                Op::Load { .. }
                | Op::Store { .. }
                | Op::LoadAtomic { .. }
                | Op::StoreAtomic { .. }
                | Op::Atomic { .. } => {
                    self.access(group, own, &op, at);
                }
                Op::Index { to, index, before, stride, length } => {
                    let element = self.checked(own.registers[index as usize], stride, length, at);
                    own.registers[to as usize] =
                        own.registers[before as usize].wrapping_add(element.wrapping_mul(stride));
                }
                Op::Length { to, space, before, stride } => {
                    own.registers[to as usize] = self.elements(space, before, stride);
                }
                _ => self.compute(&mut own.registers, &op),
            }
        }
    }

    fn compute(&self, registers: &mut [u32], op: &Op) {
        let flushes = self.options.flushes_denormals;
        let flush = |word: u32| if flushes { ops::flushed(word) } else { word };
        match *op {
            Op::Copy { to, from, words } => {
                registers.copy_within(from as usize..(from + words) as usize, to as usize);
            }
            Op::Zero { to, words } => registers[to as usize..(to + words) as usize].fill(0),
            Op::Unary { f, to, of } => {
                let of = registers[of as usize];
                let is_float = ops::is_of_a_float(f);
                let result = ops::unary(f, if is_float { flush(of) } else { of });
                registers[to as usize] = if is_float { flush(result) } else { result };
            }
            Op::Binary { f, to, left, right } => {
                let (left, right) = (registers[left as usize], registers[right as usize]);
                registers[to as usize] = if flushes && ops::is_of_floats(f) {
                    flush(ops::binary(f, flush(left), flush(right)))
                } else {
                    ops::binary(f, left, right)
                };
            }
            Op::Fma { to, x, y, plus, minus_product, minus_plus } => {
                let of = |register: Register| f32::from_bits(flush(registers[register as usize]));
                let sign = |minus: bool, value: f32| if minus { -value } else { value };
                #[expect(clippy::disallowed_methods, reason = "what a driver may contract to")]
                let sum = sign(minus_product, of(x)).mul_add(of(y), sign(minus_plus, of(plus)));
                registers[to as usize] = flush(sum.to_bits());
            }
            Op::Select { to, condition, accept, reject } => {
                let chosen = if registers[condition as usize] != 0 { accept } else { reject };
                registers[to as usize] = registers[chosen as usize];
            }
            Op::LoadLocal { to, base, offset, words } => {
                let from = (base + registers[offset as usize]) as usize;
                registers.copy_within(from..from + words as usize, to as usize);
            }
            Op::StoreLocal { base, offset, from, words } => {
                let to = (base + registers[offset as usize]) as usize;
                registers.copy_within(from as usize..(from + words) as usize, to);
            }
            _ => {}
        }
    }

    fn access(&mut self, group: &mut Group, own: &mut Invocation, op: &Op, at: u32) {
        match *op {
            Op::Load { to, at: from, words } => {
                let first = from.base + own.registers[from.offset as usize];
                for k in 0..self.count(words) {
                    let word = first + self.place(words, k);
                    own.registers[(to + k) as usize] = self.read(group, own, from.space, word, at);
                }
            }
            Op::Store { from, at: to, words } => {
                let first = to.base + own.registers[to.offset as usize];
                for k in 0..self.count(words) {
                    let (word, value) = (first + self.place(words, k), own.registers[(from + k) as usize]);
                    self.write(group, own, (to.space, word, value), at);
                }
            }
            Op::LoadAtomic { to, at: from } => {
                own.registers[to as usize] = *self.atomic_word(group, own, from);
            }
            Op::StoreAtomic { from, at: to } => {
                let value = own.registers[from as usize];
                *self.atomic_word(group, own, to) = value;
            }
            Op::Atomic { to, at: of, fun, value } => {
                let value = own.registers[value as usize];
                let compare = match fun {
                    Atomic::CompareExchange { compare } => own.registers[compare as usize],
                    _ => 0,
                };
                let word = self.atomic_word(group, own, of);
                let old = *word;
                *word = ops::atomic(fun, old, value, old == compare);
                own.registers[to as usize] = old;
                own.registers[to as usize + 1] = u32::from(old == compare);
            }
            _ => {}
        }
    }

    fn count(&self, words: Words) -> u32 {
        match words {
            Words::Dense(words) => words,
            Words::Mapped(map) => self.program.maps[map as usize].len() as u32,
        }
    }

    fn place(&self, words: Words, number: u32) -> u32 {
        match words {
            Words::Dense(_) => number,
            Words::Mapped(map) => self.program.maps[map as usize][number as usize],
        }
    }

    fn elements(&self, space: u32, before: u32, stride: u32) -> u32 {
        (self.bound[space as usize].words.len() as u32).saturating_sub(before) / stride.max(1)
    }

    fn checked(&mut self, index: u32, stride: u32, length: Length, at: u32) -> u32 {
        let end = match length {
            Length::Fixed(count) => count,
            Length::Bound { space, before } => self.elements(space, before, stride),
        };
        if index < end {
            return index;
        }
        if self.options.bounds == Bounds::Found {
            self.find(Fault::OutOfBounds, at);
        }
        end.saturating_sub(1)
    }

    fn who(&self, group: &Group, own: &Invocation, space: u32) -> Who {
        let epoch = group.epochs[usize::from(space == WORKGROUP)];
        Who { number: group.number * self.size + own.local, group: group.number, epoch }
    }

    fn read(&mut self, group: &mut Group, own: &Invocation, space: u32, word: u32, at: u32) -> u32 {
        let who = self.who(group, own, space);
        let index = word as usize;
        let (value, conflict) = if space == WORKGROUP {
            (group.memory[index], group.shadow[index].read(self.dispatch, who))
        } else {
            self.counts.words_read += 1;
            let bound = &mut self.bound[space as usize];
            // Past the end of a fixed part: wgpu gives zero.
            let Some(value) = bound.words.get(index) else { return 0 };
            let written = self.program.bindings[space as usize].written;
            (*value, if written { bound.shadow[index].read(self.dispatch, who) } else { None })
        };
        if let Some(conflict) = conflict {
            self.race(conflict, space, at);
        }
        let stored = own.stored.iter().rev().find(|stored| (stored.0, stored.1) == (space, word));
        stored.map_or(value, |stored| stored.2)
    }

    fn write(&mut self, group: &mut Group, own: &mut Invocation, to: (u32, u32, u32), at: u32) {
        let (space, word, value) = to;
        let who = self.who(group, own, space);
        let index = word as usize;
        let (old, (reads, writes)) = if space == WORKGROUP {
            (group.memory[index], group.shadow[index].write(self.dispatch, who))
        } else {
            self.counts.words_written += 1;
            let bound = &mut self.bound[space as usize];
            let Some(old) = bound.words.get(index) else { return };
            (*old, bound.shadow[index].write(self.dispatch, who))
        };
        match (reads, writes) {
            (Some(conflict), _) => self.race(conflict, space, at),
            (None, Some(_)) if old == value => {
                let array = self.array(space);
                self.find(Fault::EqualWrites { array }, at);
            }
            (None, Some(conflict)) => self.race(conflict, space, at),
            (None, None) => {}
        }
        if self.options.stores == Stores::AtOnce {
            self.put(group, to);
        } else {
            own.stored.push(to);
        }
    }

    fn put(&mut self, group: &mut Group, (space, word, value): (u32, u32, u32)) {
        let words = if space == WORKGROUP { &mut group.memory } else { &mut *self.bound[space as usize].words };
        if let Some(place) = words.get_mut(word as usize) {
            *place = value;
        }
    }

    /// Lets others see what an invocation wrote: behind a barrier, or at the end.
    pub fn flush(&mut self, group: &mut Group, own: &mut Invocation, barrier: Option<(bool, bool)>) {
        if own.stored.is_empty() {
            return;
        }
        let mut kept = Vec::new();
        for stored in std::mem::take(&mut own.stored) {
            let seen = match (barrier, stored.0) {
                (None, _) => true,
                (Some((_, workgroup)), WORKGROUP) => workgroup,
                (Some((storage, _)), space) => {
                    let coherent = self.program.bindings[space as usize].coherent;
                    storage && (coherent || self.options.stores != Stores::AtBarriersIfCoherent)
                }
            };
            if seen {
                self.put(group, stored);
            } else {
                kept.push(stored);
            }
        }
        own.stored = kept;
    }

    fn atomic_word<'b>(&'b mut self, group: &'b mut Group, own: &Invocation, at: At) -> &'b mut u32 {
        let word = (at.base + own.registers[at.offset as usize]) as usize;
        if at.space == WORKGROUP {
            return &mut group.memory[word];
        }
        self.counts.atomics += 1;
        let words = &mut self.bound[at.space as usize].words;
        let last = words.len() - 1;
        &mut words[word.min(last)]
    }

    fn array(&self, space: u32) -> String {
        let binding = self.program.bindings.get(space as usize);
        binding.map_or_else(|| "workgroup".to_owned(), |binding| binding.name.clone())
    }

    fn race(&mut self, conflict: Conflict, space: u32, at: u32) {
        let array = self.array(space);
        let fault = match conflict {
            Conflict::BetweenGroups => Fault::RaceBetweenWorkgroups { array },
            Conflict::WithinGroup => Fault::RaceWithinWorkgroup { array },
        };
        self.find(fault, at);
    }

    pub fn find(&mut self, fault: Fault, at: u32) {
        let range = self.program.spans.get(at as usize).and_then(|span| span.to_range());
        let start = range.map_or(0, |range| range.start).min(self.program.source.len());
        let before = self.program.source.get(..start).unwrap_or_default();
        let line = self.program.source.lines().nth(before.matches('\n').count()).unwrap_or_default();
        let finding = Finding { kernel: self.program.name.clone(), fault, line: line.trim().to_owned() };
        *self.journal.findings.entry(finding).or_insert(0) += 1;
    }
}

/// The shared memory that an instruction accesses.
fn shared(op: &Op) -> Option<u32> {
    match op {
        Op::Load { at, .. }
        | Op::Store { at, .. }
        | Op::LoadAtomic { at, .. }
        | Op::StoreAtomic { at, .. }
        | Op::Atomic { at, .. } => Some(at.space),
        _ => None,
    }
}
