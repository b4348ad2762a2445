curl -sS "$API_URL/api/oauth/token" \
  -u "$API_CLIENT_ID:$API_CLIENT_SECRET" \
  -d grant_type=password \
  --data-urlencode "username=$API_USERNAME" \
  --data-urlencode "password=$API_PASSWORD"
