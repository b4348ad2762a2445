//! Colours for code: a scanner that knows comments, strings, numbers, words and variables of the few languages that the
//! page has. It need not be a parser: what it does not know stays plain.

/// What the caller's own values take the place of: as it stands in a sample, its name, and the quotes that it brings.
const PLACES: [(&str, &str, &str); 9] = [
    ("your-client-id", "client_id", ""),
    ("your-client-secret", "client_secret", ""),
    ("your-username", "username", ""),
    ("your-password", "password", ""),
    ("$TOKEN", "token", ""),
    ("getenv('TOKEN')", "token", "'"),
    ("os.environ[\"TOKEN\"]", "token", "\""),
    ("process.env.TOKEN", "token", "\""),
    ("${TOKEN}", "token", ""),
];

const SHELL: &[&str] = &["cat", "curl", "export", "rm", "sed", "set", "printf", "echo"];
const PHP: &[&str] = &[
    "array", "as", "do", "echo", "false", "foreach", "function", "if", "int", "new", "null", "require", "return",
    "string", "throw", "true", "while", "?string", "static", "use", "exit",
];
const PYTHON: &[&str] = &[
    "None", "True", "False", "as", "def", "except", "for", "from", "if", "import", "in", "not", "or", "and", "raise",
    "return", "try", "while", "with", "is", "else", "break",
];
const JAVASCRIPT: &[&str] = &[
    "async",
    "await",
    "const",
    "do",
    "export",
    "false",
    "for",
    "function",
    "if",
    "import",
    "from",
    "let",
    "new",
    "null",
    "of",
    "return",
    "throw",
    "true",
    "while",
    "else",
    "undefined",
];

/// Text as HTML.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Code as HTML, in colours.
pub fn highlight(language: &str, code: &str) -> String {
    let (words, comment): (&[&str], &str) = match language {
        "shell" => (SHELL, "#"),
        "php" => (PHP, "//"),
        "python" => (PYTHON, "#"),
        "javascript" => (JAVASCRIPT, "//"),
        "json" => (&["true", "false", "null"], ""),
        _ => return escape(code),
    };
    let (mut out, mut rest, mut before) = (String::new(), code, '\n');
    while let Some(first) = rest.chars().next() {
        let (class, length) = token(rest, before, words, comment, language == "json");
        let text = &rest[..length];
        if let Some((place, html)) = own_value(rest) {
            out += &html;
            before = ' ';
            rest = &rest[place..];
            continue;
        }
        match class {
            "" => out += &escape(text),
            _ => out.extend(["<span class=\"", class, "\">", &with_values(text), "</span>"]),
        }
        before = text.chars().last().unwrap_or(first);
        rest = &rest[length..];
    }
    out
}

/// The class and the length of what the text begins with.
fn token(rest: &str, before: char, words: &[&str], comment: &str, json: bool) -> (&'static str, usize) {
    let first = rest.chars().next().unwrap_or_default();
    let span = |of: &dyn Fn(char) -> bool| rest.find(|c| !of(c)).unwrap_or(rest.len());
    let part = |c: char| c.is_alphanumeric() || c == '_';
    if !comment.is_empty() && rest.starts_with(comment) && before.is_whitespace() {
        return ("c", rest.find('\n').unwrap_or(rest.len()));
    }
    match first {
        '"' | '\'' | '`' => {
            let length = string(rest, first);
            let key = json && rest[length..].trim_start().starts_with(':');
            (if key { "k" } else { "s" }, length)
        }
        '$' => ("v", 1 + rest[1..].find(|c: char| !part(c)).unwrap_or(rest.len() - 1)),
        '-' if before.is_whitespace() && rest[1..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '-') => {
            ("o", span(&|c| c == '-' || part(c)))
        }
        c if c.is_ascii_digit() && !part(before) => ("n", span(&part)),
        c if part(c) => {
            let length = span(&part);
            (if words.contains(&&rest[..length]) && !".$>".contains(before) { "w" } else { "" }, length)
        }
        c => ("", c.len_utf8()),
    }
}

/// The length of the string that the text begins with.
fn string(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (place, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return place + c.len_utf8(),
            _ => {}
        }
    }
    rest.len()
}

/// The place of a caller's own value, if the text begins with one: its length, and its HTML.
fn own_value(rest: &str) -> Option<(usize, String)> {
    let (place, name, quote) = PLACES.iter().find(|(place, ..)| rest.starts_with(place))?;
    let quote = escape(quote);
    Some((place.len(), format!("<var data-value=\"{name}\" data-quote=\"{quote}\">{}</var>", escape(place))))
}

/// Text with the places of the caller's own values.
fn with_values(text: &str) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some(first) = rest.chars().next() {
        let length = if let Some((length, html)) = own_value(rest) {
            out += &html;
            length
        } else {
            out += &escape(&rest[..first.len_utf8()]);
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    out
}
