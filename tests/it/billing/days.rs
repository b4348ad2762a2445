//! The days, counted by hand.

use chrono::Datelike as _;
use serde_json::json;

use super::{billing, clients, history};
use crate::support::acme;

/// A client's history, its `start_billing_date`, a month, and the days that were counted by hand.
struct Case {
    why: &'static str,
    told: &'static [(&'static str, &'static str)],
    start: Option<&'static str>,
    month: &'static str,
    days: i64,
    from: &'static str,
    to: &'static str,
}

const fn case(
    why: &'static str,
    told: &'static [(&'static str, &'static str)],
    start: Option<&'static str>,
    month: &'static str,
    counted: (i64, &'static str, &'static str),
) -> Case {
    let (days, from, to) = counted;
    Case { why, told, start, month, days, from, to }
}

const NONE: (i64, &str, &str) = (0, "", "");
const ALL_ALONG: &[(&str, &str)] = &[("2023-06-01T00:00:00Z", "active")];

const TABLE: [Case; 31] = [
    case(
        "the leap February of a century",
        &[("1999-06-01T00:00:00Z", "active")],
        None,
        "2000-02",
        (29, "2000-02-01", "2000-02-29"),
    ),
    case(
        "activated on the leap day",
        &[("2024-02-29T12:00:00Z", "active")],
        None,
        "2024-02",
        (1, "2024-02-29", "2024-02-29"),
    ),
    case(
        "activated in the first moment of the next month",
        &[("2024-03-01T00:00:00Z", "active")],
        None,
        "2024-02",
        NONE,
    ),
    case(
        "activated in the first moment of the month",
        &[("2024-03-01T00:00:00Z", "active")],
        None,
        "2024-03",
        (31, "2024-03-01", "2024-03-31"),
    ),
    case(
        "cancelled in the first moment of the month",
        &[("2024-01-10T00:00:00Z", "active"), ("2024-02-01T00:00:00Z", "suspended")],
        None,
        "2024-02",
        NONE,
    ),
    case(
        "cancelled a microsecond later",
        &[("2024-01-10T00:00:00Z", "active"), ("2024-02-01T00:00:00.000001Z", "suspended")],
        None,
        "2024-02",
        (1, "2024-02-01", "2024-02-01"),
    ),
    case(
        "activated twice, by calls that both changed the client otherwise",
        &[
            ("2024-02-10T09:00:00Z", "active"),
            ("2024-02-12T09:00:00Z", "active"),
            ("2024-02-14T09:00:00Z", "suspended"),
        ],
        None,
        "2024-02",
        (5, "2024-02-10", "2024-02-14"),
    ),
    case(
        "away over the first billing date",
        &[
            ("2024-02-01T00:00:00Z", "active"),
            ("2024-02-10T08:00:00Z", "suspended"),
            ("2024-02-20T08:00:00Z", "active"),
            ("2024-02-21T08:00:00Z", "suspended"),
        ],
        Some("2024-02-15"),
        "2024-02",
        (2, "2024-02-20", "2024-02-21"),
    ),
    case(
        "active again a moment after midnight: two days in two seconds",
        &[
            ("2024-02-09T23:59:59Z", "active"),
            ("2024-02-09T23:59:59.5Z", "suspended"),
            ("2024-02-10T00:00:00.5Z", "active"),
            ("2024-02-10T00:00:01Z", "suspended"),
        ],
        None,
        "2024-02",
        (2, "2024-02-09", "2024-02-10"),
    ),
    case("a leap February", ALL_ALONG, None, "2024-02", (29, "2024-02-01", "2024-02-29")),
    case("another February", ALL_ALONG, None, "2025-02", (28, "2025-02-01", "2025-02-28")),
    case(
        "a December, whose next month is another year's",
        ALL_ALONG,
        None,
        "2024-12",
        (31, "2024-12-01", "2024-12-31"),
    ),
    case("the month before the first activation", ALL_ALONG, None, "2023-05", NONE),
    case("never activated", &[], None, "2024-02", NONE),
    case("never activated, with a date to start", &[], Some("2024-02-01"), "2024-02", NONE),
    case("a start in the middle", ALL_ALONG, Some("2024-02-20"), "2024-02", (10, "2024-02-20", "2024-02-29")),
    case("a start on the last day", ALL_ALONG, Some("2024-02-29"), "2024-02", (1, "2024-02-29", "2024-02-29")),
    case("a start in the future", ALL_ALONG, Some("2024-03-01"), "2024-02", NONE),
    case(
        "a start before the first activation",
        ALL_ALONG,
        Some("2023-01-01"),
        "2023-06",
        (30, "2023-06-01", "2023-06-30"),
    ),
    case(
        "activated in a day's last microsecond",
        &[("2024-02-10T23:59:59.999999Z", "active")],
        None,
        "2024-02",
        (20, "2024-02-10", "2024-02-29"),
    ),
    case(
        "activated and cancelled on one day",
        &[("2024-02-10T09:00:00Z", "active"), ("2024-02-10T10:00:00Z", "suspended")],
        None,
        "2024-02",
        (1, "2024-02-10", "2024-02-10"),
    ),
    case(
        "cancelled and activated on one day",
        &[
            ("2024-02-01T00:00:00Z", "active"),
            ("2024-02-10T09:00:00Z", "suspended"),
            ("2024-02-10T17:00:00Z", "active"),
        ],
        None,
        "2024-02",
        (29, "2024-02-01", "2024-02-29"),
    ),
    case(
        "three times on one day, and cancelled at its end",
        &[
            ("2024-02-10T09:00:00Z", "active"),
            ("2024-02-10T09:00:01Z", "suspended"),
            ("2024-02-10T10:00:00Z", "active"),
            ("2024-02-10T10:00:01Z", "suspended"),
        ],
        None,
        "2024-02",
        (1, "2024-02-10", "2024-02-10"),
    ),
    case(
        "cancelled at midnight: that day is not begun",
        &[("2024-02-05T08:00:00Z", "active"), ("2024-02-08T00:00:00Z", "suspended")],
        None,
        "2024-02",
        (3, "2024-02-05", "2024-02-07"),
    ),
    case(
        "cancelled a microsecond after midnight: that day is begun",
        &[("2024-02-05T08:00:00Z", "active"), ("2024-02-08T00:00:00.000001Z", "suspended")],
        None,
        "2024-02",
        (4, "2024-02-05", "2024-02-08"),
    ),
    case(
        "cancelled before the first billing date",
        &[("2024-02-05T08:00:00Z", "active"), ("2024-02-10T08:00:00Z", "suspended")],
        Some("2024-02-15"),
        "2024-02",
        NONE,
    ),
    case(
        "cancelled on the first billing date",
        &[("2024-02-05T08:00:00Z", "active"), ("2024-02-15T08:00:00Z", "suspended")],
        Some("2024-02-15"),
        "2024-02",
        (1, "2024-02-15", "2024-02-15"),
    ),
    case(
        "away for some days",
        &[
            ("2024-01-01T00:00:00Z", "active"),
            ("2024-02-03T12:00:00Z", "suspended"),
            ("2024-02-27T12:00:00Z", "active"),
        ],
        None,
        "2024-02",
        (6, "2024-02-01", "2024-02-29"),
    ),
    case(
        "away for the whole month",
        &[
            ("2024-01-01T00:00:00Z", "active"),
            ("2024-01-31T23:59:59Z", "suspended"),
            ("2024-03-01T00:00:00Z", "active"),
        ],
        None,
        "2024-02",
        NONE,
    ),
    case(
        "what came later changes nothing",
        &[("2024-01-01T00:00:00Z", "active"), ("2024-03-01T00:00:00Z", "suspended")],
        None,
        "2024-02",
        (29, "2024-02-01", "2024-02-29"),
    ),
    case(
        "an evening in New York is the next day in UTC",
        &[("2024-01-31T20:00:00-05:00", "active"), ("2024-02-29T20:00:00-05:00", "suspended")],
        None,
        "2024-02",
        (29, "2024-02-01", "2024-02-29"),
    ),
];

