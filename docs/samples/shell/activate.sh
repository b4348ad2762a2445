curl -sS -X POST "$API_URL/api/residential/client/$ID/activate" \
  -H "Authorization: Bearer $TOKEN"
