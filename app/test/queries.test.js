'use strict';
/** The named queries beside the migrations are the app's own. */

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const { readdirSync, readFileSync } = require('node:fs');
const { join } = require('node:path');
const { after, before, test } = require('node:test');
const { loggedIn, startApp } = require('./helpers/app');
const { startServices } = require('./helpers/services');

const MIGRATIONS = join(__dirname, '../prisma/migrations');
const DEMO = { email: 'demo@evenkeel.example', password: 'the password of the demo', churchName: 'unused' };

let services;
let app;
let user;

before(async () => {
  services = await startServices();
  execFileSync(
    process.execPath,
    [join(__dirname, '../src/cli/seed.js'), '--members', '200', '--messages', '500'],
    {
      env: { ...services.env, SEED_PASSWORD: DEMO.password },
      stdio: 'pipe',
    },
  );
  services.postgres.query("ALTER DATABASE app SET log_statement = 'all'");
  app = await startApp(services);
  user = await loggedIn(app.url, DEMO);
});
after(async () => {
  await app?.stop();
  await services?.stop();
});

/** The statements of all queries.sql, without comments and spaces. */
function namedQueries() {
  return readdirSync(MIGRATIONS, { recursive: true })
    .filter((path) => path.endsWith('queries.sql'))
    .flatMap((path) =>
      readFileSync(join(MIGRATIONS, path), 'utf8')
        .replace(/^--.*$/gm, '')
        .split(';'),
    )
    .map(withoutSpaces)
    .filter(Boolean);
}

const withoutSpaces = (text) => text.replace(/\s+/g, '');

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
