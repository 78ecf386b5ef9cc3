'use strict';
/** A church's figures, counted when asked for. */

const { Router } = require('express');

const MONTH_MS = 30 * 24 * 60 * 60 * 1000;

/** @param {import('../../generated/client').PrismaClient} prisma */
function analytics(prisma) {
  return Router().get('/', async (request, response) => {
    const { churchId } = request.session;
    const monthAgo = new Date(Date.now() - MONTH_MS);
    const [members, optedIn, joined, conversations, messages] = await Promise.all([
      prisma.member.count({ where: { churchId } }),
      prisma.member.count({ where: { churchId, optInSms: true } }),
      prisma.member.count({ where: { churchId, createdAt: { gte: monthAgo } } }),
      prisma.conversation.count({ where: { churchId } }),
      prisma.conversationMessage.groupBy({
        by: ['direction'],
        where: { conversation: { churchId } },
        _count: true,
      }),
    ]);
    const byDirection = Object.fromEntries(messages.map(({ direction, _count }) => [direction, _count]));
    response.json({
      members: { total: members, optedIn, joinedLast30Days: joined },
      conversations,
      messages: { inbound: byDirection.INBOUND ?? 0, outbound: byDirection.OUTBOUND ?? 0 },
    });
  });
}

module.exports = { analytics };
