import { API_CLIENT_ID, API_CLIENT_SECRET, dna, done } from "./dna.mjs";

const reply = done(await dna("POST", "/api/oauth/introspect", {
  client_id: API_CLIENT_ID,
  client_secret: API_CLIENT_SECRET,
  token: process.env.TOKEN,
}));
console.log(reply.active ? `good for ${reply.scope}` : "good for nothing");
