use std::{
    collections::BTreeMap,
    fs,
    io::{self, Read as _},
    path::Path,
};

use super::SettingError;

/// The variables of a `.env` file, without touching the process environment; none if there is no such file.
/// Where a name stands twice the last one counts, as when a shell sources the file.
pub(super) fn read(path: &Path) -> Result<BTreeMap<String, String>, SettingError> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(SettingError::DotenvUnreadable(error.to_string())),
    };
    let text = text.trim_start_matches('\u{feff}');
    parse(text).ok_or_else(|| SettingError::DotenvLine(broken_line(text)))
}

fn parse(text: &str) -> Option<BTreeMap<String, String>> {
    // The parser refuses white space at the end of a last line that has no line break.
    dotenvy::from_read_iter(text.as_bytes().chain(&b"\n"[..])).collect::<Result<_, _>>().ok()
}

/// The line on which the entry that does not parse starts: the one after the longest beginning of the file that does.
/// The parser's error has no line number, only the line's content, which may be secret.
fn broken_line(text: &str) -> usize {
    let mut end = 0;
    let mut good = 0;
    for (line, content) in text.split_inclusive('\n').enumerate() {
        end += content.len();
        if parse(&text[..end]).is_some() {
            good = line + 1;
        }
    }
    good + 1
}
