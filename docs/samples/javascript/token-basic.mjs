import { API_CLIENT_ID, API_CLIENT_SECRET, API_PASSWORD, API_USERNAME, dna, done } from "./dna.mjs";

const reply = done(await dna("POST", "/api/oauth/token", {
  grant_type: "password",
  username: API_USERNAME,
  password: API_PASSWORD,
}, null, { Authorization: `Basic ${btoa(`${API_CLIENT_ID}:${API_CLIENT_SECRET}`)}` }));
console.log(`${reply.token_type} token for ${reply.expires_in} seconds`);
