#!/bin/sh
# A client of the DNA API for the shell: a POSIX shell and curl, and nothing else. `dna.sh --help` says what it does.
set -u
umask 077

usage() {
    cat <<'HELP'
usage: dna.sh COMMAND [OPTION…] [ARGUMENT…]

  create NAME=VALUE…             creates a client; `create -` reads a JSON object
  get [--etag] ID                a client, or its entity tag alone
  list [NAME=VALUE…]             clients of a filter, every page: status=, subreseller_id=, q=, limit=, …
  update [--if-match ETAG] ID NAME=VALUE…
  activate ID [REASON]
  suspend ID [REASON]
  cancel ID [REASON]
  events ID [NAME=VALUE…]        a client's history, every page: order=desc, limit=
  feed [FILE]                    what happened to all clients; FILE keeps the place, from one run to the next
  domain NS_DOMAIN               the status of a domain
  subresellers [NAME=VALUE…]     every page: limit=
  billing YYYY-MM [NAME=VALUE…]  billable days, every page: subreseller_id=, limit=
  import FILE [NAME=VALUE…]      NDJSON, or CSV where FILE ends in .csv; - reads NDJSON: mode=all, dry_run=true
  export [NAME=VALUE…]           all clients of a filter: format=csv, status=, …
  token                          prints an access token
  introspect                     what the server says of the token in use
  revoke                         ends the login

Create, update, activate, suspend and cancel take `--key KEY`: an Idempotency-Key of your own. Without it they make one.
It stays the same however often the request is sent.

Credentials are API_URL, API_CLIENT_ID, API_CLIENT_SECRET, API_USERNAME and API_PASSWORD, from the environment or from
lines NAME=VALUE of the file $DNA_CONFIG (~/.config/dna/credentials), which must be yours alone (chmod 600). The token
is kept in $DNA_TOKEN_FILE (~/.cache/dna/token). No secret is on a command line or in a URL.

Replies are printed as the server sends them: JSON, a line for each page. Errors go to standard error, with the reply.
Exit codes: 0 done, 1 refused for another reason, 2 wrong usage or settings, 3 credentials, token or scope,
4 a parameter, 5 no such client, 6 conflict, 7 too many requests, 8 the server failed, 9 no reply.
HELP
}

fail() { # CODE MESSAGE
    printf 'dna.sh: %s\n' "$2" >&2
    exit "$1"
}

TRIES=5
LONGEST_WAIT=30 # seconds; whoever is asked to wait longer is told at once
CLIENTS=/api/residential/client

# --- what curl is told: lines of a configuration, which it reads from its standard input. Here-documents, since what is
# given to printf is on a command line where a shell has none of its own.

option() { # NAME VALUE
    awk -v name="$1" '{
        gsub(/[\\"]/, "\\\\&")
        gsub(/\r/, "\\r")
        printf "%s%s", (NR > 1 ? "\\n" : name " = \""), $0
    } END { print "\"" }' <<VALUE
$2
VALUE
}

# NAME=VALUE arguments as parameters.
parameters() {
    for parameter in "$@"; do
        name=${parameter%%=*}
        case $parameter in *=*) ;; *) fail 2 "this is no NAME=VALUE: $parameter" ;; esac
        case $name in '' | *[!A-Za-z0-9_]*) fail 2 "this is no name of a parameter: $name" ;; esac
        option data-urlencode "$parameter"
    done
}

# --- JSON: only what this script itself needs. A quote within a string is escaped, so these patterns match members alone.

member() { # NAME: the last string or number of that name
    sed -n -e 's/.*"'"$1"'":"\([^"]*\)".*/\1/p' -e 's/.*"'"$1"'":\([0-9][0-9]*\).*/\1/p' "$work/body" | tail -n 1
}

error_word() {
    sed -n -e 's/^{"result":"ERROR","error":"\([a-z_]*\)".*/\1/p' -e 's/^{"error":"\([a-z_]*\)".*/\1/p' "$work/body" |
        head -n 1
}

header() { # NAME, in small letters
    tr -d '\r' <"$work/head" |
        awk -v name="$1:" 'tolower($1) == name { sub(/^[^ ]* */, ""); value = $0 } END { print value }'
}

# --- one request

