//! The workgroups of a dispatch, and in which order they go on.

use crate::code::Program;
use crate::findings::{Counts, Fault, Journal};
use crate::machine::{Bound, Group, Invocation, Machine, Stop};
use crate::options::{Options, Random, Schedule};
use crate::race::Shadow;
use naga::BuiltIn;

/// Invocations that are under way at most.
const AT_ONCE_MAX: u32 = 4096;

/// A dispatch: how many workgroups, and whether a buffer said so.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub groups: [u32; 3],
    pub is_indirect: bool,
}

/// Workgroups that are under way.
struct Live {
    group: Group,
    invocations: Vec<Invocation>,
    /// Those that can go on.
    ready: Vec<usize>,
    /// The barrier at which others wait, and how many do.
    waiting: Option<(u32, bool, bool)>,
    waits: usize,
    ended: usize,
}

/// Runs a dispatch.
pub(crate) fn dispatch(
    program: &Program,
    options: &Options,
    bound: Vec<Bound<'_>>,
    size: Size,
    (number, journal): (u64, &mut Journal),
) {
    let [x, y, z] = program.workgroup_size;
    let per_group = x * y * z;
    let all = size.groups.iter().product::<u32>();
    let counts = Counts { dispatches: 1, invocations: u64::from(all) * u64::from(per_group), ..Counts::default() };
    let mut machine = Machine { program, options, bound, journal, counts, dispatch: number, size: per_group };
    let mut random = Random(options.seed ^ number.wrapping_mul(0x9e37_79b9));
    let mut order: Vec<u32> = (0..all).rev().collect();
    let most = (AT_ONCE_MAX / per_group.max(1)).max(1) as usize;
    let (window, accesses) = match options.schedule {
        Schedule::InOrder => (1, u32::MAX),
        Schedule::AllAtOnce => (most, 1),
        Schedule::Seeded => {
            for last in (1..order.len()).rev() {
                order.swap(last, random.below(last + 1));
            }
            ([1, 2, 7, most][random.below(4)], [1, 1, 3, 50][random.below(4)])
        }
    };
    let mut live: Vec<Live> = Vec::new();
    let mut spare: Vec<Vec<u32>> = Vec::new();
    let mut turn = 0;
    loop {
        while live.len() < window {
            let Some(number) = order.pop() else { break };
            live.push(begin(program, options, size, number, &mut spare));
        }
        if live.is_empty() {
            break;
        }
        turn = if options.schedule == Schedule::Seeded { random.below(live.len()) } else { (turn + 1) % live.len() };
        let own = &mut live[turn];
        match options.schedule {
            Schedule::InOrder => machine.step(own, 0, accesses),
            Schedule::Seeded => {
                machine.step(own, random.below(own.ready.len()), 1 + random.below(accesses as usize) as u32)
            }
            // From the last on, since who stops leaves the list.
            Schedule::AllAtOnce => (0..own.ready.len()).rev().for_each(|index| machine.step(own, index, accesses)),
        }
        if own.ready.is_empty() && machine.release(own) {
            let done = live.swap_remove(turn);
            spare.extend(done.invocations.into_iter().map(|invocation| invocation.registers));
        }
    }
    let counts = machine.counts;
    journal_of(machine, &counts);
}

fn journal_of(machine: Machine<'_>, counts: &Counts) {
    machine.journal.counts.entry(machine.program.name.clone()).or_default().add(counts);
}

impl Machine<'_> {
    /// Lets one of those that are ready go on.
    fn step(&mut self, live: &mut Live, index: usize, accesses: u32) {
        let number = live.ready[index];
        match self.run(&mut live.group, &mut live.invocations[number], accesses) {
            Stop::Access => {}
            Stop::Ended => {
                live.ready.remove(index);
                live.ended += 1;
            }
            Stop::Barrier { at, storage, workgroup } => {
                live.ready.remove(index);
                live.waits += 1;
                if live.waiting.get_or_insert((at, storage, workgroup)).0 != at {
                    self.find(Fault::DivergentBarrier, at);
                }
            }
        }
    }

    /// Opens the barrier at which all wait; says whether the workgroup has ended instead.
    fn release(&mut self, live: &mut Live) -> bool {
        let barrier = live.waiting.take();
        if let Some((at, ..)) = barrier.filter(|_| live.ended > 0) {
            self.find(Fault::DivergentBarrier, at);
        }
        let kinds = barrier.map(|(_, storage, workgroup)| (storage, workgroup));
        for invocation in &mut live.invocations {
            self.flush(&mut live.group, invocation, kinds);
        }
        let Some((storage, workgroup)) = kinds.filter(|_| live.ended == 0) else {
            for invocation in &mut live.invocations {
                self.flush(&mut live.group, invocation, None);
            }
            return true;
        };
        live.group.epochs[0] += u32::from(storage);
        live.group.epochs[1] += u32::from(workgroup);
        live.waits = 0;
        live.ready = (0..live.invocations.len()).collect();
        false
    }
}

fn begin(program: &Program, options: &Options, size: Size, number: u32, spare: &mut Vec<Vec<u32>>) -> Live {
    let [x, y, _] = size.groups;
    let id = [number % x, number / x % y, number / x / y];
    let [width, height, depth] = program.workgroup_size;
    let groups = if size.is_indirect && options.forgets_num_workgroups { [0; 3] } else { size.groups };
    let mut invocation = |local: u32| {
        let own = [local % width, local / width % height, local / width / height];
        let mut registers = spare.pop().unwrap_or_default();
        registers.resize(program.registers, 0);
        registers[..program.first.len()].copy_from_slice(&program.first);
        for (built_in, at) in &program.built_ins {
            let value = match built_in {
                BuiltIn::GlobalInvocationId => {
                    [0, 1, 2].map(|axis| id[axis] * program.workgroup_size[axis] + own[axis])
                }
                BuiltIn::LocalInvocationId => own,
                BuiltIn::LocalInvocationIndex => [local, 0, 0],
                BuiltIn::WorkGroupId => id,
                _ => groups,
            };
            registers[*at as usize..*at as usize + 3].copy_from_slice(&value);
        }
        Invocation { local, registers, next: 0, spent: 0, stored: Vec::new() }
    };
    let invocations: Vec<Invocation> = (0..width * height * depth).map(&mut invocation).collect();
    let group = Group {
        number,
        memory: vec![0; program.workgroup_words],
        shadow: vec![Shadow::default(); program.workgroup_words],
        epochs: [0; 2],
    };
    Live { group, ready: (0..invocations.len()).collect(), invocations, waiting: None, waits: 0, ended: 0 }
}
