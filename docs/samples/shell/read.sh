curl -sS "$API_URL/api/residential/client/$ID" \
  -H "Authorization: Bearer $TOKEN"