#[tokio::test]
async fn the_days_are_those_counted_by_hand() {
    let (app, caller) = acme().await;
    let client = caller.new_client(&app).await;
    for Case { why, told, start, month, days, from, to } in TABLE {
        history(&app, client, told).await;
        sqlx::query("update clients set start_billing_date = $1::text::date")
            .bind(start)
            .execute(&app.db)
            .await
            .expect("a start");

        let reply = billing(&app, &caller, &format!("month={month}")).await;

        let found: Vec<_> = clients(&reply).iter().map(|c| json!([c["days"], c["from"], c["to"]])).collect();
        let expected = if days == 0 { vec![] } else { vec![json!([days, from, to])] };
        assert_eq!(found, expected, "{why}");
    }
}

#[tokio::test]
async fn suspending_the_service_leaves_billing_alone_and_cancelling_ends_it() {
    let (app, caller) = acme().await;
    let client = caller.new_client(&app).await;
    let today = app.state.clock.now().date_naive();
    let month = format!("month={}", today.format("%Y-%m"));
    assert_eq!(clients(&billing(&app, &caller, &month).await).len(), 0, "not activated yet");

    for action in ["activate", "suspend", "activate", "suspend"] {
        caller.transition(&app, client, action).await;
    }
    let reply = billing(&app, &caller, &month).await;
    assert_eq!((clients(&reply)[0]["days"].as_i64(), &reply.json["complete"]), (Some(1), &json!(false)), "days so far");

    app.execute("update client_events set at = at - interval '40 days', id = event_id(at - interval '40 days')").await;
    assert_eq!(clients(&billing(&app, &caller, &month).await)[0]["days"], today.day(), "suspended, and billed");
    caller.transition(&app, client, "cancel").await;
    assert_eq!(clients(&billing(&app, &caller, &month).await)[0]["days"], today.day(), "the last day counts");
}

#[tokio::test]
async fn what_a_server_of_the_first_version_wrote_counts_as_it_was() {
    let (app, caller) = acme().await;
    let client = caller.new_client(&app).await;
    history(&app, client, &[("2024-02-10T09:00:00Z", "active"), ("2024-02-12T09:00:00Z", "none")]).await;
    app.execute(
        "update client_events set to_billing_status = null, kind = null,
         to_status = case when at < '2024-01-01' then 'pending' when at < '2024-02-11' then 'active' else 'suspended' end",
    )
    .await;

    assert_eq!(clients(&billing(&app, &caller, "month=2024-02").await)[0]["days"], 20, "suspended, and still billed");
}
