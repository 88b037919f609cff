//! Rules: data files that say what must be true of manifests, and why.

pub mod example;

use crate::evaluate::Scope as Variables;
use crate::expression::{Expression, Judgement, Unreadable};
use crate::functions::Scene;
use crate::origin::{Bindings, Origin};
use kube_cel::cel::Value as Cel;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, OnceLock};
use taskspec_report::{Evidence, Fault, RuleFile, SpecFault};
use taskspec_spec::codes;

/// A rule as its file says it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Data {
    /// What must be true, in one line.
    pub title: String,
    /// Why, and what exactly is looked at, in Markdown.
    pub about: String,
    /// Whether every chart must keep it, also if no specification names it.
    #[serde(default)]
    pub always: bool,
    /// In which renderings it is judged.
    #[serde(default)]
    pub scope: Scope,
    /// What to do when it is violated.
    pub remedy: String,
    /// What a specification says besides the rule's name.
    #[serde(default)]
    pub parameters: BTreeMap<String, Parameter>,
    /// What is judged.
    pub judge: Vec<JudgeData>,
    /// Manifests that satisfy and violate it.
    #[serde(default)]
    pub example: Vec<Example>,
}

/// In which renderings a rule is judged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// In each environment.
    #[default]
    Environment,
    /// Once, over all environments.
    Once,
    /// In each environment with the longest name that a release can have.
    LongestName,
}

/// A parameter of a rule.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// What it is, in one line.
    pub about: String,
    /// What it may be.
    pub kind: ParameterKind,
    /// Whether a specification has to say it.
    #[serde(default)]
    pub required: bool,
}

/// What a parameter may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ParameterKind {
    /// Name of a workload of the specification.
    Workload,
    /// Names of environments of the specification.
    Environments,
    /// A table of texts, each for an environment.
    ByEnvironment,
    /// Text.
    Text,
    /// Texts.
    Texts,
    /// A number.
    Number,
}

/// One thing that is judged.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JudgeData {
    /// A list, each entry of which is judged.
    #[serde(default)]
    pub each: Option<String>,
    /// What expressions call an entry.
    #[serde(default = "it")]
    pub r#as: String,
    /// Which entries are judged.
    #[serde(default)]
    pub r#where: Option<String>,
    /// What must be true. Without it, each entry is a fault.
    #[serde(default)]
    pub that: Option<String>,
    /// What it proves that there is no entry. Without it, that is a fault.
    #[serde(default)]
    pub nothing: Option<String>,
    /// How a violation reads; expressions stand in braces.
    #[serde(default)]
    pub says: Option<String>,
}

fn it() -> String {
    "it".to_owned()
}

/// Manifests that satisfy or violate a rule.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// What it shows.
    pub title: String,
    /// Whether they satisfy it.
    pub holds: bool,
    /// The parameters.
    #[serde(default)]
    pub given: Option<toml::Table>,
    /// What the specification says.
    #[serde(default)]
    pub spec: Option<toml::Table>,
    /// The manifests of an environment called `prod`.
    #[serde(default)]
    pub manifests: String,
    /// The manifests of several environments.
    #[serde(default)]
    pub environments: BTreeMap<String, String>,
}

/// A rule that can be judged.
#[derive(Debug)]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// Its file.
    pub data: Data,
    /// Read when they are first needed.
    judges: OnceLock<Vec<Judge>>,
}

#[derive(Debug)]
struct Judge {
    each: Option<Expression>,
    variable: String,
    filter: Option<Expression>,
    that: Option<Expression>,
    nothing: Option<String>,
    says: Vec<Piece>,
    /// How `each` is written, for messages.
    list: String,
}

/// A piece of what a violation says.
#[derive(Debug)]
enum Piece {
    Text(String),
    Value(Expression),
}

macro_rules! library {
    ($($name:literal)+) => {
        /// The library: names and texts, sorted by name.
        pub const LIBRARY: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../rules/", $name, ".toml")))),+];
    };
}

include!("library.rs");

impl Rule {
    /// Reads a rule.
    ///
    /// # Errors
    /// If the file is no rule, or an expression in it cannot be read.
    pub fn read(name: &str, text: &str) -> Result<Self, SpecFault> {
        let fault = |message: String| SpecFault {
            code: codes::RULE.id.to_owned(),
            message: format!("rule `{name}`: {message}"),
            place: None,
            help: "`helm taskspec explain TS0049` says what a file of a rule looks like".to_owned(),
        };
        let data: Data = toml::from_str(text).map_err(|found| {
            let line = found
                .span()
                .map(|span| text[..span.start].matches('\n').count() + 1);
            let place = line.map_or_else(String::new, |line| format!("line {line}: "));
            fault(format!("{place}{}", found.message()))
        })?;
        if data.judge.is_empty() {
            return Err(fault("it judges nothing; it needs [[judge]]".to_owned()));
        }
        let judges = data.judge.iter().map(Judge::read);
        let judges: Result<Vec<_>, _> = judges.collect();
        Ok(Self {
            name: name.to_owned(),
            judges: judges.map_err(fault)?.into(),
            data,
        })
    }

