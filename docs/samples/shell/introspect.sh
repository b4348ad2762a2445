curl -sS "$API_URL/api/oauth/introspect" \
  --data-urlencode "client_id=$API_CLIENT_ID" \
  --data-urlencode "client_secret=$API_CLIENT_SECRET" \
  --data-urlencode "token=$TOKEN"
