//! The checks of criteria as tests that helm-unittest runs, so that somebody
//! without taskspec can run them.
//!
//! Takes the specification and a plan that is otherwise complete. Each side of
//! every `&&` becomes asserts that fail wherever `verify` finds it violated; one
//! that the format cannot say so, or whose object the plan cannot place in a
//! file for certain, is left out and named. Facts about the format are from
//! helm-unittest's documentation and source:
//!
//! - Without a list of templates for the whole suite every template is rendered,
//!   and a template named at an assert only chooses among the results.
//! - A selector that finds nothing in the named template is a failure; one that
//!   may skip templates passes where nothing is found, so none may here.
//! - `notEqual` and `notExists` pass where the path leads nowhere.

mod expression;
mod field;
mod place;

use super::{EnvironmentFacts, Plan};
use crate::cel::{self, Binary, Expression, Node, Unary};
use crate::values;
use expression::{conjuncts, literal, literal_pattern, name_of, replaced, text};
use field::{Field, Path, TEXTS, filter};
use place::{Controller, Place, object, pod_path};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use taskspec_spec::model::{Check, Criterion, Document};

/// A criterion as a file of tests.
#[derive(Debug)]
pub struct Suite {
    /// Identifier of the criterion.
    pub id: String,
    /// Its title.
    pub title: String,
    /// The file; none if nothing of the criterion can be said in it.
    pub path: Option<String>,
    /// The tests.
    pub jobs: Vec<Job>,
    /// Parts of checks that it cannot say, each with the environments it is about.
    pub left_out: Vec<String>,
}

/// A rendering and what must hold of it.
#[derive(Debug)]
pub struct Job {
    /// What must hold, in the words of the specification.
    pub it: String,
    /// Values file of the environment; empty for the defaults.
    pub values_file: String,
    /// Further values.
    pub set: Map<String, Value>,
    /// Name of the release.
    pub release: String,
    /// Its namespace.
    pub namespace: String,
    /// What must hold.
    pub asserts: Vec<Assert>,
}

/// One assert.
#[derive(Debug, Clone, PartialEq)]
pub struct Assert {
    /// Its type, such as `equal`.
    pub claim: &'static str,
    /// What that type takes.
    pub arguments: Map<String, Value>,
    /// The file whose objects are asserted; empty for all files.
    pub template: String,
    /// Which of its objects.
    pub select: Select,
}

/// Which objects of a file an assert is about.
#[derive(Debug, Clone, PartialEq)]
pub enum Select {
    /// All of them.
    All,
    /// The first.
    First,
    /// Those with a value at a path: exactly one, unless `many`.
    With {
        /// The path.
        path: String,
        /// The value.
        value: String,
        /// Whether there may be several.
        many: bool,
    },
}

impl Select {
    fn with(path: &str, value: &str) -> Self {
        Self::With {
            path: path.to_owned(),
            value: value.to_owned(),
            many: false,
        }
    }
}

/// Every criterion with checks.
pub fn suites(base: &Document, plan: &Plan) -> Vec<Suite> {
    let mut taken = BTreeSet::new();
    let criteria = base.criteria.iter();
    criteria
        .filter(|criterion| !criterion.check.is_empty())
        .map(|criterion| {
            let mut suite = suite(criterion, plan);
            if !suite.jobs.is_empty() {
                suite.path = Some(file(&criterion.id.value.0, &mut taken));
            }
            suite
        })
        .collect()
}

/// The file of a criterion. Identifiers may differ only in their case, names of
/// files may not.
fn file(id: &str, taken: &mut BTreeSet<String>) -> String {
    let mut name = id.to_ascii_lowercase();
    while !taken.insert(name.clone()) {
        name.push_str("-2");
    }
    format!("tests/{name}_test.yaml")
}

