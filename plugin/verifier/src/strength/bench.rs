//! Judges statements on damaged renderings.

use super::change::Change;
use super::damage::{Damage, Place};
use super::reach::{Reach, has_pods, is_about_pods};
use crate::rules::{Rule, Scope};
use crate::statements::{Check, Form, Statement};
use crate::verify::Court;
use crate::world::World;
use serde_json::Value;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use taskspec_manifest::Object;
use taskspec_report::{self as report, Fault, Verdict};

/// Statements and what refutes them on undamaged renderings.
pub struct Bench<'a> {
    pub court: Court,
    pub statements: &'a [Statement<'a>],
    /// By environment and statement.
    baseline: HashMap<(usize, usize), Vec<Fault>>,
    /// What each statement looks at.
    reach: Vec<Reach>,
    /// The same for one object alone: by environment, object and statement.
    alone: RefCell<BTreeMap<(usize, usize, usize), Vec<Fault>>>,
}

/// A damage that was done to the renderings of an environment.
pub struct Damaged {
    /// The renderings, damaged where they are of the environment.
    pub court: Court,
    /// Index of the plain rendering of the environment.
    pub plain: usize,
    /// The object that it is about.
    object: usize,
    /// Kinds of the objects that it changes; none if that is not known.
    kinds: Option<BTreeSet<String>>,
    /// Whether nothing but one object changes, in its place.
    in_place: bool,
}

