import { dna, done } from "./dna.mjs";

const page = new URLSearchParams({ limit: 100 });
let reply;
do {
  reply = done(await dna("GET", `/api/residential/subreseller?${page}`, null, process.env.TOKEN));
  for (const { subreseller_id, clients } of reply.subresellers) {
    console.log(`${subreseller_id}: ${clients.active} of ${clients.total} active`);
  }
  page.set("after", reply.next);
} while (reply.next !== null);