# Waits as long as the server asks, else ever longer, with some chance in it. Not at all where that is too long.
pause() { # TRY
    seconds=$(header retry-after)
    case $seconds in '' | *[!0-9]*) seconds=$(($1 * $1 / 2)) ;; esac
    [ "$seconds" -le "$LONGEST_WAIT" ] || return
    chance=$(od -An -N1 -tu1 /dev/urandom | tr -d ' \n')
    # Not every sleep knows fractions.
    sleep "$seconds.$((100 + chance * 3))" 2>/dev/null || sleep "$((seconds + 1))"
}

# Whether another try may succeed. What may be carried out twice is sent again only where it was refused.
worth_another_try() {
    case $lost in
    0) ;;
    5 | 6 | 7 | 16 | 18 | 28 | 35 | 52 | 55 | 56 | 92) [ -z "$once" ] && return ;;
    esac
    case $lost:$status in
    0:429 | 0:503) ;;
    0:502 | 0:504) [ -z "$once" ] ;;
    0:409) [ "$(error_word)" = idempotency_key_in_use ] ;;
    *) false ;;
    esac
}

# Sends a request until it is answered. $status, $work/head and $work/body are the reply's; $lost is curl's exit code
# where none came. $once is for what may be carried out twice, and long: for how many seconds it may go on.
once=''
exchange() { # METHOD PATH CONFIGURATION
    configuration="$(option url "$API_URL$2")
request = $1
$3"
    try=1
    while :; do
        : >"$work/head"
        : >"$work/body"
        lost=0
        status=$(
            curl --disable --config - --silent --show-error --proto '=http,https' --connect-timeout 10 \
                --max-time "${once:-20}" --header 'Accept: application/json' --header "X-Request-Id: $request_id" \
                --dump-header "$work/head" --output "$work/body" --write-out '%{http_code}' 2>"$work/said" <<CONFIGURATION
$configuration
CONFIGURATION
        ) || lost=$?
        if [ "$try" -eq "$TRIES" ] || ! worth_another_try || ! pause "$try"; then
            return 0
        fi
        try=$((try + 1))
    done
}

# Ends the script where the request failed.
checked() {
    [ "$lost" -eq 0 ] || fail 9 "no reply: $(sed 's/^curl: //' "$work/said") (request $request_id)"
    case $status in 2??) return ;; esac
    word=$(error_word)
    printf 'dna.sh: %s %s: %s (request %s)\n' "$status" "$word" "$(member message)" "$(header x-request-id)" >&2
    printed >&2
    case $status:$word in
    *:validation_failed) exit 4 ;;
    401:* | 403:* | *:invalid_grant | *:unauthorized_client | *:invalid_scope) exit 3 ;;
    404:* | 410:*) exit 5 ;;
    409:* | 412:* | *:idempotency_key_reused) exit 6 ;;
    429:*) exit 7 ;;
    5??:*) exit 8 ;;
    *) exit 1 ;;
    esac
}

printed() {
    cat "$work/body"
    [ -z "$(tail -c 1 "$work/body")" ] || echo
}

# --- tokens

oauth() { # ENDPOINT NAME=VALUE…
    endpoint=$1
    shift
    form=$(parameters "client_id=$API_CLIENT_ID" "client_secret=$API_CLIENT_SECRET" "$@") || exit
    exchange POST "/api/oauth/$endpoint" "$form"
}

# Whether a file is ours alone.
private() {
    [ -f "$1" ] || return
    # Its mode, its links and the number of its owner.
    # shellcheck disable=SC2046 # to be split
    set -- $(ls -lnd "$1")
    case $1 in -r[-w]-------*) [ "$3" = "$(id -u)" ] ;; *) false ;; esac
}

# Puts standard input in place of a file: whoever reads it meanwhile reads it whole.
replace() { # FILE
    { cat >"$1.$$" && mv -f "$1.$$" "$1"; } || fail 2 "cannot write $1"
}

# Reads the kept token into $access, $refresh and $renew_at (Unix seconds).
recall() {
    access='' refresh='' renew_at=0 of=''
    private "$token_file" || return 0
    { read -r of && read -r access && read -r refresh && read -r renew_at; } <"$token_file" || of=''
    case $of:$renew_at in "$owner":*[0-9]) ;; *) access='' refresh='' renew_at=0 ;; esac
    [ "$refresh" != - ] || refresh=''
}

