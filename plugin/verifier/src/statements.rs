//! The statements of a specification, ready to be judged.

use crate::expression::Expression;
use crate::rules::{ParameterKind, Rule, Rules, Scope};
use serde_json::Value;
use taskspec_report::{Case, Kind, Place, SpecFault};
use taskspec_spec::model::{ConstraintRule, Criterion, NonGoal};
use taskspec_spec::span::Span;
use taskspec_spec::{Resolved, codes, suggest};

/// A statement of a specification, or a rule of every chart.
#[derive(Debug)]
pub struct Statement<'a> {
    pub id: String,
    pub kind: Kind,
    pub title: String,
    pub why: String,
    pub place: Option<Place>,
    pub form: Form<'a>,
}

/// How a statement is decided.
#[derive(Debug)]
pub enum Form<'a> {
    /// By expressions, by a runtime test, by a person, or several of them.
    Criterion {
        checks: Vec<Check>,
        test: Option<Vec<String>>,
        manual: Option<String>,
    },
    /// By a rule with parameters.
    Rule { rule: &'a Rule, given: Value },
    /// By a person.
    Manual(String),
}

/// An expression and where it has to hold.
#[derive(Debug)]
pub struct Check {
    pub environments: Vec<String>,
    pub values: Value,
    pub that: String,
    pub expression: Expression,
    pub place: Place,
}

/// Everything that is judged.
#[derive(Debug)]
pub struct Statements<'a> {
    pub all: Vec<Statement<'a>>,
    pub cases: Vec<Case>,
}

/// Names of the environments; one without a name if there are none.
pub fn environments(resolved: &Resolved) -> Vec<String> {
    let names = resolved
        .environments
        .iter()
        .map(|one| one.name.value.clone());
    let names: Vec<String> = names.collect();
    if names.is_empty() {
        vec![String::new()]
    } else {
        names
    }
}

impl<'a> Statements<'a> {
    /// Reads all statements.
    ///
    /// # Errors
    /// Every fault of an expression, a rule's name or a parameter.
    pub fn read(text: &str, resolved: &Resolved, rules: &'a Rules) -> Result<Self, Vec<SpecFault>> {
        let mut reader = Reader {
            text,
            resolved,
            rules,
            environments: environments(resolved),
            faults: Vec::new(),
        };
        let mut all = Vec::new();
        for criterion in &resolved.base.criteria {
            all.push(reader.criterion(&criterion.value, criterion.span));
        }
        for constraint in &resolved.base.constraints {
            all.extend(reader.constraint(&constraint.value, constraint.span));
        }
        for non_goal in &resolved.base.non_goals {
            all.extend(reader.non_goal(&non_goal.value, non_goal.span));
        }
        let stated = |rule: &Rule| {
            all.iter().any(|statement| {
                matches!(&statement.form, Form::Rule { rule: named, .. } if named.name == rule.name)
            })
        };
        let more: Vec<Statement<'a>> = rules
            .iter()
            .filter(|rule| rule.data.always && !stated(rule))
            .map(of_every_chart)
            .collect();
        all.extend(more);
        if !reader.faults.is_empty() {
            return Err(reader.faults);
        }
        let cases = cases(&reader.environments, &all);
        Ok(Self { all, cases })
    }
}

fn of_every_chart(rule: &Rule) -> Statement<'_> {
    Statement {
        id: rule.name.clone(),
        kind: Kind::Rule,
        title: rule.data.title.clone(),
        why: String::new(),
        place: None,
        form: Form::Rule {
            rule,
            given: Value::Object(serde_json::Map::new()),
        },
    }
}

