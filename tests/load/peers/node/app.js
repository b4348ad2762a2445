'use strict';

const { randomUUID } = require('node:crypto');
const { OAuthError, Request, Response } = require('@node-oauth/oauth2-server');
const express = require('express');
const clients = require('./clients');
const oauth = require('./oauth');
const { newClient } = require('./validate');

const app = express();
app.disable('x-powered-by');
app.disable('etag');
app.use((request, response, next) => {
  request.id = randomUUID();
  response.set({ 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff', 'X-Request-Id': request.id });
  next();
});
app.use(express.urlencoded({ extended: false, limit: '64kb' }));

function refuse(response, status, error, message, more) {
  response.status(status).json({ result: 'ERROR', error, message, ...more, request_id: response.get('X-Request-Id') });
}

const allowed = (scope) => async (request, response, next) => {
  const token = await oauth.authenticate(new Request(request), new Response(response), { scope: [scope] });
  request.origin = { user: token.user.id, oauthClient: token.client.id, request: request.id };
  next();
};

app.post('/api/oauth/token', async (request, response) => {
  const answer = new Response(response);
  await oauth.token(new Request(request), answer);
  response.set(answer.headers).status(answer.status).json(answer.body);
});

app.post('/api/residential/client', allowed('client:create'), async (request, response) => {
  const { client, errors } = newClient(request.body ?? {});
  if (errors) return refuse(response, 422, 'validation_failed', Object.values(errors)[0][0], { errors });
  const created = await clients.create(client, request.origin);
  response.status(201).location(`/api/residential/client/${created.id}`).json({ result: 'OK', client: created });
});

app.param('id', (request, response, next, id) => {
  if (/^\d{1,15}$/.test(id)) next();
  else refuse(response, 404, 'not_found', 'There is nothing here.');
});

for (const [name, status] of [['activate', 'active'], ['suspend', 'suspended']]) {
  app.post(`/api/residential/client/:id/${name}`, allowed(`client:${name}`), async (request, response) => {
    const client = await clients.change(request.params.id, status, request.origin);
    if (!client) return refuse(response, 404, 'not_found', 'There is nothing here.');
    const { id, ns_domain, status_changed_at } = client;
    const timestamp = Math.floor(status_changed_at.getTime() / 1000);
    response.json({ result: 'OK', timestamp, client: { id: Number(id), ns_domain, status } });
  });
}

app.get('/api/residential/client/:id', allowed('client:read'), async (request, response) => {
  const client = await clients.read(request.params.id);
  if (!client) return refuse(response, 404, 'not_found', 'There is nothing here.');
  response.json({ result: 'OK', client });
});

app.use((request, response) => refuse(response, 404, 'not_found', 'There is nothing here.'));

// Express knows a handler of errors by its four parameters.
app.use((error, request, response, next) => {
  if (error instanceof OAuthError) {
    const status = error.name === 'invalid_client' ? 401 : error.code;
    if (status === 401) response.set('WWW-Authenticate', 'Bearer realm="DNA API"');
    return response.status(status).json({ error: error.name, error_description: error.message });
  }
  if (error.code === '23505') return refuse(response, 409, 'duplicate_customer_id', 'The customer id is taken.');
  if (error.status < 500) return refuse(response, error.status, 'invalid_request', 'The request cannot be read.');
  console.error(error);
  refuse(response, 500, 'server_error', 'Something went wrong.');
});

module.exports = app;
