import { dna, done } from "./dna.mjs";

const query = new URLSearchParams({
  has_subreseller_id: "true",
  subreseller_id: "1234",
  email: "email@email.com",
  first_name: "Steve",
  last_name: "Harris",
  zipcode: "33134",
  address: "126 Mendoza avenue aparment 7A",
  same_billing_address: "true",
});
const [reply] = done(await dna("POST", `/api/residential/client?${query}`, null, process.env.TOKEN));
console.log(reply.client.id, reply.client.ns_domain);
