// openid-client: discovery by RFC 8414, a login, a refresh, a call, introspection and revocation.
import assert from 'node:assert/strict';
import * as oauth from 'openid-client';

const { ISSUER, CLIENT_ID, CLIENT_SECRET, USERNAME, PASSWORD } = process.env;
const config = await oauth.discovery(new URL(ISSUER), CLIENT_ID, undefined, oauth.ClientSecretPost(CLIENT_SECRET), {
  algorithm: 'oauth2',
  execute: [oauth.allowInsecureRequests],
});
const login = { username: USERNAME, password: PASSWORD, scope: 'client:create client:suspend' };
const first = await oauth.genericGrantRequest(config, 'password', login);
assert.equal(first.token_type, 'bearer'); // its own spelling: it compares in lower case
assert.equal(first.expires_in, 1200);

const second = await oauth.refreshTokenGrant(config, first.refresh_token);
assert.notEqual(second.refresh_token, first.refresh_token);

const client = new URLSearchParams({
  has_subreseller_id: 'false', email: 'email@email.com', first_name: 'Steve', last_name: 'Harris', zipcode: '33134',
  address: '126 Mendoza avenue', same_billing_address: 'true',
});
const reply = await oauth.fetchProtectedResource(
  config, second.access_token, new URL(`${ISSUER}/api/residential/client`), 'POST', client,
);
assert.equal(reply.status, 201);
assert.match((await reply.json()).client.ns_domain, /^steveharris\d*\.com$/);

const told = await oauth.tokenIntrospection(config, second.access_token);
assert.equal(told.active, true);
assert.equal(told.scope, 'client:create client:suspend');
await oauth.tokenRevocation(config, second.refresh_token);
assert.equal((await oauth.tokenIntrospection(config, second.access_token)).active, false);
await assert.rejects(oauth.refreshTokenGrant(config, second.refresh_token), { error: 'invalid_grant' });
await assert.rejects(oauth.genericGrantRequest(config, 'password', { ...login, password: 'wrong' }), { error: 'invalid_grant' });
