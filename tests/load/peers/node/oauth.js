'use strict';
// What the OAuth library asks of us.

const { createHash, createPrivateKey, createPublicKey, randomBytes, randomUUID, timingSafeEqual } = require('node:crypto');
const { readFileSync } = require('node:fs');
const OAuth2Server = require('@node-oauth/oauth2-server');
const argon2 = require('@node-rs/argon2');
const jwt = require('jsonwebtoken');
const { query } = require('./database');

const ISSUER = 'http://api.test';
const LIFETIME = 1200;
const REFRESH_LIFETIME = 30 * 24 * 3600;
const NOBODY = '$argon2id$v=19$m=19456,t=2,p=1$bm8gdXNlciBoYXMgdGhpcw$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';

const privateKey = createPrivateKey(readFileSync(process.env.PEER_KEY));
const publicKey = createPublicKey(privateKey);
const sha256 = (text) => createHash('sha256').update(text).digest();

const model = {
  async getClient(id, secret) {
    if (!/^[0-9a-f-]{36}$/.test(id)) return false;
    const [client] = await query('client', 'select id, secret_hash, scope from oauth_clients where id = $1', [id]);
    if (!client || !timingSafeEqual(sha256(secret ?? ''), Buffer.from(client.secret_hash, 'hex'))) return false;
    return { id: client.id, scope: client.scope, grants: ['password'] };
  },

  async getUser(username, password) {
    const [user] = await query('user', 'select id, password_hash, scope from users where username = $1', [username]);
    const right = await argon2.verify(user?.password_hash ?? NOBODY, password);
    return user && right ? user : false;
  },

  async validateScope(user, client, scope) {
    const granted = client.scope.split(' ').filter((one) => user.scope.split(' ').includes(one));
    return (scope ?? granted).every((one) => granted.includes(one)) ? (scope ?? granted) : false;
  },

  async generateAccessToken(client, user, scope) {
    const jti = randomUUID();
    const claims = { sid: randomUUID(), client_id: client.id, scope: scope.join(' '), scopes: scope };
    return jwt.sign(claims, privateKey, {
      algorithm: 'RS256', header: { jti }, keyid: 'peer', jwtid: jti, issuer: ISSUER, subject: user.id,
      audience: [ISSUER, client.id], expiresIn: LIFETIME, notBefore: 0,
    });
  },

  async generateRefreshToken() {
    return randomBytes(32).toString('base64url');
  },

  async saveToken(token, client, user) {
    await query(
      'refresh',
      'insert into refresh_tokens (token_hash, user_id, oauth_client_id, scope, expires_at) values ($1, $2, $3, $4, $5)',
      [sha256(token.refreshToken), user.id, client.id, token.scope.join(' '), token.refreshTokenExpiresAt],
    );
    return { ...token, client, user };
  },

  async getAccessToken(token) {
    let claims;
    try {
      claims = jwt.verify(token, publicKey, { algorithms: ['RS256'], issuer: ISSUER, audience: ISSUER, clockTolerance: 5 });
    } catch {
      return false;
    }
    const accessTokenExpiresAt = new Date(claims.exp * 1000);
    const [client, user] = [{ id: claims.client_id }, { id: claims.sub }];
    return { accessToken: token, accessTokenExpiresAt, scope: claims.scopes, client, user };
  },

  async verifyScope(token, scope) {
    return scope.every((one) => token.scope.includes(one));
  },
};

module.exports = new OAuth2Server({
  model,
  accessTokenLifetime: LIFETIME,
  refreshTokenLifetime: REFRESH_LIFETIME,
  addAcceptedScopesHeader: false,
  addAuthorizedScopesHeader: false,
});
