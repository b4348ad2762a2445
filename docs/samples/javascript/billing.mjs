import { dna, done } from "./dna.mjs";

const days = {};
const page = new URLSearchParams({ month: new Date().toISOString().slice(0, 7), limit: 200 });
let reply;
do {
  reply = done(await dna("GET", `/api/residential/billing?${page}`, null, process.env.TOKEN));
  for (const { subreseller_id, days: more } of reply.subresellers) {
    days[subreseller_id] = (days[subreseller_id] ?? 0) + more; // a subreseller may go on on the next page
  }
  page.set("after", reply.next);
} while (reply.next !== null);
console.log(days);
