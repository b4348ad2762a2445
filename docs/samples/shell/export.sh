curl -sS "$API_URL/api/residential/client/export?status=active&format=csv" \
  -H "Authorization: Bearer $TOKEN"