fn suite(criterion: &Criterion, plan: &Plan) -> Suite {
    let mut suite = Suite {
        id: criterion.id.value.0.clone(),
        title: criterion.title.value.0.clone(),
        path: None,
        jobs: Vec::new(),
        left_out: Vec::new(),
    };
    for check in &criterion.check {
        let mut left_out: Vec<(String, Vec<String>)> = Vec::new();
        for (scene, set) in scenes(check, plan) {
            let source = check.that.value.0.as_str();
            let (said, asserts, unsaid) = scene.translate(source, set.is_some());
            for part in unsaid {
                match left_out.iter_mut().find(|(known, _)| *known == part) {
                    Some((_, names)) => names.push(scene.name().to_owned()),
                    None => left_out.push((part, vec![scene.name().to_owned()])),
                }
            }
            if !asserts.is_empty() {
                suite.jobs.push(scene.job(&said, asserts, set));
            }
        }
        let lines = left_out.iter().map(|(part, names)| place(names, part));
        suite.left_out.extend(lines);
    }
    suite
}

/// A part of a check with the environments it is about.
fn place(names: &[String], part: &str) -> String {
    match names {
        [none] if none.is_empty() => part.to_owned(),
        names => format!("in {}: {part}", names.join(", ")),
    }
}

/// One line of text, as comments and names of tests take it.
fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").replace(char::is_control, " ")
}

/// What a check is judged in; with its further values, unless they cannot be set.
fn scenes<'p>(check: &Check, plan: &'p Plan) -> Vec<(Scene<'p>, Option<Map<String, Value>>)> {
    let further = check.values.as_ref().map(|free| free.value.0.to_json());
    let further = match further {
        Some(Value::Object(map)) => map,
        _ => Map::new(),
    };
    // Keys of `set` are paths, in which other signs mean something.
    let plain = |key: &String| {
        let mut bytes = key.bytes();
        !key.is_empty() && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
    };
    let settable = further.keys().all(plain);
    let set = settable.then_some(further.clone());
    let environments = &plan.context.environments;
    let asked = |facts: &EnvironmentFacts| {
        check.r#in.is_empty() || check.r#in.iter().any(|name| name.value.0 == facts.name)
    };
    let mut all: Vec<Option<usize>> = (0..environments.len())
        .filter(|index| environments.get(*index).is_some_and(asked))
        .map(Some)
        .collect();
    if environments.is_empty() {
        all.push(None);
    }
    all.into_iter()
        .map(|index| {
            let mut values = values::plain_all(&plan.values);
            if let Some((_, changes)) = index.and_then(|index| plan.overrides.get(index)) {
                values::merge(&mut values, &Value::Object(changes.clone()));
            }
            values::merge(&mut values, &Value::Object(further.clone()));
            let environment = index.and_then(|index| environments.get(index));
            let scene = Scene {
                plan,
                environment,
                values,
            };
            (scene, set.clone())
        })
        .collect()
}

/// An environment with further values.
struct Scene<'p> {
    plan: &'p Plan,
    environment: Option<&'p EnvironmentFacts>,
    /// The values that it ends up with.
    values: Value,
}

/// What an expression is about.
enum Subject<'p> {
    Field(Field),
    /// A workload, or a server that the compiler writes.
    Workload(Controller<'p>, Path),
}

impl<'p> Scene<'p> {
    fn name(&self) -> &str {
        self.environment.map_or("", |facts| &facts.name)
    }

    /// The release, and the full name that its main objects have.
    fn release(&self) -> (&str, &str, &str) {
        let chart = self.plan.context.chart.name.as_str();
        self.environment.map_or((chart, chart, chart), |facts| {
            (&facts.release, &facts.namespace, &facts.fullname)
        })
    }

    fn job(&self, said: &[String], asserts: Vec<Assert>, set: Option<Map<String, Value>>) -> Job {
        let (release, namespace, _) = self.release();
        Job {
            it: place(&[self.name().to_owned()], &said.join(" && ")),
            values_file: self
                .environment
                .map(|facts| facts.values_file.clone())
                .unwrap_or_default(),
            set: set.unwrap_or_default(),
            release: release.to_owned(),
            namespace: namespace.to_owned(),
            asserts,
        }
    }

