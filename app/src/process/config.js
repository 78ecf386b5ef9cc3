'use strict';
/** The environment, read once and checked. Every variable is explained in the README. */

const { hostname } = require('node:os');
const { z } = require('zod');

/** Variables that can't be used, one a line: the name, the value (unless secret) and the remedy. */
class ConfigError extends Error {
  name = 'ConfigError';
}

/** What closing the connections needs between the drain and PM2's kill, in milliseconds. */
const CLOSING_MS = 1000;
/** Characters. */
const SHORTEST_SECRET = 32;

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns the settings, frozen
 * @throws {ConfigError}
 */
function readConfig(env) {
  const values = parsed(variables(env), env);
  return Object.freeze({
    host: values.HOST,
    port: values.PORT,
    database: Object.freeze({
      url: values.DATABASE_URL,
      poolSize: values.DATABASE_POOL_SIZE,
      poolTimeoutMs: values.DATABASE_POOL_TIMEOUT_MS,
      connectTimeoutMs: values.DATABASE_CONNECT_TIMEOUT_MS,
      statementTimeoutMs: values.DATABASE_STATEMENT_TIMEOUT_MS,
      slowQueryMs: values.SLOW_QUERY_MS,
    }),
    limits: Object.freeze({
      logInFailures: values.LOG_IN_FAILURE_LIMIT,
      logIns: values.LOG_IN_LIMIT,
      sessions: values.SESSION_LIMIT,
      signUps: values.SIGN_UP_LIMIT,
      messages: values.MESSAGE_LIMIT,
      messagesADay: values.DAILY_MESSAGE_LIMIT,
      trialMessagesADay: values.TRIAL_MESSAGE_LIMIT,
      members: values.MEMBER_LIMIT,
      reads: values.READ_LIMIT,
    }),
    redisUrl: values.REDIS_URL,
    cacheRedisUrl: values.CACHE_REDIS_URL ?? values.REDIS_URL,
    /** The first signs; the others are those before it, whose sessions still hold. */
    sessionSecrets: values.SESSION_SECRET.split(','),
    cookieSecure: values.COOKIE_SECURE,
    trustedProxies: values.TRUSTED_PROXIES,
    checkToken: values.CHECK_TOKEN,
    drainTimeoutMs: values.DRAIN_TIMEOUT_MS,
    killTimeoutMs: values.KILL_TIMEOUT_MS,
    keepAliveTimeoutMs: values.KEEP_ALIVE_TIMEOUT_MS,
    metricsHost: isLoopback(values.HOST) ? values.HOST : '127.0.0.1',
    // PM2 numbers the workers of a server, each of which has metrics of its own.
    metricsPort: values.METRICS_PORT + values.NODE_APP_INSTANCE,
    metricsNamespace: values.METRICS_NAMESPACE,
    smsGatewayUrl: values.SMS_GATEWAY_URL,
    smsGatewayToken: values.SMS_GATEWAY_TOKEN,
    smsRateLimit: values.SMS_RATE_LIMIT,
    smsCountries: values.SMS_COUNTRIES.split(','),
    release: values.RELEASE,
    serverId: values.SERVER_ID,
  });
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {string} DATABASE_URL, for a command that needs nothing else
 * @throws {ConfigError}
 */
function databaseUrl(env) {
  return parsed(z.object({ DATABASE_URL: postgresUrl(env) }), env).DATABASE_URL;
}

/** @param {NodeJS.ProcessEnv} env */
const variables = (env) =>
  z
    .object({
      HOST: z.string().default('127.0.0.1'),
      PORT: wholeNumber({ fallback: 3000, min: 1, max: 65535 }),
      DATABASE_URL: postgresUrl(env),
      DATABASE_POOL_SIZE: wholeNumber({ fallback: 5, min: 1, max: 1000 }),
      DATABASE_POOL_TIMEOUT_MS: milliseconds(500),
      DATABASE_CONNECT_TIMEOUT_MS: milliseconds(2000),
      DATABASE_STATEMENT_TIMEOUT_MS: milliseconds(5000),
      SLOW_QUERY_MS: milliseconds(500),
      LOG_IN_FAILURE_LIMIT: limit(10),
      LOG_IN_LIMIT: limit(30),
      SESSION_LIMIT: limit(20),
      SIGN_UP_LIMIT: limit(20),
      MESSAGE_LIMIT: limit(600),
      DAILY_MESSAGE_LIMIT: limit(10_000),
      TRIAL_MESSAGE_LIMIT: limit(20),
      MEMBER_LIMIT: limit(600),
      READ_LIMIT: limit(1200),
      REDIS_URL: required(env, 'REDIS_URL', 'redis://127.0.0.1:6379', redisProblem),
      CACHE_REDIS_URL: checked((url) => redisProblem(url, env)).optional(),
      SESSION_SECRET: required(
        env,
        'SESSION_SECRET',
        'a secret for a laptop: production refuses it',
        secretsProblem,
      ),
      COOKIE_SECURE: boolean(isProduction(env)),
      TRUSTED_PROXIES: wholeNumber({ fallback: 1, min: 0, max: 10 }),
      CHECK_TOKEN: checked((token) => secretProblem(token, ', or leave it out')).optional(),
      DRAIN_TIMEOUT_MS: wholeNumber({ fallback: 1000, min: 0, max: 600_000 }),
      KILL_TIMEOUT_MS: wholeNumber({ fallback: 5000, min: CLOSING_MS, max: 601_000 }),
      KEEP_ALIVE_TIMEOUT_MS: wholeNumber({ fallback: 65_000, min: 1, max: 4_000_000 }),
      METRICS_PORT: wholeNumber({ fallback: 9464, min: 1, max: 65_000 }),
      NODE_APP_INSTANCE: wholeNumber({ fallback: 0, min: 0, max: 500 }),
      METRICS_NAMESPACE: checked(namespaceProblem).optional(),
      SMS_GATEWAY_URL: checked((url) => gatewayProblem(url, env)).optional(),
      SMS_GATEWAY_TOKEN: z.string().optional(),
      SMS_RATE_LIMIT: wholeNumber({ fallback: 100, min: 1, max: 100_000 }),
      SMS_COUNTRIES: checked(countriesProblem).default('+1'),
      RELEASE: z.string().default('development'),
      SERVER_ID: z.string().default(hostname),
    })
    .superRefine(({ DRAIN_TIMEOUT_MS: drainMs, KILL_TIMEOUT_MS: killMs }, context) => {
      if (drainMs + CLOSING_MS <= killMs) return;
      context.addIssue({
        code: 'custom',
        path: ['DRAIN_TIMEOUT_MS'],
        message:
          `is ${drainMs} and KILL_TIMEOUT_MS is ${killMs}: ` +
          `PM2 would kill a worker that still drains. Set KILL_TIMEOUT_MS to ${drainMs + CLOSING_MS} or more.`,
      });
    });

/**
 * @template T
 * @param {z.ZodType<T>} schema whose messages go on after the variable's name
 * @param {NodeJS.ProcessEnv} env a variable that is empty is not set
 * @returns {T}
 * @throws {ConfigError}
 */
function parsed(schema, env) {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value));
  const { data, error } = schema.safeParse(set);
  if (!error) return data;
  throw new ConfigError(error.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join('\n'));
}

