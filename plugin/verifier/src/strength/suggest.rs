//! Criteria that would notice a damage.
//!
//! The text of a kind of damage may hold these placeholders, which are filled for
//! the place where it was done:
//!
//! | placeholder | stands for |
//! |---|---|
//! | `{here}` | the expression that gives what stands at the place |
//! | `{same}` | that it is still what it was |
//! | `{present}` | that there is something at the place, or the object |
//! | `{siblings}` | the list around the nearest entry of a list |
//! | `{count}` | its length |
//! | `{workload}` | the workload as an expression |
//! | `{object}` | the object as an expression |
//! | `{before}` | what stood there, as a literal |
//! | `{before-text}` | the same for titles |
//! | `{entry}` | the name of the nearest entry of a list |
//! | `{key}`, `{key-literal}` | the last key of the place |
//! | `{kind}`, `{name}` | of the object |
//! | `{name-expression}` | its whole name as an expression |
//! | `{count-kind}` | how many objects of its kind there are |
//! | `{count-dashboards}` | how many dashboards there are |
//! | `{count-ingresses}` | how many Ingresses there are |

use super::bench::in_one_line;
use super::damage::{Place, Suggest};
use super::place::{Step, get};
use crate::world::{WORKLOADS, World};
use serde_json::Value;
use taskspec_manifest::Object;

/// Words that are no names in expressions.
const RESERVED: [&str; 20] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "false",
    "for",
    "function",
    "if",
    "import",
    "in",
    "let",
    "loop",
    "namespace",
    "null",
    "package",
    "return",
    "true",
    "var",
    "while",
];

/// A criterion without identifier and environments.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Criterion {
    /// Its title.
    pub title: String,
    /// Its expression.
    pub that: String,
}

/// Criteria that may notice a damage at a place of an undamaged rendering, the
/// best first. Whether they do has to be tried.
pub fn criteria(suggest: &Suggest, world: &World, place: &Place) -> Vec<Criterion> {
    let Ok(objects) = world.all() else {
        return Vec::new();
    };
    let Some(object) = objects.get(place.object) else {
        let fill = |text: &str| fill_counts(text, objects);
        return vec![Criterion {
            title: suggest.title.clone(),
            that: fill(&suggest.that),
        }];
    };
    let words = Words {
        world,
        object,
        at: &place.at,
    };
    let (name, kind) = (words.short(), object.kind());
    let exists = format!(
        "objects('{kind}').exists(o, o.metadata.name == {})",
        words.name()
    );
    let plain = |title: String, that: String| Criterion { title, that };
    let title = words.fill(&suggest.title, false);
    let mut all = vec![plain(title.clone(), words.fill(&suggest.that, true))];
    if place.at.is_empty() {
        all.push(plain(title, exists));
    } else {
        let path = super::place::shown(&place.at);
        let title = format!("{kind} {name} has {path} as it was stated");
        all.push(plain(title.clone(), words.same()));
        all.push(plain(title, words.present()));
    }
    all
}

struct Words<'a> {
    world: &'a World,
    object: &'a Object,
    at: &'a [Step],
}