    /// What could be said of an expression, with its asserts, and what not.
    fn translate(&self, source: &str, settable: bool) -> (Vec<String>, Vec<Assert>, Vec<String>) {
        let (mut said, mut asserts, mut unsaid) = (Vec::new(), Vec::<Assert>::new(), Vec::new());
        let Some(node) = cel::read(source).ok().filter(|_| settable) else {
            unsaid.push(one_line(source));
            return (said, asserts, unsaid);
        };
        let mut parts = Vec::new();
        conjuncts(&node, &mut parts);
        // Nothing else can be said of a rendering that must not be.
        let refused = parts.iter().any(|part| is_refused(part));
        for part in parts {
            let text = one_line(source.get(part.at.clone()).unwrap_or_default());
            match self.part(part).filter(|_| !refused || is_refused(part)) {
                Some(found) => {
                    said.push(text);
                    for assert in found {
                        if !asserts.contains(&assert) {
                            asserts.push(assert);
                        }
                    }
                }
                None => unsaid.push(text),
            }
        }
        (said, asserts, unsaid)
    }

    /// Asserts that hold exactly where a part does.
    fn part(&self, node: &Node) -> Option<Vec<Assert>> {
        match &node.expression {
            Expression::Binary(Binary::And, left, right) => {
                let mut both = self.part(left)?;
                both.extend(self.part(right)?);
                Some(both)
            }
            Expression::Binary(operator, left, right) => self.relation(*operator, left, right),
            Expression::Unary(Unary::Not, inner) => self.not(inner),
            Expression::Call(target, name, arguments) => {
                self.call(target.as_deref(), name, arguments)
            }
            _ => {
                let field = self.field(node)?;
                Some(vec![field.assert("equal", json!({ "value": true }))])
            }
        }
    }

    fn not(&self, node: &Node) -> Option<Vec<Assert>> {
        if let Expression::Call(None, name, arguments) = &node.expression {
            return match (name.as_str(), arguments.as_slice()) {
                ("refused", []) => Some(vec![whole("notFailedTemplate", json!({}))]),
                ("has", [kind, name]) => self.absent(text(kind)?, text(name)?),
                ("has", [field]) => {
                    let Expression::Select(of, _) = &field.expression else {
                        return None;
                    };
                    let mut all = Vec::new();
                    // Without what it is a field of, the question is a fault.
                    if let Some(parent) = self.field(of).filter(|parent| parent.path.steps > 1) {
                        all.push(parent.assert("exists", json!({})));
                    }
                    all.push(self.field(field)?.assert("notExists", json!({})));
                    Some(all)
                }
                _ => None,
            };
        }
        let field = self.field(node)?;
        Some(vec![field.assert("equal", json!({ "value": false }))])
    }

    fn call(&self, target: Option<&Node>, name: &str, arguments: &[Node]) -> Option<Vec<Assert>> {
        match (target, name, arguments) {
            (None, "refused", []) => Some(vec![whole("failedTemplate", json!({}))]),
            (None, "has", [kind, name]) => {
                Some(vec![self.object(text(kind)?, text(name)?)?.there()])
            }
            (None, "has", [field]) => {
                let Expression::Select(..) = &field.expression else {
                    return None;
                };
                Some(vec![self.field(field)?.assert("exists", json!({}))])
            }
            (Some(target), "contains" | "startsWith" | "endsWith", [part]) => {
                let (start, end) = match name {
                    "startsWith" => ("^", ""),
                    "endsWith" => ("", "$"),
                    _ => ("", ""),
                };
                let field = self.field(target)?;
                let pattern = format!("{start}{}{end}", literal_pattern(text(part)?)?);
                Some(vec![
                    field.assert("matchRegex", json!({ "pattern": pattern })),
                ])
            }
            (Some(target), "exists", [variable, body]) => {
                let field = self.field(target).filter(Field::is_list)?;
                let filter = filter(name_of(variable)?, body)?;
                let path = field.path.bracket(&format!("?({filter})"));
                let found = Field { path, ..field };
                Some(vec![found.assert("exists", json!({}))])
            }
            (Some(target), "all", [variable, body]) => {
                let Expression::List(items) = &target.expression else {
                    return None;
                };
                let name = name_of(variable)?;
                let mut all = Vec::new();
                for item in items {
                    literal(item)?;
                    all.extend(self.part(&replaced(body, name, item)?)?);
                }
                (!all.is_empty()).then_some(all)
            }
            _ => None,
        }
    }

