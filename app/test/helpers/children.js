'use strict';
/** Child processes that die with the test, and free ports for them. */

const { execFileSync, spawn } = require('node:child_process');
const { once } = require('node:events');
const { createServer } = require('node:net');
const { setTimeout: sleep } = require('node:timers/promises');

/** Postgres refuses root; then it runs as this user. */
const UNPRIVILEGED = 'nobody';
const asRoot = process.getuid() === 0;

/** @returns {{ uid: number, gid: number } | undefined} who servers run as, undefined for ourselves */
function serverIdentity() {
  if (!asRoot) return undefined;
  const id = (flag) => Number(execFileSync('id', [flag, UNPRIVILEGED]));
  return { uid: id('-u'), gid: id('-g') };
}

/** Starts a program that gets SIGTERM when the test dies. */
function start(program, args, { env = process.env, identity, ...options } = {}) {
  const switched = identity ? [`--reuid=${identity.uid}`, `--regid=${identity.gid}`, '--clear-groups'] : [];
  const child = spawn('setpriv', [...switched, '--pdeathsig', 'TERM', '--', program, ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...options,
  });
  child.output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text) => {
      child.output += text;
    });
  }
  return child;
}

/** Ends a child by a signal; resolves with its exit code. */
async function stop(child, signal = 'SIGTERM') {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill(signal);
    await once(child, 'exit');
  }
  return child.exitCode;
}

/** The wanted port if it is free, else an EADDRINUSE; 0 takes any. */
async function freePort(wanted = 0) {
  const server = createServer().listen(wanted, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/**
 * The first of two that follow each other, below those that the system picks: there every other one is for outgoing
 * connections, and any program's may take it.
 */
async function freePortPair() {
  for (;;) {
    const first = 10_000 + Math.floor(Math.random() * 20_000);
    try {
      await freePort(first);
      await freePort(first + 1);
      return first;
    } catch (error) {
      if (error.code !== 'EADDRINUSE') throw error;
    }
  }
}

/** The lines of a log that a process wrote. */
function lines(output) {
  return output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));
}

/** Polls until the function's value is truthy; an exception counts as not yet. */
async function eventually(attempt, { timeoutMs = 30_000, what = 'the condition' } = {}) {
  const end = Date.now() + timeoutMs;
  let last;
  while (Date.now() < end) {
    try {
      last = await attempt();
      if (last) return last;
    } catch (error) {
      last = error;
    }
    await sleep(50);
  }
  throw new Error(`${what} did not come true within ${timeoutMs} ms; last seen: ${last}`);
}

module.exports = { eventually, freePort, freePortPair, lines, serverIdentity, start, stop };
