import { dna, done } from "./dna.mjs";

const reply = done(await dna("GET", `/api/residential/domain/${process.env.NS_DOMAIN}`, null, process.env.TOKEN));
console.log(reply.data.status, "since", new Date(reply.data.timestamp * 1000));
