//! Code of a register machine: what a kernel is compiled to.
//!
//! Registers are words. WGSL has no recursion, so every function has registers of its own and there is no stack: an invocation is
//! its registers and the number of its next instruction, and can be left between any two.

use naga::{AtomicFunction, Span};

/// The number of a register.
pub(crate) type Register = u32;

/// The register that holds zero.
pub(crate) const ZERO: Register = 0;

/// Memory that invocations share: the number of a binding, or this.
pub(crate) const WORKGROUP: u32 = u32::MAX;

/// A kernel, compiled.
#[derive(Debug)]
pub(crate) struct Program {
    /// Its name.
    pub name: String,
    /// Its text.
    pub source: String,
    /// Instructions, and what of the text each is of.
    pub code: Vec<Op>,
    pub spans: Vec<Span>,
    /// The first registers: constants and private variables, as every invocation begins with them.
    pub first: Vec<u32>,
    /// Registers in all.
    pub registers: usize,
    /// Words of workgroup memory.
    pub workgroup_words: usize,
    /// Invocations of a workgroup along each axis.
    pub workgroup_size: [u32; 3],
    /// Where built-in values go.
    pub built_ins: Vec<(naga::BuiltIn, Register)>,
    /// What it binds.
    pub bindings: Vec<Binding>,
    /// Where the words of a value lie in memory that has gaps.
    pub maps: Vec<Vec<u32>>,
}

/// One binding.
#[derive(Clone, Debug)]
pub(crate) struct Binding {
    /// Group and number.
    pub at: (u32, u32),
    /// Its name in the text.
    pub name: String,
    /// Whether the kernel may write it.
    pub written: bool,
    /// Whether what one invocation wrote is seen by others of its workgroup behind a barrier.
    pub coherent: bool,
    /// Words that it has at least.
    pub words: u32,
}

/// Where a value lies in shared memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct At {
    /// Which memory.
    pub space: u32,
    /// Words before it, and a register with more of them.
    pub base: u32,
    pub offset: Register,
}

/// How many words a value has, and how they lie.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Words {
    /// One behind the other.
    Dense(u32),
    /// As this map says.
    Mapped(u32),
}

/// How many elements an array has.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Length {
    /// So many.
    Fixed(u32),
    /// As many as a binding has room for behind its first words.
    Bound { space: u32, before: u32 },
}

/// An operation on one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unary {
    NegF,
    NegI,
    Not,
    NotBits,
    AbsF,
    AbsI,
    Floor,
    Ceil,
    Trunc,
    Round,
    Sqrt,
    Sign,
    Fract,
    FToI,
    FToU,
    FToB,
    IToF,
    UToF,
    IToB,
    CountOnes,
    LeadingZeros,
    TrailingZeros,
    ReverseBits,
    FirstLeadingU,
    FirstTrailing,
}

/// An operation on two words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Binary {
    AddF,
    SubF,
    MulF,
    DivF,
    RemF,
    MinF,
    MaxF,
    AddI,
    SubI,
    MulI,
    DivI,
    DivU,
    RemI,
    RemU,
    MinI,
    MinU,
    MaxI,
    MaxU,
    And,
    Or,
    Xor,
    Shl,
    ShrI,
    ShrU,
    EqF,
    NeF,
    LtF,
    LeF,
    GtF,
    GeF,
    /// The same, true where a number is NaN.
    EqOrNan,
    LtOrNan,
    LeOrNan,
    GtOrNan,
    GeOrNan,
    Eq,
    Ne,
    LtI,
    LeI,
    GtI,
    GeI,
    LtU,
    LeU,
    GtU,
    GeU,
}

/// An instruction.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Op {
    Copy {
        to: Register,
        from: Register,
        words: u32,
    },
    Zero {
        to: Register,
        words: u32,
    },
    Unary {
        f: Unary,
        to: Register,
        of: Register,
    },
    Binary {
        f: Binary,
        to: Register,
        left: Register,
        right: Register,
    },
    /// `x * y + plus` with one rounding, the product or the sum negated before.
    Fma {
        to: Register,
        x: Register,
        y: Register,
        plus: Register,
        minus_product: bool,
        minus_plus: bool,
    },
    Select {
        to: Register,
        condition: Register,
        accept: Register,
        reject: Register,
    },
    /// Registers from `base` plus what `offset` holds on.
    LoadLocal {
        to: Register,
        base: Register,
        offset: Register,
        words: u32,
    },
    StoreLocal {
        base: Register,
        offset: Register,
        from: Register,
        words: u32,
    },
    /// `before` plus `index` times `stride`, where `index` is below the length.
    Index {
        to: Register,
        index: Register,
        before: Register,
        stride: u32,
        length: Length,
    },
    Length {
        to: Register,
        space: u32,
        before: u32,
        stride: u32,
    },
    Load {
        to: Register,
        at: At,
        words: Words,
    },
    Store {
        from: Register,
        at: At,
        words: Words,
    },
    LoadAtomic {
        to: Register,
        at: At,
    },
    StoreAtomic {
        from: Register,
        at: At,
    },
    /// The old value, then whether `compare` was equal to it.
    Atomic {
        to: Register,
        at: At,
        fun: Atomic,
        value: Register,
    },
    Jump {
        to: u32,
    },
    Unless {
        condition: Register,
        to: u32,
    },
    Call {
        to: u32,
        back: Register,
    },
    Return {
        back: Register,
    },
    End,
    Barrier {
        storage: bool,
        workgroup: bool,
    },
    /// Nothing; where a jump is patched to.
    Nothing,
}

/// What an atomic operation does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Atomic {
    Add,
    Subtract,
    And,
    Or,
    Xor,
    MinU,
    MinI,
    MaxU,
    MaxI,
    Exchange,
    CompareExchange { compare: Register },
}

impl Atomic {
    pub fn of(fun: &AtomicFunction, signed: bool, compare: Option<Register>) -> Self {
        match (fun, compare) {
            (AtomicFunction::Add, _) => Self::Add,
            (AtomicFunction::Subtract, _) => Self::Subtract,
            (AtomicFunction::And, _) => Self::And,
            (AtomicFunction::InclusiveOr, _) => Self::Or,
            (AtomicFunction::ExclusiveOr, _) => Self::Xor,
            (AtomicFunction::Min, _) => {
                if signed {
                    Self::MinI
                } else {
                    Self::MinU
                }
            }
            (AtomicFunction::Max, _) => {
                if signed {
                    Self::MaxI
                } else {
                    Self::MaxU
                }
            }
            (AtomicFunction::Exchange { .. }, Some(compare)) => Self::CompareExchange { compare },
            (AtomicFunction::Exchange { .. }, None) => Self::Exchange,
        }
    }
}
