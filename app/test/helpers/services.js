'use strict';
/** A real Postgres with the app's schema and a real Redis, both behind TLS of a certificate authority of their own. */

const { execFileSync } = require('node:child_process');
const {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { eventually, freePort, serverIdentity, start, START_MS, stop } = require('./children');

const MIGRATIONS = join(__dirname, '../../prisma/migrations');
const REDIS_TOKEN = 'a-token-of-the-tests';

/**
 * Debian keeps Postgres' programs out of PATH.
 *
 * @param {string} name
 */
function postgresProgram(name) {
  const versions = readdirSync('/usr/lib/postgresql').sort((a, b) => Number(b) - Number(a));
  return join('/usr/lib/postgresql', versions[0], 'bin', name);
}

/** Starts both; `stop` ends them and leaves nothing. */
async function startServices() {
  const place = makePlace();
  const postgres = await startPostgres(place);
  const { env, ...rest } = await startRedisIn(place);
  const DATABASE_URL = `postgresql://postgres@127.0.0.1:${postgres.port}/app?sslmode=verify-full`;
  return {
    ...rest,
    postgres,
    env: { ...env, DATABASE_URL },
    async stop() {
      await postgres.stop();
      await rest.stop();
    },
  };
}

/** Starts Redis alone. */
const startRedisAlone = () => startRedisIn(makePlace());

/** @param {Place} place */
async function startRedisIn(place) {
  const redis = await startRedis(place, 'redis');
  return {
    folder: place.folder,
    /** A second Redis: a replica of the first. */
    startReplica: () => startRedis(place, 'replica', { replicaof: `127.0.0.1 ${redis.port}` }),
    /** A Redis of its own for the cache. */
    startCacheRedis: () => startRedis(place, 'cache'),
    redis,
    env: { REDIS_URL: redis.url, NODE_EXTRA_CA_CERTS: place.caFile },
    async stop() {
      await redis.stop();
      rmSync(place.folder, { recursive: true, force: true });
    },
  };
}

/** @typedef {ReturnType<typeof makePlace>} Place */

/** A folder with certificates, and who owns what servers write there. */
function makePlace() {
  const identity = serverIdentity();
  const folder = mkdtempSync(join(tmpdir(), 'app-test-'));
  const hand = (/** @type {string} */ path) => identity && chownSync(path, identity.uid, identity.gid);
  hand(folder);
  return { identity, folder, hand, caFile: makeCertificates(folder, hand) };
}

/**
 * A CA, and a certificate of it for 127.0.0.1 and nothing else.
 *
 * @param {string} folder
 * @param {(path: string) => void} hand
 */
function makeCertificates(folder, hand) {
  const openssl = (/** @type {string[]} */ ...args) =>
    execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  openssl('req', '-x509', ...newKey, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=tests');
  openssl(
    'req',
    ...newKey.slice(0, -2),
    '-keyout',
    'server.key',
    '-out',
    'server.csr',
    '-subj',
    '/CN=server',
  );
  writeFileSync(join(folder, 'san'), 'subjectAltName=IP:127.0.0.1');
  openssl(
    ...'x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile san -out server.pem'.split(
      ' ',
    ),
  );
  chmodSync(join(folder, 'server.key'), 0o600);
  hand(join(folder, 'server.key'));
  return join(folder, 'ca.pem');
}

/** @param {Place} place */
async function startPostgres({ folder, identity, hand }) {
  const data = join(folder, 'postgres');
  const port = await freePort();
  execFileSync(postgresProgram('initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync'], {
    stdio: 'pipe',
    cwd: folder,
    ...identity,
  });
  writeFileSync(join(data, 'pg_hba.conf'), 'hostssl all all 127.0.0.1/32 trust\nlocal all all trust\n');
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: folder,
    fsync: 'off',
    shared_preload_libraries: 'pg_stat_statements',
    ssl: 'on',
    ssl_cert_file: join(folder, 'server.pem'),
    ssl_key_file: join(folder, 'server.key'),
  };
  const args = [
    '-D',
    data,
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
  const options = `-X -q -v ON_ERROR_STOP=1 -h ${folder} -p ${port} -U postgres -At`.split(' ');
  const psql = (/** @type {string[]} */ ...rest) =>
    execFileSync('psql', [...options, ...rest], { encoding: 'utf8', stdio: 'pipe' });
  const launch = () => start(postgresProgram('postgres'), args, { identity, cwd: folder });
  const isUp = () => psql('-d', 'postgres', '-c', 'SELECT 1');
  const answers = () => eventually(isUp, { timeoutMs: START_MS, what: 'Postgres' });
  let server = launch();
  const service = {
    port,
    query: (/** @type {string} */ sql) => psql('-d', 'app', '-c', sql).trim(),
    /** Its log. */
    get output() {
      return server.output;
    },
    async start() {
      server = launch();
      await answers();
    },
    stop: () => stop(server, 'SIGINT'), // Postgres' fast shutdown; SIGTERM would wait for clients
    kill: () => stop(server, 'SIGKILL'),
  };
  await answers();
  psql('-d', 'postgres', '-c', 'CREATE DATABASE app');
  for (const name of readdirSync(MIGRATIONS, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()) {
    psql('-d', 'app', '-f', join(MIGRATIONS, name, 'migration.sql'));
  }
  hand(data);
  return service;
}

/**
 * @param {Place} place
 * @param {string} name of its folder
 * @param {Record<string, string>} [more] settings
 */
async function startRedis({ folder, identity, hand }, name, more) {
  const dir = join(folder, name);
  mkdirSync(dir);
  hand(dir);
  const port = await freePort();
  const settings = {
    port: 0,
    'tls-port': port,
    bind: '127.0.0.1',
    'tls-cert-file': join(folder, 'server.pem'),
    'tls-key-file': join(folder, 'server.key'),
    'tls-ca-cert-file': join(folder, 'ca.pem'),
    'tls-auth-clients': 'no',
    requirepass: REDIS_TOKEN,
    masterauth: REDIS_TOKEN,
    'tls-replication': 'yes',
    dir,
    appendonly: 'yes',
    ...more,
  };
  const args = Object.entries(settings).flatMap(([setting, value]) => [`--${setting}`, String(value)]);
  const launch = () => start('redis-server', args, { identity, cwd: folder });
  const isUp = () => server.output.includes('Ready to accept connections');
  const answers = () => eventually(isUp, { timeoutMs: START_MS, what: 'Redis' });
  let server = launch();
  await answers();
  return {
    port,
    url: `rediss://:${REDIS_TOKEN}@127.0.0.1:${port}`,
    async start() {
      server = launch();
      await answers();
    },
    async stop() {
      server.kill('SIGCONT');
      await stop(server);
    },
    signal: (/** @type {NodeJS.Signals} */ signal) => server.kill(signal),
    command: (/** @type {string[]} */ ...command) =>
      execFileSync(
        'redis-cli',
        ['--tls', '--cacert', join(folder, 'ca.pem'), '-p', String(port), ...command],
        { env: { ...process.env, REDISCLI_AUTH: REDIS_TOKEN }, encoding: 'utf8', stdio: 'pipe' },
      ),
  };
}

module.exports = { startRedisAlone, startServices };
