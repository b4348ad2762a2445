import { createWriteStream, statSync } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { API_URL } from "./dna.mjs";

const reply = await fetch(`${API_URL}/api/residential/client/export?status=active&format=csv`, {
  headers: { Authorization: `Bearer ${process.env.TOKEN}` },
});
if (!reply.ok) throw new Error(`${reply.status} ${await reply.text()}`);
await pipeline(Readable.fromWeb(reply.body), createWriteStream("clients.csv")); // as it comes, however long it is
console.log(statSync("clients.csv").size, "bytes");
