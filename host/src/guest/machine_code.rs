//! The components' machine code, embedded in this program.
//!
//! On Linux it runs where the program was loaded: wasmtime's other way copies
//! it, which costs as much as compiling a specification. Elsewhere it is copied.

use wasmtime::component::Component;
use wasmtime::{Config, Engine};

/// Begins at a page of the largest size that processors have, so that pages of
/// the code hold nothing else.
#[repr(C, align(65536))]
struct Aligned<T: ?Sized>(T);

/// Machine code of a component.
#[derive(Clone, Copy)]
pub struct MachineCode(&'static [u8]);

static COMPILER_BYTES: &Aligned<[u8]> =
    &Aligned(*include_bytes!(concat!(env!("OUT_DIR"), "/compiler.cwasm")));
static VERIFIER_BYTES: &Aligned<[u8]> =
    &Aligned(*include_bytes!(concat!(env!("OUT_DIR"), "/verifier.cwasm")));

/// The compiler's.
pub const COMPILER: MachineCode = MachineCode(&COMPILER_BYTES.0);
/// The verifier's.
pub const VERIFIER: MachineCode = MachineCode(&VERIFIER_BYTES.0);

#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
pub(super) fn configure(_config: &mut Config) {}

#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
pub(super) fn component(engine: &Engine, code: MachineCode) -> wasmtime::Result<Component> {
    // SAFETY: the bytes are the build script's own output of
    // `precompile_component`, embedded in this program. Wasmtime checks that
    // version, target and settings fit.
    unsafe { Component::deserialize(engine, code.0) }
}

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
pub(super) use in_place::{component, configure};

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod in_place {
    use std::ffi::c_void;
    use std::ptr::NonNull;
    use std::sync::Arc;

    use rustix::mm::{MprotectFlags, mprotect};
    use wasmtime::CustomCodeMemory;

    use super::{Component, Config, Engine, MachineCode};

    const PAGE_BYTES: usize = 4096;

    pub(in super::super) fn configure(config: &mut Config) {
        config.with_custom_code_memory(Some(Arc::new(InPlace)));
    }

    pub(in super::super) fn component(
        engine: &Engine,
        code: MachineCode,
    ) -> wasmtime::Result<Component> {
        let bytes = NonNull::from_ref(code.0);
        // SAFETY: the bytes are the build script's own output of
        // `precompile_component`; wasmtime checks that version, target and
        // settings fit. They are static, and nothing ever writes to them.
        unsafe { Component::deserialize_raw(engine, bytes) }
    }

    /// Lets pages of the embedded code be executed. They are never writable.
    struct InPlace;

    impl CustomCodeMemory for InPlace {
        fn required_alignment(&self) -> usize {
            PAGE_BYTES
        }

        fn publish_executable(&self, start: *const u8, length: usize) -> wasmtime::Result<()> {
            let start = start.cast_mut().cast::<c_void>();
            let flags = MprotectFlags::READ | MprotectFlags::EXEC;
            // SAFETY: wasmtime gives whole pages inside of the code, whose
            // alignment keeps other data off them. Reading stays allowed.
            unsafe { mprotect(start, length, flags) }?;
            Ok(())
        }

        fn unpublish_executable(&self, _start: *const u8, _length: usize) -> wasmtime::Result<()> {
            // It stays executable: another guest of this process runs the
            // same pages.
            Ok(())
        }
    }
}
