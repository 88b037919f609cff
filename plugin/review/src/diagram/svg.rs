//! A picture as SVG. Colours come from the page's style, so that they follow its theme.

use super::layout::{Drawn, LINE, PADDING, Picture, Placed};
use crate::write::escaped;
use std::fmt::Write as _;
use taskspec_report::NodeKind;

/// The picture with a title and a description for those who cannot see it.
pub fn drawn(picture: &Picture, title: &str, description: &str, number: usize) -> String {
    let (width, height) = (picture.width.ceil(), picture.height.ceil());
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" aria-labelledby=\"d{number}-title d{number}-desc\">\n\
         <title id=\"d{number}-title\">{}</title>\n<desc id=\"d{number}-desc\">{}</desc>\n\
         <defs><marker id=\"d{number}-tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" \
         markerHeight=\"7\" orient=\"auto-start-reverse\"><path class=\"tip\" d=\"M0 0 8 4 0 8z\"/></marker></defs>\n",
        escaped(title),
        escaped(description)
    );
    for line in &picture.lines {
        let class = if line.is_brief { "line brief" } else { "line" };
        let _ = writeln!(
            svg,
            "<path class=\"{class}\" d=\"{}\" marker-end=\"url(#d{number}-tip)\"/>",
            path(line)
        );
    }
    for label in &picture.labels {
        let anchor = if label.starts { "start" } else { "end" };
        let _ = writeln!(
            svg,
            "<text class=\"port\" x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"{anchor}\">{}</text>",
            label.x,
            label.y,
            escaped(&label.text)
        );
    }
    for placed in &picture.boxes {
        node(&mut svg, placed);
    }
    svg.push_str("</svg>");
    svg
}

fn path(line: &Drawn) -> String {
    let mut text = String::new();
    let mut last = (0.0, 0.0);
    for (index, &(x, y)) in line.points.iter().enumerate() {
        if index == 0 {
            let _ = write!(text, "M{x:.0} {y:.0}");
        } else if index % 2 == 0 {
            // Through the column of other boxes.
            let _ = write!(text, "H{x:.0}");
        } else {
            let (from_x, from_y): (f64, f64) = last;
            let half = f64::midpoint(from_x, x);
            let _ = write!(
                text,
                "C{half:.0} {from_y:.0} {half:.0} {y:.0} {x:.0} {y:.0}"
            );
        }
        last = (x, y);
    }
    text
}

fn node(svg: &mut String, placed: &Placed) {
    let Placed {
        x,
        y,
        width,
        height,
        ..
    } = placed;
    let radius = match placed.of.kind {
        NodeKind::Peer | NodeKind::Exposure => height / 2.0,
        _ => 6.0,
    };
    let radius = radius.min(20.0);
    let _ = writeln!(
        svg,
        "<g class=\"box {}\"><title>{}</title><rect x=\"{x:.0}\" y=\"{y:.0}\" width=\"{width:.0}\" \
         height=\"{height:.0}\" rx=\"{radius:.0}\"/>",
        class(placed.of.kind),
        escaped(&placed.whole)
    );
    let middle = x + PADDING;
    let mut base = y + PADDING + 11.0;
    let _ = write!(
        svg,
        "<text class=\"name\" x=\"{middle:.0}\" y=\"{base:.0}\">{}</text>",
        escaped(&placed.of.title)
    );
    for line in &placed.of.lines {
        base += LINE;
        let _ = write!(
            svg,
            "<text x=\"{middle:.0}\" y=\"{base:.0}\">{}</text>",
            escaped(line)
        );
    }
    svg.push_str("</g>\n");
}

fn class(kind: NodeKind) -> &'static str {
    match kind {
        NodeKind::Peer => "peer",
        NodeKind::Exposure => "exposure",
        NodeKind::Workload => "workload",
        NodeKind::Dependency => "dependency",
        NodeKind::External => "external",
        NodeKind::Test => "test",
        _ => "job",
    }
}
