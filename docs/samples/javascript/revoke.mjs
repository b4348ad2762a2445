import { API_CLIENT_ID, API_CLIENT_SECRET, dna, done } from "./dna.mjs";

done(await dna("POST", "/api/oauth/revoke", {
  client_id: API_CLIENT_ID,
  client_secret: API_CLIENT_SECRET,
  token: process.env.REFRESH_TOKEN, // either token ends the whole login
}));
console.log("logged out");
