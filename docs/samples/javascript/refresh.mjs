import { API_CLIENT_ID, API_CLIENT_SECRET, dna, done } from "./dna.mjs";

const reply = done(await dna("POST", "/api/oauth/token", {
  grant_type: "refresh_token",
  client_id: API_CLIENT_ID,
  client_secret: API_CLIENT_SECRET,
  refresh_token: process.env.REFRESH_TOKEN,
}));
// reply.refresh_token takes the place of the one that was sent.
console.log(`${reply.token_type} token for ${reply.expires_in} seconds`);