# Keeps the tokens of a reply.
keep() {
    access=$(member access_token)
    [ -n "$access" ] || fail 1 "the reply has no token"
    refresh=$(member refresh_token)
    lives=$(member expires_in)
    margin=$((lives / 4))
    [ "$margin" -le 30 ] || margin=30
    renew_at=$(($(date +%s) + lives - margin))
    mkdir -p "$(dirname "$token_file")" || fail 2 "cannot make the folder of $token_file"
    replace "$token_file" <<TOKENS
$owner
$access
${refresh:--}
$renew_at
TOKENS
}

# Gets new tokens: with the refresh token, or else with the password.
renew() {
    if [ -n "$refresh" ]; then
        oauth token grant_type=refresh_token "refresh_token=$refresh"
        if [ "$lost:$status:$(error_word)" != 0:400:invalid_grant ]; then
            checked
            keep
            return
        fi
    fi
    oauth token grant_type=password "username=$API_USERNAME" "password=$API_PASSWORD"
    checked
    keep
}

# Sees to it that $access is good for a while yet.
token() {
    recall
    [ "$(date +%s)" -lt "$renew_at" ] || renew
}

# A request with a token, and once more with a new one where the server knows the token no longer.
authorised() { # METHOD PATH CONFIGURATION
    long=$once
    once=''
    token
    once=$long
    exchange "$1" "$2" "$3
$(option header "Authorization: Bearer $access")"
    if [ "$lost:$status" = 0:401 ]; then
        once=''
        used=$access
        # Another process may have renewed it.
        recall
        case $access in '' | "$used") renew ;; esac
        once=$long
        exchange "$1" "$2" "$3
$(option header "Authorization: Bearer $access")"
    fi
    checked
}

# --- commands

# An id has digits alone, so that it stays one part of the path.
number() {
    case ${1:-} in '' | *[!0-9]*) fail 2 "this is no id of a client: ${1:-}" ;; esac
}

# A request that changes something: its key stays the same however often it is sent.
change() { # METHOD PATH CONFIGURATION
    authorised "$1" "$2" "$3
$(option header "Idempotency-Key: ${key:-$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')}")"
    printed
}

# Every page of a list, a line each.
pages() { # PATH NAME=VALUE…
    path=$1
    shift
    given=$(parameters "$@") || exit
    after=''
    while :; do
        authorised GET "$path" "get
$given
${after:+$(parameters "after=$after")}"
        printed
        after=$(member next)
        [ -n "$after" ] || return 0
    done
}

# All that happened since the last run. The place is kept once the events are printed.
feed() { # [FILE]
    after=''
    [ ! -f "${1:-}" ] || after=$(cat "$1")
    while :; do
        authorised GET /api/residential/event "get
$(parameters limit=200 ${after:+"after=$after"})"
        case $(head -c 30 "$work/body") in *'"events":[]'*) return 0 ;; esac
        printed
        after=$(member next)
        [ -z "${1:-}" ] || printf '%s\n' "$after" | replace "$1" || exit
    done
}

create() {
    case ${1:-} in
    '') fail 2 'create what? See dna.sh --help' ;;
    -)
        cat >"$work/input"
        given="$(option header 'Content-Type: application/json')
$(option data-binary "@$work/input")"
        ;;
    *) given=$(parameters "$@") || exit ;;
    esac
    change POST "$CLIENTS" "$given"
}

import() { # FILE NAME=VALUE…
    file=${1:-}
    [ -n "$file" ] || fail 2 'which file? - is standard input'
    shift
    type=application/x-ndjson
    case $file in *.csv) type=text/csv ;; esac
    if [ "$file" = - ]; then
        file=$work/input
        cat >"$file"
    fi
    [ -r "$file" ] || fail 2 "cannot read $file"
    query=''
    for parameter in "$@"; do
        case $parameter in
        mode=rows | mode=all | dry_run=true | dry_run=false) query="$query${query:+&}$parameter" ;;
        *) fail 2 "import takes mode=all and dry_run=true: $parameter" ;;
        esac
    done
    once=900 # seconds
    authorised POST "$CLIENTS/import${query:+?$query}" "$(option header "Content-Type: $type")
$(option data-binary "@$file")"
    printed
    tail -n 1 "$work/body" | grep -q '"rows":' || fail 9 'the reply to the import was cut off'
}

export_all() { # NAME=VALUE…
    given=$(parameters "$@") || exit
    once=3600 # seconds
    authorised GET "$CLIENTS/export" "get
$given"
    cat "$work/body"
}

