'use strict';
const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const { test } = require('node:test');
const { ConfigError, readConfig } = require('../src/process/config');
const { SERVER } = require('./helpers/app');

const SECRET = 'x'.repeat(32);
const PRODUCTION = {
  NODE_ENV: 'production',
  DATABASE_URL: 'postgresql://app:secret@db.example:5433/app?sslmode=verify-full',
  REDIS_URL: 'rediss://:token@redis.example:6379',
  SESSION_SECRET: SECRET,
};

/** Each wrong environment and the whole message it gets. @type {[Record<string, string>, string][]} */
const REFUSED = [
  [{ PORT: '80a' }, "PORT is '80a'. Set it to a whole number from 1 to 65535, or leave it out for 3000."],
  [
    { DATABASE_POOL_SIZE: '0' },
    "DATABASE_POOL_SIZE is '0'. Set it to a whole number from 1 to 1000, or leave it out for 5.",
  ],
  [
    { DATABASE_POOL_TIMEOUT_MS: '0' },
    "DATABASE_POOL_TIMEOUT_MS is '0'. Set it to a whole number from 1 to 600000, or leave it out for 500.",
  ],
  [
    { SIGN_UP_LIMIT: 'none' },
    "SIGN_UP_LIMIT is 'none'. Set it to a whole number from 1 to 1000000, or leave it out for 20.",
  ],
  [
    { COOKIE_SECURE: 'yes' },
    "COOKIE_SECURE is 'yes'. Set it to 'true' or 'false', or leave it out for 'true'.",
  ],
  [{ SESSION_SECRET: '' }, 'SESSION_SECRET is not set, and NODE_ENV is production. Set SESSION_SECRET.'],
  [{ SESSION_SECRET: 'short' }, 'SESSION_SECRET has 5 characters. Set it to 32 random characters or more.'],
  [
    { SESSION_SECRET: `${SECRET},short` },
    'SESSION_SECRET has 5 characters. Set it to 32 random characters or more.',
  ],
  [
    { CHECK_TOKEN: 'short' },
    'CHECK_TOKEN has 5 characters. Set it to 32 random characters or more, or leave it out.',
  ],
  [
    { TRUSTED_PROXIES: 'all' },
    "TRUSTED_PROXIES is 'all'. Set it to a whole number from 0 to 10, or leave it out for 1.",
  ],
  [
    { DATABASE_URL: 'mysql://app@db.example/app' },
    'DATABASE_URL is not a Postgres URL. Set it to postgresql://user:password@host:port/name?sslmode=verify-full, ' +
      'with special characters of the password percent-encoded.',
  ],
  [
    { DATABASE_URL: 'postgresql://db.example/app?sslmode=require' },
    'DATABASE_URL has sslmode=require. Set sslmode=verify-full, or sslmode=disable on a laptop.',
  ],
  [
    { DATABASE_URL: 'postgresql://db.example/app' },
    'DATABASE_URL has sslmode=(none). Set sslmode=verify-full, or sslmode=disable on a laptop.',
  ],
  [
    { REDIS_URL: 'redis.example:6379' },
    'REDIS_URL is not a Redis URL. Set it to rediss://:token@host:port, or redis://host:port on a laptop.',
  ],
  [
    { CACHE_REDIS_URL: 'http://redis.example' },
    'CACHE_REDIS_URL is not a Redis URL. Set it to rediss://:token@host:port, or redis://host:port on a laptop.',
  ],
  [
    { DATABASE_URL: 'postgresql://db.example/app?sslmode=disable' },
    'DATABASE_URL has sslmode=disable, and NODE_ENV is production. Set sslmode=verify-full.',
  ],
  [
    { REDIS_URL: 'redis://redis.example:6379' },
    'REDIS_URL is without TLS, and NODE_ENV is production. Set rediss://:token@host:port.',
  ],
  [
    { CACHE_REDIS_URL: 'redis://redis.example:6379' },
    'CACHE_REDIS_URL is without TLS, and NODE_ENV is production. Set rediss://:token@host:port.',
  ],
  [
    { SMS_GATEWAY_URL: 'https://account:secret@sms.example/messages' },
    'SMS_GATEWAY_URL holds a user or a password, which no request may. Take them out, and set SMS_GATEWAY_TOKEN to ' +
      "the gateway's token: it is sent as `Authorization: Bearer`.",
  ],
  [
    { SMS_GATEWAY_URL: 'http://sms.example/messages' },
    'SMS_GATEWAY_URL is without TLS, and NODE_ENV is production. Set https://host/path.',
  ],
  [
    { METRICS_NAMESPACE: 'AWS/App' },
    "METRICS_NAMESPACE is 'AWS/App'. Set it to letters, digits and . - _ / #, at most 255 and not AWS/ first, " +
      'or leave it out for no metrics in the log.',
  ],
  [
    { SMS_GATEWAY_URL: 'sms.example/messages' },
    'SMS_GATEWAY_URL is not a URL of HTTP. Set it to https://host/path, or leave it out: an SMS is then only logged.',
  ],
  [
    { DRAIN_TIMEOUT_MS: '4500', KILL_TIMEOUT_MS: '5000' },
    'DRAIN_TIMEOUT_MS is 4500 and KILL_TIMEOUT_MS is 5000: PM2 would kill a worker that still drains. ' +
      'Set KILL_TIMEOUT_MS to 5500 or more.',
  ],
];

