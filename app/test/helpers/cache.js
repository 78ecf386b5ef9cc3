'use strict';
/** A process of its own with a cache, as a worker has one. */

const { once } = require('node:events');
const { join } = require('node:path');
const { start, stop } = require('./children');

/**
 * @import { Spec } from '../../src/types'
 * @import { Env } from '../types'
 */

const FIXTURE = join(__dirname, '../fixtures/cache.js');

/**
 * @typedef {{ value?: unknown, afterMs?: number, isHeld?: boolean, error?: string }} Computing
 *   what the computing gives and how long it takes; one that is held lasts until `finish`
 * @typedef {{ value: unknown, outcome: string, ms: number }} Seen
 * @typedef {{ resolve: (result: never) => void, reject: (reason: Error) => void }} Waiting
 *   what the result is, its caller knows
 */

/**
 * Starts it, connected; it has the cache's methods. `begun` resolves once a computing that is held has begun.
 *
 * @param {{ env: Env & { REDIS_URL: string } }} services
 */
async function startCache(services) {
  const child = start(process.execPath, [FIXTURE], {
    env: { PATH: process.env.PATH, ...services.env, CACHE_REDIS_URL: services.env.REDIS_URL },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  /** @type {Map<number, Waiting>} */
  const waiting = new Map();
  let calls = 0;
  child.on('message', (/** @type {{ id: number, result: never, error?: string }} */ answer) => {
    const { id, result, error } = answer;
    if (error === undefined) waiting.get(id)?.resolve(result);
    else waiting.get(id)?.reject(new Error(error));
    waiting.delete(id);
  });
  /**
   * @template T
   * @param {string} name
   * @param {unknown[]} args
   * @returns {Promise<T>}
   */
  const call = (name, ...args) =>
    new Promise((resolve, reject) => {
      const id = (calls += 1);
      waiting.set(id, { resolve, reject });
      child.send({ id, call: name, args });
    });
  await call('settled');
  return {
    get: (/** @type {Spec} */ spec) => call('get', spec),
    set: (/** @type {Spec} */ spec, /** @type {unknown} */ value) => call('set', spec, value),
    /** @type {(spec: Spec, computing: Computing) => Promise<Seen>} */
    wrap: (spec, computing) => call('wrap', spec, computing),
    begun: (/** @type {Spec} */ spec) => call('begun', spec),
    finish: (/** @type {Spec} */ spec) => call('finish', spec),
    invalidate: (/** @type {string[]} */ ...tags) => call('invalidate', ...tags),
    forget: (/** @type {Spec} */ spec) => call('forget', spec),
    /** @type {() => Promise<number>} */
    computes: () => call('computes'),
    close: () => call('close'),
    child,
    exited: once(child, 'exit'),
    kill: () => stop(child, 'SIGKILL'),
    stop: () => stop(child),
  };
}

module.exports = { startCache };
