//! The table of a benchmark.

use super::Contender;
use std::time::Duration;

const COLUMNS: [&str; 6] = [
    "what",
    "min ms",
    "median ms",
    "x min",
    "x median",
    "peak MiB",
];

/// A Markdown table; factors are relative to the first contender.
pub fn render(contenders: &[Contender]) -> String {
    let Some(yardstick) = contenders.first() else {
        return String::new();
    };
    let mut rows = vec![COLUMNS.map(str::to_owned)];
    for contender in contenders {
        let (samples, base) = (&contender.samples, &yardstick.samples);
        let peak = samples
            .peak_kib()
            .map(|kib| format!("{:.1}", kib as f64 / 1024.0));
        rows.push([
            contender.name.clone(),
            millis(samples.min()),
            millis(samples.median()),
            factor(samples.min(), base.min()),
            factor(samples.median(), base.median()),
            peak.unwrap_or_default(),
        ]);
    }
    lines(&rows)
}

fn lines(rows: &[[String; COLUMNS.len()]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let widths: Vec<_> = (0..COLUMNS.len()).map(width).collect();
    let mut text = String::new();
    for (index, row) in rows.iter().enumerate() {
        let cells = row.iter().zip(&widths).enumerate();
        let cells: Vec<_> = cells
            .map(|(column, (cell, width))| {
                if column == 0 {
                    format!("{cell:<width$}")
                } else {
                    format!("{cell:>width$}")
                }
            })
            .collect();
        text.push_str(&format!("| {} |\n", cells.join(" | ")));
        if index == 0 {
            let rules: Vec<_> = widths.iter().map(|width| "-".repeat(*width)).collect();
            text.push_str(&format!("| {} |\n", rules.join(" | ")));
        }
    }
    text
}

fn millis(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1000.0)
}

fn factor(time: Duration, base: Duration) -> String {
    format!(
        "{:.2}",
        time.as_secs_f64() / base.as_secs_f64().max(f64::MIN_POSITIVE)
    )
}
