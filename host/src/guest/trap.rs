//! What a broken run of a component means to the person who started it.

use std::fmt::Write;

use wasmtime::{Error, Store, Trap, WasmCoreDump};

use crate::failure::Failure;
use crate::limits::{Limits, MemoryLimit};

/// The first bytes of the guest's panic note; a little-endian `u32` length and
/// that many bytes of UTF-8 follow. `plugin/component` writes it.
const PANIC_MAGIC: &[u8; 16] = b"TASKSPEC-PANIC-1";

/// The longest panic message that the guest keeps, in bytes.
const PANIC_CAPACITY: usize = 4096;

/// Innermost guest functions to name in a report.
const N_FRAMES: usize = 8;

const MIB: usize = 1 << 20;

/// The component does not start on this machine.
pub(super) fn cannot_start(error: &Error, who: &str) -> Failure {
    let failure =
        Failure::world(format!("cannot start the embedded {who}")).note(format!("{error:#}"));
    if format!("{error:#}").contains("mmap failed") {
        failure.help(
            "it reserves more than 4 GiB of address space, which is not memory: raise `ulimit -v`",
        )
    } else {
        failure.help("use the taskspec release that is made for this processor and system")
    }
}

/// It was not instantiated.
pub(super) fn while_starting(
    error: &Error,
    store: &Store<MemoryLimit>,
    limits: Limits,
    who: &str,
) -> Failure {
    if store.data().exceeded() {
        out_of_memory(limits, who)
    } else {
        cannot_start(error, who)
    }
}

/// The time limit was reached.
pub(super) fn time_is_over(limits: Limits, who: &str) -> Failure {
    let seconds = limits.time.as_secs();
    Failure::world(format!("the {who} did not finish within {seconds} s")).help(format!(
        "allow more with `--time-limit {}`",
        seconds.saturating_mul(4).max(60)
    ))
}

/// It broke over a specification, which may be the cause.
pub(super) fn while_reading(
    error: &Error,
    store: &Store<MemoryLimit>,
    limits: Limits,
    who: &str,
) -> Failure {
    match error.downcast_ref::<Trap>() {
        _ if store.data().exceeded() => out_of_memory(limits, who),
        // Deep recursion leaves the guest's own stack, which lies at the bottom
        // of its memory, or wasmtime's; which one depends on the frames' sizes.
        Some(Trap::MemoryOutOfBounds | Trap::StackOverflow) => Failure::spec(format!(
            "the specification is nested too deeply for the {who}"
        ))
        .help("use fewer arrays and tables inside one another"),
        _ => broken(error, store, who),
    }
}

/// A function without a specification broke.
pub(super) fn while_answering(
    error: &Error,
    store: &Store<MemoryLimit>,
    limits: Limits,
    who: &str,
) -> Failure {
    if store.data().exceeded() {
        out_of_memory(limits, who)
    } else {
        broken(error, store, who)
    }
}

fn out_of_memory(limits: Limits, who: &str) -> Failure {
    let mib = limits.memory_bytes / MIB;
    Failure::world(format!("the {who} needs more than {mib} MiB of memory")).help(format!(
        "allow more with `--memory-limit {}` (MiB)",
        (mib * 2).min(4096)
    ))
}

fn broken(error: &Error, store: &Store<MemoryLimit>, who: &str) -> Failure {
    let dump = error.downcast_ref::<WasmCoreDump>();
    let panic = dump.and_then(|dump| {
        dump.memories()
            .iter()
            .find_map(|memory| panic_text(memory.data(store)))
    });
    let what = match (panic, error.downcast_ref::<Trap>()) {
        (Some(text), _) => text.to_owned(),
        (None, Some(trap)) => trap.to_string(),
        (None, None) => error.root_cause().to_string(),
    };
    let failure = Failure::bug(format!("internal error of the {who}: {what}"));
    match dump.map(frames).filter(|frames| !frames.is_empty()) {
        Some(frames) => failure.note(format!("stopped in{frames}")),
        None => failure,
    }
}

