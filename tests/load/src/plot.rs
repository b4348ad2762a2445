//! The ratios as a picture: each as a part of what is to be reached, its rounds as a line across the median.

use std::fmt::Write as _;

use crate::figures::{Goal, Row};

const WIDTH: f64 = 900.0;
const LEFT: f64 = 330.0;
const LINE: f64 = 26.0;
/// How many times what is to be reached there is room for.
const MOST: f64 = 2.0;

/// A picture in SVG.
pub fn svg(rows: &[Row]) -> String {
    let rows: Vec<(&Row, f64)> = rows.iter().filter_map(|row| Some((row, row.goal?.value()))).collect();
    #[expect(clippy::cast_precision_loss, reason = "a few")]
    let height = (rows.len() + 2) as f64 * LINE;
    let x = |part: f64| LEFT + part.clamp(0.0, MOST) / MOST * (WIDTH - LEFT - 20.0);
    let mut svg = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="13">
<rect width="100%" height="100%" fill="white"/>
<line x1="{0:.1}" x2="{0:.1}" y1="{LINE}" y2="{height}" stroke="black" stroke-dasharray="4 3"/>
<text x="{0:.1}" y="18" text-anchor="middle">to be reached</text>
"#,
        x(1.0)
    );
    for (n, (row, goal)) in rows.into_iter().enumerate() {
        #[expect(clippy::cast_precision_loss, reason = "a few")]
        let y = (n as f64 + 1.5) * LINE;
        let (low, high) = row.range();
        let name = row.name.replace('&', "&amp;").replace('<', "&lt;");
        let words = row.goal.map(Goal::words).unwrap_or_default();
        let colour = if row.is_reached() { "#2a7f4f" } else { "#b5532a" };
        let _ = writeln!(
            svg,
            r#"<text x="{0}" y="{1:.1}" text-anchor="end">{name}, {words}</text>
<line x1="{2:.1}" x2="{3:.1}" y1="{y:.1}" y2="{y:.1}" stroke="{colour}" stroke-width="3"/>
<circle cx="{4:.1}" cy="{y:.1}" r="5" fill="{colour}"/>"#,
            LEFT - 12.0,
            y + 4.0,
            x(low / goal),
            x(high / goal),
            x(row.median() / goal),
        );
    }
    svg.push_str("</svg>\n");
    svg
}