# --- settings

settings() {
    config=${DNA_CONFIG:-${XDG_CONFIG_HOME:-${HOME:-}/.config}/dna/credentials}
    token_file=${DNA_TOKEN_FILE:-${XDG_CACHE_HOME:-${HOME:-}/.cache}/dna/token}
    if [ -e "$config" ]; then
        private "$config" || fail 2 "$config must be yours alone: chmod 600 $config"
        while IFS= read -r line || [ -n "$line" ]; do
            value=${line#*=}
            # The environment wins.
            case $line in
            API_URL=*) : "${API_URL:=$value}" ;;
            API_CLIENT_ID=*) : "${API_CLIENT_ID:=$value}" ;;
            API_CLIENT_SECRET=*) : "${API_CLIENT_SECRET:=$value}" ;;
            API_USERNAME=*) : "${API_USERNAME:=$value}" ;;
            API_PASSWORD=*) : "${API_PASSWORD:=$value}" ;;
            '' | '#'*) ;;
            *) fail 2 "$config has a line that is none of the five values" ;;
            esac
        done <"$config"
    fi
    for name in API_URL API_CLIENT_ID API_CLIENT_SECRET API_USERNAME API_PASSWORD; do
        eval "value=\${$name:-}"
        [ -n "$value" ] || fail 2 "$name is not set: put it into the environment or into $config"
    done
    API_URL=${API_URL%/}
    # Whose tokens are kept.
    owner="$API_URL $API_CLIENT_ID $API_USERNAME"
    request_id=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
}

main() {
    command=${1:---help}
    [ "$#" -eq 0 ] || shift
    case $command in
    --help | -h | help) usage && exit ;;
    create | get | list | update | activate | suspend | cancel | events | feed | domain | subresellers) ;;
    billing | import | export | token | introspect | revoke) ;;
    *) fail 2 "there is no command $command: see dna.sh --help" ;;
    esac
    key='' match='' etag=''
    while :; do
        case $command:${1:-} in
        create:--key | update:--key | activate:--key | suspend:--key | cancel:--key) key=${2:-} ;;
        update:--if-match) match=${2:-} ;;
        get:--etag) etag=yes ;;
        *:--*) fail 2 "$command takes no $1: see dna.sh --help" ;;
        *) break ;;
        esac
        [ "$1" = --etag ] || { [ -n "${2:-}" ] && shift; } || fail 2 "$1 wants a value"
        shift
    done
    command -v curl >/dev/null || fail 2 'curl is missing: install it'
    settings
    work=$(mktemp -d) || fail 2 'cannot make a temporary folder'
    trap 'rm -rf "$work"' EXIT
    trap 'exit 130' INT HUP TERM
    case $command in
    get | update | activate | suspend | cancel | events)
        number "${1:-}"
        path=$CLIENTS/$1
        shift
        ;;
    esac
    case $command in
    create) create "$@" ;;
    get)
        authorised GET "$path" ''
        if [ -n "$etag" ]; then header etag; else printed; fi
        ;;
    list) pages "$CLIENTS" "$@" ;;
    update)
        given=$(parameters "$@") || exit
        change PATCH "$path" "$given
${match:+$(option header "If-Match: $match")}"
        ;;
    activate | suspend | cancel) change POST "$path/$command" "${1:+$(parameters "reason=$1")}" ;;
    events) pages "$path/events" "$@" ;;
    feed) feed "${1:-}" ;;
    domain)
        case ${1:-} in '' | *[!A-Za-z0-9.-]*) fail 2 "this is no domain: ${1:-}" ;; esac
        authorised GET "/api/residential/domain/$1" '' && printed
        ;;
    subresellers) pages /api/residential/subreseller "$@" ;;
    billing)
        [ "$#" -gt 0 ] || fail 2 'which month? YYYY-MM'
        month=$1
        shift
        pages /api/residential/billing "month=$month" "$@"
        ;;
    import) import "$@" ;;
    export) export_all "$@" ;;
    token)
        token
        cat <<TOKEN
$access
TOKEN
        ;;
    introspect)
        token
        oauth introspect "token=$access"
        checked
        printed
        ;;
    revoke)
        recall
        if [ -n "$access" ]; then
            oauth revoke "token=${refresh:-$access}"
            checked
            rm -f "$token_file"
        fi
        ;;
    esac
}

main "$@"
