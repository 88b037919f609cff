//! Where a panic leaves its message.
//!
//! A component without imports has no standard error, and after a trap nothing
//! in it can be called. What is left is its memory: the hook writes the message
//! into a static that the host finds by its first 16 bytes. Layout, in bytes:
//! 16 of [`MAGIC`], a little-endian `u32` length (0: no panic), and that many
//! bytes of UTF-8.

use std::cell::UnsafeCell;
use std::fmt::Write;
use std::panic::PanicHookInfo;
use std::sync::Once;

/// The first bytes of the note. The host knows the same text.
const MAGIC: [u8; 16] = *b"TASKSPEC-PANIC-1";

/// Longer messages are cut, at a character's boundary.
const CAPACITY: usize = 4096;

#[repr(C)]
struct Note {
    magic: [u8; MAGIC.len()],
    length: UnsafeCell<[u8; 4]>,
    text: UnsafeCell<[u8; CAPACITY]>,
}

// SAFETY: the component has one thread, and only the panic hook writes.
unsafe impl Sync for Note {}

// `used` and the volatile writes: nothing in the component reads the note, so
// the optimiser would drop it.
#[used]
static NOTE: Note = Note {
    magic: MAGIC,
    length: UnsafeCell::new([0; 4]),
    text: UnsafeCell::new([0; CAPACITY]),
};

/// Makes later panics leave their message.
pub fn install() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| std::panic::set_hook(Box::new(|panic| leave(panic))));
}

fn leave(panic: &PanicHookInfo<'_>) {
    let mut message = Message {
        bytes: [0; CAPACITY],
        length: 0,
        full: false,
    };
    // Writing into `Message` never fails; a value's own `Display` might, and
    // then what was written before is still worth having.
    let _ = write!(message, "{panic}");
    let length = (message.length as u32).to_le_bytes();
    // SAFETY: both pointers are to `NOTE`, which nothing else accesses.
    unsafe {
        NOTE.text.get().write_volatile(message.bytes);
        NOTE.length.get().write_volatile(length);
    }
}

/// As much of a message as fits; formatting into it never allocates, because
/// the panic may be about memory.
struct Message {
    bytes: [u8; CAPACITY],
    length: usize,
    full: bool,
}

impl Write for Message {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        if self.full {
            return Ok(());
        }
        let kept = text.floor_char_boundary(CAPACITY - self.length);
        self.full = kept < text.len();
        self.bytes[self.length..self.length + kept].copy_from_slice(&text.as_bytes()[..kept]);
        self.length += kept;
        Ok(())
    }
}
