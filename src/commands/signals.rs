//! SIGINT and SIGTERM: the first asks the work to stop, which removes what it has begun; a second one ends the program
//! at once. While an output is being put in its place, signals wait; once it is there, the first one has nothing left to
//! stop: what is there is told of, and the exit code says that it is there.
//!
//! On Windows Ctrl-C is SIGINT.

use super::failure::{Code, Failure};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::low_level::unregister;
use signal_hook::{SigId, flag};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Signals that end a command, with its exit code.
const ENDING: [(i32, Code); 2] = [(SIGINT, Code::Interrupted), (SIGTERM, Code::Terminated)];

/// The signals of a command that cleans up after itself.
#[derive(Debug)]
pub(super) struct Signals {
    /// The last signal that came; 0 while there is none.
    came: Arc<AtomicUsize>,
    /// Whether the next one ends the program at once.
    at_once: Arc<AtomicBool>,
    /// What has a first signal make a second one end the program at once.
    arming: Vec<SigId>,
}

impl Signals {
    /// Takes the signals from the system's own handling, for as long as the program runs.
    pub(super) fn take() -> Result<Self, Failure> {
        let refused = |error| Failure::new(Code::Usage, format!("cannot wait for signals: {error}"));
        let mut signals = Self { came: Arc::default(), at_once: Arc::default(), arming: Vec::new() };
        for (signal, code) in ENDING {
            let number = usize::try_from(signal).unwrap_or_default();
            // In this order for every signal that comes.
            flag::register_conditional_shutdown(signal, code as i32, Arc::clone(&signals.at_once)).map_err(refused)?;
            signals.arming.push(flag::register(signal, Arc::clone(&signals.at_once)).map_err(refused)?);
            flag::register_usize(signal, Arc::clone(&signals.came), number).map_err(refused)?;
        }
        Ok(signals)
    }

    /// Whether the work may go on.
    pub(super) fn check(&self) -> ControlFlow<()> {
        if self.came.load(Ordering::SeqCst) == 0 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }

    /// Has signals wait from here on, if none has come before.
    pub(super) fn wait(&self) -> ControlFlow<()> {
        for arming in &self.arming {
            unregister(*arming);
        }
        self.at_once.store(false, Ordering::SeqCst);
        let check = self.check();
        self.at_once.store(check.is_break(), Ordering::SeqCst);
        check
    }

    /// What was to be done is done, and is only to be told of: from here on a second signal ends the program at once.
    pub(super) fn finish(&self) {
        self.at_once.store(self.check().is_break(), Ordering::SeqCst);
        for (signal, _) in ENDING {
            // Without it a second signal changes nothing either.
            flag::register(signal, Arc::clone(&self.at_once)).ok();
        }
    }

    /// A failure with the exit code of the signal that brought it about.
    pub(super) fn name(&self, failure: Failure) -> Failure {
        let came = self.came.load(Ordering::SeqCst);
        let code = ENDING.iter().find(|(signal, _)| usize::try_from(*signal) == Ok(came)).map(|(_, code)| *code);
        match code {
            Some(code) if failure.is_stop() => failure.with(code),
            _ => failure,
        }
    }
}
