'use strict';
/** Child processes that die with the test, and free ports for them. */

const { execFileSync, spawn } = require('node:child_process');
const { once } = require('node:events');
const { createServer } = require('node:net');
const { setTimeout: sleep } = require('node:timers/promises');
const { codeOf } = require('../../src/process/thrown');

/** @import { Child, Line, Truthy } from '../types' */

/** Postgres refuses root; then it runs as this user. */
const UNPRIVILEGED = 'nobody';
const asRoot = process.getuid?.() === 0;
/** For a program to start, however busy the machine is: what a test promises has bounds of its own. */
const START_MS = 120_000;

/** @returns {{ uid: number, gid: number } | undefined} who servers run as, undefined for ourselves */
function serverIdentity() {
  if (!asRoot) return undefined;
  const id = (/** @type {string} */ flag) => Number(execFileSync('id', [flag, UNPRIVILEGED]));
  return { uid: id('-u'), gid: id('-g') };
}

/**
 * Starts a program that gets SIGTERM when the test dies.
 *
 * @param {string} program
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions & { identity?: { uid: number, gid: number } }} [options]
 * @returns {Child}
 */
function start(program, args, { env = process.env, identity, ...options } = {}) {
  const switched = identity ? [`--reuid=${identity.uid}`, `--regid=${identity.gid}`, '--clear-groups'] : [];
  const spawned = spawn('setpriv', [...switched, '--pdeathsig', 'TERM', '--', program, ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...options,
  });
  const child = Object.assign(spawned, { output: '' });
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text) => {
      child.output += text;
    });
  }
  return child;
}

/**
 * Ends a child by a signal; resolves with its exit code.
 *
 * @param {Child} child
 * @param {NodeJS.Signals} [signal]
 */
async function stop(child, signal = 'SIGTERM') {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill(signal);
    await once(child, 'exit');
  }
  return child.exitCode;
}

/** Ports of one process, below those that the system picks: there any program's next connection may take one. */
const LANE = 100;
const FIRST = 10_000 + (process.pid % 220) * LANE;
let next = 0;

/** A port that nothing listens on, and that no other test file asks for: files run at once, with pids close together. */
async function freePort() {
  for (;;) {
    const port = FIRST + (next++ % LANE);
    if (await isFree(port)) return port;
  }
}

/** @param {number} port */
async function isFree(port) {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (error) {
    if (codeOf(error) !== 'EADDRINUSE') throw error;
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}

/**
 * Of a server that listens.
 *
 * @param {import('node:net').Server} server
 */
function portOf(server) {
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the server has no port');
  return address.port;
}

/** The first of two that follow each other. */
async function freePortPair() {
  for (;;) {
    const first = await freePort();
    if (await isFree(first + 1)) {
      next++;
      return first;
    }
  }
}

/**
 * The lines of a log that a process wrote.
 *
 * @param {string} output
 * @returns {Line[]}
 */
function lines(output) {
  return output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));
}

/**
 * Polls until the function's value is truthy; an exception counts as not yet.
 *
 * @template T
 * @param {() => T | Promise<T>} attempt
 * @param {{ timeoutMs?: number, what?: string }} [options] what: named in the error
 * @returns {Promise<Truthy<T>>}
 */
async function eventually(attempt, { timeoutMs = 30_000, what = 'the condition' } = {}) {
  const end = Date.now() + timeoutMs;
  /** @type {unknown} */
  let last;
  while (Date.now() < end) {
    try {
      const found = await attempt();
      if (isTruthy(found)) return found;
      last = found;
    } catch (error) {
      last = error;
    }
    await sleep(50);
  }
  throw new Error(`${what} did not come true within ${timeoutMs} ms; last seen: ${last}`);
}

/**
 * @template T
 * @param {T} value
 * @returns {value is T & Truthy<T>}
 */
function isTruthy(value) {
  return Boolean(value);
}

module.exports = { eventually, freePort, freePortPair, lines, portOf, serverIdentity, start, START_MS, stop };
