//! How long the phases of a command take.

use std::time::Instant;

/// Times the phases for whoever asked for details.
pub(super) struct Clock {
    last: Instant,
    laps: Option<Vec<String>>,
}

impl Clock {
    /// Starts, if `verbose`; else nothing is kept.
    pub fn new(verbose: bool) -> Self {
        Self {
            last: Instant::now(),
            laps: verbose.then(Vec::new),
        }
    }

    /// Ends a phase.
    pub fn lap(&mut self, phase: &str) {
        if let Some(laps) = &mut self.laps {
            let ms = self.last.elapsed().as_secs_f64() * 1000.0;
            laps.push(format!("{phase} {ms:.2} ms"));
            self.last = Instant::now();
        }
    }

    /// All phases, in a line; empty unless asked for.
    pub fn text(&self) -> String {
        self.laps
            .as_ref()
            .map_or_else(String::new, |laps| format!("debug: {}\n", laps.join(", ")))
    }
}
