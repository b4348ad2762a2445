//! OpenTelemetry's own variables.

use dna_api::traces::Sampler;
use secrecy::ExposeSecret as _;

use super::accepted;

const ENDPOINT: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318");

#[test]
fn traces_are_sent_where_one_of_two_variables_says() {
    let whole = |url| ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", url);
    for (pairs, endpoint) in [
        (&[ENDPOINT] as &[(&str, &str)], "http://127.0.0.1:4318/v1/traces"),
        (&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c/otlp/")], "http://c/otlp/v1/traces"),
        (&[whole("http://[::1]:4318/here")], "http://[::1]:4318/here"),
        (&[ENDPOINT, whole("http://c")], "http://c"),
    ] {
        assert_eq!(accepted(pairs).tracing.expect("a collector").endpoint, endpoint);
    }
    assert!(accepted(&[("OTEL_SERVICE_NAME", "a"), ("OTEL_TRACES_SAMPLER", "always_on")]).tracing.is_none());
}

#[test]
fn headers_and_attributes_are_decoded_and_headers_are_a_secret() {
    let headers = ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20xylophone , x=a=b,");
    let settings = accepted(&[ENDPOINT, headers, ("OTEL_RESOURCE_ATTRIBUTES", "a.b=c%2Cd, e = f")]);
    assert!(!format!("{settings:?}").contains("xylophone"));
    let config = settings.tracing.expect("a collector");
    let headers: Vec<(&str, &str)> =
        config.headers.iter().map(|(name, value)| (name.as_str(), value.expose_secret())).collect();
    assert_eq!(headers, [("authorization", "Bearer xylophone"), ("x", "a=b")]);
    let attributes: Vec<(&str, &str)> =
        config.resource.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(attributes, [("a.b", "c,d"), ("e", "f")]);
    assert_eq!(config.service, "dna-api");
}

#[test]
fn a_sampler_is_one_of_six_words_and_a_part() {
    for (word, sampler) in [
        ("", "ParentBased(AlwaysOn)"),
        ("always_off", "AlwaysOff"),
        ("traceidratio", "TraceIdRatioBased(0.25)"),
        ("parentbased_traceidratio", "ParentBased(TraceIdRatioBased(0.25))"),
    ] {
        let pairs = [ENDPOINT, ("OTEL_TRACES_SAMPLER", word), ("OTEL_TRACES_SAMPLER_ARG", "0.25")];
        let read: Sampler = accepted(&pairs).tracing.expect("a collector").sampler;
        assert_eq!(format!("{read:?}"), sampler);
    }
}

#[test]
fn other_variables_of_opentelemetry_are_left_alone() {
    accepted(&[("OTEL_LOGS_EXPORTER", "otlp"), ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "https://collector")]);
}
