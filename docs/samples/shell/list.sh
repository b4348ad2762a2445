curl -sS "$API_URL/api/residential/client?status=active&limit=100" \
  -H "Authorization: Bearer $TOKEN"
