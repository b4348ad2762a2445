//! `docs/openapi.yaml` as a judge of replies: what a described operation answers must be as the description says.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use jsonschema::{Registry, Validator};
use reqwest::header::HeaderMap;
use serde_json::{Map, Value, json};

/// A name for the document that its references are resolved in. Nothing is ever asked for there.
const DOCUMENT: &str = "https://description.invalid/";

/// A description of an API in `OpenAPI` 3.1, with the validators that were needed so far.
pub struct Description {
    document: Value,
    registry: Registry<'static>,
    /// The headers that the description has of any reply, in lower case: no other reply may have them untold.
    headers: HashSet<String>,
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

/// The description that the server hands out.
pub static DESCRIPTION: LazyLock<Description> = LazyLock::new(|| {
    let text = include_str!("../../docs/openapi.yaml");
    Description::new(serde_saphyr::from_str(text).expect("YAML"))
});

/// A reply that is described.
pub struct Described<'a> {
    pub operation: String,
    pub status: String,
    pub response: &'a Value,
}

/// What is judged.
#[derive(Debug)]
pub struct Told<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub status: u16,
    pub headers: &'a HeaderMap,
    pub text: &'a str,
}

impl Description {
    /// Callers must bear members that come later, so the description leaves its objects open. Here they are closed: what
    /// the server sends and the description does not name is a defect of one of them.
    pub fn new(mut document: Value) -> Self {
        close(&mut document);
        let registry = Registry::new().add(DOCUMENT, document.clone()).expect("a document");
        let registry = registry.prepare().expect("references that lead somewhere");
        let mut headers = HashSet::new();
        described_headers(&document, &mut headers);
        Self { document, registry, headers, validators: Mutex::default() }
    }

    /// The whole document, its objects closed.
    pub fn document(&self) -> &Value {
        &self.document
    }

