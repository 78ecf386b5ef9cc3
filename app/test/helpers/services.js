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
const { eventually, freePort, serverIdentity, start, stop } = require('./children');

const MIGRATIONS = join(__dirname, '../../prisma/migrations');
const REDIS_TOKEN = 'a-token-of-the-tests';

/** Debian keeps Postgres' programs out of PATH. */
function postgresProgram(name) {
  const versions = readdirSync('/usr/lib/postgresql').sort((a, b) => Number(b) - Number(a));
  return join('/usr/lib/postgresql', versions[0], 'bin', name);
}

/** Starts both, or Redis alone; `stop` ends them and leaves nothing. */
async function startServices({ withPostgres = true } = {}) {
  const identity = serverIdentity();
  const folder = mkdtempSync(join(tmpdir(), 'app-test-'));
  const hand = (path) => identity && chownSync(path, identity.uid, identity.gid);
  hand(folder);
  const caFile = makeCertificates(folder, hand);
  const postgres = withPostgres ? await startPostgres({ folder, identity, hand }) : undefined;
  const redis = await startRedis({ folder, identity, name: 'redis' });
  return {
    folder,
    /** A second Redis: a replica of the first. */
    startReplica: () => startRedis({ folder, identity, name: 'replica', replicaof: redis.port }),
    /** A Redis of its own for the cache. */
    startCacheRedis: () => startRedis({ folder, identity, name: 'cache' }),
    caFile,
    postgres,
    redis,
    env: {
      ...(postgres && {
        DATABASE_URL: `postgresql://postgres@127.0.0.1:${postgres.port}/app?sslmode=verify-full`,
      }),
      REDIS_URL: redis.url,
      NODE_EXTRA_CA_CERTS: caFile,
    },
    async stop() {
      await Promise.all([postgres?.stop(), redis.stop()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A CA, and a certificate of it for 127.0.0.1 and nothing else. */
function makeCertificates(folder, hand) {
  const openssl = (...args) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
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
  const psql = (...rest) =>
    execFileSync(
      'psql',
      ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-h', folder, '-p', port, '-U', 'postgres', '-At', ...rest],
      {
        encoding: 'utf8',
        stdio: 'pipe',
      },
    );
  let server;
  const service = {
    port,
    query: (sql) => psql('-d', 'app', '-c', sql).trim(),
    /** Its log. */
    get output() {
      return server.output;
    },
    async start() {
      server = start(postgresProgram('postgres'), args, { identity, cwd: folder });
      await eventually(() => psql('-d', 'postgres', '-c', 'SELECT 1'), { what: 'Postgres' });
    },
    stop: () => stop(server, 'SIGINT'), // Postgres' fast shutdown; SIGTERM would wait for clients
    kill: () => stop(server, 'SIGKILL'),
  };
  await service.start();
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

async function startRedis({ folder, identity, name, replicaof }) {
  const dir = join(folder, name);
  mkdirSync(dir);
  if (identity) chownSync(dir, identity.uid, identity.gid);
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
    ...(replicaof && { replicaof: `127.0.0.1 ${replicaof}` }),
  };
  const args = Object.entries(settings).flatMap(([setting, value]) => [`--${setting}`, String(value)]);
  let server;
  const service = {
    port,
    url: `rediss://:${REDIS_TOKEN}@127.0.0.1:${port}`,
    async start() {
      server = start('redis-server', args, { identity, cwd: folder });
      await eventually(() => server.output.includes('Ready to accept connections'), { what: 'Redis' });
    },
    stop: () => stop(server),
    signal: (signal) => server.kill(signal),
    command: (...command) =>
      execFileSync(
        'redis-cli',
        ['--tls', '--cacert', join(folder, 'ca.pem'), '-p', String(port), ...command],
        { env: { ...process.env, REDISCLI_AUTH: REDIS_TOKEN }, encoding: 'utf8', stdio: 'pipe' },
      ),
  };
  await service.start();
  return service;
}

module.exports = { startServices };