impl<'a> Bench<'a> {
    /// Judges the undamaged renderings.
    ///
    /// If `whole`, everything is judged again for each damage, also what cannot
    /// see it: slow, and for tests.
    pub fn new(court: Court, statements: &'a [Statement<'a>], whole: bool) -> Self {
        let reach = |statement| {
            if whole {
                Reach::All
            } else {
                Reach::of(statement)
            }
        };
        let mut bench = Self {
            court,
            statements,
            baseline: HashMap::new(),
            reach: statements.iter().map(reach).collect(),
            alone: RefCell::default(),
        };
        for index in 0..bench.court.environments().len() {
            let environment = &bench.court.environments()[index];
            let narrow = bench
                .court
                .about(environment, bench.court.worlds().to_vec());
            let all: Vec<Vec<Fault>> = statements
                .iter()
                .map(|statement| bench.faults(&narrow, environment, statement))
                .collect();
            for (number, faults) in all.into_iter().enumerate() {
                bench.baseline.insert((index, number), faults);
            }
        }
        bench
    }

    /// Index of the plain rendering of an environment.
    pub fn plain(&self, environment: &str) -> Option<usize> {
        self.court.worlds().iter().position(|world| {
            world.environment == environment && world.values.is_null() && !world.longest_name
        })
    }

    /// The renderings with a damage at a place of the plain rendering of an
    /// environment. None if it does not fit there.
    ///
    /// Renderings of the environment with further values, or with the longest
    /// name, are damaged too where they have the object and the place: a fault
    /// of a template is in all of them.
    pub fn damage(&self, damage: &Damage, environment: &str, place: &Place) -> Option<Damaged> {
        let plain = self.plain(environment)?;
        let objects = self.court.worlds()[plain].all().ok()?;
        let mut worlds = self.court.worlds().to_vec();
        for (index, world) in self.court.worlds().iter().enumerate() {
            let (Ok(others), true) = (world.all(), world.environment == environment) else {
                continue;
            };
            let same = if index == plain {
                Some(place.clone())
            } else {
                counterpart(objects, place, others).filter(|place| damage.fits_at(others, place))
            };
            let broken = same
                .and_then(|place| damage.apply(others, &place, &world.release, &world.namespace));
            match broken {
                Some(broken) => worlds[index] = Arc::new(with_objects(world, broken)),
                None if index == plain => return None,
                None => {}
            }
        }
        let change = &damage.data.change;
        let kind = match change {
            Change::MoveToConfigMap => None,
            Change::Insert(new) => new["kind"].as_str(),
            _ => objects.get(place.object).map(Object::kind),
        };
        Some(Damaged {
            court: self.court.about(environment, worlds),
            plain,
            object: place.object,
            kinds: kind.map(|kind| BTreeSet::from([kind.to_owned()])),
            in_place: !change.is_of_object() && !matches!(change, Change::MoveToConfigMap),
        })
    }

    /// Which statements notice a damage in an environment.
    pub fn noticed(&self, damaged: &Damaged, environment: usize) -> Vec<usize> {
        let name = &self.court.environments()[environment];
        let notices = |number: &usize| {
            if !self.may_notice(damaged, environment, *number) {
                return false;
            }
            let good = &self.baseline[&(environment, *number)];
            let found = self.faults(&damaged.court, name, &self.statements[*number]);
            found.iter().any(|fault| !good.contains(fault))
        };
        (0..self.statements.len()).filter(notices).collect()
    }

    /// Whether a statement sees a damage at all. Where it judges each object by
    /// itself, the damaged one is judged alone.
    fn may_notice(&self, damaged: &Damaged, environment: usize, number: usize) -> bool {
        let Some(kinds) = &damaged.kinds else {
            return true;
        };
        match &self.reach[number] {
            Reach::All => true,
            Reach::Kinds(seen) => !seen.is_disjoint(kinds),
            _ if !damaged.in_place => true,
            Reach::EachObject => self.notices_alone(damaged, environment, number),
            Reach::EachPod if kinds.iter().any(|kind| is_about_pods(kind)) => true,
            Reach::EachPod => {
                kinds.iter().any(|kind| has_pods(kind))
                    && self.notices_alone(damaged, environment, number)
            }
        }
    }

    /// Whether there is a new fault if the damaged object is the only one,
    /// beside those that say something of its pods.
    fn notices_alone(&self, damaged: &Damaged, environment: usize, number: usize) -> bool {
        let name = &self.court.environments()[environment];
        let pods = self.reach[number] == Reach::EachPod;
        let judged = |court: &Court| {
            let mut worlds = court.worlds().to_vec();
            let world = &worlds[damaged.plain];
            let objects = world.all().unwrap_or_default().iter().enumerate();
            let few = objects.filter(|(index, object)| {
                *index == damaged.object || (pods && is_about_pods(object.kind()))
            });
            let few = few.map(|(_, object)| object.clone()).collect();
            worlds[damaged.plain] = Arc::new(with_objects(world, few));
            let court = self.court.about(name, worlds);
            self.faults(&court, name, &self.statements[number])
        };
        let mut alone = self.alone.borrow_mut();
        let good = alone
            .entry((environment, damaged.object, number))
            .or_insert_with(|| judged(&self.court));
        let found = judged(&damaged.court);
        found.iter().any(|fault| !good.contains(fault))
    }

    /// Whether a statement looks at objects of an environment.
    pub fn looks(&self, statement: &Statement<'_>, environment: &str) -> bool {
        match &statement.form {
            Form::Rule { .. } => true,
            Form::Manual(_) => false,
            Form::Criterion { checks, test, .. } => {
                let objects = |check: &Check| {
                    self.court.worlds().iter().any(|world| {
                        world.environment == environment
                            && world.values == check.values
                            && world.objects.is_ok()
                    })
                };
                test.is_some()
                    || checks
                        .iter()
                        .any(|check| is_about(check, environment) && objects(check))
            }
        }
    }

    /// What refutes a statement, as far as it looks at an environment. `narrow`
    /// is a court about this environment only.
    fn faults(&self, narrow: &Court, environment: &str, statement: &Statement<'_>) -> Vec<Fault> {
        let checks = match &statement.form {
            Form::Manual(_) => Vec::new(),
            Form::Rule { rule, given } if crosses(rule) => {
                // The first environment is judged, and asks for the others.
                let all = self.court.environments().iter();
                let all: Vec<_> = all
                    .take(if rule.data.scope == Scope::Once {
                        1
                    } else {
                        usize::MAX
                    })
                    .collect();
                all.into_iter()
                    .flat_map(|one| {
                        let court = narrow.about(one, narrow.worlds().to_vec());
                        court.by_rule(rule, given, None)
                    })
                    .collect()
            }
            Form::Rule { rule, given } => narrow.by_rule(rule, given, None),
            Form::Criterion { checks, test, .. } => {
                let about = checks.iter().filter(|check| is_about(check, environment));
                let mut all: Vec<report::Check> = about
                    .flat_map(|check| {
                        let asked = check.environments.iter();
                        asked
                            .filter(|one| *one == environment || asks_others(&check.that))
                            .map(|one| narrow.check_in(check, one))
                    })
                    .collect();
                if let Some(reaches) = test {
                    let mut judged = empty(statement);
                    narrow.by_test(reaches, None, &mut judged);
                    all.extend(judged.checks);
                }
                all
            }
        };
        checks.into_iter().flat_map(|check| check.faults).collect()
    }
}