    fn relation(&self, operator: Binary, left: &Node, right: &Node) -> Option<Vec<Assert>> {
        if operator == Binary::In {
            return self.membership(left, right);
        }
        if literal(left).is_some() {
            let mirrored = match operator {
                Binary::Less => Binary::Greater,
                Binary::LessEqual => Binary::GreaterEqual,
                Binary::Greater => Binary::Less,
                Binary::GreaterEqual => Binary::LessEqual,
                same => same,
            };
            return match literal(right) {
                None => self.relation(mirrored, right, left),
                Some(_) => None,
            };
        }
        let value = literal(right)?;
        if let Expression::Call(Some(target), name, arguments) = &left.expression
            && name == "size"
            && arguments.is_empty()
        {
            return self.size(operator, target, value.as_u64()?);
        }
        let field = self.field(left)?;
        let whole_number = value.as_i64();
        let assert = match operator {
            Binary::Equal => field.assert("equal", json!({ "value": value })),
            Binary::NotEqual => {
                return Some(vec![
                    field.assert("exists", json!({})),
                    field.assert("notEqual", json!({ "value": value })),
                ]);
            }
            Binary::GreaterEqual => {
                field.assert("greaterOrEqual", json!({ "value": whole_number? }))
            }
            Binary::LessEqual => field.assert("lessOrEqual", json!({ "value": whole_number? })),
            Binary::Greater => {
                let next = whole_number?.checked_add(1)?;
                field.assert("greaterOrEqual", json!({ "value": next }))
            }
            Binary::Less => {
                let next = whole_number?.checked_sub(1)?;
                field.assert("lessOrEqual", json!({ "value": next }))
            }
            _ => return None,
        };
        Some(vec![assert])
    }

    /// `field in ['a', 'b']`, or `'key' in field`.
    fn membership(&self, left: &Node, right: &Node) -> Option<Vec<Assert>> {
        if let Some(key) = text(left) {
            let field = self.field(right)?;
            if field.is_map() {
                let path = field.path.field(key)?;
                return Some(vec![Field { path, ..field }.assert("exists", json!({}))]);
            }
            let texts = TEXTS.contains(&field.path.last.as_str());
            let assert = || field.assert("contains", json!({ "content": key }));
            return texts.then(|| vec![assert()]);
        }
        let Expression::List(items) = &right.expression else {
            return None;
        };
        let words: Option<Vec<String>> = items
            .iter()
            .map(|item| literal_pattern(text(item)?))
            .collect();
        let words = words.filter(|words| !words.is_empty())?;
        let pattern = format!("^(?:{})$", words.join("|"));
        let field = self.field(left)?;
        Some(vec![
            field.assert("matchRegex", json!({ "pattern": pattern })),
        ])
    }

    fn size(&self, operator: Binary, target: &Node, number: u64) -> Option<Vec<Assert>> {
        if let Expression::Call(None, name, arguments) = &target.expression {
            return match (name.as_str(), arguments.as_slice()) {
                ("objects", [kind]) => self.count(operator, text(kind)?, number),
                _ => None,
            };
        }
        // A pod without containers that run before it has no list of them.
        let missing = self.init(target).is_some();
        let field = self.field(target).filter(Field::is_list)?;
        let assert = match operator {
            Binary::Equal if missing && number == 0 => field.assert("notExists", json!({})),
            Binary::Equal => field.assert("lengthEqual", json!({ "count": number })),
            Binary::Greater | Binary::GreaterEqual => {
                let index = match operator {
                    Binary::Greater => number,
                    _ => number.checked_sub(1)?,
                };
                let path = field.path.index(index);
                Field { path, ..field }.assert("exists", json!({}))
            }
            _ => return None,
        };
        Some(vec![assert])
    }

    /// How many objects of a kind there are.
    fn count(&self, operator: Binary, kind: &str, number: u64) -> Option<Vec<Assert>> {
        if (operator, number) == (Binary::Equal, 0) {
            return Some(vec![whole(
                "notEqual",
                json!({ "path": "kind", "value": kind }),
            )]);
        }
        let place = self.only(kind)?;
        let select = Select::With {
            path: "kind".to_owned(),
            value: kind.to_owned(),
            many: true,
        };
        let place = Place { select, ..place };
        match operator {
            Binary::Equal => {
                let arguments = json!({ "count": number, "filterAware": true });
                Some(vec![place.assert("hasDocuments", arguments)])
            }
            Binary::Greater if number == 0 => Some(vec![place.there()]),
            Binary::GreaterEqual if number == 1 => Some(vec![place.there()]),
            _ => None,
        }
    }

