//! Where boxes and lines go: layers from left to right.
//!
//! The lengths are those of a monospaced font, so that no text leaves its box
//! whatever font a reader has.

use std::collections::{BTreeMap, BTreeSet};
use taskspec_report::NodeKind;

/// Height of a line of text.
pub const LINE: f64 = 17.0;
/// Space between a box and its text.
pub const PADDING: f64 = 11.0;
/// Width of a character of the text below a name, in pixels: 12 px fonts have at most 0.61 em.
const CHARACTER: f64 = 7.4;
/// The same of a name, which is larger and bold.
const BOLD: f64 = 8.1;
const NARROWEST: f64 = 130.0;
const WIDEST: f64 = 262.0;
const COLUMN_GAP: f64 = 88.0;
const ROW_GAP: f64 = 24.0;
const MARGIN: f64 = 12.0;
const SWEEPS: usize = 12;

/// A box before it has a place.
#[derive(Debug, Clone)]
pub struct Box {
    /// What it is.
    pub kind: NodeKind,
    /// Whether it is a peer that connects to the release.
    pub inbound: bool,
    /// Its name.
    pub title: String,
    /// What stands below the name.
    pub lines: Vec<String>,
}

/// A line before it has a place.
#[derive(Debug, Clone)]
pub struct Line {
    /// Index of the box that connects.
    pub from: usize,
    /// Index of the other one.
    pub to: usize,
    /// Ports.
    pub label: String,
    /// Whether the connection is there for a while only.
    pub is_brief: bool,
}

/// What is drawn.
#[derive(Debug, Default)]
pub struct Plan {
    /// Boxes.
    pub boxes: Vec<Box>,
    /// Lines between them.
    pub lines: Vec<Line>,
    /// Boxes without lines, below the others.
    pub beside: Vec<Box>,
}

/// A box with its place.
#[derive(Debug)]
pub struct Placed {
    /// Left side.
    pub x: f64,
    /// Upper side.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
    /// The box, its texts cut to the width.
    pub of: Box,
    /// The texts as a whole, for those who point at the box.
    pub whole: String,
}

/// A line with its place.
#[derive(Debug)]
pub struct Drawn {
    /// Points that it passes, in pairs: it curves from one pair to the next.
    pub points: Vec<(f64, f64)>,
    /// Whether the connection is there for a while only.
    pub is_brief: bool,
}

/// A text beside a line's end.
#[derive(Debug)]
pub struct Label {
    /// Right end of the text.
    pub x: f64,
    /// Its base line.
    pub y: f64,
    /// The text.
    pub text: String,
    /// Whether it starts at `x` instead of ending there.
    pub starts: bool,
}

/// A picture.
#[derive(Debug)]
pub struct Picture {
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
    /// Boxes.
    pub boxes: Vec<Placed>,
    /// Lines.
    pub lines: Vec<Drawn>,
    /// Ports at the ends of lines.
    pub labels: Vec<Label>,
}

/// A place in a layer: a box, or a line that passes.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Slot {
    Node(usize),
    Pass(usize),
}

struct Cell {
    slot: Slot,
    y: f64,
    height: f64,
}

/// Gives everything its place.
pub fn place(plan: &Plan) -> Picture {
    let layers = layers(plan);
    let n_layers = layers.iter().max().map_or(1, |last| last + 1);
    let mut columns: Vec<Vec<Cell>> = (0..n_layers).map(|_| Vec::new()).collect();
    for (index, layer) in layers.iter().enumerate() {
        columns[*layer].push(Cell {
            slot: Slot::Node(index),
            y: 0.0,
            height: height(&plan.boxes[index]),
        });
    }
    // The points that a line passes, one in each column it touches.
    let mut routes: Vec<Vec<(usize, Slot)>> = Vec::new();
    for (index, line) in plan.lines.iter().enumerate() {
        let (from, to) = (layers[line.from], layers[line.to]);
        let mut route = vec![(from, Slot::Node(line.from))];
        let between: Vec<usize> = if from < to {
            (from + 1..to).collect()
        } else {
            (to + 1..from).rev().collect()
        };
        for layer in between {
            columns[layer].push(Cell {
                slot: Slot::Pass(index),
                y: 0.0,
                height: 8.0,
            });
            route.push((layer, Slot::Pass(index)));
        }
        route.push((to, Slot::Node(line.to)));
        routes.push(route);
    }
    order(&mut columns, &routes);
    stack(&mut columns, &routes);
    finish(plan, &layers, &columns, &routes)
}

