//! Breaks renderings on purpose, one damage at a time, and tells which
//! statements notice.
//!
//! Takes an examination as [`crate::verify`] does. Each kind of damage of the
//! catalogue (`plugin/verifier/damage`) is done at the places where it fits in
//! the plain rendering of each environment, at most [`PLACES`] of them, evenly
//! among all. Renderings of the same environment with further values, or with
//! the longest name, get the same damage where they have the place, since a
//! fault of a template would be in all of them. Never tries anything at random.

mod bench;
pub mod change;
pub mod damage;
pub mod place;
mod reach;
pub mod suggest;

use crate::evaluate::Scope;
use crate::expression::Expression;
use crate::functions::Scene;
use crate::origin::Bindings;
use crate::rules::Rules;
use crate::statements::{Statement, Statements};
use crate::verify::{Court, Refused, complete, resolve, worlds};
use bench::{Bench, Damaged, in_one_line};
use change::Change;
use damage::{Damage, Place, catalogue};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use suggest::Criterion;
use taskspec_manifest::Object;
use taskspec_report::{
    self as report, DamageKind, Examination, Kind, Share, Strength, Suggestion, Unnoticed, Watch,
};

/// Most places where a kind of damage is done in an environment.
pub const PLACES: usize = 2;

/// What the statements of a specification notice of damages of its chart.
///
/// # Errors
/// If the specification cannot be judged, or a rendering of its plan is missing.
pub fn strength(examination: &Examination) -> Result<Strength, Refused> {
    tried(examination, PLACES, false)
}

/// The same with another number of places. If `whole`, every statement is judged
/// again for each damage, also if it cannot see it: a test compares the two.
///
/// # Errors
/// As [`strength()`].
pub fn tried(examination: &Examination, places: usize, whole: bool) -> Result<Strength, Refused> {
    let resolved = resolve(&examination.spec).map_err(Refused::Input)?;
    let rules = Rules::read(&examination.rules).map_err(Refused::Faults)?;
    let statements =
        Statements::read(&examination.spec, &resolved, &rules).map_err(Refused::Faults)?;
    complete(&statements, examination)?;
    let worlds = worlds(&examination.chart, &examination.renderings, &resolved);
    let catalogue = catalogue().map_err(Refused::Input)?;
    let bench = Bench::new(Court::new(worlds, &resolved), &statements.all, whole);
    let mut trial = Trial {
        bench: &bench,
        catalogue: &catalogue,
        places,
        outcomes: Vec::new(),
        known: HashMap::new(),
        wanted: BTreeMap::new(),
        helpful: HashMap::new(),
    };
    for environment in 0..bench.court.environments().len() {
        trial.run(environment);
    }
    Ok(trial.report(examination))
}

/// A damage that was done, and who noticed.
struct Outcome {
    kind: usize,
    environment: usize,
    noticed: Vec<usize>,
    place: Unnoticed,
}

/// What a criterion would notice.
#[derive(Default)]
struct Wanted {
    environments: BTreeSet<usize>,
    kinds: BTreeSet<usize>,
    notices: usize,
}

struct Trial<'a> {
    bench: &'a Bench<'a>,
    catalogue: &'a [Damage],
    /// Most places of a kind in an environment.
    places: usize,
    outcomes: Vec<Outcome>,
    /// Who noticed a damaged object, by its text.
    known: HashMap<String, Vec<usize>>,
    /// Criteria by whether rules notice already what they are for.
    wanted: BTreeMap<(bool, Criterion), Wanted>,
    /// Whether criteria hold on undamaged renderings, by environment.
    helpful: HashMap<(usize, String), bool>,
}

