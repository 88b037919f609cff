//! The components' machine code, embedded in this program.
//!
//! On Linux the compiler's runs where the program was loaded: wasmtime's other way
//! copies it, which costs as much as compiling a specification. Elsewhere it is
//! copied. The verifier's is packed: it runs for longer, and Helm before it.

use std::io::Read as _;
use std::sync::{Mutex, PoisonError};

use flate2::read::DeflateDecoder;
use wasmtime::component::Component;
use wasmtime::{Config, Engine};

use crate::engine_config::engine_config;

/// Begins at a page of the largest size that processors have, so that pages of
/// the code hold nothing else.
#[repr(C, align(65536))]
struct Aligned<T: ?Sized>(T);

/// Machine code of a component.
#[derive(Clone, Copy)]
pub enum MachineCode {
    /// As it is executed.
    Plain(&'static [u8]),
    /// Deflated.
    Packed(&'static [u8]),
}

static COMPILER_BYTES: &Aligned<[u8]> =
    &Aligned(*include_bytes!(concat!(env!("OUT_DIR"), "/compiler.cwasm")));
static VERIFIER_BYTES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/verifier.cwasm"));

/// The compiler's.
pub const COMPILER: MachineCode = MachineCode::Plain(&COMPILER_BYTES.0);
/// The verifier's.
pub const VERIFIER: MachineCode = MachineCode::Packed(VERIFIER_BYTES);

/// What was loaded: guests of one process share it.
type Loaded = Mutex<Option<(Engine, Component)>>;

static COMPILER_LOADED: Loaded = Mutex::new(None);
static VERIFIER_LOADED: Loaded = Mutex::new(None);

impl MachineCode {
    /// The component and the engine for it, loaded on first use.
    pub(super) fn loaded(self) -> wasmtime::Result<(Engine, Component)> {
        let loaded = match self {
            Self::Plain(_) => &COMPILER_LOADED,
            Self::Packed(_) => &VERIFIER_LOADED,
        };
        // It is set in one piece, so that a panic elsewhere leaves it whole.
        let mut loaded = loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(loaded) = &*loaded {
            return Ok(loaded.clone());
        }
        let mut config = engine_config();
        // Panic messages are read from the guest's memory.
        config.coredump_on_trap(true);
        if let Self::Plain(_) = self {
            plain::configure(&mut config);
        }
        let engine = Engine::new(&config)?;
        let component = self.component(&engine)?;
        Ok(loaded.insert((engine, component)).clone())
    }

    fn component(self, engine: &Engine) -> wasmtime::Result<Component> {
        match self {
            Self::Plain(code) => plain::component(engine, code),
            Self::Packed(packed) => {
                let mut code = Vec::new();
                DeflateDecoder::new(packed).read_to_end(&mut code)?;
                copied(engine, &code)
            }
        }
    }
}

fn copied(engine: &Engine, code: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: the bytes are the build script's own output of
    // `precompile_component`, embedded in this program. Wasmtime checks that
    // version, target and settings fit.
    unsafe { Component::deserialize(engine, code) }
}

#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
mod plain {
    use super::{Component, Config, Engine};

    pub(super) fn configure(_config: &mut Config) {}

    pub(super) fn component(engine: &Engine, code: &'static [u8]) -> wasmtime::Result<Component> {
        super::copied(engine, code)
    }
}

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod plain {
    use std::ffi::c_void;
    use std::ptr::NonNull;
    use std::sync::Arc;

    use rustix::mm::{MprotectFlags, mprotect};
    use wasmtime::CustomCodeMemory;

    use super::{Component, Config, Engine};

    const PAGE_BYTES: usize = 4096;

    pub(super) fn configure(config: &mut Config) {
        config.with_custom_code_memory(Some(Arc::new(InPlace)));
    }

    pub(super) fn component(engine: &Engine, code: &'static [u8]) -> wasmtime::Result<Component> {
        let bytes = NonNull::from_ref(code);
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
