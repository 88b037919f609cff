//! `explain`: the page of a diagnostic code.

use crate::cli::Explain;
use crate::failure::Failure;

use super::{Context, listing, unknown};

pub(super) fn run(context: &Context, options: &Explain) -> Result<(), Failure> {
    let mut compiler = context.compiler()?;
    let Some(code) = &options.code else {
        return context.terminal.print(&listing(&compiler.codes()?));
    };
    match compiler.explain(&full_code(code))? {
        Some(page) => context.terminal.print(&page),
        None => {
            let list = format!("{} explain", context.program);
            Err(unknown("diagnostic", code, &compiler.codes()?, &list))
        }
    }
}

/// `12` and `ts12` mean `TS0012`.
fn full_code(code: &str) -> String {
    let upper = code.to_ascii_uppercase();
    match upper.strip_prefix("TS").unwrap_or(&upper).parse::<u16>() {
        Ok(number) => format!("TS{number:04}"),
        Err(_) => upper,
    }
}

#[cfg(test)]
mod tests {
    use super::full_code;

    #[test]
    fn codes_may_be_shortened() {
        for code in ["TS0012", "ts0012", "ts12", "12", "0012"] {
            assert_eq!(full_code(code), "TS0012");
        }
        assert_eq!(full_code("E12"), "E12");
        assert_eq!(full_code("ts"), "TS");
    }
}