impl Trial<'_> {
    /// Damages the renderings of an environment.
    fn run(&mut self, environment: usize) {
        let (bench, catalogue) = (self.bench, self.catalogue);
        let name = &bench.court.environments()[environment];
        let Some(world) = bench.plain(name).map(|index| &bench.court.worlds()[index]) else {
            return;
        };
        let Ok(objects) = world.all() else {
            return;
        };
        for (kind, damage) in catalogue.iter().enumerate() {
            for place in sample(damage.places(objects), self.places, environment) {
                let Some(damaged) = bench.damage(damage, name, &place) else {
                    continue;
                };
                let after = damaged.court.worlds()[damaged.plain].all();
                let after = after.unwrap_or_default();
                let noticed = self.noticed(&damaged, environment, &place, objects, after);
                self.suggest(kind, environment, &place, &damaged, &noticed);
                self.outcomes.push(Outcome {
                    kind,
                    environment,
                    noticed,
                    place: described(name, &damage.data.change, &place, objects, after),
                });
            }
        }
    }

    /// Who notices a damage. The same damaged object is judged once.
    fn noticed(
        &mut self,
        damaged: &Damaged,
        environment: usize,
        place: &Place,
        before: &[Object],
        after: &[Object],
    ) -> Vec<usize> {
        let one = (before.len() == after.len())
            .then(|| after.get(place.object))
            .flatten();
        let Some(object) = one else {
            return self.bench.noticed(damaged, environment);
        };
        let text = format!("{environment} {} {}", place.object, object.value);
        if let Some(known) = self.known.get(&text) {
            return known.clone();
        }
        let noticed = self.bench.noticed(damaged, environment);
        self.known.insert(text, noticed.clone());
        noticed
    }

    fn is_rule(&self, statement: usize) -> bool {
        self.bench.statements[statement].kind == Kind::Rule
    }

    /// Looks for a criterion that notices what no statement of the specification does.
    fn suggest(
        &mut self,
        kind: usize,
        environment: usize,
        place: &Place,
        damaged: &Damaged,
        noticed: &[usize],
    ) {
        if noticed.iter().any(|number| !self.is_rule(*number)) {
            return;
        }
        let good = &self.bench.court.worlds()[damaged.plain];
        let data = &self.catalogue[kind].data;
        for criterion in suggest::criteria(&data.suggest, good, place) {
            let Ok(expression) = Expression::read(&criterion.that, &[]) else {
                continue;
            };
            let holds = self
                .helpful
                .entry((environment, criterion.that.clone()))
                .or_insert_with(|| holds(&expression, &self.bench.court, damaged.plain));
            if *holds && !self::is_true(&expression, &damaged.court, damaged.plain) {
                let wanted = self
                    .wanted
                    .entry((!noticed.is_empty(), criterion))
                    .or_default();
                wanted.environments.insert(environment);
                wanted.kinds.insert(kind);
                wanted.notices += 1;
                return;
            }
        }
    }

    fn report(self, examination: &Examination) -> Strength {
        let all = self.outcomes.len();
        let count = |noticed: &dyn Fn(&Outcome) -> bool| {
            Share::new(self.outcomes.iter().filter(|one| noticed(one)).count(), all)
        };
        let by = |outcome: &Outcome, rule: bool| {
            let mut numbers = outcome.noticed.iter();
            numbers.any(|number| self.is_rule(*number) == rule)
        };
        Strength {
            format: report::STRENGTH_FORMAT.to_owned(),
            chart: examination.chart.clone(),
            version: examination.version.clone(),
            places: self.places,
            all: count(&|outcome| !outcome.noticed.is_empty()),
            own: count(&|outcome| by(outcome, false)),
            rules: count(&|outcome| by(outcome, true)),
            kinds: (0..self.catalogue.len())
                .map(|kind| self.kind(kind))
                .collect(),
            statements: (0..self.bench.statements.len())
                .map(|number| self.watch(number))
                .collect(),
            suggestions: self.suggestions(),
        }
    }

    fn kind(&self, kind: usize) -> DamageKind {
        let damage = &self.catalogue[kind];
        let outcomes: Vec<&Outcome> = self
            .outcomes
            .iter()
            .filter(|outcome| outcome.kind == kind)
            .collect();
        let by: BTreeSet<usize> = outcomes
            .iter()
            .flat_map(|outcome| outcome.noticed.iter().copied())
            .collect();
        let own = |outcome: &&&Outcome| outcome.noticed.iter().any(|one| !self.is_rule(*one));
        let unnoticed: Vec<Unnoticed> = outcomes
            .iter()
            .filter(|outcome| outcome.noticed.is_empty())
            .map(|outcome| outcome.place.clone())
            .collect();
        DamageKind {
            name: damage.name.clone(),
            title: damage.data.title.clone(),
            about: damage.data.about.trim().to_owned(),
            share: Share::new(outcomes.len() - unnoticed.len(), outcomes.len()),
            own: Share::new(outcomes.iter().filter(own).count(), outcomes.len()),
            by: by
                .into_iter()
                .map(|number| self.bench.statements[number].id.clone())
                .collect(),
            unnoticed,
        }
    }

    fn watch(&self, number: usize) -> Watch {
        let statement: &Statement<'_> = &self.bench.statements[number];
        let environments = self.bench.court.environments();
        let looks: Vec<bool> = environments
            .iter()
            .map(|name| self.bench.looks(statement, name))
            .collect();
        let seen = |outcome: &&Outcome| looks[outcome.environment];
        let applied = self.outcomes.iter().filter(seen).count();
        let mine = self
            .outcomes
            .iter()
            .filter(|outcome| outcome.noticed.contains(&number));
        let alone = mine
            .clone()
            .filter(|outcome| outcome.noticed.len() == 1)
            .count();
        let share = Share::new(mine.count(), applied);
        Watch {
            id: statement.id.clone(),
            kind: statement.kind,
            title: statement.title.clone(),
            weak: share.applied > 0 && share.noticed == 0,
            share,
            alone,
        }
    }

    /// Criteria for what is not noticed, each with the next free identifier.
    fn suggestions(&self) -> Vec<Suggestion> {
        let environments = self.bench.court.environments();
        let mut all: Vec<_> = self.wanted.iter().collect();
        all.sort_by_key(|((rules, criterion), wanted)| {
            (*rules, usize::MAX - wanted.notices, criterion)
        });
        let numbers = self.bench.statements.iter().filter_map(|statement| {
            let number = statement.id.strip_prefix('C')?;
            number.parse::<usize>().ok()
        });
        let mut next = numbers.max().unwrap_or(0);
        all.into_iter()
            .map(|((rules, criterion), wanted)| {
                next += 1;
                let named: Vec<&str> = if wanted.environments.len() == environments.len() {
                    Vec::new()
                } else {
                    let names = wanted.environments.iter();
                    names.map(|index| environments[*index].as_str()).collect()
                };
                let kinds = wanted.kinds.iter();
                Suggestion {
                    toml: suggest::toml(criterion, &format!("C{next}"), &named),
                    kinds: kinds
                        .map(|kind| self.catalogue[*kind].name.clone())
                        .collect(),
                    notices: wanted.notices,
                    covered_by_rules: *rules,
                }
            })
            .collect()
    }
}

