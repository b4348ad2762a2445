use std::iter;

use super::{SETTINGS, Setting};

/// Columns, so that a line fits most terminals.
const WIDTH: usize = 100;

const HEAD: &str = "\
Settings, as variables of the environment or of a .env in the working directory (the environment wins).
After an equals sign stands the default. An empty value counts as unset.
";

/// Every setting with its default, its meaning and what it takes, for the end of `--help`.
#[must_use]
pub fn help() -> String {
    iter::once(HEAD.to_owned()).chain(SETTINGS.iter().map(entry)).collect::<Vec<_>>().join("\n")
}

fn entry(setting: &Setting) -> String {
    let Setting { name, help, takes, .. } = setting;
    let head = match setting.default {
        Some(default) => format!("{name}={default}"),
        None if setting.secret => format!("{name}, or {name}_FILE: a file that holds it"),
        None => (*name).to_owned(),
    };
    format!("  {head}\n{}{}", indented(help), indented(&format!("Takes {takes}.")))
}

/// Lines of whole words.
fn indented(text: &str) -> String {
    let mut lines = vec![String::from("     ")];
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(format!("      {word}")),
        }
    }
    lines.join("\n") + "\n"
}
