curl -sS "$API_URL/api/residential/client" \
  -H "Authorization: Bearer $TOKEN" \
  -d has_subreseller_id=true \
  -d subreseller_id=1234 \
  -d first_name=Steve \
  -d last_name=Harris \
  -d zipcode=3313 \
  --data-urlencode 'address=126 Mendoza avenue aparment 7A' \
  -d same_billing_address=true
