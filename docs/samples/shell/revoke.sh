# Either token ends the whole login.
curl -sS "$API_URL/api/oauth/revoke" \
  --data-urlencode "client_id=$API_CLIENT_ID" \
  --data-urlencode "client_secret=$API_CLIENT_SECRET" \
  --data-urlencode "token=$REFRESH_TOKEN"
