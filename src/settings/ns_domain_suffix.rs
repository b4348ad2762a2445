/// 40 letters of a name and this stay within the 64 characters of an `ns_domain`.
const LONGEST: usize = 24;

/// The suffix in lower case.
pub(super) fn parse(text: &str) -> Option<String> {
    let suffix = text.to_ascii_lowercase();
    let labels = suffix.strip_prefix('.')?;
    let valid = suffix.len() <= LONGEST
        && labels.starts_with(|c: char| c.is_ascii_lowercase())
        && labels.split('.').all(is_label);
    valid.then_some(suffix)
}

fn is_label(label: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !label.is_empty() && label.chars().all(allowed) && !label.starts_with('-') && !label.ends_with('-')
}
