//! Checks of a decoded specification, one family a file.
//!
//! Each takes the model of the base or of one environment; findings that
//! several environments share are reported once, since they share their place.

mod absent;
mod capacity;
mod exposure;
mod kinds;
mod monitoring;
pub mod names;
mod network;
mod patches;
mod references;
mod resources;
mod scaling;
pub mod secrets;
mod statements;
mod storage;
pub mod timing;

use crate::diagnostic::Sink;
use crate::model::{Document, Intent};
use crate::resolve::Merged;
use exposure::Elsewhere;

/// Runs every check.
pub fn all(base: &Document, environments: &[Merged], sink: &mut Sink) {
    statements::check(base, sink);
    references::statements(base, sink);
    references::layout(base, sink);
    names::check(base, environments, sink);
    facts(base, Elsewhere::of(environments), sink);
    for environment in environments {
        sink.about(Some(&environment.name));
        facts(&environment.document, Elsewhere::default(), sink);
    }
    sink.about(None);
}

/// The checks of what may differ between environments.
fn facts(document: &Document, elsewhere: Elsewhere, sink: &mut Sink) {
    kinds::check(document, sink);
    references::check(document, sink);
    resources::check(document, sink);
    network::check(document, sink);
    timing::check(document, sink);
    secrets::check(document, sink);
    storage::check(document, sink);
    scaling::check(document, sink);
    capacity::check(document, sink);
    exposure::check(document, elsewhere, sink);
    absent::check(document, sink);
    monitoring::check(document, sink);
    patches::check(document, sink);
}

/// The intent, unless it is faulty.
fn intent(document: &Document) -> Option<&Intent> {
    document.intent.0.as_ref().map(|intent| &intent.value)
}
