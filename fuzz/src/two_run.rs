//! Non-interference in worlds that are made from bytes: those of `tests/noninterference`, small ones.

#[expect(dead_code, reason = "the test has more uses for it")]
#[path = "../../tests/noninterference/runs.rs"]
mod runs;
#[expect(dead_code, reason = "the test has more uses for it")]
#[path = "../../tests/noninterference/worlds/mod.rs"]
mod worlds;

use trackweave::fusion::executor::Executor;
use worlds::change::Case;

/// What one partner may not see is changed: its folder has the same bytes.
pub fn two_run(data: &[u8]) {
    let pair = Case::from_bytes(data).pair();
    if let Err(differs) = runs::agree(&pair, &Executor::host()) {
        panic!("{differs}; changes {:?}, beneath: {}", pair.done, pair.beneath);
    }
}
