//! The `taskspec` program.

fn main() -> std::process::ExitCode {
    taskspec::run(std::env::args_os().collect())
}
