// A program over the types that openapi-typescript makes of docs/openapi.yaml. It is compiled and run. Where it says that
// an error is expected, the line must not compile: types that allow anything fail too.
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

declare const process: { env: Record<string, string> };
const { API_URL, API_CLIENT_ID, API_CLIENT_SECRET, API_USERNAME, API_PASSWORD } = process.env as {
  [name in "API_URL" | "API_CLIENT_ID" | "API_CLIENT_SECRET" | "API_USERNAME" | "API_PASSWORD"]: string;
};

function check(what: string, holds: boolean): void {
  if (!holds) throw new Error(`not so: ${what}`);
}

const dna = createClient<paths>({ baseUrl: API_URL });

// A token, or the error of RFC 6749.
const login = {
  grant_type: "password" as const,
  client_id: API_CLIENT_ID,
  client_secret: API_CLIENT_SECRET,
  username: API_USERNAME,
};
const refused = await dna.POST("/api/oauth/token", { body: { ...login, password: "not the password" } });
check("the wrong password is refused", refused.error?.error === "invalid_grant");
// @ts-expect-error There is no such word.
refused.error?.error === "invalid_password";
const token = await dna.POST("/api/oauth/token", { body: { ...login, password: API_PASSWORD } });
if (!token.data || Array.isArray(token.data)) throw new Error("no token");
const headers = { Authorization: `Bearer ${token.data.access_token}` };
const lives: number = token.data.expires_in;
check("a token lives for a while", lives > 0);

// A client, whole.
const steve: components["schemas"]["CreateRequest"] = {
  has_subreseller_id: false,
  email: "steve@example.com",
  first_name: "Steve",
  last_name: "Harris",
  zipcode: "02134",
  address: "1 Main Street",
  same_billing_address: true,
  customer_id: "A-1",
};
const created = await dna.POST("/api/residential/client", { headers, body: steve });
if (!created.data || Array.isArray(created.data)) throw new Error("no client");
const { id, status, zipcode }: { id: number; status: string; zipcode: string } = created.data.client;
check("a new client is pending", status === "pending" && zipcode === "02134");
// @ts-expect-error There is no such member.
created.data.client.surname;
// @ts-expect-error There is no such status.
created.data.client.status === "deleted";

// The same again: the error names who has the customer_id.
const again = await dna.POST("/api/residential/client", { headers, body: steve });
check("the customer_id is taken", again.error?.error === "duplicate_customer_id" && again.error.client.id === id);

// Two fields at once.
const wrong = await dna.POST("/api/residential/client", { headers, body: { ...steve, email: "x", zipcode: "1" } });
check(
  "both fields are told",
  wrong.error?.error === "validation_failed" && Object.keys(wrong.error.errors).join() === "email,zipcode",
);
// @ts-expect-error A client has an e-mail address.
const nobody: components["schemas"]["CreateRequest"] = { ...steve, email: undefined };
check("that is not sent", nobody.email === undefined);

const path = { id };
const active = await dna.POST("/api/residential/client/{id}/activate", { headers, params: { path } });
check("it is active", active.data?.client.status === "active" && Number.isInteger(active.data.timestamp));
// @ts-expect-error There is no such path.
await dna.POST("/api/residential/client/{id}/delete", { headers, params: { path } });

const list = await dna.GET("/api/residential/client", { headers, params: { query: { status: "active", limit: 1 } } });
check("it is found", list.data?.clients[0]?.id === id && list.data.next === null);
const gone = await dna.GET("/api/residential/client/{id}", { headers, params: { path: { id: id + 1 } } });
check("another is not", gone.error?.error === "not_found" && gone.response.status === 404);
