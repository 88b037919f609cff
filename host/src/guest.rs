//! A component that runs inside of this program, with nothing but memory and
//! time, both bounded.

use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Error, Store};

use crate::failure::Failure;
use crate::limits::{Limits, MemoryLimit, Watchdog};

mod machine_code;
mod trap;

pub(crate) use machine_code::{COMPILER, MachineCode, VERIFIER};

/// An instantiated component. Its clock runs from [`Guest::load`] until it is
/// dropped.
pub(crate) struct Guest {
    engine: Engine,
    component: Component,
    pub store: Store<MemoryLimit>,
    limits: Limits,
    /// What it is in messages, such as `compiler`.
    who: &'static str,
    _watchdog: Watchdog,
}

impl Guest {
    /// Loads an embedded component. When the time is over, `expired` runs on
    /// another thread; it reports the failure and ends the process.
    pub fn load(
        code: MachineCode,
        who: &'static str,
        limits: Limits,
        expired: impl FnOnce(Failure) + Send + 'static,
    ) -> Result<Self, Failure> {
        let watchdog = Watchdog::start(limits.time, move || {
            expired(trap::time_is_over(limits, who))
        });
        let cannot_start = |error: Error| trap::cannot_start(&error, who);
        let (engine, component) = code.loaded().map_err(cannot_start)?;
        let mut store = Store::new(&engine, MemoryLimit::new(limits.memory_bytes));
        store.limiter(|memory| memory);
        Ok(Self {
            engine,
            component,
            store,
            limits,
            who,
            _watchdog: watchdog,
        })
    }

    /// Instantiates it. Nothing is linked: a component with an import does not
    /// instantiate.
    pub fn instantiate<T>(
        &mut self,
        instantiate: impl FnOnce(
            &mut Store<MemoryLimit>,
            &Component,
            &Linker<MemoryLimit>,
        ) -> wasmtime::Result<T>,
    ) -> Result<T, Failure> {
        let linker = Linker::new(&self.engine);
        instantiate(&mut self.store, &self.component, &linker)
            .map_err(|error| trap::while_starting(&error, &self.store, self.limits, self.who))
    }

    /// What the component imports; empty unless something is very wrong.
    pub fn imports(&self) -> Vec<String> {
        let ty = self.component.component_type();
        ty.imports(&self.engine)
            .map(|(name, _)| name.to_owned())
            .collect()
    }

    /// It broke over a specification, which may be the cause.
    pub fn broke_over_spec(&self, error: &Error) -> Failure {
        trap::while_reading(error, &self.store, self.limits, self.who)
    }

    /// It broke.
    pub fn broke(&self, error: &Error) -> Failure {
        trap::while_answering(error, &self.store, self.limits, self.who)
    }
}
