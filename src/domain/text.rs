//! Text that came from outside: what it may hold.

/// Whether `text` is one line without control characters, bidirectional overrides or isolates: what those hide can
/// make a name read as another on an operator's screen. Marks that a right-to-left name needs stay allowed.
#[must_use]
pub fn is_plain(text: &str) -> bool {
    !text.chars().any(|c| {
        c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
    })
}

/// Whether whoever reads this character on a screen may be misled: it controls, or turns around what is next to it.
#[must_use]
pub fn is_misleading(c: char) -> bool {
    !is_plain(c.encode_utf8(&mut [0; 4])) || matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{FEFF}')
}

/// One line of 1 to `max` characters, trimmed.
#[must_use]
pub fn line(text: &str, max: usize) -> Option<String> {
    let text = text.trim();
    let fits = !text.is_empty() && text.chars().count() <= max && is_plain(text);
    fits.then(|| text.to_owned())
}

/// An error and what caused it, in one line, each sentence once: many an error repeats its cause.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut said: Vec<String> = Vec::new();
    for sentence in std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string) {
        if !said.last().is_some_and(|outer| outer.contains(&sentence)) {
            said.push(sentence);
        }
    }
    said.join(": ").replace('\n', " ")
}

/// Whether `text` is a US ZIP code: `33134` or `33134-1234`, in ASCII digits.
#[must_use]
pub fn is_zipcode(text: &str) -> bool {
    let digits = |part: &str, length| part.len() == length && part.bytes().all(|b| b.is_ascii_digit());
    match text.split_once('-') {
        Some((zip, plus_four)) => digits(zip, 5) && digits(plus_four, 4),
        None => digits(text, 5),
    }
}

/// Whether `text` is a valid e-mail address by the rule of HTML's e-mail field, where the domain may also be an
/// internationalised one (it is checked in its ASCII form).
#[must_use]
pub fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let local_ok =
        !local.is_empty() && local.bytes().all(|b| b.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&b));
    let label_ok = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    local_ok
        && if domain.is_ascii() {
            domain.split('.').all(label_ok)
        } else {
            idna::domain_to_ascii_strict(domain).is_ok_and(|ascii| ascii.split('.').all(label_ok))
        }
}
