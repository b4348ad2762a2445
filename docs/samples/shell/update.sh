curl -sS -X PATCH "$API_URL/api/residential/client/$ID" \
  -H "Authorization: Bearer $TOKEN" \
  -d email=steve@example.com \
  -d "address=1 Ponce de Leon"
