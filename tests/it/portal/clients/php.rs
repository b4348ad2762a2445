//! `docs/samples/php/DnaClient.php`.

use std::{
    fs,
    process::{Command, Output},
};

use serde_json::{Value, json};

use super::{Fault, Stage, logins, of_the_guide};
use crate::support::{json_of, steve_but};

/// Runs with `$dna`, a client; what `return` gives is told as JSON. Errors of PHP's, warnings too, fail.
const BEFORE: &str = r"<?php
set_error_handler(function ($level, $message, $file, $line) { throw new ErrorException($message, 0, $level, $file, $line); });
require 'DnaClient.php';
$steve = fn (array $but = []) => $but + json_decode(getenv('STEVE'), true);
$told = (function () use ($steve) {
    $dna = DnaClient::fromEnvironment(getenv('TOKEN_FILE') ?: null);
    $id = (int) getenv('ID');
";
const AFTER: &str = "\n})();\necho json_encode($told, JSON_THROW_ON_ERROR);\n";

impl Stage {
    pub fn command_of_php(&self, code: &str) -> Command {
        let client = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/samples/php/DnaClient.php");
        fs::copy(client, self.folder.path().join("DnaClient.php")).expect("a copy");
        let script = self.folder.path().join("script.php");
        fs::write(&script, format!("{BEFORE}{code}{AFTER}")).expect("a file");
        let mut command = Command::new("php");
        // As a machine of a developer is set up: exceptions tell their arguments.
        command.args(["-d", "zend.exception_ignore_args=0", "-d", "zend.exception_string_param_max_len=1000"]);
        command.arg(script).current_dir(self.folder.path()).envs(self.environment());
        command.env("STEVE", Value::from(json_of(&steve_but(&[]))).to_string());
        command
    }

    async fn guide(&self) -> Output {
        let mut command = self.command_of_php("");
        fs::write(self.folder.path().join("script.php"), of_the_guide("php").trim_start()).expect("a file");
        command.env("HOME", self.folder.path());
        tokio::task::spawn_blocking(move || command.output()).await.expect("a run").expect("php")
    }

    pub async fn php(&self, code: &str) -> Value {
        told(self.command_of_php(code)).await
    }
}

pub async fn told(mut command: Command) -> Value {
    let output = tokio::task::spawn_blocking(move || command.output()).await.expect("a run").expect("php");
    let text = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}{}", String::from_utf8_lossy(&output.stderr)))
}

#[tokio::test]
#[ignore = "needs PHP with curl"]
async fn the_php_client_does_all_that_can_be_done_with_a_client() {
    let stage = Stage::set().await;

    let told = stage
        .php(
            r#"
        $client = $dna->create($steve(['first_name' => 'José', 'address' => '1 & 2 = 3%20+ "Main"']));
        $id = $client['id'];
        $states = [$dna->activate($id)['client']['status'], $dna->suspend($id)['client']['status']];
        $states[] = $dna->cancel($id, 'moved out')['client']['status'];
        $read = $dna->get($id, $etag);
        $old = $etag;
        $changed = $dna->update($id, ['last_name' => 'Núñez'], $etag);
        $again = $dna->update($id, ['last_name' => 'Vega'], $etag);
        try {
            $dna->update($id, ['last_name' => 'Late'], $old);
        } catch (DnaConflictException $late) {
        }
        $events = iterator_to_array($dna->events($id, newestFirst: true), false);
        return [
            $states, $read['status'], $read['address'], [$changed['last_name'], $again['last_name']], $late->error,
            array_column($events, 'type'), $events[2]['reason'], $dna->domain($client['ns_domain'])['status'],
        ];"#,
        )
        .await;

    let states = ["active", "suspended", "cancelled"];
    let types = ["updated", "updated", "cancelled", "suspended", "activated", "created"];
    let late = "precondition_failed";
    let address = "1 & 2 = 3%20+ \"Main\"";
    assert_eq!(told, json!([states, "cancelled", address, ["Núñez", "Vega"], late, types, "moved out", "locked"]));
}

#[tokio::test]
#[ignore = "needs PHP with curl"]
async fn the_php_client_does_what_its_guide_shows() {
    let stage = Stage::set().await;

    let (first, second) = (stage.guide().await, stage.guide().await);

    let said = |output: &Output| String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(said(&first), "1 steveharris.com\n", "{}", String::from_utf8_lossy(&first.stderr));
    assert_eq!(said(&second), "It is client 1 already.\n", "{}", String::from_utf8_lossy(&second.stderr));
    assert_eq!(logins(&stage.proxy.take()), (1, 0));
}

#[tokio::test]
#[ignore = "needs PHP with curl"]
async fn the_php_client_lists_bills_imports_and_exports() {
    let stage = Stage::set().await;
    let caller = stage.partner.log_in(&stage.app).await;

    let told = stage
        .php(
            r#"
        $row = fn (string $id, string $group) => json_encode($steve(['customer_id' => $id, 'subreseller_id' => $group]));
        $rows = $row('B-1', '7') . "\n" . $row('B-2', '8') . "\n{}\n";
        $tried = $dna->import($rows, 'application/x-ndjson', ['dry_run' => 'true']);
        $all = $dna->import($rows, 'application/x-ndjson', ['mode' => 'all']);
        $imported = $dna->import($rows);
        $listed = iterator_to_array($dna->find(['limit' => 1, 'q' => 'harris']), false);
        $dna->activate($listed[1]['id']);
        $dna->export($stream = fopen('php://memory', 'w+'), ['customer_id' => 'B-1', 'format' => 'csv']);
        rewind($stream);
        return [
            end($tried)['dry_run'], end($all)['created'], array_column($imported, 'result'), end($imported)['created'],
            array_column($listed, 'customer_id'), substr_count(stream_get_contents($stream), "\n"),
            array_column(iterator_to_array($dna->subresellers(), false), 'subreseller_id'),
            iterator_to_array($dna->billing(gmdate('Y-m'), '8'), false)[0]['clients'][0]['customer_id'],
        ];"#,
        )
        .await;

    let results = ["OK", "OK", "ERROR", "ERROR"];
    assert_eq!(told, json!([true, 0, results, 2, ["B-1", "B-2"], 2, ["7", "8"], "B-2"]));

    caller.feed(&stage.app, 3).await;
    let fed = stage.php(
        "$page = $dna->feed(limit: 2); $rest = $dna->feed($page['next']); $none = $dna->feed($rest['next']);
        return [count($page['events']), count($rest['events']), $none['events']];",
    );
    assert_eq!(fed.await, json!([2, 1, []]));
}

#[tokio::test]
#[ignore = "needs PHP with curl"]
async fn the_php_client_refreshes_its_token_before_it_is_over_and_after_a_401() {
    let stage = Stage::set().await;

    // The server forgets the token half-way.
    stage.proxy.will(&[Fault::Answered("204 No Content"), Fault::TokenUnknown]);
    let after =
        "try { $dna->domain('x.com'); } catch (DnaException) { } return iterator_to_array($dna->find(), false);";
    assert_eq!(stage.php(after).await, json!([]));
    assert_eq!(logins(&stage.proxy.take()), (1, 1));

    // Its time is over by the client's clock, in another process, which has the file alone.
    let file = stage.folder.path().join("token.json");
    let run = || {
        let mut command = stage.command_of_php("return iterator_to_array($dna->find(), false);");
        command.env("TOKEN_FILE", &file);
        told(command)
    };
    assert_eq!((run().await, run().await), (json!([]), json!([])));
    assert_eq!(logins(&stage.proxy.take()), (1, 0));
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&file).expect("a file").permissions());
    assert_eq!(mode & 0o777, 0o600);
    let kept = || -> Value { serde_json::from_slice(&fs::read(&file).expect("a file")).expect("JSON") };
    let mut over = kept();
    over["tokens"][2] = json!(1);
    fs::write(&file, over.to_string()).expect("a file");
    assert_eq!(run().await, json!([]));
    let seen = stage.proxy.take();
    assert_eq!((logins(&seen), seen.len()), ((0, 1), 2));

    // Its login was ended elsewhere: the password begins another.
    stage.revoke(kept()["tokens"][0].as_str().expect("a token")).await;
    assert_eq!(run().await, json!([]));
    assert_eq!(logins(&stage.proxy.take()), (1, 1));
}

#[tokio::test]
#[ignore = "needs PHP with curl"]
async fn the_php_client_asks_about_its_token_and_ends_its_login() {
    let stage = Stage::set().await;

    let told = stage
        .php(
            "$token = $dna->token(); $before = $dna->introspect()['active']; $dna->logOut();
             return [$before, $token, $dna->token(), count(iterator_to_array($dna->find()))];",
        )
        .await;

    let token = |number: usize| told[number].as_str().expect("a token").to_owned();
    assert_eq!((&told[0], &told[3]), (&json!(true), &json!(0)));
    assert!(!stage.is_active(&token(1)).await && stage.is_active(&token(2)).await);
    assert_eq!(logins(&stage.proxy.take()), (2, 0));
}
