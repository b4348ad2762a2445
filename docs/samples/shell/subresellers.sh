curl -sS "$API_URL/api/residential/subreseller" \
  -H "Authorization: Bearer $TOKEN"