/// The column of each box: behind everything that connects to it.
fn layers(plan: &Plan) -> Vec<usize> {
    let n = plan.boxes.len();
    let mut next: Vec<Vec<usize>> = vec![Vec::new(); n];
    for line in &plan.lines {
        next[line.from].push(line.to);
    }
    let mut forward: Vec<Vec<usize>> = vec![Vec::new(); n];
    let mut state = vec![0_u8; n];
    for start in 0..n {
        visit(start, &next, &mut state, &mut forward);
    }
    let has_input: BTreeSet<usize> = forward.iter().flatten().copied().collect();
    let server = |index: usize| {
        let node = &plan.boxes[index];
        matches!(node.kind, NodeKind::Dependency | NodeKind::External)
            || node.kind == NodeKind::Peer && !node.inbound
    };
    let has_door = plan
        .boxes
        .iter()
        .any(|node| node.kind == NodeKind::Exposure || node.inbound);
    let mut layers: Vec<usize> = (0..n)
        .map(|index| {
            let node = &plan.boxes[index];
            let is_door = node.kind == NodeKind::Exposure || node.inbound;
            usize::from(has_door && !is_door && (!server(index) || has_input.contains(&index)))
        })
        .collect();
    // At most one round a box: the graph has no circle any more.
    for _ in 0..n {
        let mut moved = false;
        for from in 0..n {
            for &to in &forward[from] {
                if layers[to] <= layers[from] {
                    layers[to] = layers[from] + 1;
                    moved = true;
                }
            }
        }
        if !moved {
            break;
        }
    }
    // Servers to which nothing leads on stand together at the right.
    let last = (0..n)
        .filter(|index| !server(*index))
        .map(|index| layers[index] + 1)
        .max()
        .unwrap_or(0);
    for index in 0..n {
        let is_end = forward[index].is_empty();
        if server(index) && is_end {
            layers[index] = layers[index].max(last);
        }
    }
    // A column that nobody is in would be a gap.
    let used: BTreeSet<usize> = layers.iter().copied().collect();
    let dense: BTreeMap<usize, usize> = used
        .into_iter()
        .enumerate()
        .map(|(to, from)| (from, to))
        .collect();
    layers.iter().map(|layer| dense[layer]).collect()
}

/// Keeps the lines that close no circle.
fn visit(start: usize, next: &[Vec<usize>], state: &mut [u8], forward: &mut [Vec<usize>]) {
    if state[start] != 0 {
        return;
    }
    // An explicit stack: a specification may have a thousand workloads in a row.
    let mut stack = vec![(start, 0)];
    state[start] = 1;
    while let Some((node, at)) = stack.pop() {
        let Some(&to) = next[node].get(at) else {
            state[node] = 2;
            continue;
        };
        stack.push((node, at + 1));
        if state[to] == 1 {
            continue;
        }
        forward[node].push(to);
        if state[to] == 0 {
            state[to] = 1;
            stack.push((to, 0));
        }
    }
}

