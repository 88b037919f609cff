//! Findings that hold in one environment or in several.

use crate::site::Site;
use crate::words;
use serde::Serialize;
use taskspec_report::Landscape;

/// What a finding means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Something is missing that people usually want.
    Gap,
    /// Nobody stated it.
    Open,
    /// It is as it is.
    Fact,
    /// It is taken care of.
    Good,
}

/// A finding.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Point {
    /// What it means.
    pub state: State,
    /// What it is about.
    pub subject: String,
    /// What was found, in plain words.
    pub text: String,
    /// Environments it was found in; empty for all of them.
    pub places: Vec<String>,
}

impl Point {
    /// A finding of every environment.
    pub fn new(state: State, subject: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            state,
            subject: subject.into(),
            text: text.into(),
            places: Vec::new(),
        }
    }
}

/// Findings that say the same of several subjects become one.
pub fn merge_subjects(points: Vec<Point>) -> Vec<Point> {
    let mut found: Vec<(Point, Vec<String>)> = Vec::new();
    for point in points {
        let same = |one: &Point| {
            one.state == point.state && one.text == point.text && one.places == point.places
        };
        match found.iter_mut().find(|(one, _)| same(one)) {
            Some((_, subjects)) => subjects.push(point.subject),
            None => {
                let subject = point.subject.clone();
                found.push((point, vec![subject]));
            }
        }
    }
    let merged = found.into_iter().map(|(point, subjects)| Point {
        subject: words::few(&subjects, 6),
        ..point
    });
    merged.collect()
}

/// Asks each environment, and says once what several answer alike. Findings on
/// one subject stand together, in the order in which subjects come up.
pub fn gather(site: &Site<'_>, ask: impl Fn(&Landscape) -> Vec<Point>) -> Vec<Point> {
    let all = &site.review.landscapes;
    let mut found: Vec<Point> = Vec::new();
    for landscape in all.iter().filter(|one| one.refused.is_empty()) {
        for point in ask(landscape) {
            let place = words::environment(&landscape.environment).to_owned();
            let known = found.iter_mut().find(|one| {
                one.state == point.state && one.subject == point.subject && one.text == point.text
            });
            match known {
                Some(known) if known.places.contains(&place) => {}
                Some(known) => known.places.push(place),
                None => found.push(Point {
                    places: vec![place],
                    ..point
                }),
            }
        }
    }
    let mut subjects: Vec<String> = Vec::new();
    for point in &mut found {
        if point.places.len() == all.len() {
            point.places.clear();
        }
        if !subjects.contains(&point.subject) {
            subjects.push(point.subject.clone());
        }
    }
    let place = |point: &Point| subjects.iter().position(|one| *one == point.subject);
    found.sort_by_key(place);
    found
}
