//! Scratch.
use taskspec_tests::chart::{Case, write};
fn main() {
    let out = std::path::PathBuf::from(std::env::args().nth(1).unwrap());
    for case in Case::all() {
        let compilation = taskspec_plugin::compile(&case.spec, &[]);
        match compilation.chart {
            Some(chart) => {
                for file in &chart.files {
                    write(&out.join(&case.name).join(&file.path), &file.contents);
                }
            }
            None => println!("{}: {:#?}", case.name, compilation.diagnostics),
        }
    }
}
