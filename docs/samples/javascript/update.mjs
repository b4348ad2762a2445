import { dna, done } from "./dna.mjs";

const reply = done(await dna("PATCH", `/api/residential/client/${process.env.ID}`, {
  email: "steve@example.com",
  address: "1 Ponce de Leon",
}, process.env.TOKEN));
console.log(reply.client.id, reply.client.address);
