//! The values that an installation ends up with: the chart's defaults and what
//! an environment changes, also by values that its specification states freely.

use crate::lower::Plan;
use crate::values;
use serde_json::Value;

/// Values of one environment.
pub struct Effective(Value);

impl Effective {
    /// Of the environment at a place, or of the defaults.
    pub fn of(plan: &Plan, environment: Option<usize>) -> Self {
        let mut all = values::plain_all(&plan.values);
        let changes = environment.and_then(|index| plan.overrides.get(index));
        if let Some((_, changes)) = changes {
            values::merge(&mut all, &Value::Object(changes.clone()));
        }
        Self(all)
    }

    /// The value at a dotted path, or null.
    pub fn at(&self, path: &str) -> &Value {
        let mut value = &self.0;
        for key in path.split('.') {
            value = &value[key];
        }
        value
    }

    /// Whether a switch is on; an absent one is.
    pub fn on(&self, path: &str) -> bool {
        self.at(path).as_bool().unwrap_or(true)
    }

    /// A number, or nothing.
    pub fn number(&self, path: &str) -> Option<u64> {
        self.at(path).as_u64()
    }

    /// Text, possibly empty.
    pub fn text(&self, path: &str) -> &str {
        self.at(path).as_str().unwrap_or_default()
    }
}

/// The path that a template's reference to a value names: `.Values.api.image`
/// is `api.image`.
pub fn path_of(reference: &str) -> &str {
    reference
        .trim_start_matches(".Values")
        .trim_start_matches('.')
}
