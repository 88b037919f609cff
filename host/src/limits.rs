//! The bounds on what one run of the compiler may use: memory of the guest and
//! elapsed time. Both are far above what a real specification needs; they keep
//! a hostile one from taking the machine.
//!
//! Time is watched by a thread rather than counted in the generated code: fuel
//! or epochs would slow every run by a fifth, and a run that is over time is
//! not resumed anyway.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use wasmtime::ResourceLimiter;

/// Bounds on one run of the compiler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of guest memory.
    pub memory_bytes: usize,
    /// Elapsed time of all calls together.
    pub time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_bytes: 1 << 30,
            time: Duration::from_secs(60),
        }
    }
}

/// Entries that a guest's table may have; the compiler needs some hundreds.
const TABLE_LIMIT: usize = 100_000;

/// Refuses guest memory beyond a bound and remembers that it did.
#[derive(Debug)]
pub struct MemoryLimit {
    max_bytes: usize,
    exceeded: bool,
}

impl MemoryLimit {
    /// Allows `max_bytes` in each guest memory; the compiler has one.
    pub fn new(max_bytes: usize) -> Self {
        Self {
            max_bytes,
            exceeded: false,
        }
    }

    /// Whether the guest asked for more than it was allowed.
    pub fn exceeded(&self) -> bool {
        self.exceeded
    }
}

impl ResourceLimiter for MemoryLimit {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let allowed = desired <= self.max_bytes;
        self.exceeded |= !allowed;
        Ok(allowed)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= TABLE_LIMIT)
    }
}

/// Calls back once when the time is over, unless dropped before.
#[derive(Debug)]
pub struct Watchdog {
    /// Set by whichever side is first: the time being over, or the drop.
    settled: Arc<AtomicBool>,
    thread: Option<thread::Thread>,
}

impl Watchdog {
    /// Starts to watch. `expired` runs on the watching thread and is expected
    /// to end the process. Without a thread to watch with, nothing is watched.
    pub fn start(time: Duration, expired: impl FnOnce() + Send + 'static) -> Self {
        let settled = Arc::new(AtomicBool::new(false));
        let watched = Arc::clone(&settled);
        let thread = thread::Builder::new()
            .name("watchdog".into())
            .spawn(move || {
                if wait(time, &watched) && !watched.swap(true, Ordering::AcqRel) {
                    expired();
                }
            });
        Self {
            settled,
            thread: thread.ok().map(|handle| handle.thread().clone()),
        }
    }
}

/// Whether `time` passed before `settled` was set.
fn wait(time: Duration, settled: &AtomicBool) -> bool {
    let started = Instant::now();
    while !settled.load(Ordering::Acquire) {
        let Some(left) = time
            .checked_sub(started.elapsed())
            .filter(|left| !left.is_zero())
        else {
            return true;
        };
        thread::park_timeout(left);
    }
    false
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        if self.settled.swap(true, Ordering::AcqRel) {
            // The other side was first and is about to end the process: going
            // on would write a chart that was just reported as not built.
            loop {
                thread::park();
            }
        }
        if let Some(thread) = &self.thread {
            thread.unpark();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn memory_is_allowed_up_to_the_limit_and_denials_are_remembered() {
        let mut limit = MemoryLimit::new(2 << 16);
        assert!(limit.memory_growing(0, 2 << 16, None).unwrap());
        assert!(!limit.exceeded());
        assert!(!limit.memory_growing(2 << 16, 3 << 16, None).unwrap());
        assert!(limit.exceeded());
        assert!(limit.memory_growing(0, 1 << 16, None).unwrap());
        assert!(limit.exceeded());
    }

    #[test]
    fn the_watchdog_calls_when_the_time_is_over() {
        let (sender, receiver) = mpsc::channel();
        let watchdog = Watchdog::start(Duration::from_millis(5), move || sender.send(()).unwrap());
        receiver.recv_timeout(Duration::from_secs(20)).unwrap();
        // Its drop would wait for the end of the process.
        std::mem::forget(watchdog);
    }

    #[test]
    fn a_dropped_watchdog_never_calls() {
        let (sender, receiver) = mpsc::channel::<()>();
        drop(Watchdog::start(Duration::from_secs(60), move || {
            sender.send(()).unwrap()
        }));
        // The sender goes with the thread, which ends at once.
        let ended = receiver.recv_timeout(Duration::from_secs(20));
        assert_eq!(ended, Err(mpsc::RecvTimeoutError::Disconnected));
    }
}