/// Sorts each column by the middle of its neighbours, forth and back.
fn order(columns: &mut [Vec<Cell>], routes: &[Vec<(usize, Slot)>]) {
    for sweep in 0..SWEEPS {
        let n = columns.len();
        for step in 0..n {
            let layer = if sweep % 2 == 0 { step } else { n - 1 - step };
            let keys: Vec<f64> = columns[layer]
                .iter()
                .enumerate()
                .map(|(place, cell)| {
                    middle(
                        columns,
                        routes,
                        layer,
                        cell.slot,
                        sweep % 2 == 0,
                        |cells, slot| {
                            let found = cells.iter().position(|one| one.slot == slot).unwrap_or(0);
                            #[allow(clippy::cast_precision_loss, reason = "few boxes")]
                            let part = (found as f64 + 0.5) / cells.len() as f64;
                            part
                        },
                    )
                    .unwrap_or_else(|| {
                        #[allow(clippy::cast_precision_loss, reason = "few boxes")]
                        let part = (place as f64 + 0.5) / columns[layer].len() as f64;
                        part
                    })
                })
                .collect();
            let mut cells: Vec<(f64, Cell)> =
                keys.into_iter().zip(columns[layer].drain(..)).collect();
            cells.sort_by(|one, other| one.0.total_cmp(&other.0));
            columns[layer] = cells.into_iter().map(|(_, cell)| cell).collect();
        }
    }
}

/// The middle of a slot's neighbours on one side.
fn middle(
    columns: &[Vec<Cell>],
    routes: &[Vec<(usize, Slot)>],
    layer: usize,
    slot: Slot,
    before: bool,
    at: impl Fn(&[Cell], Slot) -> f64,
) -> Option<f64> {
    let mut all = Vec::new();
    for route in routes {
        for pair in route.windows(2) {
            for (own, other) in [(pair[0], pair[1]), (pair[1], pair[0])] {
                let is_side = (other.0 < own.0) == before && other.0 != own.0;
                if own == (layer, slot) && is_side {
                    all.push(at(&columns[other.0], other.1));
                }
            }
        }
    }
    #[allow(clippy::cast_precision_loss, reason = "few boxes")]
    let count = all.len() as f64;
    (!all.is_empty()).then(|| all.iter().sum::<f64>() / count)
}

/// Heights: as close to the neighbours as the order allows.
fn stack(columns: &mut [Vec<Cell>], routes: &[Vec<(usize, Slot)>]) {
    for column in columns.iter_mut() {
        let mut y = 0.0;
        for cell in column.iter_mut() {
            cell.y = y;
            y += cell.height + ROW_GAP;
        }
    }
    let tallest = columns
        .iter()
        .map(|column| bottom(column))
        .fold(0.0, f64::max);
    for column in columns.iter_mut() {
        let shift = (tallest - bottom(column)) / 2.0;
        column.iter_mut().for_each(|cell| cell.y += shift);
    }
    for sweep in 0..SWEEPS {
        let n = columns.len();
        for step in 0..n {
            let layer = if sweep % 2 == 0 { step } else { n - 1 - step };
            let wanted: Vec<f64> = columns[layer]
                .iter()
                .map(|cell| {
                    let centre = |cells: &[Cell], slot: Slot| {
                        let found = cells.iter().find(|one| one.slot == slot);
                        found.map_or(0.0, |one| one.y + one.height / 2.0)
                    };
                    let sides = [true, false]
                        .map(|before| middle(columns, routes, layer, cell.slot, before, centre));
                    let found: Vec<f64> = sides.into_iter().flatten().collect();
                    #[allow(clippy::cast_precision_loss, reason = "at most two")]
                    let count = found.len() as f64;
                    if found.is_empty() {
                        cell.y
                    } else {
                        found.iter().sum::<f64>() / count - cell.height / 2.0
                    }
                })
                .collect();
            settle(&mut columns[layer], &wanted);
        }
    }
    let top = columns
        .iter()
        .flatten()
        .map(|cell| cell.y)
        .fold(f64::INFINITY, f64::min);
    let top = if top.is_finite() { top } else { 0.0 };
    for cell in columns.iter_mut().flatten() {
        cell.y = (cell.y - top).round();
    }
}

