// Save this as dna.mjs: the other samples use it. Node.js 20 or newer, and nothing else.
export const API_URL = "https://api.example.com";
export const API_CLIENT_ID = "your-client-id";
export const API_CLIENT_SECRET = "your-client-secret";
export const API_USERNAME = "your-username";
export const API_PASSWORD = "your-password";

// One request: the status and the decoded reply. Parameters go into the body.
export async function dna(method, path, parameters, token, headers = {}) {
  const reply = await fetch(API_URL + path, {
    method,
    headers: token ? { ...headers, Authorization: `Bearer ${token}` } : headers,
    body: parameters && new URLSearchParams(parameters),
    signal: AbortSignal.timeout(20_000),
  });
  return [reply.status, await reply.json()];
}

// The reply of a request that must succeed.
export function done([status, reply]) {
  if (status >= 300) throw new Error(`${status} ${reply.error}: ${reply.message}`);
  return reply;
}
