//! Proofs about the rules of a policy, for all partners and classes that could be, by a solver: cvc5.
//!
//! ```text
//! trackweave-formal caveat POLICY LABEL    no rule lets detections with this label be fused for others than their owner
//! trackweave-formal narrower OLD NEW       the rules of NEW permit nothing that those of OLD do not
//! ```
//!
//! Exit codes: 0 proved, 1 refuted (with an example), 2 wrong arguments, 3 the policy is wrong, 4 no answer from cvc5.

mod claims; // what is proved
mod policy; // a folder -> schema, rules, partners

use claims::{Answer, Claim, Prover, caveat, narrower};
use policy::{FormalError, Policy};
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let claims = match arguments.as_slice() {
        ["caveat", folder, label] => Policy::read(Path::new(folder)).and_then(|policy| caveat(&policy, label)),
        ["narrower", old, new] => Policy::read(Path::new(old)).and_then(|old| narrower(&old, Path::new(new))),
        _ => {
            eprintln!("usage: trackweave-formal caveat POLICY LABEL | trackweave-formal narrower OLD NEW");
            return ExitCode::from(2);
        }
    };
    match claims.and_then(|claims| prove(&claims)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("trackweave-formal: {error}");
            ExitCode::from(if matches!(error, FormalError::Solver { .. }) { 4 } else { 3 })
        }
    }
}

/// Proves every claim; says whether all hold.
fn prove(claims: &[Claim]) -> Result<bool, FormalError> {
    let mut prover = Prover::start()?;
    let mut all = true;
    for claim in claims {
        match prover.prove(claim)? {
            Answer::Proved => println!("proved   {}", claim.words),
            Answer::Refuted(example) => {
                all = false;
                println!("refuted  {}", claim.words);
                for line in example.lines() {
                    println!("         {line}");
                }
            }
        }
    }
    Ok(all)
}
