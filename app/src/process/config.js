'use strict';
/** The environment, read once and checked. Every variable is explained in the README. */

const { hostname } = require('node:os');

/** A variable that can't be used. The message holds its name, its value (unless secret) and the remedy. */
class ConfigError extends Error {
  name = 'ConfigError';
}

/**
 * @typedef {Readonly<{
 *   host: string, port: number, redisUrl: string, cacheRedisUrl: string, sessionSecrets: string[], cookieSecure: boolean,
 *   trustedProxies: number, checkToken?: string,
 *   database: Readonly<{ url: string, poolSize: number, poolTimeoutMs: number, connectTimeoutMs: number,
 *     statementTimeoutMs: number, slowQueryMs: number }>,
 *   limits: Readonly<{ logInFailures: number, logIns: number, sessions: number, signUps: number, messages: number,
 *     messagesADay: number, trialMessagesADay: number, members: number, reads: number }>,
 *   drainTimeoutMs: number, killTimeoutMs: number, keepAliveTimeoutMs: number, release: string, serverId: string,
 *   metricsHost: string, metricsPort: number, metricsNamespace?: string,
 *   smsGatewayUrl?: string, smsGatewayToken?: string, smsRateLimit: number,
 *   smsCountries: string[],
 * }>} Config
 */

/** What closing the connections needs between the drain and PM2's kill, in milliseconds. */
const CLOSING_MS = 1000;
/** Characters. */
const SHORTEST_SECRET = 32;

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {Config}
 * @throws {ConfigError}
 */
function readConfig(env) {
  const config = {
    host: env.HOST || '127.0.0.1',
    port: wholeNumber(env, 'PORT', { fallback: 3000, min: 1, max: 65535 }),
    database: database(env),
    limits: limits(env),
    redisUrl: redisUrl(env, 'REDIS_URL'),
    cacheRedisUrl: redisUrl(env, env.CACHE_REDIS_URL ? 'CACHE_REDIS_URL' : 'REDIS_URL'),
    sessionSecrets: sessionSecrets(env),
    cookieSecure: boolean(env, 'COOKIE_SECURE', env.NODE_ENV === 'production'),
    trustedProxies: wholeNumber(env, 'TRUSTED_PROXIES', { fallback: 1, min: 0, max: 10 }),
    checkToken: checkToken(env),
    drainTimeoutMs: wholeNumber(env, 'DRAIN_TIMEOUT_MS', { fallback: 1000, min: 0, max: 600_000 }),
    killTimeoutMs: wholeNumber(env, 'KILL_TIMEOUT_MS', { fallback: 5000, min: CLOSING_MS, max: 601_000 }),
    keepAliveTimeoutMs: wholeNumber(env, 'KEEP_ALIVE_TIMEOUT_MS', {
      fallback: 65_000,
      min: 1,
      max: 4_000_000,
    }),
    metricsHost: isLoopback(env.HOST) ? env.HOST : '127.0.0.1',
    // PM2 numbers the workers of a server, each of which has metrics of its own.
    metricsPort:
      wholeNumber(env, 'METRICS_PORT', { fallback: 9464, min: 1, max: 65_000 }) +
      Number(env.NODE_APP_INSTANCE || 0),
    metricsNamespace: metricsNamespace(env),
    smsGatewayUrl: smsGatewayUrl(env),
    smsGatewayToken: env.SMS_GATEWAY_TOKEN || undefined,
    smsRateLimit: wholeNumber(env, 'SMS_RATE_LIMIT', { fallback: 100, min: 1, max: 100_000 }),
    smsCountries: smsCountries(env),
    release: env.RELEASE || 'development',
    serverId: env.SERVER_ID || hostname(),
  };
  if (config.drainTimeoutMs + CLOSING_MS > config.killTimeoutMs) {
    throw new ConfigError(
      `DRAIN_TIMEOUT_MS is ${config.drainTimeoutMs} and KILL_TIMEOUT_MS is ${config.killTimeoutMs}: ` +
        `PM2 would kill a worker that still drains. Set KILL_TIMEOUT_MS to ${config.drainTimeoutMs + CLOSING_MS} or more.`,
    );
  }
  return Object.freeze(config);
}

function database(env) {
  const milliseconds = (name, fallback) => wholeNumber(env, name, { fallback, min: 1, max: 600_000 });
  return Object.freeze({
    url: databaseUrl(env),
    poolSize: wholeNumber(env, 'DATABASE_POOL_SIZE', { fallback: 5, min: 1, max: 1000 }),
    poolTimeoutMs: milliseconds('DATABASE_POOL_TIMEOUT_MS', 500),
    connectTimeoutMs: milliseconds('DATABASE_CONNECT_TIMEOUT_MS', 2000),
    statementTimeoutMs: milliseconds('DATABASE_STATEMENT_TIMEOUT_MS', 5000),
    slowQueryMs: milliseconds('SLOW_QUERY_MS', 500),
  });
}

function limits(env) {
  const limit = (name, fallback) => wholeNumber(env, name, { fallback, min: 1, max: 1_000_000 });
  return Object.freeze({
    logInFailures: limit('LOG_IN_FAILURE_LIMIT', 10),
    logIns: limit('LOG_IN_LIMIT', 30),
    sessions: limit('SESSION_LIMIT', 20),
    signUps: limit('SIGN_UP_LIMIT', 20),
    messages: limit('MESSAGE_LIMIT', 600),
    messagesADay: limit('DAILY_MESSAGE_LIMIT', 10_000),
    trialMessagesADay: limit('TRIAL_MESSAGE_LIMIT', 20),
    members: limit('MEMBER_LIMIT', 600),
    reads: limit('READ_LIMIT', 1200),
  });
}