    /// A rule of the library, without its examples. Tests prove that each can be
    /// read: expressions wait until the rule is judged.
    fn of_library(name: &str, text: &str) -> Option<Self> {
        let text = text.split("\n[[example]]").next().unwrap_or_default();
        Some(Self {
            name: name.to_owned(),
            judges: OnceLock::new(),
            data: toml::from_str(text).ok()?,
        })
    }

    fn judges(&self) -> &[Judge] {
        self.judges.get_or_init(|| {
            let judges = self.data.judge.iter().map(Judge::read);
            judges.filter_map(Result::ok).collect()
        })
    }

    /// Judges it in a scene.
    pub fn judge(&self, scene: &Scene, given: &Cel) -> Judgement {
        let all = Variables::new(scene);
        let variables = all.with("given", given.clone());
        let mut judgement = Judgement::default();
        if let Err(message) = scene.world().all() {
            // A chart that refuses a name in so many words has no name that is too long.
            if self.data.scope == Scope::LongestName && message.contains("the release name") {
                judgement.evidence.push(Evidence {
                    that: message,
                    object: String::new(),
                    path: String::new(),
                    found: String::new(),
                });
            } else {
                judgement.faults.push(about_all(message));
            }
            return judgement;
        }
        for judge in self.judges() {
            judge.judge(&variables, &mut judgement);
        }
        judgement
    }

    /// Its page in Markdown.
    pub fn page(&self) -> String {
        let mut page = format!(
            "# {}\n\n{}.\n\n{}\n",
            self.name,
            self.data.title,
            self.data.about.trim()
        );
        if self.data.always {
            page += "\nEvery chart is judged by it.\n";
        }
        if !self.data.parameters.is_empty() {
            page += "\n| parameter | is | |\n|---|---|---|\n";
            for (name, parameter) in &self.data.parameters {
                let needed = if parameter.required { "required" } else { "" };
                let about = &parameter.about;
                let kind = parameter.kind.words();
                page += &format!("| `{name}` | {about} ({kind}) | {needed} |\n");
            }
        }
        page += "\nWhat is judged:\n\n```\n";
        for judge in &self.data.judge {
            if let Some(each) = &judge.each {
                page += &format!("for each {} of {}\n", judge.r#as, each.trim());
            }
            if let Some(filter) = &judge.r#where {
                page += &format!("  where {}\n", filter.trim());
            }
            match &judge.that {
                Some(that) => page += &format!("  {}\n", that.trim().replace('\n', "\n  ")),
                None => page += "  there is none\n",
            }
        }
        page += "```\n\n";
        page += &format!("When it is violated: {}\n", self.data.remedy);
        page
    }
}

impl ParameterKind {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Workload => "a workload",
            Self::Environments => "a list of environments",
            Self::ByEnvironment => "a table with a text for each environment",
            Self::Text => "text",
            Self::Texts => "a list of texts",
            Self::Number => "a number",
        }
    }
}

/// A fault that is about the whole rendering.
pub fn about_all(message: String) -> Fault {
    Fault {
        message,
        object: String::new(),
        path: String::new(),
        found: String::new(),
        expected: String::new(),
    }
}

