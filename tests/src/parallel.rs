//! Runs independent jobs on as many threads as there are processors.

use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::thread;

/// What `work` says to each job, in the order of the jobs.
///
/// # Panics
/// If a job panics.
pub fn map<T: Send, R: Send>(jobs: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let threads = thread::available_parallelism()
        .map_or(2, NonZeroUsize::get)
        .min(jobs.len().max(1));
    let queue = Mutex::new(jobs.into_iter().enumerate());
    let results = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let next = queue
                        .lock()
                        .expect("no thread panics with the queue")
                        .next();
                    let Some((index, job)) = next else { break };
                    let result = work(job);
                    results
                        .lock()
                        .expect("no thread panics with the results")
                        .push((index, result));
                }
            });
        }
    });
    let mut results = results.into_inner().expect("every thread has ended");
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

/// Runs jobs that give lists of faults.
///
/// # Panics
/// With all faults, if there is one.
pub fn no_faults<T: Send>(jobs: Vec<T>, work: impl Fn(T) -> Vec<String> + Sync) {
    assert!(!jobs.is_empty(), "there is nothing to test");
    report(map(jobs, work).concat());
}

/// Fails with all faults; the same fault of several renderings counts once.
///
/// # Panics
/// If there is a fault.
pub fn report(mut faults: Vec<String>) {
    let count = faults.len();
    faults.sort();
    faults.dedup();
    assert!(faults.is_empty(), "{count} faults:\n{}", faults.join("\n"));
}