impl Words<'_> {
    /// Fills a text; `code` says whether it is an expression.
    fn fill(&self, text: &str, code: bool) -> String {
        let before = get(&self.object.value, self.at).unwrap_or(&Value::Null);
        let around = self.around();
        let count = get(&self.object.value, around)
            .and_then(Value::as_array)
            .map_or(0, Vec::len);
        let key = self.at.iter().rev().find_map(|step| match step {
            Step::Key(key) => Some(key.as_str()),
            Step::Entry(_) => None,
        });
        let key = key.unwrap_or_default();
        let text_of_before = if code {
            literal(before)
        } else {
            in_one_line(before)
        };
        let lazy: [(&str, &dyn Fn() -> String); 15] = [
            ("{here}", &|| self.written(self.at)),
            ("{same}", &|| self.same()),
            ("{present}", &|| self.present()),
            ("{siblings}", &|| self.written(around)),
            ("{count}", &|| count.to_string()),
            ("{workload}", &|| {
                self.workload().unwrap_or_else(|| self.as_object())
            }),
            ("{object}", &|| self.as_object()),
            ("{before}", &|| text_of_before.clone()),
            ("{before-text}", &|| in_one_line(before)),
            ("{entry}", &|| self.entry()),
            ("{key}", &|| key.to_owned()),
            ("{key-literal}", &|| quoted(key)),
            ("{kind}", &|| self.object.kind().to_owned()),
            ("{name}", &|| self.short()),
            ("{name-expression}", &|| self.name()),
        ];
        let mut filled = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('{') {
            filled.push_str(&rest[..at]);
            rest = &rest[at..];
            let known = lazy.iter().find(|(mark, _)| rest.starts_with(mark));
            let (put, taken) =
                known.map_or_else(|| ("{".to_owned(), 1), |(mark, make)| (make(), mark.len()));
            filled.push_str(&put);
            rest = &rest[taken..];
        }
        filled.push_str(rest);
        fill_counts_of(&filled, self.world, self.object.kind())
    }

    /// The steps to the list around the nearest entry.
    fn around(&self) -> &[Step] {
        let last = self
            .at
            .iter()
            .rposition(|step| matches!(step, Step::Entry(_)));
        &self.at[..last.unwrap_or(0)]
    }

    /// Name of the nearest entry that has one.
    fn entry(&self) -> String {
        (0..=self.at.len())
            .rev()
            .filter(|n| matches!(self.at.get(n.wrapping_sub(1)), Some(Step::Entry(_))))
            .filter_map(|n| get(&self.object.value, &self.at[..n]))
            .find_map(|entry| entry.get("name").and_then(Value::as_str))
            .map_or_else(|| "the first".to_owned(), str::to_owned)
    }

    /// Names that may mean the object.
    fn candidates(&self) -> Vec<String> {
        let object = self.object;
        let cut = |prefix: String| object.name().strip_prefix(&prefix).map(str::to_owned);
        let release = &self.world.release;
        let mut all = vec![
            object.label("app.kubernetes.io/component").to_owned(),
            object.label("app.kubernetes.io/name").to_owned(),
        ];
        all.extend(cut(format!("{release}-{}-", self.world.chart)));
        all.extend(cut(format!("{release}-")));
        all.retain(|name| !name.is_empty());
        all.push(object.name().to_owned());
        all
    }

    /// The shortest name that means the object among those of its kind.
    fn short(&self) -> String {
        let means = |name: &String| {
            let found = self.world.one(self.object.kind(), name);
            found.is_ok_and(|found| std::ptr::eq(found, self.object))
        };
        let found = self.candidates().into_iter().find(means);
        found.unwrap_or_else(|| self.object.name().to_owned())
    }

    fn as_object(&self) -> String {
        format!(
            "object({}, {})",
            quoted(self.object.kind()),
            quoted(&self.short())
        )
    }

    /// The workload, if a name means it among all workloads.
    fn workload(&self) -> Option<String> {
        self.object.pod_path()?;
        let means = |name: &String| {
            let first = WORKLOADS.iter().find_map(|kind| {
                let found = self.world.named(kind, name).unwrap_or_default();
                (!found.is_empty()).then_some(found)
            });
            let first = first.unwrap_or_default();
            matches!(first.as_slice(), [one] if std::ptr::eq(*one, self.object))
        };
        let name = self.candidates().into_iter().find(means)?;
        Some(format!("workload({})", quoted(&name)))
    }

    /// Its whole name; the release's name is not part of the text.
    fn name(&self) -> String {
        match self.object.name().strip_prefix(&self.world.release) {
            Some(rest) if !self.world.release.is_empty() => format!("release + {}", quoted(rest)),
            _ => quoted(self.object.name()),
        }
    }

    /// The expression for what is at a place.
    fn written(&self, at: &[Step]) -> String {
        let (mut text, first) = self.beginning(at);
        for n in first..at.len() {
            match &at[n] {
                Step::Key(key) if is_name(key) => text.push_str(&format!(".{key}")),
                Step::Key(key) => text.push_str(&format!("[{}]", quoted(key))),
                Step::Entry(index) => {
                    let list = get(&self.object.value, &at[..n]).unwrap_or(&Value::Null);
                    text.push_str(&match named_entry(list, *index) {
                        Some(name) => format!(".filter(e, e.name == {})[0]", quoted(name)),
                        None => format!("[{index}]"),
                    });
                }
            }
        }
        text
    }

    /// What an expression begins with, and how many steps it covers.
    fn beginning(&self, at: &[Step]) -> (String, usize) {
        let (Some(workload), Some(pod)) = (self.workload(), self.object.pod_path()) else {
            return (self.as_object(), 0);
        };
        let path: Vec<Step> = pod
            .split('/')
            .filter(|word| !word.is_empty())
            .map(|word| Step::Key(word.to_owned()))
            .collect();
        let Some(rest) = at.strip_prefix(path.as_slice()) else {
            return (self.as_object(), 0);
        };
        let key =
            |step: Option<&Step>, name: &str| matches!(step, Some(Step::Key(key)) if key == name);
        let first = key(rest.first(), "spec")
            && key(rest.get(1), "containers")
            && rest.get(2) == Some(&Step::Entry(0));
        if first {
            (format!("{workload}.container"), path.len() + 3)
        } else {
            (format!("{workload}.pod"), path.len())
        }
    }

    fn same(&self) -> String {
        let before = get(&self.object.value, self.at).unwrap_or(&Value::Null);
        format!("{} == {}", self.written(self.at), literal(before))
    }

    fn present(&self) -> String {
        let Some((last, above)) = self.at.split_last() else {
            return format!(
                "has({}, {})",
                quoted(self.object.kind()),
                quoted(&self.short())
            );
        };
        let around = self.written(above);
        match last {
            Step::Key(key) if is_name(key) => format!("has({around}.{key})"),
            Step::Key(key) => format!("{} in {around}", quoted(key)),
            Step::Entry(index) => {
                let list = get(&self.object.value, above).unwrap_or(&Value::Null);
                match named_entry(list, *index) {
                    Some(name) => format!("{around}.exists(e, e.name == {})", quoted(name)),
                    None => {
                        let n = list.as_array().map_or(0, Vec::len);
                        format!("{around}.size() >= {n}")
                    }
                }
            }
        }
    }
}