impl Judge {
    fn read(data: &JudgeData) -> Result<Self, String> {
        let read = |source: &str, variables: &[&str]| {
            Expression::read(source, variables).map_err(|fault| shown(source, &fault))
        };
        let optional = |source: &Option<String>, variables: &[&str]| {
            source
                .as_deref()
                .map(|source| read(source, variables))
                .transpose()
        };
        let inside: &[&str] = match data.each {
            Some(_) => &["given", data.r#as.as_str()],
            None => &["given"],
        };
        if data.each.is_none() && data.that.is_none() {
            return Err(
                "[[judge]] needs `that`, or `each` with entries that are faults".to_owned(),
            );
        }
        if data.each.is_none() && (data.r#where.is_some() || data.nothing.is_some()) {
            return Err("`where` and `nothing` go with `each`".to_owned());
        }
        if data.that.is_none() && data.says.is_none() {
            return Err(
                "without `that`, `says` has to tell what is wrong with an entry".to_owned(),
            );
        }
        Ok(Self {
            each: optional(&data.each, &["given"])?,
            variable: data.r#as.clone(),
            filter: optional(&data.r#where, inside)?,
            that: optional(&data.that, inside)?,
            nothing: data.nothing.clone(),
            says: pieces(data.says.as_deref().unwrap_or_default(), inside)?,
            list: data.each.clone().unwrap_or_default(),
        })
    }

    fn judge(&self, variables: &Variables<'_>, into: &mut Judgement) {
        let Some(each) = &self.each else {
            self.one(variables, &Bindings::default(), &Origin::default(), into);
            return;
        };
        let items = match each.list(variables) {
            Ok(items) => items,
            Err(message) => {
                into.faults
                    .push(about_all(format!("{}: {message}", self.list)));
                return;
            }
        };
        let mut judged = false;
        for item in items.iter() {
            let origin = Origin::of_value(item).unwrap_or_default();
            let inner = variables.with(&self.variable, item.clone());
            match self.filter.as_ref().map(|filter| filter.holds(&inner)) {
                Some(Ok(false)) => continue,
                Some(Err(message)) => {
                    let mut fault = about_all(message);
                    fault.object.clone_from(&origin.object);
                    into.faults.push(fault);
                    judged = true;
                    continue;
                }
                Some(Ok(true)) | None => {}
            }
            judged = true;
            let none = Bindings::default();
            let bindings = none.with(&self.variable, origin.clone());
            self.one(&inner, &bindings, &origin, into);
        }
        if judged {
            return;
        }
        match &self.nothing {
            Some(nothing) => into.evidence.push(Evidence {
                that: nothing.clone(),
                object: String::new(),
                path: String::new(),
                found: String::new(),
            }),
            None => into.faults.push(about_all(format!(
                "there is nothing to judge: {} has no such entry",
                self.list
            ))),
        }
    }

    /// Judges one entry.
    fn one(
        &self,
        variables: &Variables<'_>,
        bindings: &Bindings<'_>,
        origin: &Origin,
        into: &mut Judgement,
    ) {
        let said = || -> String {
            let pieces = self.says.iter().map(|piece| match piece {
                Piece::Text(text) => text.clone(),
                Piece::Value(value) => value.text(variables).unwrap_or_else(|_| "?".to_owned()),
            });
            pieces.collect()
        };
        let Some(that) = &self.that else {
            let mut fault = about_all(said());
            fault.object.clone_from(&origin.object);
            fault.path.clone_from(&origin.path);
            into.faults.push(fault);
            return;
        };
        let judgement = that.judge(variables, bindings, false);
        if judgement.faults.is_empty() {
            // One entry of evidence an object is enough to find it again.
            let with_path = judgement
                .evidence
                .iter()
                .position(|one| !one.path.is_empty());
            let mut all = judgement.evidence;
            if !all.is_empty() {
                let mut one = all.swap_remove(with_path.unwrap_or(0));
                if one.object.is_empty() {
                    one.object.clone_from(&origin.object);
                }
                into.evidence.push(one);
            }
        }
        for mut fault in judgement.faults {
            if fault.object.is_empty() {
                fault.object.clone_from(&origin.object);
            }
            if !self.says.is_empty() {
                fault.message = said();
            }
            into.faults.push(fault);
        }
    }
}

/// A text with expressions in braces.
fn pieces(text: &str, variables: &[&str]) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (inside, end) = after
            .split_once('}')
            .ok_or_else(|| format!("a brace is not closed in `{text}`"))?;
        let value = Expression::read(inside, variables).map_err(|fault| shown(inside, &fault))?;
        if !before.is_empty() {
            pieces.push(Piece::Text(before.to_owned()));
        }
        pieces.push(Piece::Value(value));
        rest = end;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest.to_owned()));
    }
    Ok(pieces)
}

/// A fault of an expression with the place where it is.
fn shown(source: &str, fault: &Unreadable) -> String {
    let rest: String = source[fault.at.min(source.len())..]
        .chars()
        .take(40)
        .collect();
    format!("{} at `{}`", fault.message, rest.trim())
}

/// The library and the rules of an organisation.
#[derive(Debug, Default)]
pub struct Rules(BTreeMap<String, Arc<Rule>>);

impl Rules {
    /// Reads all rules. One of an organisation replaces one of the library.
    ///
    /// # Errors
    /// Every fault of their files.
    pub fn read(own: &[RuleFile]) -> Result<Self, Vec<SpecFault>> {
        static ALL: LazyLock<BTreeMap<String, Arc<Rule>>> = LazyLock::new(|| {
            let all = LIBRARY.iter();
            all.filter_map(|(name, text)| Rule::of_library(name, text))
                .map(|rule| (rule.name.clone(), Arc::new(rule)))
                .collect()
        });
        let mut rules = ALL.clone();
        let mut faults = Vec::new();
        for file in own {
            match Rule::read(&file.name, &file.text) {
                Ok(rule) => {
                    rules.insert(file.name.clone(), Arc::new(rule));
                }
                Err(fault) => faults.push(fault),
            }
        }
        if faults.is_empty() {
            Ok(Self(rules))
        } else {
            Err(faults)
        }
    }

    /// The rule with a name.
    pub fn get(&self, name: &str) -> Option<&Rule> {
        self.0.get(name).map(Arc::as_ref)
    }

    /// All rules by name.
    pub fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.0.values().map(Arc::as_ref)
    }
}