/** libpq's other modes encrypt without checking whom they talk to, or not always; they are refused. */
function databaseUrl(env) {
  const value = required(env, 'DATABASE_URL', 'postgresql://127.0.0.1:5432/app?sslmode=disable');
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (!url || !['postgresql:', 'postgres:'].includes(url.protocol)) {
    throw new ConfigError(
      'DATABASE_URL is not a Postgres URL. Set it to postgresql://user:password@host:port/name?sslmode=verify-full, ' +
        'with special characters of the password percent-encoded.',
    );
  }
  const mode = url.searchParams.get('sslmode');
  if (!['verify-full', 'disable'].includes(mode ?? '')) {
    throw new ConfigError(
      `DATABASE_URL has sslmode=${mode ?? '(none)'}. Set sslmode=verify-full, or sslmode=disable on a laptop.`,
    );
  }
  if (mode === 'disable')
    mustBeEncrypted(env, url, 'DATABASE_URL has sslmode=disable', 'sslmode=verify-full');
  return value;
}

function redisUrl(env, name) {
  const value = required(env, name, 'redis://127.0.0.1:6379');
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (!url || !['redis:', 'rediss:'].includes(url.protocol)) {
    throw new ConfigError(
      `${name} is not a Redis URL. Set it to rediss://:token@host:port, or redis://host:port on a laptop.`,
    );
  }
  if (url.protocol === 'redis:')
    mustBeEncrypted(env, url, `${name} is without TLS`, 'rediss://:token@host:port');
  return value;
}

/** Its value is not shown: it may hold a token. */
function smsGatewayUrl(env) {
  const value = env.SMS_GATEWAY_URL;
  if (!value) return undefined;
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (!url || !['http:', 'https:'].includes(url.protocol)) {
    throw new ConfigError(
      'SMS_GATEWAY_URL is not a URL of HTTP. Set it to https://host/path, or leave it out: an SMS is then only logged.',
    );
  }
  if (url.username || url.password) {
    throw new ConfigError(
      'SMS_GATEWAY_URL holds a user or a password, which no request may. Take them out, and set SMS_GATEWAY_TOKEN to ' +
        "the gateway's token: it is sent as `Authorization: Bearer`.",
    );
  }
  if (url.protocol === 'http:')
    mustBeEncrypted(env, url, 'SMS_GATEWAY_URL is without TLS', 'https://host/path');
  return value;
}

/** Where SMS may be sent to, as the beginnings of phone numbers: others may cost a hundred times as much. */
function smsCountries(env) {
  const value = env.SMS_COUNTRIES || '+1';
  const prefixes = value.split(',');
  if (!prefixes.every((prefix) => /^\+[1-9]\d{0,14}$/.test(prefix))) {
    throw new ConfigError(
      `SMS_COUNTRIES is '${value}'. Set it to the beginnings of phone numbers, such as '+1,+44', or leave it out for '+1'.`,
    );
  }
  return prefixes;
}

/** In production nothing of people's leaves the machine in the clear. */
function mustBeEncrypted(env, { hostname: host }, what, remedy) {
  if (env.NODE_ENV !== 'production' || isLoopback(host) || host === 'localhost' || host === '[::1]') return;
  throw new ConfigError(`${what}, and NODE_ENV is production. Set ${remedy}.`);
}

/** @returns {string[]} the first signs; the others are those before it, whose sessions still hold */
function sessionSecrets(env) {
  const values = required(env, 'SESSION_SECRET', 'a secret for a laptop: production refuses it').split(',');
  for (const value of values) {
    if (value.length < SHORTEST_SECRET) {
      throw new ConfigError(
        `SESSION_SECRET has ${value.length} characters. Set it to ${SHORTEST_SECRET} random characters or more.`,
      );
    }
  }
  return values;
}

function checkToken(env) {
  const value = env.CHECK_TOKEN || undefined;
  if (value && value.length < SHORTEST_SECRET) {
    throw new ConfigError(
      `CHECK_TOKEN has ${value.length} characters. Set it to ${SHORTEST_SECRET} random characters or more, or leave it out.`,
    );
  }
  return value;
}

/** Source: CloudWatch's PutMetricData; names that begin with AWS/ are its own. */
function metricsNamespace(env) {
  const value = env.METRICS_NAMESPACE;
  if (!value) return undefined;
  if (!/^(?!AWS\/)[\w.\-/#]{1,255}$/.test(value)) {
    throw new ConfigError(
      `METRICS_NAMESPACE is '${value}'. Set it to letters, digits and . - _ / #, at most 255 and not AWS/ first, ` +
        'or leave it out for no metrics in the log.',
    );
  }
  return value;
}

/** @type {(host?: string) => host is string} */
function isLoopback(host = '') {
  return /^127(\.\d{1,3}){3}$/.test(host);
}

function required(env, name, fallback) {
  if (env[name]) return env[name];
  if (env.NODE_ENV === 'production')
    throw new ConfigError(`${name} is not set, and NODE_ENV is production. Set ${name}.`);
  return fallback;
}

function wholeNumber(env, name, { fallback, min, max }) {
  const value = env[name];
  if (!value) return fallback;
  const number = Number(value);
  if (!/^\d+$/.test(value) || number < min || number > max) {
    throw new ConfigError(
      `${name} is '${value}'. Set it to a whole number from ${min} to ${max}, or leave it out for ${fallback}.`,
    );
  }
  return number;
}

function boolean(env, name, fallback) {
  const value = env[name];
  if (!value) return fallback;
  if (value !== 'true' && value !== 'false') {
    throw new ConfigError(
      `${name} is '${value}'. Set it to 'true' or 'false', or leave it out for '${fallback}'.`,
    );
  }
  return value === 'true';
}

module.exports = { ConfigError, databaseUrl, readConfig };