/// Function numbers and code offsets, innermost first: with the component's
/// digest they lead to the source.
fn frames(dump: &WasmCoreDump) -> String {
    let mut text = String::new();
    for frame in dump.frames().iter().take(N_FRAMES) {
        let offset = frame.module_offset().unwrap_or_default();
        // Writing to a string cannot fail.
        let _ = write!(text, " {}@{offset:#x}", frame.func_index());
    }
    text
}

/// The message that the guest's panic hook left in its memory.
fn panic_text(memory: &[u8]) -> Option<&str> {
    let mut rest = memory;
    while let Some(at) = find(rest, PANIC_MAGIC) {
        // The magic without a message is also in the guest's constants.
        rest = &rest[at + PANIC_MAGIC.len()..];
        if let Some(text) = message(rest) {
            return Some(text);
        }
    }
    None
}

fn find(bytes: &[u8], wanted: &[u8; 16]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
}

fn message(bytes: &[u8]) -> Option<&str> {
    let (length, text) = bytes.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    if length == 0 || length > PANIC_CAPACITY {
        return None;
    }
    std::str::from_utf8(text.get(..length)?).ok()
}

#[cfg(test)]
mod tests {
    use wasmtime::{Engine, ResourceLimiter};

    use super::*;
    use crate::failure::Exit;

    fn note(length: u32, text: &[u8]) -> Vec<u8> {
        [PANIC_MAGIC.as_slice(), &length.to_le_bytes(), text].concat()
    }

    fn store(limit: MemoryLimit) -> Store<MemoryLimit> {
        Store::new(&Engine::default(), limit)
    }

    #[test]
    fn a_panic_message_is_found_behind_false_ones() {
        let memory = [
            b"TASKSPEC-PANIC-1TASKSPEC".to_vec(),
            note(0, b""),
            note(4097, &[b'x'; 5000]),
            note(2, &[0xff, 0xfe]),
            note(9, "größe 7…".as_bytes()),
        ]
        .concat();
        assert_eq!(panic_text(&memory), Some("größe 7"));
    }

    #[test]
    fn a_message_that_runs_off_the_memory_is_none() {
        assert_eq!(panic_text(&note(5, b"four")), None);
        assert_eq!(panic_text(&PANIC_MAGIC[..]), None);
        assert_eq!(panic_text(b""), None);
    }

    #[test]
    fn the_memory_limit_explains_any_trap() {
        let mut limit = MemoryLimit::new(3 * MIB);
        assert!(!limit.memory_growing(0, 4 * MIB, None).unwrap());
        let error = Error::from(Trap::UnreachableCodeReached);
        let limits = Limits {
            memory_bytes: 3 * MIB,
            ..Limits::default()
        };
        let failure = while_reading(&error, &store(limit), limits, "compiler");
        assert_eq!(failure.exit, Exit::World);
        assert_eq!(
            failure.message,
            "the compiler needs more than 3 MiB of memory"
        );
    }

    #[test]
    fn running_off_either_stack_is_nesting() {
        for trap in [Trap::MemoryOutOfBounds, Trap::StackOverflow] {
            let store = store(MemoryLimit::new(MIB));
            let error = Error::from(trap);
            assert_eq!(
                while_reading(&error, &store, Limits::default(), "compiler").exit,
                Exit::Spec
            );
            assert_eq!(
                while_answering(&error, &store, Limits::default(), "compiler").exit,
                Exit::Bug
            );
        }
    }

    #[test]
    fn any_other_trap_is_a_bug() {
        let error = Error::from(Trap::UnreachableCodeReached);
        let failure = while_reading(
            &error,
            &store(MemoryLimit::new(MIB)),
            Limits::default(),
            "compiler",
        );
        assert_eq!(failure.exit, Exit::Bug);
    }
}
