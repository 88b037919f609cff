//! The engine settings that shape machine code. The build script compiles the
//! component with them and the runner loads the result with them; wasmtime
//! refuses machine code that was made with other settings, so there is one copy.

use wasmtime::Config;

/// The settings that both sides share.
pub fn engine_config() -> Config {
    let mut config = Config::new();
    // Only native debuggers and unwinders read these tables. Traps and core
    // dumps do without, and the embedded code is a sixth smaller.
    config.native_unwind_info(false);
    // One instance a process: copying its first memory is quicker than mapping it.
    config.memory_init_cow(false);
    config
}
