//! Scratch: quick structure faults over all cases, one Helm, one release.
use taskspec_tests::chart::{Built, Case};
use taskspec_tests::{existing, manifest, parallel, tools::Helm};
fn main() {
    let only = std::env::args().nth(1).unwrap_or_default();
    let helm = Helm::newest();
    let mut jobs = Vec::new();
    for case in Case::all().into_iter().filter(|c| c.name.contains(&only)) {
        let c = taskspec_plugin::compile(&case.spec, &[]);
        match c.chart {
            Some(chart) => jobs.push(Built::new(&case.name, chart)),
            None => println!(
                "{}: does not compile: {}",
                case.name,
                c.diagnostics
                    .first()
                    .map(|d| format!("{d:?}"))
                    .unwrap_or_default()
            ),
        }
    }
    let all = parallel::map(jobs, |chart| {
        let mut out = Vec::new();
        for v in chart.variants() {
            match chart
                .render(&helm, "agent", &v, &[])
                .and_then(|t| manifest::parse(&t))
            {
                Ok(objects) => out.extend(
                    chart
                        .faults(&existing::values(&chart, &v), &objects)
                        .into_iter()
                        .map(|f| format!("{} {}: {f}", chart.case, v.name)),
                ),
                Err(f) => out.push(f),
            }
        }
        out
    });
    for f in all.concat() {
        println!("{f}");
    }
}
