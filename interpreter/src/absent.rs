//! What the interpreter has not: textures, rendering, queries.

/// Says so.
pub(crate) fn absent(what: &str) -> ! {
    panic!("the interpreter has no {what}: it runs compute passes only")
}
