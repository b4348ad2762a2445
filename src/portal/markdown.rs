//! Markdown to the page's HTML: prose as it is, headings that can be linked to, code in colours with its languages as
//! tabs.

use std::{collections::HashMap, fmt::Write as _};

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

use super::{
    highlight::{escape, highlight},
    samples::{self, LANGUAGES},
};

/// A heading, for the navigation.
pub struct Heading {
    /// 1 to 3.
    pub level: u8,
    /// Its place in the page.
    pub id: String,
    /// Its text.
    pub text: String,
}

/// What a page is made of, as far as it has been read.
#[derive(Default)]
pub struct Rendered {
    /// The HTML.
    pub html: String,
    /// The headings, in order.
    pub headings: Vec<Heading>,
    ids: HashMap<String, u32>,
    groups: u32,
}

/// What is being read.
#[derive(Default)]
struct Reader {
    /// The headings of the second and third level that hold here.
    under: (String, String),
    /// Code blocks that stand together, and their languages.
    together: Vec<(String, String)>,
    /// Whether the samples of these headings have been shown.
    shown: bool,
}

impl Rendered {
    /// Adds a document. `url` takes the place of the example's address.
    pub fn add(&mut self, markdown: &str, url: &str) {
        let mut reader = Reader::default();
        let mut events = Parser::new_ext(markdown, Options::ENABLE_TABLES);
        while let Some(event) = events.next() {
            match event {
                Event::Start(Tag::Heading { level, .. }) => {
                    self.flush(&mut reader);
                    let inner: Vec<_> = events.by_ref().take_while(|event| !is_end(event)).collect();
                    self.heading(&mut reader, level, inner);
                }
                Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) => {
                    let code = events.by_ref().take_while(|event| !matches!(event, Event::End(TagEnd::CodeBlock)));
                    let code: String = code.map(|event| text_of(&event)).collect();
                    self.code(&mut reader, &language, &code, url);
                }
                Event::Start(tag) => {
                    let whole = element(tag, &mut events);
                    self.element(&mut reader, whole);
                }
                event => self.push(vec![event]),
            }
        }
        self.flush(&mut reader);
    }

    /// Adds what is neither a heading nor code.
    fn element(&mut self, reader: &mut Reader, events: Vec<Event<'_>>) {
        match &events[..] {
            // Comments are notes to the tests.
            [Event::Start(Tag::HtmlBlock), ..] => {}
            // The navigation has these.
            [Event::Start(Tag::Paragraph), first, ..] if text_of(first).starts_with("Contents:") => {}
            [Event::Start(Tag::Table(_)), ..] => {
                self.flush(reader);
                self.html += "<div class=\"table\" tabindex=\"0\" role=\"group\" aria-label=\"Table\">";
                self.push(events);
                self.html += "</div>\n";
            }
            _ => {
                self.flush(reader);
                self.push(events);
            }
        }
    }

    fn push(&mut self, events: Vec<Event<'_>>) {
        let mut html = String::new();
        html::push_html(&mut html, events.into_iter().map(to_the_page));
        // A column without a name has no header, rather than an empty one.
        self.html += &html.replace("<th></th>", "<td></td>");
    }

    fn heading(&mut self, reader: &mut Reader, level: HeadingLevel, inner: Vec<Event<'_>>) {
        let text: String = inner.iter().map(text_of).collect();
        let level = level as u8;
        match level {
            1 => reader.under = (String::new(), String::new()),
            2 => reader.under = (text.clone(), String::new()),
            _ => reader.under.1.clone_from(&text),
        }
        reader.shown = false;
        let id = self.id(&text);
        let _ = write!(self.html, "<h{level} id=\"{id}\">");
        self.push(inner);
        let _ = writeln!(
            self.html,
            "<a class=\"anchor\" href=\"#{id}\" aria-label=\"Link to “{}”\">#</a></h{level}>",
            escape(&text)
        );
        self.headings.push(Heading { level, id, text });
    }

    /// The id of a heading, as the Markdown's own links spell it; a number tells namesakes apart.
    fn id(&mut self, text: &str) -> String {
        let kept = text.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        let slug: String = kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect();
        let seen = self.ids.entry(slug.clone()).or_default();
        *seen += 1;
        if *seen == 1 { slug } else { format!("{slug}-{}", *seen - 1) }
    }

    /// A block of code. Where the headings have samples, those stand for the blocks of the Markdown.
    fn code(&mut self, reader: &mut Reader, language: &str, code: &str, url: &str) {
        if !LANGUAGES.iter().any(|(_, folder)| *folder == language) {
            self.flush(reader);
            let label = if language == "json" { "JSON" } else { "Text" };
            let code = if language == "json" { indented(code) } else { code.to_owned() };
            self.html += "<div class=\"code\">";
            let _ = write!(self.html, "<div class=\"bar\"><span class=\"label\">{label}</span>{COPY}</div>");
            let _ = writeln!(self.html, "<pre tabindex=\"0\"><code>{}</code></pre></div>", highlight(language, &code));
            return;
        }
        let samples = samples::under(&reader.under.0, &reader.under.1);
        if samples.is_empty() {
            if reader.together.iter().any(|(earlier, _)| earlier == language) {
                self.flush(reader);
            }
            reader.together.push((language.to_owned(), code.to_owned()));
        } else if !std::mem::replace(&mut reader.shown, true) {
            for sample in samples {
                let code = sample.code.iter().zip(LANGUAGES);
                let code = code.map(|(code, (_, folder))| (folder.to_owned(), code.replace(EXAMPLE, url)));
                self.group(&code.collect::<Vec<_>>());
            }
        }
    }

    fn flush(&mut self, reader: &mut Reader) {
        let together = std::mem::take(&mut reader.together);
        if !together.is_empty() {
            self.group(&together);
        }
    }

    /// One thing in several languages: a list of tabs, and a panel for each.
    fn group(&mut self, code: &[(String, String)]) {
        self.groups += 1;
        let group = self.groups;
        let mut tabs = String::new();
        let mut panels = String::new();
        for (place, (language, code)) in code.iter().enumerate() {
            let name = LANGUAGES.iter().find(|(_, folder)| folder == language).map_or("", |(name, _)| name);
            let (selected, tabindex) = (place == 0, if place == 0 { 0 } else { -1 });
            let _ = write!(
                tabs,
                "<button type=\"button\" role=\"tab\" id=\"t{group}-{language}\" data-lang=\"{language}\" \
                 aria-controls=\"p{group}-{language}\" aria-selected=\"{selected}\" tabindex=\"{tabindex}\">{name}</button>"
            );
            let _ = write!(
                panels,
                "<div role=\"tabpanel\" id=\"p{group}-{language}\" data-lang=\"{language}\" \
                 aria-labelledby=\"t{group}-{language}\"><pre tabindex=\"0\"><code>{}</code></pre></div>",
                highlight(language, code.trim_end())
            );
        }
        let _ = writeln!(
            self.html,
            "<div class=\"code group\"><div class=\"bar\"><div role=\"tablist\" aria-label=\"Language\">{tabs}</div>{COPY}\
             </div>{panels}</div>"
        );
    }
}

