//! The compiler component and its calls.
//!
//! Takes text, gives what the component's interface (`plugin/wit`) says. The
//! component gets nothing but memory and time, both bounded; whatever goes
//! wrong inside comes out as a [`Failure`].

use crate::failure::Failure;
use crate::guest::{self, Guest};
use crate::limits::Limits;

/// What the build script found out about the embedded component.
pub mod component {
    /// Digest of the component's bytes, in hexadecimal.
    pub const SHA256: &str = env!("TASKSPEC_COMPONENT_SHA256");
    /// Size of the component in bytes, in decimal.
    pub const SIZE: &str = env!("TASKSPEC_COMPONENT_SIZE");
    /// Target triple that its machine code is for.
    pub const TARGET: &str = env!("TASKSPEC_TARGET");
    /// The wasmtime release that runs it.
    pub const WASMTIME: &str = env!("TASKSPEC_WASMTIME");
}

#[allow(
    missing_docs,
    reason = "generated; the interface file has the documentation"
)]
mod bindings {
    wasmtime::component::bindgen!({ path: "../plugin/wit", world: "compiler" });
}

pub use bindings::exports::taskspec::compiler::api::{
    Chart, Compilation, Decision, Description, Diagnostic, Entry, Environment, File, Label,
    Setting, Severity, Span,
};

/// The instantiated compiler. Its clock runs from [`Compiler::load`] until it
/// is dropped.
pub struct Compiler {
    guest: Guest,
    bindings: bindings::Compiler,
}

impl Compiler {
    /// Loads the embedded component. When the time is over, `expired` runs on
    /// another thread; it reports the failure and ends the process.
    ///
    /// # Errors
    ///
    /// When this processor or system cannot run it.
    pub fn load(
        limits: Limits,
        expired: impl FnOnce(Failure) + Send + 'static,
    ) -> Result<Self, Failure> {
        let mut guest = Guest::load(guest::COMPILER, "compiler", limits, expired)?;
        let bindings = guest.instantiate(|store, component, linker| {
            bindings::Compiler::instantiate(store, component, linker)
        })?;
        Ok(Self { guest, bindings })
    }

    /// What the component imports; empty unless something is very wrong.
    pub fn imports(&self) -> Vec<String> {
        self.guest.imports()
    }

    /// Which compiler this is.
    pub fn describe(&mut self) -> Result<Description, Failure> {
        let result = self
            .bindings
            .taskspec_compiler_api()
            .call_describe(&mut self.guest.store);
        result.map_err(|error| self.guest.broke(&error))
    }

    /// Compiles a specification.
    ///
    /// # Errors
    ///
    /// When the compiler exceeds a limit or breaks. Faults of the specification
    /// are no error here: they are the compilation's diagnostics.
    pub fn compile(&mut self, spec: &str, settings: &[Setting]) -> Result<Compilation, Failure> {
        let api = self.bindings.taskspec_compiler_api();
        let result = api.call_compile(&mut self.guest.store, spec, settings);
        result.map_err(|error| self.guest.broke_over_spec(&error))
    }

    /// JSON Schema of the language.
    pub fn schema(&mut self) -> Result<String, Failure> {
        let result = self
            .bindings
            .taskspec_compiler_api()
            .call_schema(&mut self.guest.store);
        result.map_err(|error| self.guest.broke(&error))
    }

    /// Every diagnostic code with its title.
    pub fn codes(&mut self) -> Result<Vec<Entry>, Failure> {
        let result = self
            .bindings
            .taskspec_compiler_api()
            .call_codes(&mut self.guest.store);
        result.map_err(|error| self.guest.broke(&error))
    }

    /// The page of a diagnostic code; none for an unknown code.
    pub fn explain(&mut self, code: &str) -> Result<Option<String>, Failure> {
        let result = self
            .bindings
            .taskspec_compiler_api()
            .call_explain(&mut self.guest.store, code);
        result.map_err(|error| self.guest.broke(&error))
    }

    /// Every dependency a specification can name.
    pub fn catalog(&mut self) -> Result<Vec<Entry>, Failure> {
        let result = self
            .bindings
            .taskspec_compiler_api()
            .call_catalog(&mut self.guest.store);
        result.map_err(|error| self.guest.broke(&error))
    }

    /// The page of a catalog entry; none for an unknown name.
    pub fn catalog_page(&mut self, name: &str) -> Result<Option<String>, Failure> {
        let result = self
            .bindings
            .taskspec_compiler_api()
            .call_catalog_page(&mut self.guest.store, name);
        result.map_err(|error| self.guest.broke(&error))
    }

    /// The specifications `init` can start from.
    pub fn starters(&mut self) -> Result<Vec<Entry>, Failure> {
        let result = self
            .bindings
            .taskspec_compiler_api()
            .call_starters(&mut self.guest.store);
        result.map_err(|error| self.guest.broke(&error))
    }

    /// The text of a starter specification; none for an unknown name.
    pub fn starter(&mut self, name: &str) -> Result<Option<String>, Failure> {
        let result = self
            .bindings
            .taskspec_compiler_api()
            .call_starter(&mut self.guest.store, name);
        result.map_err(|error| self.guest.broke(&error))
    }
}