/// The name of an entry, if every entry has one and this is the only one of its name.
fn named_entry(list: &Value, index: usize) -> Option<&str> {
    let entries = list.as_array()?;
    let names: Option<Vec<&str>> = entries.iter().map(|entry| entry["name"].as_str()).collect();
    let names = names?;
    let name = names.get(index)?;
    let once = names.iter().filter(|other| *other == name).count() == 1;
    once.then_some(*name)
}

fn fill_counts_of(text: &str, world: &World, kind: &str) -> String {
    if !text.contains("{count-kind}") {
        return text.to_owned();
    }
    let all = world.all().unwrap_or_default();
    let count = all.iter().filter(|object| object.kind() == kind).count();
    text.replace("{count-kind}", &count.to_string())
}

fn fill_counts(text: &str, objects: &[Object]) -> String {
    let dashboard = |object: &&Object| {
        object.kind() == "ConfigMap"
            && object.value["metadata"]["labels"]["grafana_dashboard"].is_string()
    };
    let count = objects.iter().filter(dashboard).count();
    let ingresses = objects.iter().filter(|object| object.kind() == "Ingress");
    text.replace("{count-dashboards}", &count.to_string())
        .replace("{count-ingresses}", &ingresses.count().to_string())
}

fn is_name(key: &str) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !key.is_empty()
        && !key.starts_with(|c: char| c.is_ascii_digit())
        && key.chars().all(part)
        && !RESERVED.contains(&key)
}

/// A text as expressions write it.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("'");
    for sign in text.chars() {
        match sign {
            '\\' => quoted.push_str("\\\\"),
            '\'' => quoted.push_str("\\'"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            sign => quoted.push(sign),
        }
    }
    quoted.push('\'');
    quoted
}

/// A value as expressions write it.
fn literal(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(literal).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(map) => {
            let entries: Vec<String> = map
                .iter()
                .map(|(key, value)| format!("{}: {}", quoted(key), literal(value)))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
        other => other.to_string(),
    }
}

/// A criterion in TOML.
pub fn toml(criterion: &Criterion, id: &str, environments: &[&str]) -> String {
    let mut text = format!(
        "[[criteria]]\nid = {}\ntitle = {}\n\n[[criteria.check]]\n",
        basic(id),
        basic(&criterion.title)
    );
    if !environments.is_empty() {
        let names: Vec<String> = environments.iter().map(|name| basic(name)).collect();
        text += &format!("in = [{}]\n", names.join(", "));
    }
    text + &format!("that = {}\n", basic(&criterion.that))
}

/// A basic string of TOML.
fn basic(text: &str) -> String {
    let mut quoted = String::from("\"");
    for sign in text.chars() {
        match sign {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            sign if sign.is_control() => quoted.push_str(&format!("\\u{:04X}", u32::from(sign))),
            sign => quoted.push(sign),
        }
    }
    quoted.push('"');
    quoted
}
