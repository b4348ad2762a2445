//! JSON objects as parameters, read strictly.

use serde::{
    Deserializer as _,
    de::{Error as _, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::parameters::Value;

/// Reads a JSON object, and keeps what an ordinary reader drops: members that come twice.
///
/// # Errors
/// The parser's own.
pub fn object(bytes: &[u8]) -> serde_json::Result<Vec<(String, Value)>> {
    struct Members;

    impl<'de> Visitor<'de> for Members {
        type Value = Vec<(String, Value)>;

        fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            out.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut members = Vec::new();
            while let Some((name, written)) = map.next_entry::<String, &RawValue>()? {
                members.push((name, value(written.get()).map_err(A::Error::custom)?));
            }
            Ok(members)
        }
    }

    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let members = reader.deserialize_map(Members)?;
    reader.end().map(|()| members)
}

/// A JSON value; a number as it was written, since its digits may be more than any type of ours keeps. What an array or
/// an object holds is nobody's business: that it is well-formed is known by now.
fn value(written: &str) -> serde_json::Result<Value> {
    if written.starts_with(|c: char| c == '-' || c.is_ascii_digit()) {
        return Ok(Value::Number(written.to_owned()));
    }
    if written.starts_with(['[', '{']) {
        return Ok(Value::Structure);
    }
    Ok(match written {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        "null" => Value::Null,
        text => Value::Text(serde_json::from_str(text)?),
    })
}