fn bottom(column: &[Cell]) -> f64 {
    column.last().map_or(0.0, |cell| cell.y + cell.height)
}

/// Moves cells to where they want to be without overlaps: blocks of cells that
/// push each other move together.
fn settle(column: &mut [Cell], wanted: &[f64]) {
    // Each block: first cell, number of cells, sum of the offsets they want.
    let mut blocks: Vec<(usize, usize, f64, f64)> = Vec::new();
    for (index, cell) in column.iter().enumerate() {
        blocks.push((index, 1, wanted[index], cell.height + ROW_GAP));
        while let [.., before, last] = blocks.as_mut_slice() {
            let place = |block: &(usize, usize, f64, f64)| {
                #[allow(clippy::cast_precision_loss, reason = "few boxes")]
                let n = block.1 as f64;
                block.2 / n
            };
            if place(before) + before.3 <= place(last) {
                break;
            }
            #[allow(clippy::cast_precision_loss, reason = "few boxes")]
            let n = last.1 as f64;
            before.2 += last.2 - before.3 * n;
            before.1 += last.1;
            before.3 += last.3;
            blocks.pop();
        }
    }
    for (first, count, sum, _) in blocks {
        #[allow(clippy::cast_precision_loss, reason = "few boxes")]
        let mut y = sum / count as f64;
        for cell in &mut column[first..first + count] {
            cell.y = y;
            y += cell.height + ROW_GAP;
        }
    }
}

fn height(node: &Box) -> f64 {
    #[allow(clippy::cast_precision_loss, reason = "few lines")]
    let lines = node.lines.len() as f64;
    (lines + 1.0).mul_add(LINE, PADDING * 2.0 - 4.0)
}

fn wanted_width(node: &Box) -> f64 {
    let below = node.lines.iter().map(|line| cells(line) * CHARACTER);
    below.fold(cells(&node.title) * BOLD, f64::max) + PADDING * 2.0
}

/// Width of a text in characters; those of East Asia and pictures are wide.
#[allow(clippy::cast_precision_loss, reason = "short texts")]
fn cells(text: &str) -> f64 {
    let all: usize = text
        .chars()
        .map(|c| if u32::from(c) >= 0x1100 { 2 } else { 1 })
        .sum();
    all as f64
}

/// Cuts a text in its middle, where names differ least.
fn cut(text: &str, width: f64, character: f64) -> String {
    let most = ((width - PADDING * 2.0) / character).floor();
    if cells(text) <= most {
        return text.to_owned();
    }
    let chars: Vec<char> = text.chars().collect();
    let mut keep = chars.len();
    loop {
        keep = keep.saturating_sub(1);
        let tail = keep / 2;
        let head = keep - tail;
        let short: String = chars[..head]
            .iter()
            .chain(&['…'])
            .chain(&chars[chars.len() - tail..])
            .collect();
        if cells(&short) <= most || keep == 0 {
            return short;
        }
    }
}

fn placed(node: &Box, x: f64, y: f64, width: f64) -> Placed {
    let mut of = node.clone();
    of.title = cut(&node.title, width, BOLD);
    for line in &mut of.lines {
        *line = cut(line, width, CHARACTER);
    }
    let mut whole = vec![node.title.clone()];
    whole.extend(node.lines.iter().cloned());
    Placed {
        x,
        y,
        width,
        height: height(node),
        of,
        whole: whole.join("\n"),
    }
}

