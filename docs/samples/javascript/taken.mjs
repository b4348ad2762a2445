import { dna } from "./dna.mjs";

const [status, reply] = await dna("POST", "/api/residential/client", {
  has_subreseller_id: "true",
  subreseller_id: "1234",
  email: "email@email.com",
  first_name: "Steve",
  last_name: "Harris",
  zipcode: "33134",
  address: "126 Mendoza avenue aparment 7A",
  same_billing_address: "true",
  customer_id: "A-1001",
}, process.env.TOKEN);
console.log(status, JSON.stringify(reply, null, 2));
