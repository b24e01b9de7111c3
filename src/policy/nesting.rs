//! How deeply text may be nested.
//!
//! Parsers, and what walks through what they made, call themselves once for every bracket within a bracket and every
//! link of a chain (`a && b && c`), so text could be made that no stack suffices for. Depth is counted before anything
//! is parsed: open brackets, and on each level of them the links of the chain so far. What is let through is
//! read on threads whose stacks are known to suffice.

use super::PolicyError;
use super::source::Source;
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::sync::LazyLock;

/// How deep it may go. A rule of some hundred terms is within it; what names many things has a set, which is flat.
pub(super) const DEPTH_MAX: usize = 250;

/// The stack on which a policy is read: measured at this depth, a tenth of it is used.
const STACK_BYTES: usize = 256 << 20;

/// Most threads with such stacks, and fewest items that are worth one.
const STACKS_MAX: usize = 8;
const ITEMS_MIN: usize = 64;

/// Threads with such stacks, as many as there are cores. They stay: what Cedar's reader learns of its grammar stays with
/// them, which to learn anew costs more than a small policy.
fn stacks() -> Result<&'static ThreadPool, PolicyError> {
    static STACKS: LazyLock<Result<ThreadPool, String>> = LazyLock::new(|| {
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(STACKS_MAX);
        let builder = ThreadPoolBuilder::new().num_threads(threads).stack_size(STACK_BYTES);
        builder.thread_name(|_| "policy".to_owned()).build().map_err(|error| error.to_string())
    });
    STACKS.as_ref().map_err(|message| PolicyError::Refused { what: "threads", message: message.clone() })
}

/// Does something on a stack of known size.
pub(super) fn on_a_deep_stack<T: Send>(work: impl FnOnce() -> Result<T, PolicyError> + Send) -> Result<T, PolicyError> {
    stacks()?.install(work)
}

/// Does something with every item on stacks of known size.
///
/// # Errors
///
/// The first that an item gives, in their order.
pub(super) fn on_deep_stacks<I: Sync, T: Send>(
    items: &[I],
    work: impl Fn(&I) -> Result<T, PolicyError> + Sync,
) -> Result<Vec<T>, PolicyError> {
    // All are done before the first failure is picked, so that it is the same one on any number of threads.
    let all = || items.par_iter().with_min_len(ITEMS_MIN).map(&work).collect::<Vec<_>>();
    stacks()?.install(all).into_iter().collect()
}

/// What a text in Cedar is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    Rules,
    /// In which `Set<…>` nests too.
    Schema,
}

/// Checks text in Cedar.
pub(super) fn check(source: &Source, language: Language) -> Result<(), PolicyError> {
    match too_deep(source.text.as_bytes(), language) {
        None => Ok(()),
        Some(at) => Err(PolicyError::Nesting { path: source.path.clone(), line: source.line_at(at), most: DEPTH_MAX }),
    }
}

/// The first byte that is too deep.
fn too_deep(text: &[u8], language: Language) -> Option<usize> {
    let types = language == Language::Schema;
    // Of every open bracket the links of its chain; the first is what no bracket holds.
    let mut links = vec![0_usize];
    let mut depth = 0;
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        let next = text.get(at + 1).copied();
        match byte {
            b'"' => at = end_of_string(text, at),
            b'/' if next == Some(b'/') => at += text.iter().skip(at).take_while(|&&byte| byte != b'\n').count(),
            b'(' | b'[' | b'{' => open(&mut links, &mut depth),
            b'<' if types => open(&mut links, &mut depth),
            b')' | b']' | b'}' => close(&mut links, &mut depth),
            b'>' if types => close(&mut links, &mut depth),
            b';' | b',' => {
                if let Some(last) = links.last_mut() {
                    depth -= std::mem::take(last);
                }
            }
            _ => {
                let length = link(text, at);
                if length > 0 {
                    if let Some(last) = links.last_mut() {
                        *last += 1;
                    }
                    depth += 1;
                    at += length - 1;
                }
            }
        }
        if depth > DEPTH_MAX {
            return Some(at.min(text.len()));
        }
        at += 1;
    }
    None
}

fn open(links: &mut Vec<usize>, depth: &mut usize) {
    links.push(0);
    *depth += 1;
}

fn close(links: &mut Vec<usize>, depth: &mut usize) {
    // A bracket too many is the parser's to complain of.
    if links.len() > 1 {
        *depth -= 1 + links.pop().unwrap_or(0);
    }
}

/// The last byte of the string that begins at a byte.
fn end_of_string(text: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'"' => return at,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    text.len()
}

/// How many bytes of a link of a chain stand here: an operator that takes what stands before or after it into itself.
fn link(text: &[u8], at: usize) -> usize {
    let word = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let rest = text.get(at..).unwrap_or_default();
    let begins = |operator: &[u8]| rest.starts_with(operator);
    if begins(b"&&") || begins(b"||") {
        return 2;
    }
    if begins(b"if") && !word(rest.get(2)) && !word(at.checked_sub(1).and_then(|before| text.get(before))) {
        return 2;
    }
    usize::from(matches!(rest.first(), Some(b'+' | b'-' | b'*' | b'!')) || (begins(b".") && chained(text, at)))
}

/// Whether a dot follows upon another access: `a.b.c` nests, the one dot of `resource.label` does not.
fn chained(text: &[u8], dot: usize) -> bool {
    let before = text.get(..dot).unwrap_or_default();
    let name = before.iter().rev().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
    match before.len().checked_sub(name + 1).and_then(|at| before.get(at)) {
        Some(b'.') => true,
        Some(byte) => name == 0 && matches!(byte, b')' | b']' | b'}' | b' ' | b'\t' | b'\n' | b'\r' | b'/'),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_and_chains_count_and_strings_and_comments_do_not() {
        let language = |types: bool| if types { Language::Schema } else { Language::Rules };
        let deep = |text: &str, types| too_deep(text.as_bytes(), language(types));
        for (open, close) in [("(", ")"), ("[", "]"), ("{a: ", "}"), ("if true then 1 else ", ""), ("x && ", "")] {
            let text = |times: usize| format!("{}1{};", open.repeat(times), close.repeat(times));
            assert_eq!(deep(&text(DEPTH_MAX), false), None, "{open}");
            assert!(deep(&text(DEPTH_MAX + 1), false).is_some(), "{open}");
        }
        let chain = |link: &str| format!("a{};", link.repeat(2 * DEPTH_MAX));
        for link in [" || b", ".b", ".f(1)", " + 1", "[\"b\"].c", " . b"] {
            assert!(deep(&chain(link), false).is_some(), "{link}");
        }
        for flat in [", b", "; b", " == \"((((\" , c", " // ((((\n, d", ", r.label == \"x\\\"((\""] {
            assert_eq!(deep(&chain(flat), false), None, "{flat}");
        }
        let types = |times: usize| format!("{}String{};", "Set<".repeat(times), ">".repeat(times));
        assert_eq!(deep(&types(DEPTH_MAX), true), None);
        assert!(deep(&types(DEPTH_MAX + 1), true).is_some());
        assert_eq!(deep(&")".repeat(1000), false), None, "brackets too many are the parser's business");
    }
}
