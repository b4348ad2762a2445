//! OpenTelemetry's own variables, of which those are read that say where traces go, and which.

use axum::http::{HeaderName, HeaderValue, Uri, uri::Scheme};
use percent_encoding::percent_decode_str;
use secrecy::SecretString;

use super::{SettingError, Vars, plain, table};
use crate::traces::{Config, Sampler};

/// Where the path of a collector is not said.
const PATH: &str = "/v1/traces";

/// All of it, checked, and `None` where no collector is set.
pub(super) fn read(vars: &Vars) -> Result<Option<Config>, SettingError> {
    let base = vars.optional(&table::OTLP_ENDPOINT, collector)?;
    let whole = vars.optional(&table::OTLP_TRACES_ENDPOINT, collector)?;
    let headers = vars.secret(&table::OTLP_HEADERS, headers)?.unwrap_or_default();
    let service = vars.setting(&table::SERVICE_NAME, |text| Some(text.to_owned()))?;
    let resource = vars.optional(&table::RESOURCE_ATTRIBUTES, pairs)?.unwrap_or_default();
    let part = vars.setting(&table::TRACES_SAMPLER_ARG, |text| plain::number(text, 0.0..=1.0))?;
    let sampler = vars.setting(&table::TRACES_SAMPLER, |text| sampler(text, part))?;
    let endpoint = whole.or_else(|| base.map(|base| format!("{}{PATH}", base.trim_end_matches('/'))));
    Ok(endpoint.map(|endpoint| Config { endpoint, headers, service, resource, sampler }))
}

fn collector(text: &str) -> Option<String> {
    let uri: Uri = text.parse().ok()?;
    let is_plain = uri.scheme() == Some(&Scheme::HTTP) && uri.query().is_none() && !text.contains(['@', '#']);
    (is_plain && uri.host().is_some_and(|host| !host.is_empty())).then(|| text.to_owned())
}

fn headers(text: &str) -> Option<Vec<(String, SecretString)>> {
    let header = |(name, value): (String, String)| {
        HeaderName::try_from(&name).ok()?;
        HeaderValue::try_from(&value).ok()?;
        Some((name, value.into()))
    };
    pairs(text)?.into_iter().map(header).collect()
}

/// `name=value`, between commas.
fn pairs(text: &str) -> Option<Vec<(String, String)>> {
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=')?;
        let value = percent_decode_str(value.trim()).decode_utf8().ok()?;
        let name = name.trim();
        (!name.is_empty()).then(|| (name.to_owned(), value.into_owned()))
    };
    text.split(',').filter(|pair| !pair.trim().is_empty()).map(pair).collect()
}

fn sampler(text: &str, part: f64) -> Option<Sampler> {
    if let Some(root) = text.strip_prefix("parentbased_") {
        return Some(Sampler::ParentBased(Box::new(root_sampler(root, part)?)));
    }
    root_sampler(text, part)
}

fn root_sampler(text: &str, part: f64) -> Option<Sampler> {
    Some(match text {
        "always_on" => Sampler::AlwaysOn,
        "always_off" => Sampler::AlwaysOff,
        "traceidratio" => Sampler::TraceIdRatioBased(part),
        _ => return None,
    })
}
