//! A device of wgpu that interprets: what a program of wgpu's needs to run compute passes. All else is refused with a panic.

use crate::code::Program;
use crate::compile::compile;
use crate::dispatch::{Size, dispatch};
use crate::findings::Journal;
use crate::machine::Bound;
use crate::options::Options;
use crate::race::Shadow;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use wgpu::custom::{
    BindGroupInterface, BindGroupLayoutInterface, CommandBufferInterface, ComputePipelineInterface,
    DispatchBindGroupLayout, PipelineLayoutInterface, ShaderCompilationInfoFuture, ShaderModuleInterface,
};

/// Interprets the kernels of the devices that it opens.
#[derive(Clone, Debug)]
pub struct Interpreter(pub(crate) Arc<State>);

#[derive(Debug)]
pub(crate) struct State {
    options: Options,
    journal: Mutex<Journal>,
    dispatches: AtomicU64,
    pub errors: Mutex<Vec<String>>,
    /// Only kernels of these names are met by the seed and the options; none: all.
    only: BTreeSet<String>,
}

impl Interpreter {
    /// One that computes so.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self::of(options, [])
    }

    /// One that computes so in the kernels of these names, and plainly in all others.
    #[must_use]
    pub fn of<const N: usize>(options: Options, only: [&str; N]) -> Self {
        let only = only.into_iter().map(str::to_owned).collect();
        let (journal, dispatches, errors) = Default::default();
        Self(Arc::new(State { options, journal, dispatches, errors, only }))
    }

    /// A device of it.
    #[must_use]
    pub fn open(&self) -> (wgpu::Device, wgpu::Queue) {
        (wgpu::Device::from_custom(self.clone()), wgpu::Queue::from_custom(self.clone()))
    }

    /// What it found and counted so far.
    #[must_use]
    pub fn journal(&self) -> Journal {
        lock(&self.0.journal).clone()
    }

    pub(crate) fn refuse(&self, reason: String) {
        lock(&self.0.errors).push(reason);
    }

    pub(crate) fn program(&self, source: &str, entry: &str, constants: &[(&str, f64)]) -> Option<Program> {
        let constants = constants.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
        compile(source, entry, &constants, &self.options_of(entry)).map_err(|reason| self.refuse(reason)).ok()
    }

    fn options_of(&self, kernel: &str) -> Options {
        if self.0.only.is_empty() || self.0.only.contains(kernel) { self.0.options } else { Options::default() }
    }

    fn execute(&self, step: &Step) {
        let size = match &step.size {
            Groups::Direct(groups) => Size { groups: *groups, is_indirect: false },
            Groups::Indirect(memory, offset) => {
                let first = (*offset / 4) as usize;
                let words = lock(&memory.0);
                let groups = core::array::from_fn(|axis| words.words.get(first + axis).copied().unwrap_or(0));
                Size { groups, is_indirect: true }
            }
        };
        let Some(program) = &step.pipeline.0 else { return };
        if size.groups.contains(&0) {
            return;
        }
        let mut taken: Vec<(usize, Guard<'_>)> = Vec::new();
        for binding in &program.bindings {
            let entry = step.group.entries.iter().find(|entry| binding.at == (0, entry.binding));
            let Some(entry) = entry else {
                return self.refuse(format!("`{}`: binding {:?} is missing", program.name, binding.at));
            };
            let place = step.group.dynamic.iter().position(|number| *number == entry.binding);
            let offset = place.and_then(|place| step.offsets.get(place)).copied().unwrap_or(0);
            let first = ((entry.offset + u64::from(offset)) / 4) as usize;
            taken.push((first, Guard::of(&entry.memory, binding.written)));
        }
        let bound: Result<Vec<Bound<'_>>, String> = taken
            .iter_mut()
            .zip(&program.bindings)
            .map(|((first, guard), binding)| {
                let bound = guard.bound(*first).ok_or("it is bound twice, or past its end")?;
                let (found, wanted) = (bound.words.len(), binding.words as usize);
                if found < wanted {
                    return Err(format!("it has {found} words, wanted {wanted}"));
                }
                Ok(bound)
            })
            .zip(&program.bindings)
            .map(|(bound, binding)| {
                bound.map_err(|reason: String| format!("`{}` of `{}`: {reason}", binding.name, program.name))
            })
            .collect();
        let number = self.0.dispatches.fetch_add(1, Ordering::Relaxed) + 1;
        match bound {
            Ok(bound) => {
                let options = self.options_of(&program.name);
                dispatch(program, &options, bound, size, (number, &mut lock(&self.0.journal)));
            }
            Err(reason) => self.refuse(reason),
        }
    }

    pub(crate) fn run(&self, commands: Vec<Command>) {
        for command in commands {
            match command {
                Command::Dispatch(step) => self.execute(&step),
                Command::Copy { from: (from, first), to: (to, place), words } => {
                    let words: Vec<u32> = lock(&from.0).words.get(first..first + words).unwrap_or_default().to_vec();
                    to.put(place, &words);
                }
            }
        }
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A buffer.
#[derive(Clone, Debug)]
pub(crate) struct Memory(pub Arc<Mutex<Content>>);

#[derive(Debug)]
pub(crate) struct Content {
    pub words: Vec<u32>,
    shadow: Vec<Shadow>,
}

impl Memory {
    pub fn new(bytes: u64) -> Self {
        let words = vec![0; bytes.div_ceil(4) as usize];
        Self(Arc::new(Mutex::new(Content { words, shadow: Vec::new() })))
    }

    pub fn put(&self, first: usize, words: &[u32]) {
        if let Some(place) = lock(&self.0).words.get_mut(first..first + words.len()) {
            place.copy_from_slice(words);
        }
    }
}

/// A buffer while a dispatch has it.
enum Guard<'a> {
    Own(MutexGuard<'a, Content>),
    /// One that is read and was taken before.
    Copy(Option<Vec<u32>>),
}

impl<'a> Guard<'a> {
    fn of(memory: &'a Memory, written: bool) -> Self {
        match memory.0.try_lock() {
            Ok(mut content) => {
                if written && content.shadow.is_empty() {
                    let words = content.words.len();
                    content.shadow.resize(words, Shadow::default());
                }
                Self::Own(content)
            }
            Err(_) => Self::Copy(None),
        }
    }

    fn bound(&mut self, first: usize) -> Option<Bound<'_>> {
        match self {
            Self::Own(content) => {
                let Content { words, shadow } = &mut **content;
                let words = words.get_mut(first..)?;
                Some(Bound { words, shadow: shadow.get_mut(first..).unwrap_or_default() })
            }
            Self::Copy(words) => Some(Bound { words: words.as_mut()?.get_mut(first..)?, shadow: &mut [] }),
        }
    }
}

/// What a command buffer holds.
#[derive(Debug)]
pub(crate) enum Command {
    Copy { from: (Memory, usize), to: (Memory, usize), words: usize },
    Dispatch(Step),
}

/// A dispatch, recorded.
#[derive(Debug)]
pub(crate) struct Step {
    pub pipeline: Pipeline,
    pub group: BindGroup,
    pub offsets: Vec<u32>,
    pub size: Groups,
}

#[derive(Debug)]
pub(crate) enum Groups {
    Direct([u32; 3]),
    Indirect(Memory, u64),
}

/// A compute pipeline; none: its text was refused.
#[derive(Clone, Debug)]
pub(crate) struct Pipeline(pub Option<Arc<Program>>);

/// The bindings that move from dispatch to dispatch.
#[derive(Clone, Debug)]
pub(crate) struct Layout(pub Vec<u32>);

#[derive(Clone, Debug)]
pub(crate) struct BindGroup {
    pub entries: Arc<Vec<Entry>>,
    pub dynamic: Vec<u32>,
}

#[derive(Debug)]
pub(crate) struct Entry {
    pub binding: u32,
    pub memory: Memory,
    pub offset: u64,
}

#[derive(Debug)]
pub(crate) struct Shader(pub String);

#[derive(Debug)]
pub(crate) struct Recorded(pub Mutex<Vec<Command>>);

impl BindGroupLayoutInterface for Layout {}
impl BindGroupInterface for BindGroup {}
impl CommandBufferInterface for Recorded {}
impl PipelineLayoutInterface for Layout {}

impl ComputePipelineInterface for Pipeline {
    fn get_bind_group_layout(&self, _: u32) -> DispatchBindGroupLayout {
        crate::absent::absent("a layout that a pipeline made by itself")
    }
}

impl ShaderModuleInterface for Shader {
    fn get_compilation_info(&self) -> std::pin::Pin<Box<dyn ShaderCompilationInfoFuture>> {
        Box::pin(std::future::ready(wgpu::CompilationInfo { messages: Vec::new() }))
    }
}
