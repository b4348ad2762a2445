// simple-oauth2: a login, a refresh and a revocation, with its defaults (HTTP Basic, an urlencoded body).
const assert = require('node:assert/strict');
const { ResourceOwnerPassword } = require('simple-oauth2');

const { ISSUER, CLIENT_ID, CLIENT_SECRET, USERNAME, PASSWORD } = process.env;
(async () => {
  const grant = new ResourceOwnerPassword({
    client: { id: CLIENT_ID, secret: CLIENT_SECRET },
    auth: { tokenHost: ISSUER, tokenPath: '/oauth/token', revokePath: '/oauth/revoke' },
  });
  const first = await grant.getToken({ username: USERNAME, password: PASSWORD, scope: 'client:create' });
  assert.equal(first.token.token_type, 'Bearer');
  assert.equal(first.expired(), false);
  const second = await first.refresh();
  assert.notEqual(second.token.refresh_token, first.token.refresh_token);
  await second.revokeAll();
  await assert.rejects(second.refresh(), error => error.output.statusCode === 400 && error.data.payload.error === 'invalid_grant');
})();
