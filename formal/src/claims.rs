//! What is proved: that whatever one set of rules allows, another allows too.
//!
//! *Caveat.* For each partner of the file, with the groups and attributes that it has there: the rules, restricted to that partner,
//! allow nothing that the rule "all but detections of others with this label" does not. What is not fused for a partner
//! is in none of its tracks.
//!
//! *Narrower.* The new rules allow nothing that the old ones do not, for every partner that there could be, with any
//! attributes, and every class.

use crate::policy::{FormalError, Policy, wrong};
use cedar_policy::{Policy as Rule, PolicyId, PolicySet, RequestEnv, Schema};
use cedar_policy_symcc::err::Error;
use cedar_policy_symcc::solver::LocalSolver;
use cedar_policy_symcc::{CedarSymCompiler, CompiledPolicySet};
use std::path::{Path, PathBuf};
use tokio::runtime::Runtime;

/// Whatever `rules` allow, `bound` allows, for one action.
#[derive(Debug)]
pub struct Claim {
    /// In words.
    pub words: String,
    folder: PathBuf,
    schema: Schema,
    action: RequestEnv,
    rules: PolicySet,
    bound: PolicySet,
}

/// Whether a claim holds.
#[derive(Debug)]
pub enum Answer {
    /// For everything that there could be.
    Proved,
    /// Not for this.
    Refuted(String),
}

/// No rule lets detections with `label` be fused for others than their owner.
pub fn caveat(policy: &Policy, label: &str) -> Result<Vec<Claim>, FormalError> {
    let mut claims = Vec::new();
    for (partner, holds) in &policy.partners {
        let only = format!("forbid (principal, action, resource) unless {{ {holds} }};");
        let bound = format!(
            "permit (principal, action, resource) unless {{ resource.label == {label:?} && resource.owner != {partner:?} }};"
        );
        for action in
            actions(&policy.schema).into_iter().filter(|action| action.resource().basename() == "DetectionClass")
        {
            let mut rules = policy.rules.clone();
            rules.add(rule(policy, "only this partner", &only)?).map_err(|error| wrong(&policy.folder, &error))?;
            let bound = PolicySet::from_policies([rule(policy, "bound", &bound)?])
                .map_err(|error| wrong(&policy.folder, &error))?;
            claims.push(Claim {
                words: format!(
                    "{}: nothing of others with label {label:?} for {partner}",
                    action.action().id().unescaped()
                ),
                folder: policy.folder.clone(),
                schema: policy.schema.clone(),
                action,
                rules,
                bound,
            });
        }
    }
    Ok(claims)
}

/// The rules of `new` permit nothing that those of `old` do not.
pub fn narrower(old: &Policy, new: &Path) -> Result<Vec<Claim>, FormalError> {
    let new = Policy::read(new)?;
    let claim = |action: RequestEnv| Claim {
        words: format!("{}: no more than before", action.action().id().unescaped()),
        folder: new.folder.clone(),
        schema: new.schema.clone(),
        action,
        rules: new.rules.clone(),
        bound: old.rules.clone(),
    };
    Ok(actions(&new.schema).into_iter().map(claim).collect())
}

/// What partners are asked about, by name.
fn actions(schema: &Schema) -> Vec<RequestEnv> {
    let mut actions: Vec<RequestEnv> = schema.request_envs().collect();
    actions.sort_by_key(|action| action.action().to_string());
    actions
}

fn rule(policy: &Policy, id: &str, text: &str) -> Result<Rule, FormalError> {
    Rule::parse(Some(PolicyId::new(id)), text).map_err(|error| wrong(&policy.folder, &error))
}

/// A solver that runs.
pub struct Prover {
    runtime: Runtime,
    compiler: CedarSymCompiler<LocalSolver>,
}

impl Prover {
    /// Starts cvc5.
    pub fn start() -> Result<Self, FormalError> {
        let failed = |message: String| FormalError::Solver { message };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| failed(error.to_string()))?;
        let _inside = runtime.enter();
        let solver = LocalSolver::cvc5().map_err(|error| failed(chain(&error)))?;
        let compiler = CedarSymCompiler::new(solver).map_err(|error| failed(chain(&error)))?;
        Ok(Self { runtime, compiler })
    }

    /// Proves or refutes a claim.
    pub fn prove(&mut self, claim: &Claim) -> Result<Answer, FormalError> {
        let Claim { words, folder, schema, action, rules, bound } = claim;
        let compile = |set: &PolicySet| {
            CompiledPolicySet::compile(set, action, schema)
                .map_err(|error| wrong(folder, &format!("{words}: {}", chain(&error))))
        };
        let (rules, bound) = (compile(rules)?, compile(bound)?);
        let found = self.runtime.block_on(self.compiler.check_implies_with_counterexample_opt(&rules, &bound));
        match found {
            Ok(None) => Ok(Answer::Proved),
            Ok(Some(example)) => Ok(Answer::Refuted(example.to_string())),
            Err(Error::SolverError(error)) => Err(FormalError::Solver { message: chain(&error) }),
            Err(error) => Err(FormalError::Solver { message: format!("{words}: {}", chain(&error)) }),
        }
    }
}

/// An error and its causes in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line = format!("{line}: {error}");
        cause = error.source();
    }
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}