/// At most so many of the places, evenly; each environment begins at another.
fn sample(all: Vec<Place>, most: usize, environment: usize) -> Vec<Place> {
    let n_places = all.len();
    if n_places <= most {
        return all;
    }
    let mut chosen: Vec<usize> = (0..most)
        .map(|turn| (turn * n_places / most + environment) % n_places)
        .collect();
    chosen.sort_unstable();
    let chosen = chosen.into_iter();
    chosen.map(|index| all[index].clone()).collect()
}

/// Whether an expression holds in one of the renderings, as a criterion would.
fn holds(expression: &Expression, court: &Court, current: usize) -> bool {
    in_scene(court, current, |scene| {
        let scope = Scope::new(scene);
        let judgement = expression.judge(&scope, &Bindings::default(), true);
        judgement.faults.is_empty()
    })
}

/// Whether an expression is true in one of the renderings.
fn is_true(expression: &Expression, court: &Court, current: usize) -> bool {
    in_scene(court, current, |scene| {
        expression.holds(&Scope::new(scene)) == Ok(true)
    })
}

fn in_scene(court: &Court, current: usize, judge: impl Fn(&Scene) -> bool) -> bool {
    let world = &court.worlds()[current];
    let scene = court.scene(|one| std::ptr::eq(one, &raw const **world));
    scene.is_some_and(|scene| judge(&scene))
}

/// Where a damage was done, and what it did.
fn described(
    environment: &str,
    change: &Change,
    place: &Place,
    before: &[Object],
    after: &[Object],
) -> Unnoticed {
    let shown = |objects: &[Object]| {
        let found = objects.get(place.object);
        let found = found.and_then(|object| place::get(&object.value, &place.at));
        found.map_or_else(String::new, in_one_line)
    };
    let object = before.get(place.object).or(after.get(place.object));
    let (old, new) = match change {
        _ if place.at.is_empty() => (String::new(), String::new()),
        Change::Remove | Change::RenameKey(_) | Change::MoveToConfigMap => {
            (shown(before), String::new())
        }
        _ => (shown(before), shown(after)),
    };
    Unnoticed {
        environment: environment.to_owned(),
        object: object.map_or_else(String::new, Object::id),
        path: place::shown(&place.at),
        before: old,
        after: new,
    }
}
