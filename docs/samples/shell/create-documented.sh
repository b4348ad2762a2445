curl -sS -X POST "$API_URL/api/residential/client?has_subreseller_id=true&subreseller_id=1234&email=email@email.com&first_name=Steve&last_name=Harris&zipcode=33134&address=126+Mendoza+avenue+aparment+7A&same_billing_address=true" \
  -H "Authorization:Bearer $TOKEN" \
  -H "Accept:application/json"