for (const [wrong, message] of REFUSED) {
  test(`${Object.keys(wrong).join(' and ')} = '${Object.values(wrong)}' is refused with its remedy`, () => {
    assert.throws(() => readConfig({ ...PRODUCTION, ...wrong }), { name: ConfigError.name, message });
  });
}

test('all that is wrong is told at once, one variable a line', () => {
  assert.throws(() => readConfig({ PORT: '0', COOKIE_SECURE: 'yes' }), {
    message:
      "PORT is '0'. Set it to a whole number from 1 to 65535, or leave it out for 3000.\n" +
      "COOKIE_SECURE is 'yes'. Set it to 'true' or 'false', or leave it out for 'false'.",
  });
});

test('the value of a secret is never told', () => {
  const secret = 'tell no one';
  for (const name of [
    'DATABASE_URL',
    'REDIS_URL',
    'CACHE_REDIS_URL',
    'SESSION_SECRET',
    'CHECK_TOKEN',
    'SMS_GATEWAY_URL',
  ])
    assert.throws(
      () => readConfig({ ...PRODUCTION, [name]: secret }),
      ({ message }) => message.startsWith(`${name} `) && !message.includes(secret),
      name,
    );
});

test('a laptop needs no settings', () => {
  const config = readConfig({});
  assert.deepEqual([config.host, config.port, config.cookieSecure], ['127.0.0.1', 3000, false]);
});

test('the cache shares the Redis of the sessions unless it has its own', () => {
  assert.equal(readConfig(PRODUCTION).cacheRedisUrl, PRODUCTION.REDIS_URL);
  const CACHE_REDIS_URL = 'rediss://:token@cache.example:6379';
  assert.equal(readConfig({ ...PRODUCTION, CACHE_REDIS_URL }).cacheRedisUrl, CACHE_REDIS_URL);
});

test('in production what stays on the machine need not be encrypted', () => {
  const plain = {
    DATABASE_URL: 'postgresql://127.0.0.1/app?sslmode=disable',
    REDIS_URL: 'redis://[::1]:6379',
    SMS_GATEWAY_URL: 'http://localhost:4000/messages',
  };
  const { redisUrl, smsGatewayUrl } = readConfig({ ...PRODUCTION, ...plain });
  assert.deepEqual([redisUrl, smsGatewayUrl], [plain.REDIS_URL, plain.SMS_GATEWAY_URL]);
});

test("production's defaults are the workload's: 1 s to drain, 5 s to kill, secure cookies", () => {
  const { drainTimeoutMs, killTimeoutMs, cookieSecure, keepAliveTimeoutMs } = readConfig(PRODUCTION);
  assert.deepEqual(
    [drainTimeoutMs, killTimeoutMs, cookieSecure, keepAliveTimeoutMs],
    [1000, 5000, true, 65_000],
  );
});

test('a wrong setting ends the process with code 1 and one line that tells why', () => {
  const { status, stderr } = spawnSync(process.execPath, [SERVER], { env: { PORT: 'x' }, encoding: 'utf8' });
  assert.equal(status, 1);
  assert.equal(
    stderr,
    "ConfigError: PORT is 'x'. Set it to a whole number from 1 to 65535, or leave it out for 3000.\n",
  );
});