fn finish(
    plan: &Plan,
    layers: &[usize],
    columns: &[Vec<Cell>],
    routes: &[Vec<(usize, Slot)>],
) -> Picture {
    let mut widths = vec![NARROWEST; columns.len()];
    for (index, node) in plan.boxes.iter().enumerate() {
        let width = &mut widths[layers[index]];
        *width = width.max(wanted_width(node).min(WIDEST));
    }
    let mut left = Vec::new();
    let mut x = MARGIN;
    for width in &widths {
        left.push(x);
        x += width + COLUMN_GAP;
    }
    let mut width = x - COLUMN_GAP + MARGIN;
    let mut places: BTreeMap<usize, (f64, f64, f64)> = BTreeMap::new();
    let mut passes: BTreeMap<(usize, usize), f64> = BTreeMap::new();
    let mut lowest: f64 = 0.0;
    for (layer, column) in columns.iter().enumerate() {
        for cell in column {
            let y = cell.y + MARGIN;
            lowest = lowest.max(y + cell.height);
            match cell.slot {
                Slot::Node(index) => {
                    places.insert(index, (left[layer], y, cell.height));
                }
                Slot::Pass(line) => {
                    passes.insert((line, layer), y + cell.height / 2.0);
                }
            }
        }
    }
    let mut boxes: Vec<Placed> = places
        .iter()
        .map(|(index, (x, y, _))| placed(&plan.boxes[*index], *x, *y, widths[layers[*index]]))
        .collect();
    let (lines, labels) = drawn(plan, layers, routes, &widths, &left, &places, &passes);
    if !plan.beside.is_empty() {
        let (mut x, y) = (MARGIN, lowest + ROW_GAP * 1.5);
        for node in &plan.beside {
            let wide = wanted_width(node).clamp(NARROWEST, WIDEST * 1.6);
            boxes.push(placed(node, x, y, wide));
            x += wide + ROW_GAP;
            lowest = lowest.max(y + height(node));
        }
        width = width.max(x - ROW_GAP + MARGIN);
    }
    Picture {
        width,
        height: lowest + MARGIN,
        boxes,
        lines,
        labels,
    }
}

/// Ports, the sum of the heights that their lines come from, and the lines' number.
type Door = (String, f64, usize);

