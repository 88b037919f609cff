//! From the compiler's types to the contract's, field by field.
//!
//! Every structure is taken apart without `..`, so that a field added on one
//! side fails to compile until it is carried over.

use crate::bindings::api;

/// Converts every element.
pub fn list<T, U: From<T>>(items: Vec<T>) -> Vec<U> {
    items.into_iter().map(U::from).collect()
}

impl From<taskspec_plugin::Compilation> for api::Compilation {
    fn from(compilation: taskspec_plugin::Compilation) -> Self {
        let taskspec_plugin::Compilation { chart, diagnostics } = compilation;
        Self {
            chart: chart.map(api::Chart::from),
            diagnostics: list(diagnostics),
        }
    }
}

impl From<taskspec_plugin::Chart> for api::Chart {
    fn from(chart: taskspec_plugin::Chart) -> Self {
        let taskspec_plugin::Chart {
            name,
            version,
            files,
            environments,
            decisions,
            next,
        } = chart;
        Self {
            name,
            version,
            files: list(files),
            environments: list(environments),
            decisions: list(decisions),
            next,
        }
    }
}

impl From<taskspec_plugin::File> for api::File {
    fn from(file: taskspec_plugin::File) -> Self {
        let taskspec_plugin::File { path, contents } = file;
        Self { path, contents }
    }
}

impl From<taskspec_plugin::Environment> for api::Environment {
    fn from(environment: taskspec_plugin::Environment) -> Self {
        let taskspec_plugin::Environment {
            name,
            values_file,
            namespace,
            release,
            summary,
            install,
        } = environment;
        Self {
            name,
            values_file,
            namespace,
            release,
            summary,
            install,
        }
    }
}

impl From<taskspec_plugin::Decision> for api::Decision {
    fn from(decision: taskspec_plugin::Decision) -> Self {
        let taskspec_plugin::Decision {
            subject,
            choice,
            reason,
        } = decision;
        Self {
            subject,
            choice,
            reason,
        }
    }
}

impl From<taskspec_plugin::Diagnostic> for api::Diagnostic {
    fn from(diagnostic: taskspec_plugin::Diagnostic) -> Self {
        let taskspec_plugin::Diagnostic {
            severity,
            code,
            message,
            labels,
            notes,
            help,
        } = diagnostic;
        Self {
            severity: severity.into(),
            code: code.to_owned(),
            message,
            labels: list(labels),
            notes,
            help,
        }
    }
}

impl From<taskspec_plugin::Severity> for api::Severity {
    fn from(severity: taskspec_plugin::Severity) -> Self {
        match severity {
            taskspec_plugin::Severity::Error => Self::Error,
            taskspec_plugin::Severity::Warning => Self::Warning,
            taskspec_plugin::Severity::Note => Self::Note,
        }
    }
}

impl From<taskspec_plugin::Label> for api::Label {
    fn from(label: taskspec_plugin::Label) -> Self {
        let taskspec_plugin::Label { at, text, primary } = label;
        Self {
            at: at.into(),
            text,
            primary,
        }
    }
}

impl From<taskspec_plugin::Span> for api::Span {
    fn from(span: taskspec_plugin::Span) -> Self {
        let taskspec_plugin::Span { start, end } = span;
        Self { start, end }
    }
}

impl From<taskspec_plugin::Entry> for api::Entry {
    fn from(entry: taskspec_plugin::Entry) -> Self {
        let taskspec_plugin::Entry { name, summary } = entry;
        Self { name, summary }
    }
}
