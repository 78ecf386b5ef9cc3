'use strict';
/** The named queries beside the migrations are the app's own. */

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const { readdirSync, readFileSync } = require('node:fs');
const { join } = require('node:path');
const { test } = require('node:test');
const { loggedIn, SERVER, startApp } = require('./helpers/app');
const { share } = require('./helpers/harness');
const { startServices } = require('./helpers/services');

/** @import { App, Services, User } from './types' */

const MIGRATIONS = join(__dirname, '../prisma/migrations');
const DEMO = { email: 'demo@evenkeel.example', password: 'the password of the demo', churchName: 'unused' };

/** @type {Services} */
let services;
/** @type {App} */
let app;
/** @type {User} */
let user;

share(async (keep) => {
  services = keep(await startServices());
  execFileSync(
    process.execPath,
    [join(__dirname, '../src/cli/seed.js'), '--members', '200', '--messages', '500'],
    {
      env: { ...services.env, SEED_PASSWORD: DEMO.password },
      stdio: 'pipe',
    },
  );
  services.postgres.query("ALTER DATABASE app SET log_statement = 'all'");
  app = keep(await startApp(services, {}, SERVER)); // The seed's password has its whole cost.
  user = await loggedIn(app.url, DEMO);
});

/** The statements of all queries.sql, without comments and spaces. */
function namedQueries() {
  return readdirSync(MIGRATIONS, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('queries.sql'))
    .flatMap((path) =>
      readFileSync(join(MIGRATIONS, path), 'utf8')
        .replace(/^--.*$/gm, '')
        .split(';'),
    )
    .map(withoutSpaces)
    .filter(Boolean);
}

const withoutSpaces = (/** @type {string} */ text) => text.replace(/\s+/g, '');

test('each named query is what a route asks, to the letter', async () => {
  const { nextCursor } = (await user.get('/members?limit=5')).body;
  await user.get(`/members?cursor=${nextCursor}`);
  await user.get('/members?optInSms=true');
  await user.get('/analytics');
  const [conversation] = (await user.get('/conversations?limit=1')).body.items;
  await user.get(`/conversations/${conversation.id}/messages`);
  await user.get(`/conversations/${conversation.id}/messages?direction=INBOUND`);
  const asked = withoutSpaces(services.postgres.output);
  const named = namedQueries();
  assert.ok(named.length > 0);
  assert.deepEqual(
    named.filter((query) => !asked.includes(query)),
    [],
  );
});