/**
 * @typedef {(value: string, env: NodeJS.ProcessEnv) => string | undefined} Problem
 *   what is wrong with a variable's value and what to do, to follow the variable's name
 */

/**
 * @param {(value: string) => string | undefined} problemOf
 * @param {string} [unset] the problem of a variable that must be set
 */
function checked(problemOf, unset) {
  return z.string(unset).superRefine((value, context) => {
    const problem = problemOf(value);
    if (problem) context.addIssue(problem);
  });
}

/**
 * A variable that only a laptop may leave out.
 *
 * @param {NodeJS.ProcessEnv} env
 * @param {string} name
 * @param {string} fallback
 * @param {Problem} problemOf
 */
function required(env, name, fallback, problemOf) {
  const unset = `is not set, and NODE_ENV is production. Set ${name}.`;
  const schema = checked((value) => problemOf(value, env), unset);
  return isProduction(env) ? schema : schema.default(fallback);
}

/** @param {{ fallback: number, min: number, max: number }} range */
function wholeNumber({ fallback, min, max }) {
  const isInRange = (/** @type {string} */ value) =>
    /^\d+$/.test(value) && Number(value) >= min && Number(value) <= max;
  return checked((value) =>
    isInRange(value)
      ? undefined
      : `is '${value}'. Set it to a whole number from ${min} to ${max}, or leave it out for ${fallback}.`,
  )
    .transform(Number)
    .default(fallback);
}

/** @param {number} fallback */
const milliseconds = (fallback) => wholeNumber({ fallback, min: 1, max: 600_000 });

/** @param {number} fallback */
const limit = (fallback) => wholeNumber({ fallback, min: 1, max: 1_000_000 });