    /// The field that an expression means.
    fn field(&self, node: &Node) -> Option<Field> {
        match self.subject(node)? {
            Subject::Field(field) => Some(field),
            Subject::Workload(..) => None,
        }
    }

    fn subject(&self, node: &Node) -> Option<Subject<'p>> {
        match &node.expression {
            Expression::Call(None, name, arguments) => {
                match (name.as_str(), arguments.as_slice()) {
                    ("object", [kind, name]) => {
                        let place = self.object(text(kind)?, text(name)?)?;
                        let path = Path::default();
                        Some(Subject::Field(Field { place, path }))
                    }
                    ("workload", [name]) => {
                        let controller = self.controller(text(name)?)?;
                        Some(Subject::Workload(controller, Path::default()))
                    }
                    _ => None,
                }
            }
            Expression::Select(of, name) => self.deeper(self.subject(of)?, name),
            Expression::Index(of, index) => match literal(index)? {
                Value::String(name) => self.deeper(self.subject(of)?, &name),
                Value::Number(number) => {
                    let number = number.as_u64()?;
                    if let Some(place) = self.first_of_kind(of, number) {
                        let path = Path::default();
                        return Some(Subject::Field(Field { place, path }));
                    }
                    let field = self.field(of).filter(Field::is_list)?;
                    let path = field.path.index(number);
                    Some(Subject::Field(Field { path, ..field }))
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// `objects(kind)[0]`, where one file alone can have objects of that kind.
    fn first_of_kind(&self, node: &Node, index: u64) -> Option<Place> {
        let Expression::Call(None, name, arguments) = &node.expression else {
            return None;
        };
        match (name.as_str(), arguments.as_slice(), index) {
            ("objects", [kind], 0) => self.only(text(kind)?).map(|place| match place.alone {
                true => place,
                false => Place {
                    select: Select::First,
                    ..place
                },
            }),
            _ => None,
        }
    }

    /// A field of a subject.
    fn deeper(&self, subject: Subject<'p>, name: &str) -> Option<Subject<'p>> {
        match subject {
            Subject::Field(field) => {
                let path = field.path.field(name)?;
                Some(Subject::Field(Field { path, ..field }))
            }
            Subject::Workload(controller, path) if path.last == "env" => {
                self.variable(&controller, name).map(Subject::Field)
            }
            Subject::Workload(controller, _) => {
                let pod = pod_path(&controller.place.kind)?;
                let inside = |fields: &[&str]| Path::of(&[pod, fields].concat());
                let path = match name {
                    "object" => Path::default(),
                    "name" => Path::of(&["metadata", "name"]),
                    "kind" => Path::of(&["kind"]),
                    "pod" => inside(&[]),
                    "containers" => inside(&["spec", "containers"]),
                    "container" => inside(&["spec", "containers"]).index(0),
                    "init" => {
                        // Sidecars are in that list too, and are left out here.
                        let workload = controller.workload.filter(|w| !w.patched)?;
                        if !workload.sidecars.is_empty() {
                            return None;
                        }
                        inside(&["spec", "initContainers"])
                    }
                    "replicas" | "mostReplicas" => {
                        return self.replicas(&controller, name).map(Subject::Field);
                    }
                    "env" => return Some(Subject::Workload(controller, Path::of(&["env"]))),
                    _ => return None,
                };
                let place = controller.place;
                Some(Subject::Field(Field { place, path }))
            }
        }
    }

    /// Whether an expression is `workload(…).init`.
    fn init(&self, node: &Node) -> Option<()> {
        let Expression::Select(of, name) = &node.expression else {
            return None;
        };
        let workload = matches!(self.subject(of)?, Subject::Workload(..));
        (workload && name == "init").then_some(())
    }
}

fn is_refused(node: &Node) -> bool {
    let Expression::Call(None, name, arguments) = &node.expression else {
        return false;
    };
    name == "refused" && arguments.is_empty()
}

/// An assert over everything that is rendered.
fn whole(claim: &'static str, arguments: Value) -> Assert {
    Assert {
        claim,
        arguments: object(arguments),
        template: String::new(),
        select: Select::All,
    }
}
