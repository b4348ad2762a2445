curl -sS "$API_URL/api/residential/domain/$NS_DOMAIN" \
  -H "Authorization: Bearer $TOKEN"
