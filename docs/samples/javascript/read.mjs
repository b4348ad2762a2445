import { dna, done } from "./dna.mjs";

const reply = done(await dna("GET", `/api/residential/client/${process.env.ID}`, null, process.env.TOKEN));
console.log(reply.client.id, reply.client.status);
