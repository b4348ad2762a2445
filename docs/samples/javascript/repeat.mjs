import { randomUUID } from "node:crypto";
import { dna, done } from "./dna.mjs";

const key = { "Idempotency-Key": randomUUID() }; // one key for one thing to do, made before the first try
for (const attempt of [1, 2]) {
  const path = `/api/residential/client/${process.env.ID}/activate`;
  const reply = done(await dna("POST", path, null, process.env.TOKEN, key));
  console.log(attempt, reply.client.status, "since", reply.timestamp);
}
