curl -sS "$API_URL/api/oauth/token" \
  -d grant_type=refresh_token \
  --data-urlencode "client_id=$API_CLIENT_ID" \
  --data-urlencode "client_secret=$API_CLIENT_SECRET" \
  --data-urlencode "refresh_token=$REFRESH_TOKEN"