/// The address in the samples' files.
const EXAMPLE: &str = "https://api.example.com";
const COPY: &str = "<button type=\"button\" class=\"copy\">Copy</button>";

/// The events of an element, from its start to its end.
fn element<'a>(tag: Tag<'a>, events: &mut impl Iterator<Item = Event<'a>>) -> Vec<Event<'a>> {
    let (mut whole, mut depth) = (vec![Event::Start(tag)], 1);
    while depth > 0 {
        let Some(event) = events.next() else { break };
        depth += i32::from(matches!(event, Event::Start(_))) - i32::from(matches!(event, Event::End(_)));
        whole.push(event);
    }
    whole
}

/// JSON as people read it.
fn indented(code: &str) -> String {
    let value = serde_json::from_str::<serde_json::Value>(code);
    value.and_then(|value| serde_json::to_string_pretty(&value)).unwrap_or_else(|_| code.to_owned())
}

fn is_end(event: &Event<'_>) -> bool {
    matches!(event, Event::End(TagEnd::Heading(_)))
}

fn text_of(event: &Event<'_>) -> String {
    match event {
        Event::Text(text) | Event::Code(text) => text.to_string(),
        Event::SoftBreak | Event::HardBreak => " ".to_owned(),
        _ => String::new(),
    }
}

/// A link to another of the documents leads to its place in the page.
fn to_the_page(event: Event<'_>) -> Event<'_> {
    match event {
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            let place = dest_url.rsplit_once(".md#").map(|(_, place)| format!("#{place}"));
            Event::Start(Tag::Link { link_type, dest_url: place.map_or(dest_url, Into::into), title, id })
        }
        event => event,
    }
}