/// Whether an expression asks for other environments than the judged one.
fn asks_others(expression: &str) -> bool {
    expression.contains("rendering(")
}

/// Whether a check could notice a damage in an environment.
fn is_about(check: &Check, environment: &str) -> bool {
    check.environments.iter().any(|one| one == environment) || asks_others(&check.that)
}

/// Whether a rule looks at several environments at a time.
fn crosses(rule: &Rule) -> bool {
    rule.data.scope == Scope::Once
        || rule.data.judge.iter().any(|judge| {
            let texts = [&judge.each, &judge.r#where, &judge.that];
            texts.into_iter().flatten().any(|text| asks_others(text))
        })
}

fn empty(statement: &Statement<'_>) -> report::Statement {
    report::Statement {
        id: statement.id.clone(),
        kind: statement.kind,
        title: String::new(),
        why: String::new(),
        rule: String::new(),
        verdict: Verdict::Manual,
        place: None,
        checks: Vec::new(),
        tests: Vec::new(),
        manual: String::new(),
        remedy: String::new(),
    }
}

/// A world with other objects.
fn with_objects(world: &World, objects: Vec<Object>) -> World {
    let mut new = World::new(Ok(objects));
    new.environment.clone_from(&world.environment);
    new.values.clone_from(&world.values);
    new.longest_name = world.longest_name;
    new.spec = world.spec.clone();
    new.release.clone_from(&world.release);
    new.namespace.clone_from(&world.namespace);
    new.chart.clone_from(&world.chart);
    new
}

/// The same place in another rendering: of the object of the same name, or else
/// of the one that its template makes at the same turn.
fn counterpart(objects: &[Object], place: &Place, others: &[Object]) -> Option<Place> {
    let Some(object) = objects.get(place.object) else {
        return Some(Place {
            object: others.len(),
            at: Vec::new(),
        });
    };
    let alike = |other: &&Object| other.source == object.source && other.kind() == object.kind();
    let turn = objects[..place.object].iter().filter(alike).count();
    let by_name = others
        .iter()
        .position(|other| other.kind() == object.kind() && other.name() == object.name());
    let by_turn = || {
        let mut all = others.iter().enumerate();
        let mut n_before = 0;
        all.find_map(|(index, other)| {
            let found = alike(&other) && n_before == turn;
            n_before += usize::from(alike(&other));
            found.then_some(index)
        })
    };
    let found = by_name.or_else(by_turn)?;
    Some(Place {
        object: found,
        at: place.at.clone(),
    })
}

/// A value in one line, at most about 120 characters.
pub fn in_one_line(value: &Value) -> String {
    const LONGEST: usize = 120;
    let text = value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
        .replace('\n', " ");
    if text.chars().count() <= LONGEST {
        return text;
    }
    let mut cut: String = text.chars().take(LONGEST).collect();
    cut.push('…');
    cut
}
