curl -sS "$API_URL/api/residential/client/$ID/activate" \
  -H "Authorization:Bearer $TOKEN" \
  -H "Accept:application/json"
