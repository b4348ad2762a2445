# One key for one thing to do, made before the first try.
KEY="$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')"
for try in 1 2; do
  curl -sS "$API_URL/api/residential/client/$ID/activate" \
    -X POST \
    -H "Authorization: Bearer $TOKEN" \
    -H "Idempotency-Key: $KEY"
done
