//! The taskspec compiler as a WebAssembly component.
//!
//! Takes what a host passes through `plugin/wit/compiler.wit`, gives what
//! `taskspec_plugin` answers. Converts types and does nothing else: a rule that
//! lives here would be missing from every native user of the compiler.
//!
//! The conversions also compile natively, so that `cargo clippy --workspace`
//! sees them; only the exported symbols and the panic hook are WebAssembly's.

mod convert;

#[cfg(target_arch = "wasm32")]
mod panic_note;
#[cfg(not(target_arch = "wasm32"))]
mod panic_note {
    //! Natively the usual hook prints the message.
    pub fn install() {}
}

mod bindings {
    //! What `wit-bindgen` makes of the contract.

    wit_bindgen::generate!({
        path: "../wit",
        world: "compiler",
    });

    #[cfg(target_arch = "wasm32")]
    use crate::Compiler;
    #[cfg(target_arch = "wasm32")]
    export!(Compiler);

    pub use exports::taskspec::compiler::api;
}

use bindings::api;

/// The exported interface.
pub struct Compiler;

impl api::Guest for Compiler {
    fn describe() -> api::Description {
        panic_note::install();
        api::Description {
            version: taskspec_plugin::VERSION.to_owned(),
            language: taskspec_plugin::LANGUAGE.to_owned(),
        }
    }

    fn compile(spec: String, settings: Vec<api::Setting>) -> api::Compilation {
        panic_note::install();
        let settings: Vec<_> = settings.into_iter().map(|s| (s.key, s.value)).collect();
        taskspec_plugin::compile(&spec, &settings).into()
    }

    fn schema() -> String {
        panic_note::install();
        taskspec_plugin::schema()
    }

    fn codes() -> Vec<api::Entry> {
        panic_note::install();
        convert::list(taskspec_plugin::codes())
    }

    fn explain(code: String) -> Option<String> {
        panic_note::install();
        taskspec_plugin::explain(&code)
    }

    fn catalog() -> Vec<api::Entry> {
        panic_note::install();
        convert::list(taskspec_plugin::catalog())
    }

    fn catalog_page(name: String) -> Option<String> {
        panic_note::install();
        taskspec_plugin::catalog_page(&name)
    }

    fn starters() -> Vec<api::Entry> {
        panic_note::install();
        convert::list(taskspec_plugin::starters())
    }

    fn starter(name: String) -> Option<String> {
        panic_note::install();
        taskspec_plugin::starter(&name)
    }
}
