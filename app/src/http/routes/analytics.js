'use strict';
/** A church's figures. Members and messages are counted apart: a write of the one spares the other's. */

const { Router } = require('express');
const { caches, shownIn } = require('../../cache/caches');

/** @import { Cache, PrismaClient, RateLimits } from '../../types' */

const MONTH_MS = 30 * 24 * 60 * 60 * 1000;

/**
 * @param {{ prisma: PrismaClient,
 *   cache: Pick<Cache, 'wrap'>,
 *   limits: RateLimits }} parts
 */
function analytics({ prisma, cache, limits }) {
  return Router().get('/', limits.read, async (request, response) => {
    const { churchId } = request.session;
    const [members, { conversations, messages }] = await Promise.all([
      cache.wrap(shownIn(response, caches.memberCounts(churchId)), () => countMembers(prisma, churchId)),
      cache.wrap(shownIn(response, caches.messageCounts(churchId)), () => countMessages(prisma, churchId)),
    ]);
    response.json({ members, conversations, messages });
  });
}

/** @param {PrismaClient} prisma @param {string} churchId */
async function countMembers(prisma, churchId) {
  const monthAgo = new Date(Date.now() - MONTH_MS);
  const [total, optedIn, joinedLast30Days] = await Promise.all([
    prisma.member.count({ where: { churchId } }),
    prisma.member.count({ where: { churchId, optInSms: true } }),
    prisma.member.count({ where: { churchId, createdAt: { gte: monthAgo } } }),
  ]);
  return { total, optedIn, joinedLast30Days };
}

/** @param {PrismaClient} prisma @param {string} churchId */
async function countMessages(prisma, churchId) {
  const [conversations, sides] = await Promise.all([
    prisma.conversation.count({ where: { churchId } }),
    prisma.conversationMessage.groupBy({
      by: ['direction'],
      // Both directions are named, which is all: without them no index serves, and the whole table is read.
      where: { conversation: { churchId }, direction: { in: ['INBOUND', 'OUTBOUND'] } },
      _count: true,
    }),
  ]);
  const byDirection = Object.fromEntries(sides.map(({ direction, _count }) => [direction, _count]));
  return {
    conversations,
    messages: { inbound: byDirection.INBOUND ?? 0, outbound: byDirection.OUTBOUND ?? 0 },
  };
}

module.exports = { analytics };
