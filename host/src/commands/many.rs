//! Work on several specifications at once, with results in their order.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::io::{IsTerminal, stderr};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::failure::Failure;

/// Work that takes longer shows how far it is.
const PATIENCE: Duration = Duration::from_millis(700);

/// Does `work` for each item on all processors. `done` gets the results on this
/// thread, in the order of the items.
pub(super) fn each<T: Sync, R: Send>(
    items: &[T],
    verb: &'static str,
    work: impl Fn(usize, &T) -> R + Sync,
    mut done: impl FnMut(usize, R),
) {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let next = AtomicUsize::new(0);
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..cores.min(items.len()) {
            let (sender, next, work) = (sender.clone(), &next, &work);
            scope.spawn(move || {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(n) else { return };
                    if sender.send((n, work(n, item))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        let mut progress = Progress::new(items.len(), verb);
        let mut waiting = BTreeMap::new();
        let mut n_done = 0;
        loop {
            match receiver.recv_timeout(PATIENCE) {
                Ok((n, result)) => {
                    waiting.insert(n, result);
                    while let Some(result) = waiting.remove(&n_done) {
                        progress.hidden(|| done(n_done, result));
                        n_done += 1;
                    }
                    progress.show(n_done + waiting.len());
                }
                Err(RecvTimeoutError::Timeout) => progress.show(n_done + waiting.len()),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    });
}

/// A line on a terminal, once the work takes long.
struct Progress {
    began: Instant,
    n_items: usize,
    verb: &'static str,
    bar: Option<ProgressBar>,
}

impl Progress {
    fn new(n_items: usize, verb: &'static str) -> Self {
        Self {
            began: Instant::now(),
            n_items,
            verb,
            bar: None,
        }
    }

    fn show(&mut self, n_done: usize) {
        if self.n_items < 2 || self.began.elapsed() < PATIENCE || !stderr().is_terminal() {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| {
            let bar = ProgressBar::new(u64::try_from(self.n_items).unwrap_or(u64::MAX));
            if let Ok(style) = ProgressStyle::with_template("{msg} {pos}/{len} [{bar:30}] {eta}") {
                bar.set_style(style.progress_chars("=> "));
            }
            bar.set_message(self.verb);
            bar
        });
        bar.set_position(u64::try_from(n_done).unwrap_or(u64::MAX));
    }

    /// Takes the line away while something else is printed.
    fn hidden(&self, print: impl FnOnce()) {
        match &self.bar {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Which specification has which folder: the first of the command line that
/// wants it, whichever is compiled first.
#[derive(Default)]
pub(super) struct Claims {
    state: Mutex<State>,
    turned: Condvar,
}

#[derive(Default)]
struct State {
    /// Whose turn it is.
    turn: usize,
    folders: HashMap<PathBuf, String>,
}

impl Claims {
    /// The turn of item `n`, which it must take, in the end by dropping it.
    pub fn turn(&self, n: usize) -> Turn<'_> {
        Turn { claims: self, n }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to claim a folder when all items before have done so or given up.
pub(super) struct Turn<'a> {
    claims: &'a Claims,
    n: usize,
}

impl Turn<'_> {
    /// Claims the folder of a chart for `spec`.
    ///
    /// # Errors
    ///
    /// If another specification has it.
    pub fn claim(self, folder: &Path, spec: &str) -> Result<(), Failure> {
        let mut state = self.wait();
        match state.folders.entry(identity(folder)) {
            Entry::Occupied(entry) => Err(Failure::spec(format!(
                "`{}` is the chart of `{}` already",
                folder.display(),
                entry.get()
            ))
            .help("give one of them another `name`, or a folder with `-o`")),
            Entry::Vacant(entry) => {
                entry.insert(spec.to_owned());
                Ok(())
            }
        }
    }

    fn wait(&self) -> MutexGuard<'_, State> {
        let state = self.claims.state();
        self.claims
            .turned
            .wait_while(state, |state| state.turn < self.n)
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// A folder's path without links and dots, as far as it exists.
fn identity(folder: &Path) -> PathBuf {
    let whole = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let mut at = whole.as_path();
    let mut rest = Vec::new();
    loop {
        if let Ok(mut found) = std::fs::canonicalize(at) {
            found.extend(rest.iter().rev());
            return found;
        }
        match (at.file_name(), at.parent()) {
            (Some(name), Some(parent)) => {
                rest.push(name);
                at = parent;
            }
            _ => return whole,
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut state = self.wait();
        state.turn = state.turn.max(self.n + 1);
        drop(state);
        self.claims.turned.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order_whoever_is_first() {
        let items: Vec<u64> = (0..50).collect();
        let mut results = Vec::new();
        each(
            &items,
            "testing",
            |_, n| {
                thread::sleep(Duration::from_millis(n % 3));
                n * 2
            },
            |n, result| results.push((n, result)),
        );
        let expected: Vec<_> = (0..50).map(|n: usize| (n, n as u64 * 2)).collect();
        assert_eq!(results, expected);
        each(
            &[],
            "testing",
            |_, _: &()| (),
            |_, ()| panic!("there is none"),
        );
    }

    #[test]
    fn the_first_of_the_command_line_has_the_folder() {
        for _ in 0..20 {
            let claims = Claims::default();
            let items = ["a", "b", "c", "d"];
            let mut refused = Vec::new();
            each(
                &items,
                "testing",
                |n, item| {
                    let turn = claims.turn(n);
                    if n == 0 {
                        thread::sleep(Duration::from_millis(2));
                    }
                    match n {
                        // It gives up: the others must not wait for ever.
                        1 => None,
                        _ => turn.claim(Path::new("/x"), item).err(),
                    }
                },
                |n, failure| refused.extend(failure.map(|failure| (n, failure.message))),
            );
            let taken = "`/x` is the chart of `a` already".to_owned();
            assert_eq!(refused, [(2, taken.clone()), (3, taken)]);
        }
    }
}
