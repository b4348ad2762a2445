curl -sS -X POST "$API_URL/api/residential/client/$ID/suspend" \
  -H "Authorization: Bearer $TOKEN"
