import { dna, done } from "./dna.mjs";

const reply = done(await dna("POST", `/api/residential/client/${process.env.ID}/activate`, null, process.env.TOKEN));
console.log(reply.client.id, reply.client.status);
