# As CSV with `&format=csv`.
curl -sS "$API_URL/api/residential/billing?month=$(date -u +%Y-%m)" \
  -H "Authorization: Bearer $TOKEN"
