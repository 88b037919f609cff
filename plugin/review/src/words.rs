//! Numbers and lists in words.

use taskspec_report::{Container, Node, Pods, Probe, Role};

/// "1 pod", "3 pods".
pub fn counted(n: u64, what: &str) -> String {
    if n == 1 {
        format!("1 {what}")
    } else {
        format!("{n} {what}s")
    }
}

/// "3", "2 to 10".
pub fn range(least: u64, most: u64) -> String {
    if least == most {
        least.to_string()
    } else {
        format!("{least} to {most}")
    }
}

/// "1 pod", "2 to 10 pods".
pub fn pods(least: u64, most: u64) -> String {
    if least == most {
        counted(least, "pod")
    } else {
        format!("{} pods", range(least, most))
    }
}

/// "a", "a and b", "a, b and c".
pub fn joined<T: AsRef<str>>(all: &[T]) -> String {
    match all {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [first @ .., last] => {
            let first: Vec<&str> = first.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", first.join(", "), last.as_ref())
        }
    }
}

/// The first few, and how many more there are.
pub fn few<T: AsRef<str>>(all: &[T], most: usize) -> String {
    if all.len() <= most {
        return joined(all);
    }
    let shown: Vec<&str> = all.iter().take(most).map(AsRef::as_ref).collect();
    format!("{} and {} more", shown.join(", "), all.len() - most)
}

/// Bytes as a quantity of Kubernetes.
pub fn bytes(amount: f64) -> String {
    for (unit, size) in [
        ("Ti", 1_u64 << 40),
        ("Gi", 1 << 30),
        ("Mi", 1 << 20),
        ("Ki", 1 << 10),
    ] {
        #[allow(clippy::cast_precision_loss, reason = "a power of two")]
        let shown = amount / size as f64;
        if shown >= 1.0 {
            return format!("{}{unit}", short(shown));
        }
    }
    short(amount)
}

/// Cores: `500m`, `2`, `2.5`.
pub fn cores(amount: f64) -> String {
    if amount > 0.0 && amount < 1.0 {
        format!("{}m", short(amount * 1000.0))
    } else {
        short(amount)
    }
}

/// At most two digits after the point.
fn short(number: f64) -> String {
    let text = format!("{number:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Seconds as people say them.
pub fn seconds(n: u64) -> String {
    if n >= 120 && n.is_multiple_of(60) {
        format!("{} min", n / 60)
    } else {
        format!("{n} s")
    }
}

/// How long a check has to fail before it counts.
pub fn patience(probe: &Probe) -> u64 {
    probe.period * probe.failures
}

/// The container that a pod is for.
pub fn main(pods: &Pods) -> Option<&Container> {
    pods.containers.iter().find(|one| one.role == Role::Main)
}

/// What a node is called in running text.
pub fn called(node: &Node) -> &str {
    &node.label
}

/// An environment's name; the defaults have none.
pub fn environment(name: &str) -> &str {
    if name.is_empty() { "defaults" } else { name }
}

/// Whether a text has a name as a whole word.
pub fn names(text: &str, name: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    !name.is_empty()
        && text.match_indices(name).any(|(at, _)| {
            !text[..at].chars().next_back().is_some_and(part)
                && !text[at + name.len()..].chars().next().is_some_and(part)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_short() {
        assert_eq!(bytes(1_610_612_736.0), "1.5Gi");
        assert_eq!(bytes(0.0), "0");
        assert_eq!(cores(0.25), "250m");
        assert_eq!(cores(2.5), "2.5");
        assert_eq!(seconds(300), "5 min");
        assert_eq!(seconds(90), "90 s");
    }

    #[test]
    fn lists_are_sentences() {
        assert_eq!(joined(&["a", "b", "c"]), "a, b and c");
        assert_eq!(few(&["a", "b", "c"], 1), "a and 2 more");
        assert!(names("workload('agent')", "agent"));
        assert!(!names("workload('agent-2')", "agent"));
    }
}