/// Every rendering that is needed, none twice: the environments first.
fn cases(environments: &[String], statements: &[Statement<'_>]) -> Vec<Case> {
    let case = |environment: &String, values: &Value, longest_name: bool| Case {
        environment: environment.clone(),
        values: values.clone(),
        longest_name,
    };
    let mut cases: Vec<Case> = environments
        .iter()
        .map(|environment| case(environment, &Value::Null, false))
        .collect();
    let longest = statements.iter().any(|statement| {
        matches!(&statement.form, Form::Rule { rule, .. } if rule.data.scope == Scope::LongestName)
    });
    if longest {
        cases.extend(environments.iter().map(|one| case(one, &Value::Null, true)));
    }
    for statement in statements {
        let Form::Criterion { checks, .. } = &statement.form else {
            continue;
        };
        for check in checks.iter().filter(|check| !check.values.is_null()) {
            for environment in &check.environments {
                let wanted = case(environment, &check.values, false);
                if !cases.contains(&wanted) {
                    cases.push(wanted);
                }
            }
        }
    }
    cases
}

struct Reader<'a, 'b> {
    text: &'b str,
    resolved: &'b Resolved,
    rules: &'a Rules,
    environments: Vec<String>,
    faults: Vec<SpecFault>,
}

impl<'a> Reader<'a, '_> {
    fn fault(&mut self, code: codes::Code, span: Span, message: String, help: String) {
        self.faults.push(SpecFault {
            code: code.id.to_owned(),
            message,
            place: Some(place(self.text, span)),
            help,
        });
    }

    fn criterion(&mut self, criterion: &Criterion, span: Span) -> Statement<'a> {
        let mut checks = Vec::new();
        for check in &criterion.check {
            let that = &check.value.that;
            match Expression::read(&that.value.0, &[]) {
                Ok(expression) => checks.push(Check {
                    environments: if check.value.r#in.is_empty() {
                        self.environments.clone()
                    } else {
                        let named = check.value.r#in.iter();
                        named.map(|name| name.value.to_string()).collect()
                    },
                    values: match &check.value.values {
                        Some(values) => values.value.0.to_json(),
                        None => Value::Null,
                    },
                    that: that.value.0.clone(),
                    expression,
                    place: place(self.text, that.span),
                }),
                Err(fault) => {
                    let span = inside(self.text, that.span, &that.value.0, fault.at);
                    self.fault(
                        codes::EXPRESSION,
                        span,
                        fault.message,
                        "docs/expressions.md has the functions and what they give".to_owned(),
                    );
                }
            }
        }
        let test = criterion.test.as_ref().map(|test| {
            let reaches = test.value.reaches.iter();
            reaches.map(|name| name.value.to_string()).collect()
        });
        Statement {
            id: criterion.id.value.to_string(),
            kind: Kind::Criterion,
            title: criterion.title.value.to_string(),
            why: criterion
                .why
                .as_ref()
                .map(|why| why.value.to_string())
                .unwrap_or_default(),
            place: Some(place(self.text, span)),
            form: Form::Criterion {
                checks,
                test,
                manual: criterion.manual.as_ref().map(|how| how.value.to_string()),
            },
        }
    }

    fn constraint(&mut self, constraint: &ConstraintRule, span: Span) -> Option<Statement<'a>> {
        let rule = self.rule(&constraint.rule.value, constraint.rule.span)?;
        let n_faults = self.faults.len();
        let mut given = serde_json::Map::new();
        for entry in &constraint.parameters {
            let Some(parameter) = rule.data.parameters.get(&entry.key) else {
                let known = rule.data.parameters.keys().map(String::as_str);
                let help = match known.clone().next() {
                    None => "it takes no parameters".to_owned(),
                    Some(_) => suggest::nearest(&entry.key, known.clone()).map_or_else(
                        || format!("it takes {}", known.collect::<Vec<_>>().join(", ")),
                        |near| format!("did you mean `{near}`?"),
                    ),
                };
                let message = format!("the rule `{}` has no parameter `{}`", rule.name, entry.key);
                self.fault(codes::PARAMETER, entry.key_span, message, help);
                continue;
            };
            let value = entry.node.to_json();
            if let Some((message, help)) = self.unfit(parameter.kind, &entry.key, &value) {
                self.fault(codes::PARAMETER, entry.node.span, message, help);
            }
            given.insert(entry.key.clone(), value);
        }
        for (name, parameter) in &rule.data.parameters {
            if parameter.required && !constraint.parameters.iter().any(|one| one.key == *name) {
                let message = format!("the rule `{}` needs `{name}`", rule.name);
                let help = format!(
                    "add {name}: {} ({})",
                    parameter.about,
                    parameter.kind.words()
                );
                self.fault(codes::PARAMETER, constraint.rule.span, message, help);
            }
        }
        (self.faults.len() == n_faults).then(|| Statement {
            id: constraint.id.value.to_string(),
            kind: Kind::Constraint,
            title: constraint
                .title
                .as_ref()
                .map_or_else(|| rule.data.title.clone(), |title| title.value.to_string()),
            why: constraint
                .why
                .as_ref()
                .map(|why| why.value.to_string())
                .unwrap_or_default(),
            place: Some(place(self.text, span)),
            form: Form::Rule {
                rule,
                given: Value::Object(given),
            },
        })
    }

    fn non_goal(&mut self, non_goal: &NonGoal, span: Span) -> Option<Statement<'a>> {
        let why = non_goal
            .why
            .as_ref()
            .map(|why| why.value.to_string())
            .unwrap_or_default();
        let form = match &non_goal.rule {
            None => Form::Manual(why.clone()),
            Some(name) => {
                let rule = self.rule(&name.value, name.span)?;
                if let Some((needed, _)) = rule.data.parameters.iter().find(|(_, one)| one.required)
                {
                    let message = format!("the rule `{}` needs `{needed}`", rule.name);
                    let help = "state it as a constraint, which takes parameters".to_owned();
                    self.fault(codes::PARAMETER, name.span, message, help);
                    return None;
                }
                Form::Rule {
                    rule,
                    given: Value::Object(serde_json::Map::new()),
                }
            }
        };
        Some(Statement {
            id: non_goal.id.value.to_string(),
            kind: Kind::NonGoal,
            title: non_goal.title.value.to_string(),
            why,
            place: Some(place(self.text, span)),
            form,
        })
    }

    fn rule(&mut self, name: &str, span: Span) -> Option<&'a Rule> {
        let rules = self.rules;
        if let Some(rule) = rules.get(name) {
            return Some(rule);
        }
        let names = rules.iter().map(|rule| rule.name.as_str());
        let help = suggest::nearest(name, names).map_or_else(
            || {
                "`helm taskspec rules` lists the library; `--rules DIR` adds an organisation's own"
                    .to_owned()
            },
            |near| format!("did you mean `{near}`?"),
        );
        self.fault(
            codes::RULE,
            span,
            format!("there is no rule `{name}`"),
            help,
        );
        None
    }

    /// Why a value does not fit a parameter.
    fn unfit(&self, kind: ParameterKind, key: &str, value: &Value) -> Option<(String, String)> {
        let wrong = || {
            let message = format!("`{key}` is {}", kind.words());
            Some((message, format!("write {}", kind.words())))
        };
        let known = |name: &str, all: &[String], noun: &str| {
            if all.iter().any(|one| one == name) {
                return None;
            }
            let near = suggest::nearest(name, all.iter().map(String::as_str));
            let help = near.map_or_else(
                || format!("there are: {}", all.join(", ")),
                |near| format!("did you mean `{near}`?"),
            );
            Some((format!("there is no {noun} `{name}`"), help))
        };
        match kind {
            ParameterKind::Text => value.as_str().map_or_else(wrong, |_| None),
            ParameterKind::Number => value.as_f64().map_or_else(wrong, |_| None),
            ParameterKind::Texts => match value.as_array() {
                Some(items) if items.iter().all(Value::is_string) => None,
                _ => wrong(),
            },
            ParameterKind::Workload => match value.as_str() {
                Some(name) => {
                    let all = self.resolved.base.workloads.iter();
                    let all: Vec<String> = all.map(|(name, _)| name.to_string()).collect();
                    known(name, &all, "workload")
                }
                None => wrong(),
            },
            ParameterKind::Environments => match value.as_array() {
                Some(items) => items.iter().find_map(|item| match item.as_str() {
                    Some(name) => known(name, &self.environments, "environment"),
                    None => wrong(),
                }),
                None => wrong(),
            },
            ParameterKind::ByEnvironment => match value.as_object() {
                Some(table) => table.iter().find_map(|(name, value)| match value {
                    Value::String(_) => known(name, &self.environments, "environment"),
                    _ => wrong(),
                }),
                None => wrong(),
            },
        }
    }
}

/// A place with its line and column.
pub fn place(text: &str, span: Span) -> Place {
    let start = usize::try_from(span.start)
        .unwrap_or(usize::MAX)
        .min(text.len());
    let before = text.get(..start).unwrap_or_default();
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Place {
        start: span.start,
        end: span.end,
        line: count(before.matches('\n').count() + 1),
        column: count(
            before
                .rsplit('\n')
                .next()
                .unwrap_or_default()
                .chars()
                .count()
                + 1,
        ),
    }
}

/// The place of a byte of a value in the text; the whole value if it is written
/// with escapes, so that bytes do not correspond.
fn inside(text: &str, span: Span, value: &str, at: usize) -> Span {
    let (start, end) = (span.start as usize, span.end as usize);
    let written = text.get(start..end).unwrap_or_default();
    match written.find(value) {
        Some(begin) => {
            let first = start + begin + at.min(value.len());
            let word = text[first..start + begin + value.len()]
                .char_indices()
                .find(|(_, c)| !c.is_alphanumeric() && *c != '_')
                .map_or(value.len() - at.min(value.len()), |(end, _)| end.max(1));
            Span::from(first..(first + word).max(first + 1).min(end))
        }
        None => span,
    }
}
