# At first without `after`; from then on with the `next` that the last reply brought.
curl -sS "$API_URL/api/residential/event?limit=100" \
  -H "Authorization: Bearer $TOKEN"
