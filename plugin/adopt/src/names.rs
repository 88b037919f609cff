//! Names of workloads, made from those of objects.

use std::collections::BTreeSet;
use taskspec_manifest::{Object, text};
use taskspec_spec::check::names::{RESERVED, values_key};

/// Words that the chart keeps for components of its own, and those that YAML
/// takes for something else.
const TAKEN: [&str; 13] = [
    "connection-test",
    "credentials",
    "identity",
    "migrate",
    "y",
    "n",
    "yes",
    "no",
    "on",
    "off",
    "true",
    "false",
    "null",
];

/// The usual name of a release's objects.
pub fn full_name(release: &str, chart: &str) -> String {
    if release.contains(chart) {
        release.to_owned()
    } else {
        format!("{release}-{chart}")
    }
}

/// What an object's name says beyond release and chart; empty for nothing.
pub fn stem<'a>(name: &'a str, release: &str, chart: &str) -> &'a str {
    let mut rest = name;
    for prefix in [release, chart] {
        if rest == prefix {
            return "";
        }
        let shorter = rest
            .strip_prefix(prefix)
            .and_then(|rest| rest.strip_prefix('-'));
        rest = shorter.unwrap_or(rest);
    }
    rest
}

/// A name that the language takes, near a given one; none if nothing is left.
pub fn valid(name: &str) -> Option<String> {
    label(name).filter(|made| {
        !TAKEN.contains(&made.as_str()) && !RESERVED.contains(&values_key(made).as_str())
    })
}

/// A label as Kubernetes has it, near a given one.
fn label(name: &str) -> Option<String> {
    const LONGEST: usize = 30;
    let mut made = String::new();
    for c in name.to_lowercase().chars() {
        let c = if c.is_ascii_lowercase() || c.is_ascii_digit() {
            c
        } else {
            '-'
        };
        if made.is_empty() && !c.is_ascii_lowercase() || c == '-' && made.ends_with('-') {
            continue;
        }
        made.push(c);
    }
    made.truncate(LONGEST);
    let made = made.trim_end_matches('-').to_owned();
    (!made.is_empty()).then_some(made)
}

/// A name for a container, which shares no values with the chart.
pub fn of_container(name: &str, taken: &mut BTreeSet<String>) -> String {
    let words = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    let made = label(name).filter(|made| !words.contains(&made.as_str()) && !taken.contains(made));
    match made {
        Some(made) => {
            taken.insert(made.clone());
            made
        }
        None => choose(&[name, "container"], taken),
    }
}

/// A name without the digest at its end.
pub fn without_digest(name: &str) -> &str {
    match name.rsplit_once('-') {
        Some((stem, end)) if end.len() >= 8 && end.bytes().all(|b| b.is_ascii_hexdigit()) => stem,
        _ => name,
    }
}

/// The component that labels name.
pub fn component(object: &Object) -> &str {
    let labels = object.pod().map(|pod| &pod["metadata"]["labels"]);
    let named = |key: &str| {
        let own = object.label(key);
        if own.is_empty() {
            labels.map_or("", |labels| text(&labels[key]))
        } else {
            own
        }
    };
    let component = named("app.kubernetes.io/component");
    if component.is_empty() {
        named("component")
    } else {
        component
    }
}

/// The first candidate that is valid and free.
pub fn choose(candidates: &[&str], taken: &mut BTreeSet<String>) -> String {
    let clashes = |name: &str, taken: &BTreeSet<String>| {
        taken
            .iter()
            .any(|other| values_key(other) == values_key(name))
    };
    let valid: Vec<String> = candidates.iter().filter_map(|name| valid(name)).collect();
    let free = valid.iter().find(|name| !clashes(name, taken)).cloned();
    let name = free.unwrap_or_else(|| {
        let mut stem = valid.first().map_or("workload", String::as_str).to_owned();
        stem.truncate(26);
        let numbered = (2..).map(|number| format!("{}-{number}", stem.trim_end_matches('-')));
        let mut fresh = numbered.filter(|name| !clashes(name, taken));
        fresh.next().unwrap_or_default()
    });
    taken.insert(name.clone());
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_what_is_not_theirs() {
        assert_eq!(stem("rel-shop-worker", "rel", "shop"), "worker");
        assert_eq!(stem("rel-worker", "rel", "shop"), "worker");
        assert_eq!(stem("shop", "rel", "shop"), "");
        assert_eq!(stem("rel-shop", "rel", "shop"), "");
        assert_eq!(stem("web", "rel", "shop"), "web");
    }

    #[test]
    fn names_are_made_valid() {
        assert_eq!(valid("Web_Server").as_deref(), Some("web-server"));
        assert_eq!(valid("1st"), Some("st".to_owned()));
        assert_eq!(valid("ingress"), None);
        assert_eq!(valid("日本"), None);
        let mut taken = BTreeSet::new();
        assert_eq!(choose(&["ingress", "web"], &mut taken), "web");
        assert_eq!(choose(&["web"], &mut taken), "web-2");
        assert_eq!(choose(&["on"], &mut taken), "workload-2");
    }
}
