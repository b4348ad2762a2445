use super::table;

/// More typing errors than this, and it is another word.
const MOST_EDITS: usize = 2;

/// The setting that a wrong name most resembles: a few letters off, or longer or shorter by whole words.
pub(super) fn nearest(wrong: &str) -> Option<&'static str> {
    let (edits, close) = table::SETTINGS.iter().map(|setting| (distance(wrong, setting.name), setting.name)).min()?;
    if edits <= MOST_EDITS {
        return Some(close);
    }
    table::SETTINGS
        .iter()
        .map(|setting| setting.name)
        .filter(|name| continues(wrong, name) || continues(name, wrong))
        .max_by_key(|name| name.len())
}

/// Whether `long` is `short` and more words.
fn continues(long: &str, short: &str) -> bool {
    long.strip_prefix(short).is_some_and(|rest| rest.starts_with('_'))
}

/// How many letters must be added, removed or replaced to get from one word to the other (Levenshtein).
fn distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in to.chars().enumerate() {
            let replaced = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[row.len() - 1]
}
