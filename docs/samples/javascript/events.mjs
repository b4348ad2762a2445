import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dna, done } from "./dna.mjs";

const cursor = "feed.cursor"; // kept from one run to the next
let reply;
do {
  const after = new URLSearchParams(existsSync(cursor) ? { after: readFileSync(cursor, "utf8") } : {});
  reply = done(await dna("GET", `/api/residential/event?${after}`, null, process.env.TOKEN));
  for (const event of reply.events) {
    console.log(event.at, event.client.ns_domain, event.type);
  }
  if (reply.next !== null) writeFileSync(cursor, reply.next); // once what it brought is dealt with
} while (reply.events.length > 0);
