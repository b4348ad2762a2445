curl -sS "$API_URL/api/residential/client/$ID/cancel" \
  -H "Authorization: Bearer $TOKEN" \
  -d "reason=moved out"
