import { API_CLIENT_ID, API_CLIENT_SECRET, API_PASSWORD, API_USERNAME, dna, done } from "./dna.mjs";

const reply = done(await dna("POST", "/api/oauth/token", {
  grant_type: "password",
  client_id: API_CLIENT_ID,
  client_secret: API_CLIENT_SECRET,
  username: API_USERNAME,
  password: API_PASSWORD,
}));
console.log(`${reply.token_type} token for ${reply.expires_in} seconds`);