    /// Every reply of every operation.
    pub fn replies(&self) -> impl Iterator<Item = Described<'_>> {
        let operations = members(&self.document["paths"]).flat_map(|(_, item)| members(item));
        operations.filter(|(_, operation)| operation.get("operationId").is_some()).flat_map(move |(_, operation)| {
            let name = operation["operationId"].as_str().expect("a name");
            members(&operation["responses"]).map(move |(status, response)| {
                let (_, response) = self.resolve(String::new(), response);
                Described { operation: name.to_owned(), status: status.clone(), response }
            })
        })
    }

    /// Every error that an example shows: the operation's name, the status, the word.
    pub fn errors(&self) -> impl Iterator<Item = (String, String, String)> {
        self.replies().filter(|reply| reply.status.starts_with(['4', '5'])).flat_map(|reply| {
            let examples = members(&reply.response["content"]["application/json"]["examples"]);
            let words = examples.map(|(_, example)| example["value"]["error"].as_str().expect("a word").to_owned());
            let words: Vec<String> = words.collect();
            words.into_iter().map(move |word| (reply.operation.clone(), reply.status.clone(), word))
        })
    }

    /// What is wrong with a reply: nothing where no operation is described for that method and path.
    pub fn judge(&self, told: &Told) -> Result<(), String> {
        let Some((pointer, operation)) = self.operation(told.method, told.path) else { return Ok(()) };
        let name = format!("{} ({} {})", operation["operationId"], told.method, told.path);
        let status = Self::status(operation, told);
        let Some(response) = operation["responses"].get(&status) else {
            return Err(format!("{name}: the status {} is not described", told.status));
        };
        let (pointer, response) = self.resolve(format!("{pointer}/responses/{status}"), response);
        let judged = self.judge_headers(&pointer, response, told.headers);
        judged
            .and_then(|()| self.judge_body(&pointer, response, told))
            .map_err(|why| format!("{name}, {status}: {why}"))
    }

    /// The operation of the most literal path that fits, and where it stands.
    pub fn operation(&self, method: &str, path: &str) -> Option<(String, &Value)> {
        let fitting = members(&self.document["paths"]).filter(|(template, _)| fits(template, path));
        let (template, item) = fitting.min_by_key(|(template, _)| template.matches('{').count())?;
        let method = method.to_lowercase();
        let operation = item.get(&method)?;
        Some((format!("/paths/{}/{method}", escape(template)), operation))
    }

    /// The status to look up: an operator may set another one for a failed validation, and for nothing else.
    fn status(operation: &Value, told: &Told) -> String {
        let word = || serde_json::from_str::<Value>(told.text).ok()?["error"].as_str().map(str::to_owned);
        let set = matches!(told.status, 400 | 406) && word().is_some_and(|word| word == "validation_failed");
        if set && operation["responses"].get("422").is_some() { "422".to_owned() } else { told.status.to_string() }
    }

    fn judge_headers(&self, pointer: &str, response: &Value, headers: &HeaderMap) -> Result<(), String> {
        let described: HashMap<_, _> =
            members(&response["headers"]).map(|(name, header)| (name.to_lowercase(), (name, header))).collect();
        for name in headers.keys().filter(|name| self.headers.contains(name.as_str())) {
            if !described.contains_key(name.as_str()) {
                return Err(format!("the header {name} is not described"));
            }
        }
        for (lower, (name, header)) in described {
            let (pointer, header) = self.resolve(format!("{pointer}/headers/{}", escape(name)), header);
            let Some(value) = headers.get(&lower) else {
                if header["required"] == true {
                    return Err(format!("the header {name} is missing"));
                }
                continue;
            };
            let value = value.to_str().map_err(|_| format!("the header {name} is no text"))?;
            let value = if header["schema"]["type"] == "integer" { number(value) } else { json!(value) };
            self.validate(&format!("{pointer}/schema"), &value).map_err(|why| format!("the header {name}: {why}"))?;
        }
        Ok(())
    }

    fn judge_body(&self, pointer: &str, response: &Value, told: &Told) -> Result<(), String> {
        let Some(content) = response.get("content") else {
            let empty = told.text.is_empty() && !told.headers.contains_key("content-type");
            return if empty { Ok(()) } else { Err("a body is not described".to_owned()) };
        };
        let media_type = told.headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let media_type = media_type.split(';').next().unwrap_or_default();
        if content.get(media_type).is_none() {
            return Err(format!("the content type {media_type:?} is not described"));
        }
        let schema = format!("{pointer}/content/{}/schema", escape(media_type));
        let bodies = match media_type {
            "application/json" => vec![told.text],
            "application/x-ndjson" => told.text.lines().collect(),
            _ => return self.validate(&schema, &json!(told.text)),
        };
        bodies.into_iter().try_for_each(|body| {
            let value = serde_json::from_str(body).map_err(|error| format!("{error}: {body}"))?;
            self.validate(&schema, &value).map_err(|why| format!("{why}: {body}"))
        })
    }

    /// Whether a value keeps to the schema at that place of the document.
    pub fn validate(&self, pointer: &str, value: &Value) -> Result<(), String> {
        let validator = self.validator(pointer);
        let mut errors = validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path()));
        errors.next().map_or(Ok(()), Err)
    }

    fn validator(&self, pointer: &str) -> Arc<Validator> {
        let mut validators = self.validators.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(validators.entry(pointer.to_owned()).or_insert_with(|| {
            let schema = json!({"$ref": format!("{DOCUMENT}#{}", pointer.replace('{', "%7B").replace('}', "%7D"))});
            let options = jsonschema::draft202012::options().with_registry(&self.registry);
            Arc::new(options.should_validate_formats(true).build(&schema).expect(pointer))
        }))
    }

    /// What a value or its `$ref` says, and where that stands.
    pub fn resolve<'a>(&'a self, pointer: String, value: &'a Value) -> (String, &'a Value) {
        match value["$ref"].as_str().and_then(|to| to.strip_prefix('#')) {
            Some(to) => (to.to_owned(), self.document.pointer(to).expect(to)),
            None => (pointer, value),
        }
    }
}

/// The members of an object; none of anything else.
pub fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

/// A name as a part of a JSON pointer (RFC 6901) in a fragment.
pub fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn fits(template: &str, path: &str) -> bool {
    let (mut wanted, mut given) = (template.split('/'), path.strip_suffix('/').unwrap_or(path).split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(wanted), Some(given)) if wanted == given || wanted.starts_with('{') && !given.is_empty() => {}
            _ => return false,
        }
    }
}

fn number(text: &str) -> Value {
    text.parse::<u64>().map_or_else(|_| json!(text), Value::from)
}

/// The names under every `headers` but the one of the components, whose names are not those of headers.
fn described_headers(value: &Value, found: &mut HashSet<String>) {
    let is_response = value.get("description").is_some();
    if is_response {
        found.extend(members(&value["headers"]).map(|(name, _)| name.to_lowercase()));
    }
    members(value).for_each(|(_, value)| described_headers(value, found));
}

/// Lets each object that names its members have no others.
fn close(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.values_mut().for_each(close);
            let names_members = members.get("type") == Some(&json!("object")) && members.contains_key("properties");
            if names_members && !members.contains_key("additionalProperties") {
                members.insert("additionalProperties".to_owned(), json!(false));
            }
        }
        Value::Array(values) => values.iter_mut().for_each(close),
        _ => {}
    }
}