/** @param {boolean} fallback */
function boolean(fallback) {
  return checked((value) =>
    ['true', 'false'].includes(value)
      ? undefined
      : `is '${value}'. Set it to 'true' or 'false', or leave it out for '${fallback}'.`,
  )
    .transform((value) => value === 'true')
    .default(fallback);
}

/** @param {NodeJS.ProcessEnv} env */
const postgresUrl = (env) =>
  required(env, 'DATABASE_URL', 'postgresql://127.0.0.1:5432/app?sslmode=disable', postgresProblem);

/**
 * libpq's other modes encrypt without checking whom they talk to, or not always; they are refused.
 *
 * @type {Problem}
 */
function postgresProblem(value, env) {
  const url = urlOf(value, ['postgresql:', 'postgres:']);
  if (!url)
    return (
      'is not a Postgres URL. Set it to postgresql://user:password@host:port/name?sslmode=verify-full, ' +
      'with special characters of the password percent-encoded.'
    );
  const mode = url.searchParams.get('sslmode') ?? '(none)';
  if (mode === 'verify-full') return undefined;
  if (mode === 'disable') return plainProblem(url, env, 'has sslmode=disable', 'sslmode=verify-full');
  return `has sslmode=${mode}. Set sslmode=verify-full, or sslmode=disable on a laptop.`;
}

/** @type {Problem} */
function redisProblem(value, env) {
  const url = urlOf(value, ['redis:', 'rediss:']);
  if (!url)
    return 'is not a Redis URL. Set it to rediss://:token@host:port, or redis://host:port on a laptop.';
  if (url.protocol === 'rediss:') return undefined;
  return plainProblem(url, env, 'is without TLS', 'rediss://:token@host:port');
}

/**
 * The value is not shown: it may hold a token.
 *
 * @type {Problem}
 */
function gatewayProblem(value, env) {
  const url = urlOf(value, ['http:', 'https:']);
  if (!url)
    return 'is not a URL of HTTP. Set it to https://host/path, or leave it out: an SMS is then only logged.';
  if (url.username || url.password)
    return (
      'holds a user or a password, which no request may. Take them out, and set SMS_GATEWAY_TOKEN to ' +
      "the gateway's token: it is sent as `Authorization: Bearer`."
    );
  if (url.protocol === 'https:') return undefined;
  return plainProblem(url, env, 'is without TLS', 'https://host/path');
}

/**
 * In production nothing of people's leaves the machine in the clear.
 *
 * @param {URL} url
 * @param {NodeJS.ProcessEnv} env
 * @param {string} what
 * @param {string} remedy
 */
function plainProblem({ hostname: host }, env, what, remedy) {
  if (!isProduction(env) || isLoopback(host) || host === 'localhost' || host === '[::1]') return undefined;
  return `${what}, and NODE_ENV is production. Set ${remedy}.`;
}

/** @param {string} secrets */
const secretsProblem = (secrets) =>
  secrets
    .split(',')
    .map((secret) => secretProblem(secret))
    .find(Boolean);

/**
 * @param {string} secret
 * @param {string} [orElse] another remedy
 */
function secretProblem(secret, orElse = '') {
  if (secret.length >= SHORTEST_SECRET) return undefined;
  return `has ${secret.length} characters. Set it to ${SHORTEST_SECRET} random characters or more${orElse}.`;
}

/**
 * Where SMS may be sent to, as the beginnings of phone numbers: others may cost a hundred times as much.
 *
 * @param {string} value
 */
function countriesProblem(value) {
  if (value.split(',').every((prefix) => /^\+[1-9]\d{0,14}$/.test(prefix))) return undefined;
  return `is '${value}'. Set it to the beginnings of phone numbers, such as '+1,+44', or leave it out for '+1'.`;
}

/**
 * Source: CloudWatch's PutMetricData; names that begin with AWS/ are its own.
 *
 * @param {string} value
 */
function namespaceProblem(value) {
  if (/^(?!AWS\/)[\w.\-/#]{1,255}$/.test(value)) return undefined;
  return (
    `is '${value}'. Set it to letters, digits and . - _ / #, at most 255 and not AWS/ first, ` +
    'or leave it out for no metrics in the log.'
  );
}

/**
 * @param {string} value
 * @param {string[]} protocols
 */
function urlOf(value, protocols) {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  return url && protocols.includes(url.protocol) ? url : undefined;
}

/** @param {string} host */
const isLoopback = (host) => /^127(\.\d{1,3}){3}$/.test(host);

/** @param {NodeJS.ProcessEnv} env */
const isProduction = (env) => env.NODE_ENV === 'production';

module.exports = { ConfigError, databaseUrl, readConfig };
