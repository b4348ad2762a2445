import { dna, done } from "./dna.mjs";

const page = new URLSearchParams({ status: "active", limit: 100 });
let reply;
do {
  reply = done(await dna("GET", `/api/residential/client?${page}`, null, process.env.TOKEN));
  for (const client of reply.clients) {
    console.log(client.id, client.ns_domain, client.status);
  }
  page.set("after", reply.next);
} while (reply.next !== null);
