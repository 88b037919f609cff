//! "Did you mean": the nearest of a set of known words.

/// Words beyond this are no slips of anything.
const LONGEST_WORD: usize = 64;

/// Candidates that are compared, and words that a list names.
pub(crate) const MOST_CANDIDATES: usize = 100;

/// The candidate nearest to `word`, if it is near enough to be a slip.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = word.chars().count();
    if length > LONGEST_WORD {
        return None;
    }
    let limit = (length / 3).max(1);
    candidates
        .into_iter()
        .take(MOST_CANDIDATES)
        .filter(|candidate| candidate.len() <= LONGEST_WORD)
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Edit distance that forgives case and the choice of separator (`appVersion`, `app_version`).
fn distance(left: &str, right: &str) -> usize {
    let plain = |text: &str| -> String {
        text.chars()
            .filter(|c| !matches!(c, '-' | '_'))
            .flat_map(char::to_lowercase)
            .collect()
    };
    let folded = strsim::damerau_levenshtein(&plain(left), &plain(right));
    folded.min(strsim::damerau_levenshtein(left, right))
}

/// `` did you mean `x`? ``, or nothing.
pub fn did_you_mean<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    nearest(word, candidates).map(|candidate| format!("did you mean `{candidate}`?"))
}

/// Words of Kubernetes, Helm and Compose, and the keys that hold the same fact here.
const ELSEWHERE: &[(&str, &[&str])] = &[
    ("allowfrom", &["allow-from"]),
    ("autoscaling", &["replicas"]),
    ("containerport", &["port"]),
    ("dependson", &["uses"]),
    ("entrypoint", &["command"]),
    ("environment", &["env"]),
    ("fsgroup", &["group"]),
    ("imagepullpolicy", &["pull-policy"]),
    ("livenessprobe", &["probes"]),
    ("networkpolicy", &["allow-from", "egress"]),
    ("persistence", &["storage"]),
    ("ports", &["port"]),
    ("readinessprobe", &["probes"]),
    ("readonlyrootfilesystem", &["read-only-root"]),
    ("replicacount", &["replicas"]),
    ("resources", &["cpu", "memory"]),
    ("runasgroup", &["group"]),
    ("runasuser", &["user"]),
    ("securitycontext", &["user", "group", "read-only-root"]),
    ("size", &["storage"]),
    ("startupprobe", &["probes"]),
    ("strategy", &["rollout"]),
    ("tag", &["image"]),
    ("terminationgraceperiodseconds", &["grace"]),
    ("type", &["kind"]),
    ("volumes", &["writable"]),
];

/// The keys among `known` that another tool calls `word`, as a remedy.
pub fn other_name<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    let plain: String = word
        .chars()
        .filter(|c| !matches!(c, '-' | '_'))
        .flat_map(char::to_lowercase)
        .take(LONGEST_WORD)
        .collect();
    let (_, keys) = ELSEWHERE
        .iter()
        .find(|(elsewhere, _)| *elsewhere == plain)?;
    let known: Vec<&str> = known.collect();
    keys.iter()
        .all(|key| known.contains(key))
        .then(|| format!("here this is {}", list(keys.iter().copied())))
}

/// `` `a`, `b` and `c` ``.
pub fn list<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let mut words = words.into_iter();
    let mut quoted: Vec<String> = words
        .by_ref()
        .take(MOST_CANDIDATES)
        .map(|word| format!("`{word}`"))
        .collect();
    if words.next().is_some() {
        quoted.push("others".to_owned());
    }
    match quoted.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}
