'use strict';
/** Takes jobs from the queue and has the gateway deliver them. */

const { Queue, RateLimitError, UnrecoverableError, WaitingError, Worker } = require('bullmq');
const { setTimeout: sleep } = require('node:timers/promises');
const { codeOf } = require('../process/thrown');
const { withTimeout } = require('../process/with-timeout');
const { jobs } = require('../metrics/metrics');
const { openConnection } = require('./connection');
const { startDispatcher } = require('./dispatcher');
const { GatewayError, Rejected, Throttled } = require('./gateway');
const { openOutbox, shareOf } = require('./outbox');
const { jobsOf, QUEUE } = require('./queue');

/** @import { Gateway, Log, Outbox, PrismaClient, Work } from '../types' */

const CONNECT_MS = 2000;
const CLOSE_MS = 1000;
/** Over BullMQ's longest wait for a job, which is 10 s. */
const SILENCE_MS = 12_000;
/** Before the end of the way out: for Redis to take back what is not delivered. */
const HAND_BACK_MS = 300;

/** Mutable, for the tests that kill workers and can't wait. */
const PATIENCE = {
  /** After which the jobs of a worker that was killed go to another, in ms. */
  lockDuration: 30_000,
  stalledInterval: 10_000,
};

const OPTIONS = Object.freeze({
  concurrency: 32,
  /** A worker was killed so often while it had the job; the job is then a dead letter. */
  maxStalledCount: 25,
  /** Between two tries to reach Redis. */
  runRetryDelay: 1000,
});

/**
 * @param {{ url: string, prisma: PrismaClient,
 *   gateway: Gateway, ratePerSecond: number, log: Log }} options
 *   `ratePerSecond`: jobs of all workers together
 * @returns {Work & { queue: Queue, outbox: Outbox, settled: () => Promise<void>, close: () => Promise<void> }}
 */
function startSmsWorker({ url, prisma, gateway, ratePerSecond, log }) {
  const redis = openConnection(url, { timeoutMs: SILENCE_MS, waits: true });
  const options = { prefix: QUEUE.prefix, connection: redis };
  const outbox = openOutbox(prisma);
  /** Jobs' ids. @type {Set<string>} */
  const inFlight = new Set();
  let handedBack = 0;

  const worker = new Worker(QUEUE.name, work, {
    ...options,
    ...OPTIONS,
    ...PATIENCE,
    limiter: { max: ratePerSecond, duration: 1000 },
  });
  const queue = new Queue(QUEUE.name, options);
  const sms = jobsOf({ queue, redis, log });
  const dispatcher = startDispatcher({ outbox, sms, share: shareOf(ratePerSecond), log });
  const warn = (/** @type {Error} */ error) => log.error('queue', { error: error.message || codeOf(error) });
  worker.on('error', warn);
  queue.on('error', warn);
  worker.on('completed', () => jobs.inc({ queue: QUEUE.name, outcome: 'completed' }));
  worker.on('failed', (job, error) => {
    if (!job) return; // a dead letter that there is no room for
    const outcome = job.finishedOn ? 'dead' : 'retried';
    jobs.inc({ queue: QUEUE.name, outcome });
    log.error(`SMS ${outcome}`, { job: job.id, attempts: job.attemptsMade, error: error.message });
  });

  /**
   * Where the outbox is not told, the dispatcher asks the queue after a while.
   *
   * @param {Promise<unknown>} telling
   */
  async function tell(telling) {
    await telling.catch((error) => log.error('outbox', { error }));
  }

  /** @param {import('bullmq').Job} job @param {string} [token] @param {AbortSignal} [signal] */
  async function work(job, token, signal) {
    const id = job.id ?? '';
    inFlight.add(id);
    try {
      await deliver(id, signal);
    } catch (error) {
      if (signal?.aborted) {
        // The gateway may have it already: whoever delivers it next has the same key.
        await job.moveToWait(token);
        handedBack += 1;
        throw new WaitingError();
      }
      if (error instanceof Throttled) {
        await queue.rateLimit(error.pauseMs);
        throw new RateLimitError();
      }
      const failure = tellable(error, id);
      const isDead = error instanceof Rejected || job.attemptsMade + 1 >= (job.opts.attempts ?? 1);
      if (isDead) await tell(outbox.bury(id, failure.message));
      throw failure;
    } finally {
      inFlight.delete(id);
    }
  }

  /**
   * The queue keeps what a job failed of: an error of the database may quote what is a person's.
   *
   * @param {unknown} error
   * @param {string} id
   */
  function tellable(error, id) {
    if (error instanceof Rejected) return new UnrecoverableError(error.message);
    if (error instanceof GatewayError) return error;
    log.error('SMS failed', { job: id, error });
    const name = error instanceof Error ? error.name : 'Error';
    return new Error(`${name} ${codeOf(error) ?? ''}`.trim());
  }

  /** @param {string} id @param {AbortSignal} [signal] */
  async function deliver(id, signal) {
    const message = await findMessage(prisma, id);
    // Deleted, or opted out, while the job waited.
    if (!message?.optInSms) log.info('SMS not wanted any more', { job: id });
    else await gateway.deliver({ key: id, phone: message.phone, body: message.body, signal });
    await tell(outbox.remove(id));
  }

  return {
    queue,
    outbox,
    /** Resolves when connected, or when a first attempt has had its time: a worker starts without Redis. */
    settled: () =>
      withTimeout(worker.waitUntilReady(), CONNECT_MS, "Connecting to the queue's Redis").catch((error) =>
        log.error('queue', { error: error.message }),
      ),
    underWay: () => ({ inFlight: inFlight.size }),
    async leave({ idleMs, drainMs }) {
      const timeoutMs = idleMs + drainMs;
      dispatcher.stop();
      const finished = worker.close();
      const patience = setTimeout(() => worker.cancelAllJobs(), timeoutMs - HAND_BACK_MS);
      // What is left after all, because Redis is away, others find by its lock, which ends.
      await Promise.race([finished, sleep(timeoutMs, undefined, { ref: false })]);
      clearTimeout(patience);
      return { handedBack, cutOff: inFlight.size };
    },
    async close() {
      await withTimeout(queue.close(), CLOSE_MS, 'Closing the queue').catch(() => {});
      redis.disconnect();
    },
  };
}

/** @typedef {{ body: string, phone: string, optInSms: boolean }} Wanted */

/**
 * What the gateway needs of a message, and whether it is still wanted: in one statement, where Prisma's relations take
 * three. Every SMS asks.
 *
 * @param {PrismaClient} prisma
 * @param {string} id
 * @returns {Promise<Wanted | undefined>}
 */
async function findMessage(prisma, id) {
  /** @type {Wanted[]} */
  const found = await prisma.$queryRaw`
    SELECT message.body, member.phone, member."optInSms"
    FROM "ConversationMessage" AS message
    JOIN "Conversation" AS conversation ON conversation.id = message."conversationId"
    JOIN "Member" AS member ON member.id = conversation."memberId" AND member."churchId" = conversation."churchId"
    WHERE message.id = ${id}::uuid`;
  return found[0];
}

module.exports = { PATIENCE, startSmsWorker };
