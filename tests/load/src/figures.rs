//! What was measured, as ratios to what was measured right before and after it.

use serde_json::{Value, json};

/// A row of the table.
pub struct Row {
    pub name: &'static str,
    pub yardstick: &'static str,
    /// What is to be reached, and where the short mode fails; none where there is nothing to compare.
    pub goal: Option<Goal>,
    /// One for each round.
    pub ratios: Vec<f64>,
    /// The yardstick after to the yardstick before: how much the machine itself changed.
    pub drifts: Vec<f64>,
    /// What else there is to tell, its name with its unit.
    pub more: Vec<(&'static str, f64)>,
}

/// What a median is to be. What depends on how the server was built is held against its goal and nothing else: the second is
/// out of reach then, and the short form says what it found without a verdict.
#[derive(Clone, Copy)]
pub enum Goal {
    /// At least the first; it has regressed below the second.
    AtLeast(f64, f64),
    /// At most the first; it has regressed above the second.
    AtMost(f64, f64),
}

impl Goal {
    pub fn words(self) -> String {
        match self {
            Self::AtLeast(goal, _) => format!("≥ {goal}"),
            Self::AtMost(goal, _) => format!("≤ {goal}"),
        }
    }

    /// What is to be reached.
    pub fn value(self) -> f64 {
        match self {
            Self::AtLeast(goal, _) | Self::AtMost(goal, _) => goal,
        }
    }

    fn is_reached(self, value: f64) -> bool {
        match self {
            Self::AtLeast(goal, _) => value >= goal,
            Self::AtMost(goal, _) => value <= goal,
        }
    }

    fn has_regressed(self, value: f64) -> bool {
        match self {
            _ if value.is_nan() => true, // nothing was measured
            Self::AtLeast(_, floor) => value < floor,
            Self::AtMost(_, ceiling) => value > ceiling,
        }
    }
}

pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => sorted[n / 2],
        n => f64::midpoint(sorted[n / 2 - 1], sorted[n / 2]),
    }
}

impl Row {
    pub fn new(name: &'static str, yardstick: &'static str, goal: Option<Goal>) -> Self {
        Self { name, yardstick, goal, ratios: Vec::new(), drifts: Vec::new(), more: Vec::new() }
    }

    pub fn median(&self) -> f64 {
        median(&self.ratios)
    }

    /// The lowest and the highest.
    pub fn range(&self) -> (f64, f64) {
        let wider = |(low, high): (f64, f64), ratio: &f64| (low.min(*ratio), high.max(*ratio));
        self.ratios.iter().fold((f64::INFINITY, f64::NEG_INFINITY), wider)
    }

    pub fn is_reached(&self) -> bool {
        self.goal.is_none_or(|goal| goal.is_reached(self.median()))
    }

    pub fn has_regressed(&self) -> bool {
        self.goal.is_some_and(|goal| goal.has_regressed(self.median()))
    }

    pub fn json(&self) -> Value {
        let (low, high) = self.range();
        let more: serde_json::Map<String, Value> =
            self.more.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        json!({
            "figure": self.name, "yardstick": self.yardstick, "median": self.median(), "low": low, "high": high,
            "ratios": self.ratios, "drifts": self.drifts, "goal": self.goal.map(Goal::words),
            "reached": self.goal.map(|goal| goal.is_reached(self.median())), "more": more,
        })
    }

    fn line(&self) -> String {
        let (low, high) = self.range();
        let goal = self.goal.map_or_else(String::new, |goal| {
            format!("{} {}", goal.words(), if goal.is_reached(self.median()) { "yes" } else { "no" })
        });
        let more: Vec<String> = self.more.iter().map(|(name, value)| format!("{name} {value:.2}")).collect();
        format!(
            "| {} | {} | {:.2} ({low:.2}–{high:.2}) | {goal} | {:.2} | {} |",
            self.name,
            self.yardstick,
            self.median(),
            median(&self.drifts),
            more.join(", ")
        )
    }
}

/// The table, in Markdown.
pub fn table(rows: &[Row]) -> String {
    let head = "| figure | yardstick | median (range) | reach | drift | more |\n|---|---|---|---|---|---|".to_owned();
    rows.iter().map(Row::line).fold(head, |table, line| format!("{table}\n{line}"))
}
