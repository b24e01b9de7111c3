//! What operations on words compute: floats as IEEE single precision, each rounded by itself.

use crate::code::{Atomic, Binary, Unary};

fn f(word: u32) -> f32 {
    f32::from_bits(word)
}

/// A float below the smallest normal one, as zero of its sign.
pub(crate) fn flushed(word: u32) -> u32 {
    if f(word).is_subnormal() { word & 0x8000_0000 } else { word }
}

/// Whether an operation is of floats, which a device may flush.
pub(crate) fn is_of_floats(of: Binary) -> bool {
    use Binary as B;
    matches!(
        of,
        B::AddF
            | B::SubF
            | B::MulF
            | B::DivF
            | B::RemF
            | B::MinF
            | B::MaxF
            | B::EqF
            | B::NeF
            | B::LtF
            | B::LeF
            | B::GtF
            | B::GeF
            | B::EqOrNan
            | B::LtOrNan
            | B::LeOrNan
            | B::GtOrNan
            | B::GeOrNan
    )
}

/// The same of one operand.
pub(crate) fn is_of_a_float(of: Unary) -> bool {
    use Unary as U;
    matches!(of, U::NegF | U::AbsF | U::Floor | U::Ceil | U::Trunc | U::Round | U::Sqrt | U::Sign | U::Fract)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "conversions of WGSL saturate as Rust's do"
)]
pub(crate) fn unary(op: Unary, word: u32) -> u32 {
    use Unary as U;
    match op {
        U::NegF => word ^ 0x8000_0000,
        U::NegI => word.wrapping_neg(),
        U::Not => u32::from(word == 0),
        U::NotBits => !word,
        U::AbsF => word & 0x7fff_ffff,
        U::AbsI => word.cast_signed().wrapping_abs().cast_unsigned(),
        U::Floor => f(word).floor().to_bits(),
        U::Ceil => f(word).ceil().to_bits(),
        U::Trunc => f(word).trunc().to_bits(),
        U::Round => f(word).round_ties_even().to_bits(),
        U::Sqrt => f(word).sqrt().to_bits(),
        U::Sign => {
            if f(word) == 0.0 {
                word
            } else {
                f(word).signum().to_bits()
            }
        }
        U::Fract => (f(word) - f(word).floor()).to_bits(),
        U::FToI => (f(word) as i32).cast_unsigned(),
        U::FToU => f(word) as u32,
        U::FToB => u32::from(f(word) != 0.0),
        U::IToF => (word.cast_signed() as f32).to_bits(),
        U::UToF => (word as f32).to_bits(),
        U::IToB => u32::from(word != 0),
        U::CountOnes => word.count_ones(),
        U::LeadingZeros => word.leading_zeros(),
        U::TrailingZeros => word.trailing_zeros(),
        U::ReverseBits => word.reverse_bits(),
        U::FirstLeadingU => {
            if word == 0 {
                u32::MAX
            } else {
                31 - word.leading_zeros()
            }
        }
        U::FirstTrailing => {
            if word == 0 {
                u32::MAX
            } else {
                word.trailing_zeros()
            }
        }
    }
}

pub(crate) fn binary(op: Binary, a: u32, b: u32) -> u32 {
    use Binary as B;
    let (i, j) = (a.cast_signed(), b.cast_signed());
    let nan = f(a).is_nan() || f(b).is_nan();
    match op {
        B::AddF => (f(a) + f(b)).to_bits(),
        B::SubF => (f(a) - f(b)).to_bits(),
        B::MulF => (f(a) * f(b)).to_bits(),
        B::DivF => (f(a) / f(b)).to_bits(),
        B::RemF => (f(a) % f(b)).to_bits(),
        // Of floats only where neither is NaN, or what the other one is.
        B::MinF => f(a).min(f(b)).to_bits(),
        B::MaxF => f(a).max(f(b)).to_bits(),
        B::AddI => a.wrapping_add(b),
        B::SubI => a.wrapping_sub(b),
        B::MulI => a.wrapping_mul(b),
        // Division by zero gives the dividend, as naga writes it.
        B::DivI => {
            if j == 0 {
                a
            } else {
                i.wrapping_div(j).cast_unsigned()
            }
        }
        B::DivU => a.checked_div(b).unwrap_or(a),
        B::RemI => {
            if j == 0 {
                0
            } else {
                i.wrapping_rem(j).cast_unsigned()
            }
        }
        B::RemU => {
            if b == 0 {
                0
            } else {
                a % b
            }
        }
        B::MinI => i.min(j).cast_unsigned(),
        B::MinU => a.min(b),
        B::MaxI => i.max(j).cast_unsigned(),
        B::MaxU => a.max(b),
        B::And => a & b,
        B::Or => a | b,
        B::Xor => a ^ b,
        B::Shl => a.wrapping_shl(b),
        B::ShrI => i.wrapping_shr(b).cast_unsigned(),
        B::ShrU => a.wrapping_shr(b),
        B::EqF => u32::from(f(a) == f(b)),
        B::NeF => u32::from(f(a) != f(b)),
        B::LtF => u32::from(f(a) < f(b)),
        B::LeF => u32::from(f(a) <= f(b)),
        B::GtF => u32::from(f(a) > f(b)),
        B::GeF => u32::from(f(a) >= f(b)),
        B::EqOrNan => u32::from(nan || f(a) == f(b)),
        B::LtOrNan => u32::from(nan || f(a) < f(b)),
        B::LeOrNan => u32::from(nan || f(a) <= f(b)),
        B::GtOrNan => u32::from(nan || f(a) > f(b)),
        B::GeOrNan => u32::from(nan || f(a) >= f(b)),
        B::Eq => u32::from(a == b),
        B::Ne => u32::from(a != b),
        B::LtI => u32::from(i < j),
        B::LeI => u32::from(i <= j),
        B::GtI => u32::from(i > j),
        B::GeI => u32::from(i >= j),
        B::LtU => u32::from(a < b),
        B::LeU => u32::from(a <= b),
        B::GtU => u32::from(a > b),
        B::GeU => u32::from(a >= b),
    }
}

/// What an atomic operation leaves, given what there was; `equal` says whether that was what was compared with.
pub(crate) fn atomic(op: Atomic, old: u32, value: u32, equal: bool) -> u32 {
    let (i, j) = (old.cast_signed(), value.cast_signed());
    match op {
        Atomic::Add => old.wrapping_add(value),
        Atomic::Subtract => old.wrapping_sub(value),
        Atomic::And => old & value,
        Atomic::Or => old | value,
        Atomic::Xor => old ^ value,
        Atomic::MinU => old.min(value),
        Atomic::MaxU => old.max(value),
        Atomic::MinI => i.min(j).cast_unsigned(),
        Atomic::MaxI => i.max(j).cast_unsigned(),
        Atomic::Exchange => value,
        Atomic::CompareExchange { .. } => {
            if equal {
                value
            } else {
                old
            }
        }
    }
}
