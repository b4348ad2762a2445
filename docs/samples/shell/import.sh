cat > clients.csv <<'ROWS'
customer_id,first_name,last_name,email,zipcode,address,has_subreseller_id,same_billing_address
B-1,Ana,Ruiz,ana@example.com,33134,1 Main Street,false,true
B-2,Ben,Ruiz,ben@example.com,02134,2 Main Street,false,true
ROWS
curl -sS "$API_URL/api/residential/client/import?mode=rows" \
  -H "Authorization: Bearer $TOKEN" \
  -H "Content-Type: text/csv" \
  --data-binary @clients.csv
