'use strict';
/**
 * Which messages are still to be sent: the truth about the queue, in Postgres. A message has its row from its own
 * transaction on until it is delivered, or not wanted any more; a dead letter keeps it. So the queue in Redis may be
 * small, and may lose what it has.
 */

/** @import { Prisma, PrismaClient } from '../types' */

/** For so many seconds of the gateway's time one church may have messages in the queue; the rest waits here. */
const SHARE_S = 2;
/** The queue may not know of a message that was put into it so long ago, in seconds. Tests have less of it. */
const PATIENCE = { doubtS: 60 };
/** Dead letters are kept for so many days. */
const DEAD_DAYS = 14;
/** Of the advisory lock that the servers' workers take turns by: any number, the same in all. */
const TURN = 7_283_640;

/** @param {number} ratePerSecond SMS of all churches together */
const shareOf = (ratePerSecond) => SHARE_S * ratePerSecond;

/**
 * Enters a message that is written by the same transaction.
 *
 * @param {Prisma.TransactionClient} transaction
 * @param {{ messageId: string, churchId: string, share: number }} message
 * @returns {Promise<boolean>} whether it may be put into the queue at once: its church has its share not yet
 */
async function enter(transaction, { messageId, churchId, share }) {
  /** @type {{ isDue: boolean }[]} */
  const [entered] = await transaction.$queryRaw`
    INSERT INTO "SmsOutbox" ("messageId", "churchId", "queuedAt")
    SELECT ${messageId}::uuid, ${churchId}::uuid, CASE WHEN count(*) < ${share} THEN now() END
    FROM (SELECT FROM "SmsOutbox" WHERE "deadAt" IS NULL AND "churchId" = ${churchId}::uuid LIMIT ${share}) AS own
    RETURNING "queuedAt" IS NOT NULL AS "isDue"`;
  return entered.isDue;
}

/** @param {PrismaClient} prisma */
function openOutbox(prisma) {
  return {
    /**
     * What is known of a message that was entered; null once it is delivered.
     *
     * @param {string} messageId
     */
    find: (messageId) => prisma.smsOutbox.findUnique({ where: { messageId } }),

    /**
     * The queue did not take it: it waits for the next turn.
     *
     * @param {string} messageId
     */
    postpone: (messageId) =>
      prisma.smsOutbox.updateMany({ where: { messageId, deadAt: null }, data: { queuedAt: null } }),

    /**
     * It is delivered, or not to be.
     *
     * @param {string} messageId
     */
    remove: (messageId) => prisma.smsOutbox.deleteMany({ where: { messageId } }),

    /** @param {string} messageId @param {string | undefined} reason */
    bury: (messageId, reason) =>
      prisma.smsOutbox.updateMany({ where: { messageId }, data: { deadAt: new Date(), reason } }),

    /**
     * A dead letter is to be sent after all.
     *
     * @param {string} messageId
     */
    revive: (messageId) =>
      prisma.smsOutbox.updateMany({
        where: { messageId },
        data: { deadAt: null, reason: null, queuedAt: null },
      }),

    /** The dead letters, the newest first. */
    dead: () => prisma.smsOutbox.findMany({ where: { deadAt: { not: null } }, orderBy: { deadAt: 'desc' } }),

    /**
     * How many wait here for the queue, and how old the oldest is that is not delivered, here or in the queue.
     *
     * @returns {Promise<{ waiting: number, oldestSeconds: number }>}
     */
    depth: async () => {
      /** @type {{ waiting: number, oldestSeconds: number }[]} */
      const [found] = await prisma.$queryRaw`
        SELECT count(*) FILTER (WHERE "queuedAt" IS NULL)::int AS waiting,
          COALESCE(EXTRACT(EPOCH FROM now() - min("createdAt")), 0)::float8 AS "oldestSeconds"
        FROM "SmsOutbox" WHERE "deadAt" IS NULL`;
      return found;
    },

    forgetDead: () => prisma.$executeRaw`
      DELETE FROM "SmsOutbox" WHERE "deadAt" < now() - make_interval(days => ${DEAD_DAYS}::int)`,

    /**
     * Whose turn it is to be put into the queue: of each church the oldest, up to its share, the churches in turn.
     *
     * @param {{ share: number, room: number }} limits room: what the queue takes at most
     * @returns {Promise<string[]>} ids
     */
    take: ({ share, room }) =>
      inTurn(
        prisma,
        (transaction) => transaction.$queryRaw`
          UPDATE "SmsOutbox" SET "queuedAt" = now() WHERE "messageId" IN (
            SELECT due."messageId"
            FROM (SELECT DISTINCT "churchId" FROM "SmsOutbox"
                  WHERE "deadAt" IS NULL AND "queuedAt" IS NULL) AS church,
              LATERAL (SELECT count(*) AS jobs FROM "SmsOutbox" AS queued
                WHERE queued."deadAt" IS NULL AND queued."churchId" = church."churchId"
                  AND queued."queuedAt" IS NOT NULL) AS has,
              LATERAL (SELECT waiting."messageId", row_number() OVER (ORDER BY waiting."createdAt") AS place
                FROM "SmsOutbox" AS waiting
                WHERE waiting."deadAt" IS NULL AND waiting."churchId" = church."churchId"
                  AND waiting."queuedAt" IS NULL
                ORDER BY waiting."createdAt" LIMIT GREATEST(0, ${share} - has.jobs)) AS due
            ORDER BY due.place LIMIT ${room})
          RETURNING "messageId"`,
      ),

    /**
     * Some that were put into the queue a while ago, those that were looked at longest ago first.
     *
     * @param {number} most
     */
    doubtful: (most) =>
      inTurn(
        prisma,
        (transaction) => transaction.$queryRaw`
          UPDATE "SmsOutbox" SET "queuedAt" = now() WHERE "messageId" IN (
            SELECT "messageId" FROM "SmsOutbox"
            WHERE "deadAt" IS NULL AND "queuedAt" < now() - make_interval(secs => ${PATIENCE.doubtS}::int)
            ORDER BY "queuedAt" LIMIT ${most})
          RETURNING "messageId"`,
      ),
  };
}

/**
 * Unless another server's worker is at it.
 *
 * @param {PrismaClient} prisma
 * @param {(transaction: Prisma.TransactionClient) => Promise<{ messageId: string }[]>} update
 * @returns {Promise<string[]>}
 */
function inTurn(prisma, update) {
  return prisma.$transaction(async (transaction) => {
    /** @type {{ isOurs: boolean }[]} */
    const [turn] = await transaction.$queryRaw`SELECT pg_try_advisory_xact_lock(${TURN}::bigint) AS "isOurs"`;
    if (!turn.isOurs) return [];
    return (await update(transaction)).map(({ messageId }) => messageId);
  });
}

module.exports = { DEAD_DAYS, enter, openOutbox, PATIENCE, shareOf };
