'use strict';
/** The app as one process, and a client that keeps its cookie. */

const { once } = require('node:events');
const http = require('node:http');
const { join } = require('node:path');
const { text: readAll } = require('node:stream/consumers');
const { eventually, freePort, lines, start, START_MS, stop } = require('./children');

/** @import { Answer, Env, Services } from '../types' */

const SERVER = join(__dirname, '../../src/server.js');
/** With SERVER, hashing passwords would be most of what many a test does. */
const QUICK_SERVER = join(__dirname, '../fixtures/quick-server.js');

/** A tenth of a server's patience with idle sockets, for tests that are not about it. */
const SHORT = { DRAIN_TIMEOUT_MS: '300', KILL_TIMEOUT_MS: '1600' };

/** For tests that are not about them. */
const NO_LIMITS = {
  SMS_COUNTRIES: '+1,+49',
  ...Object.fromEntries(
    [
      ...[
        'LOG_IN_FAILURE_LIMIT',
        'LOG_IN_LIMIT',
        'SESSION_LIMIT',
        'SIGN_UP_LIMIT',
        'MESSAGE_LIMIT',
        'DAILY_MESSAGE_LIMIT',
      ],
      ...['TRIAL_MESSAGE_LIMIT', 'MEMBER_LIMIT', 'READ_LIMIT'],
    ].map((name) => [name, '1000000']),
  ),
};

/**
 * Starts a worker without PM2 and waits until it is ready.
 *
 * @param {Pick<Services, 'env'>} services
 * @param {Env} [env]
 * @param {string} [script] for twins that lack something, and tests of what a password costs
 */
async function startApp(services, env = {}, script = QUICK_SERVER) {
  const port = Number(env.PORT ?? (await freePort()));
  const child = start(process.execPath, [script], {
    env: {
      PATH: process.env.PATH,
      HOST: '127.0.0.1',
      PORT: String(port),
      METRICS_PORT: String(await freePort()),
      ...SHORT,
      ...NO_LIMITS,
      ...services.env,
      ...env,
    },
  });
  const url = `http://127.0.0.1:${port}`;
  const isUp = async () =>
    child.exitCode !== null || (await fetch(`${url}/healthz`, { headers: { connection: 'close' } })).ok;
  await eventually(isUp, { timeoutMs: START_MS, what: 'the app' }).catch(async (error) => {
    await stop(child); // it would keep the tests' process alive
    throw error;
  });
  if (child.exitCode !== null) throw new Error(`the app ended at its start:\n${child.output}`);
  return {
    url,
    port,
    child,
    exited: once(child, 'exit'),
    /** The lines of its log with this message. @param {string} message */
    logged: (message) => lines(child.output).filter((line) => line.message === message),
    stop: () => stop(child),
  };
}

/**
 * A browser in small: JSON in, JSON out, one cookie, one connection that is kept alive.
 *
 * @param {string} url
 * @param {Record<string, string>} [headers]
 * @param {http.Agent} [agent]
 */
function client(url, headers = {}, agent = new http.Agent({ keepAlive: true, maxSockets: 1 })) {
  let cookie = '';
  return {
    /** Empty until there is one. */
    get cookie() {
      return cookie;
    },
    /**
     * @param {string} method
     * @param {string} path
     * @param {object} [body]
     * @param {Record<string, string>} [more] headers
     * @returns {Promise<Answer>}
     */
    async request(method, path, body, more) {
      const request = http.request(url + path, {
        agent,
        method,
        headers: {
          ...headers,
          ...more,
          ...(body && { 'content-type': 'application/json' }),
          ...(cookie && { cookie }),
        },
      });
      request.end(body && JSON.stringify(body));
      const [response] = await once(request, 'response');
      const given = response.headers['set-cookie'] ?? [];
      if (given.length > 0) cookie = given[0].split(';')[0];
      const text = await readAll(response);
      return {
        status: response.statusCode,
        headers: Object.fromEntries(
          Object.entries(response.headers).map(([name, value]) => [name, String(value)]),
        ),
        given,
        body: text && JSON.parse(text),
      };
    },
    /** @param {string} path */
    get(path) {
      return this.request('GET', path);
    },
    /** @param {string} path @param {object} [body] @param {Record<string, string>} [more] headers */
    post(path, body, more) {
      return this.request('POST', path, body, more);
    },
  };
}

const ACCOUNT = {
  email: 'pastor@example.org',
  password: 'a long enough password',
  churchName: 'Grace Chapel',
};

/**
 * A client that has signed up, if need be, and logged in.
 *
 * @param {string} url
 * @param {typeof ACCOUNT} [account]
 * @param {Record<string, string>} [headers]
 */
async function loggedIn(url, account = ACCOUNT, headers = {}) {
  const user = client(url, headers);
  await user.post('/register', account);
  const { email, password } = account;
  const { status } = await user.post('/login', { email, password });
  if (status !== 200) throw new Error(`log-in answered ${status}`);
  return user;
}

/**
 * A log-in whose body is still on its way: in flight until `finish`, which is answered 400, as its address is none.
 * `broken` rejects when it is cut off.
 *
 * @param {string} url
 * @param {http.Agent} [agent]
 */
function slowLogIn(url, agent = new http.Agent({ keepAlive: true })) {
  const body = JSON.stringify({ email: 'no address', password: ACCOUNT.password });
  const request = http.request(`${url}/login`, {
    method: 'POST',
    agent,
    headers: { 'content-type': 'application/json', 'content-length': body.length, expect: '100-continue' },
  });
  const broken = once(request, 'response');
  broken.catch(() => {});
  return {
    broken,
    /** Resolves when the server has the request's head and half of its body. */
    async underWay() {
      request.flushHeaders();
      await once(request, 'continue');
      request.write(body.slice(0, 10));
    },
    async finish() {
      request.end(body.slice(10));
      const [response] = await broken;
      await once(response.resume(), 'end');
      return response;
    },
  };
}

module.exports = { ACCOUNT, client, loggedIn, QUICK_SERVER, SERVER, SHORT, slowLogIn, startApp };
