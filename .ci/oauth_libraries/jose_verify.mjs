// jose: an access token is verified through the JWKS URL alone.
import assert from 'node:assert/strict';
import * as jose from 'jose';

const { ISSUER, CLIENT_ID, CLIENT_SECRET, USERNAME, PASSWORD } = process.env;
const server = await (await fetch(`${ISSUER}/.well-known/oauth-authorization-server`)).json();
const body = new URLSearchParams({
  grant_type: 'password', client_id: CLIENT_ID, client_secret: CLIENT_SECRET, username: USERNAME, password: PASSWORD,
});
const { access_token } = await (await fetch(server.token_endpoint, { method: 'POST', body })).json();

const keys = jose.createRemoteJWKSet(new URL(server.jwks_uri));
const wanted = { issuer: ISSUER, audience: ISSUER, algorithms: ['RS256'], typ: 'JWT' };
const { payload, protectedHeader } = await jose.jwtVerify(access_token, keys, wanted);
assert.equal(payload.client_id, CLIENT_ID);
assert.equal(protectedHeader.alg, 'RS256');

const [head, claims, signature] = access_token.split('.');
const forged = `${head}.${claims}.${[...signature].reverse().join('')}`;
await assert.rejects(jose.jwtVerify(forged, keys, wanted), { code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED' });
