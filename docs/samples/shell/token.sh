curl -sS "$API_URL/api/oauth/token" \
  -d grant_type=password \
  --data-urlencode "client_id=$API_CLIENT_ID" \
  --data-urlencode "client_secret=$API_CLIENT_SECRET" \
  --data-urlencode "username=$API_USERNAME" \
  --data-urlencode "password=$API_PASSWORD"
