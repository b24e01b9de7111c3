//! Panics of other libraries, contained: the caller gets nothing in place of a value, and no text is printed.
//!
//! What a panic leaves half done must not be used afterwards; callers drop it.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};

thread_local! {
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// What `work` gives; `None` if it panics.
pub(crate) fn contained<T>(work: impl FnOnce() -> T) -> Option<T> {
    DEPTH.with(|depth| depth.set(depth.get() + 1));
    let done = catch_unwind(AssertUnwindSafe(work));
    DEPTH.with(|depth| depth.set(depth.get() - 1));
    done.ok()
}

/// From now on a panic that is contained prints nothing; every other one is reported as before. For the program: a
/// library leaves the hook of its host alone.
pub(crate) fn quietly() {
    let loud = take_hook();
    set_hook(Box::new(move |panic| {
        if DEPTH.try_with(Cell::get).unwrap_or(0) == 0 {
            loud(panic);
        }
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_within_is_nothing_and_the_next_one_counts_anew() {
        assert_eq!(contained(|| 1), Some(1));
        assert_eq!(contained(|| contained(|| panic!("planted")).unwrap_or(2)), Some(2));
        assert_eq!(DEPTH.with(Cell::get), 0);
    }
}
