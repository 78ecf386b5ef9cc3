const assert = require('node:assert/strict');
const { after, before, test } = require('node:test');
const { ACCOUNT, client, loggedIn, startApp } = require('./helpers/app');
const { startServices } = require('./helpers/services');

let services;
let app;
before(async () => {
  services = await startServices();
  app = await startApp(services);
});
after(async () => {
  await app?.stop();
  await services?.stop();
});

test('an empty database lets the first user sign up, log in and read the session back', async () => {
  const user = client(app.url);
  assert.equal((await user.post('/register', ACCOUNT)).status, 201);
  assert.equal(user.cookie, undefined);
  assert.equal((await user.post('/login', { email: ACCOUNT.email, password: ACCOUNT.password })).status, 200);
  const { status, body } = await user.get('/me');
  assert.equal(status, 200);
  assert.equal(body.email, ACCOUNT.email);
  assert.equal(body.church.name, ACCOUNT.churchName);
});
