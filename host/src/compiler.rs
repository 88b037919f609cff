//! The compiler component and its calls.
//!
//! Takes text, gives what the component's interface (`plugin/wit`) says. The
//! component gets nothing but memory and time, both bounded; whatever goes
//! wrong inside comes out as a [`Failure`].

use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Store};

use crate::engine_config::engine_config;
use crate::failure::Failure;
use crate::limits::{Limits, MemoryLimit, Watchdog};

mod machine_code;
mod trap;

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
    engine: Engine,
    component: Component,
    store: Store<MemoryLimit>,
    bindings: bindings::Compiler,
    limits: Limits,
    _watchdog: Watchdog,
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
        let watchdog = Watchdog::start(limits.time, move || expired(trap::time_is_over(limits)));
        let mut config = engine_config();
        // Panic messages are read from the guest's memory.
        config.coredump_on_trap(true);
        machine_code::configure(&mut config);
        let engine = Engine::new(&config).map_err(|error| trap::cannot_start(&error))?;
        let component =
            machine_code::component(&engine).map_err(|error| trap::cannot_start(&error))?;

        let mut store = Store::new(&engine, MemoryLimit::new(limits.memory_bytes));
        store.limiter(|memory| memory);
        // Nothing is linked: a component with an import does not instantiate.
        let linker = Linker::new(&engine);
        let bindings = bindings::Compiler::instantiate(&mut store, &component, &linker)
            .map_err(|error| trap::cannot_start(&error))?;
        Ok(Self {
            engine,
            component,
            store,
            bindings,
            limits,
            _watchdog: watchdog,
        })
    }

    /// What the component imports; empty unless something is very wrong.
    pub fn imports(&self) -> Vec<String> {
        let ty = self.component.component_type();
        ty.imports(&self.engine)
            .map(|(name, _)| name.to_owned())
            .collect()
    }

    /// Which compiler this is.
    pub fn describe(&mut self) -> Result<Description, Failure> {
        let result = self
            .bindings
            .taskspec_compiler_api()
            .call_describe(&mut self.store);
        result.map_err(|error| self.failed(&error))
    }

    /// Compiles a specification.
    ///
    /// # Errors
    ///
    /// When the compiler exceeds a limit or breaks. Faults of the specification
    /// are no error here: they are the compilation's diagnostics.
    pub fn compile(&mut self, spec: &str, settings: &[Setting]) -> Result<Compilation, Failure> {
        let api = self.bindings.taskspec_compiler_api();
        let result = api.call_compile(&mut self.store, spec, settings);
        result.map_err(|error| trap::while_compiling(&error, &self.store, self.limits))
    }

    /// JSON Schema of the language.
    pub fn schema(&mut self) -> Result<String, Failure> {
        let result = self
            .bindings
            .taskspec_compiler_api()
            .call_schema(&mut self.store);
        result.map_err(|error| self.failed(&error))
    }

    /// Every diagnostic code with its title.
    pub fn codes(&mut self) -> Result<Vec<Entry>, Failure> {
        let result = self
            .bindings
            .taskspec_compiler_api()
            .call_codes(&mut self.store);
        result.map_err(|error| self.failed(&error))
    }

    /// The page of a diagnostic code; none for an unknown code.
    pub fn explain(&mut self, code: &str) -> Result<Option<String>, Failure> {
        let result = self
            .bindings
            .taskspec_compiler_api()
            .call_explain(&mut self.store, code);
        result.map_err(|error| self.failed(&error))
    }

    /// Every dependency a specification can name.
    pub fn catalog(&mut self) -> Result<Vec<Entry>, Failure> {
        let result = self
            .bindings
            .taskspec_compiler_api()
            .call_catalog(&mut self.store);
        result.map_err(|error| self.failed(&error))
    }

    /// The page of a catalog entry; none for an unknown name.
    pub fn catalog_page(&mut self, name: &str) -> Result<Option<String>, Failure> {
        let result = self
            .bindings
            .taskspec_compiler_api()
            .call_catalog_page(&mut self.store, name);
        result.map_err(|error| self.failed(&error))
    }

    /// The specifications `init` can start from.
    pub fn starters(&mut self) -> Result<Vec<Entry>, Failure> {
        let result = self
            .bindings
            .taskspec_compiler_api()
            .call_starters(&mut self.store);
        result.map_err(|error| self.failed(&error))
    }

    /// The text of a starter specification; none for an unknown name.
    pub fn starter(&mut self, name: &str) -> Result<Option<String>, Failure> {
        let result = self
            .bindings
            .taskspec_compiler_api()
            .call_starter(&mut self.store, name);
        result.map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &wasmtime::Error) -> Failure {
        trap::while_answering(error, &self.store, self.limits)
    }
}