/// Lines with the same ports meet at their target; the ports stand there once.
fn drawn(
    plan: &Plan,
    layers: &[usize],
    routes: &[Vec<(usize, Slot)>],
    widths: &[f64],
    left: &[f64],
    places: &BTreeMap<usize, (f64, f64, f64)>,
    passes: &BTreeMap<(usize, usize), f64>,
) -> (Vec<Drawn>, Vec<Label>) {
    let is_back = |line: &Line| layers[line.to] <= layers[line.from];
    // Where the last stretch of a line comes from.
    let origin = |index: usize| {
        let route = &routes[index];
        let (layer, slot) = route[route.len() - 2];
        match slot {
            Slot::Node(node) => places[&node].1 + places[&node].2 / 2.0,
            Slot::Pass(line) => passes[&(line, layer)],
        }
    };
    let mut doors: BTreeMap<(usize, bool), Vec<Door>> = BTreeMap::new();
    for (index, line) in plan.lines.iter().enumerate() {
        let at = doors.entry((line.to, is_back(line))).or_default();
        match at.iter_mut().find(|(label, _, _)| *label == line.label) {
            Some((_, sum, n)) => {
                *sum += origin(index);
                *n += 1;
            }
            None => at.push((line.label.clone(), origin(index), 1)),
        }
    }
    let mut labels = Vec::new();
    let mut ends: BTreeMap<(usize, bool, String), f64> = BTreeMap::new();
    for ((node, back), mut at) in doors {
        #[allow(clippy::cast_precision_loss, reason = "few lines")]
        at.sort_by(|one, other| (one.1 / one.2 as f64).total_cmp(&(other.1 / other.2 as f64)));
        let (x, y, height) = places[&node];
        #[allow(clippy::cast_precision_loss, reason = "few lines")]
        let step = height / (at.len() as f64 + 1.0);
        for (index, (label, _, _)) in at.into_iter().enumerate() {
            #[allow(clippy::cast_precision_loss, reason = "few lines")]
            let place = step.mul_add(index as f64 + 1.0, y);
            if !label.is_empty() {
                let right = x + widths[layers[node]];
                labels.push(Label {
                    x: if back { right + 13.0 } else { x - 13.0 },
                    y: place - 5.0,
                    text: cut(&label, COLUMN_GAP - 16.0 + PADDING * 2.0, CHARACTER),
                    starts: back,
                });
            }
            ends.insert((node, back, label), place);
        }
    }
    let lines = plan.lines.iter().enumerate().map(|(index, line)| {
        let back = is_back(line);
        let (x, y, height) = places[&line.from];
        let out = widths[layers[line.from]];
        let mut points = vec![(if back { x } else { x + out }, y + height / 2.0)];
        for (layer, slot) in &routes[index] {
            if let Slot::Pass(passing) = slot {
                let y = passes[&(*passing, *layer)];
                let (near, far) = (left[*layer], left[*layer] + widths[*layer]);
                let pair = if back { [far, near] } else { [near, far] };
                points.extend(pair.map(|x| (x, y)));
            }
        }
        let (x, _, _) = places[&line.to];
        let end = ends[&(line.to, back, line.label.clone())];
        points.push((if back { x + widths[layers[line.to]] } else { x }, end));
        Drawn {
            points,
            is_brief: line.is_brief,
        }
    });
    (lines.collect(), labels)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(kind: NodeKind, title: &str) -> Box {
        Box {
            kind,
            inbound: false,
            title: title.to_owned(),
            lines: vec!["a line of text".to_owned()],
        }
    }

    fn line(from: usize, to: usize) -> Line {
        Line {
            from,
            to,
            label: "80".to_owned(),
            is_brief: false,
        }
    }

    fn overlaps(one: &Placed, other: &Placed) -> bool {
        one.x < other.x + other.width
            && other.x < one.x + one.width
            && one.y < other.y + other.height
            && other.y < one.y + one.height
    }

    #[test]
    fn boxes_never_overlap() {
        let mut plan = Plan::default();
        for index in 0..30 {
            let kind = match index % 5 {
                0 => NodeKind::Exposure,
                1 | 2 => NodeKind::Workload,
                3 => NodeKind::Dependency,
                _ => NodeKind::External,
            };
            plan.boxes.push(node(kind, &format!("box-{index}")));
        }
        for from in 0..30 {
            plan.lines.push(line(from, (from * 7 + 3) % 30));
            plan.lines.push(line(from, (from * 11 + 1) % 30));
        }
        plan.lines.retain(|line| line.from != line.to);
        plan.beside.push(node(NodeKind::Test, "test"));
        let picture = place(&plan);
        for (index, one) in picture.boxes.iter().enumerate() {
            assert!(one.x >= 0.0 && one.x + one.width <= picture.width);
            assert!(one.y >= 0.0 && one.y + one.height <= picture.height);
            for other in &picture.boxes[index + 1..] {
                assert!(!overlaps(one, other), "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn circles_and_single_boxes_have_a_place() {
        let boxes = vec![node(NodeKind::Workload, "a"), node(NodeKind::Workload, "b")];
        let lines = vec![line(0, 1), line(1, 0)];
        let picture = place(&Plan {
            boxes,
            lines,
            beside: Vec::new(),
        });
        assert_eq!(picture.lines.len(), 2);
        let alone = place(&Plan {
            boxes: vec![node(NodeKind::Job, "a")],
            ..Plan::default()
        });
        assert_eq!(alone.boxes.len(), 1);
        assert_eq!(place(&Plan::default()).boxes.len(), 0);
    }

    #[test]
    fn long_texts_are_cut_to_their_box() {
        let picture = place(&Plan {
            boxes: vec![node(NodeKind::Workload, &"wide日本".repeat(40))],
            ..Plan::default()
        });
        let placed = &picture.boxes[0];
        assert!(cells(&placed.of.title) * BOLD <= placed.width - PADDING * 2.0);
        assert!(placed.of.title.contains('…'));
        assert!(placed.whole.contains("wide日本wide"));
    }
}
