'use strict';
/** What was written, by thread. */

const { Router } = require('express');
const { z } = require('zod');
const { caches } = require('../caches');
const { RequestError } = require('../errors');
const { cachedPage, page, pageQuery } = require('../pages');

const CONVERSATION = {
  id: true,
  createdAt: true,
  lastMessageAt: true,
  member: { select: { id: true, firstName: true, lastName: true } },
};
const MESSAGE = { id: true, direction: true, body: true, createdAt: true };

const DIRECTIONS = /** @type {const} */ (['INBOUND', 'OUTBOUND']);

const messagesQuery = pageQuery.extend({ direction: z.enum(DIRECTIONS).optional() });

const messagesParams = z.strictObject({ conversationId: z.uuid() });

/**
 * @param {{ prisma: import('../../generated/client').PrismaClient,
 *   cache: Pick<import('../cache/cache').Cache, 'wrap'>,
 *   limits: import('../rate_limits').RateLimits }} parts
 */
function conversations({ prisma, cache, limits }) {
  return Router()
    .get('/', limits.read, async (request, response) => {
      const query = pageQuery.parse(request.query);
      const { churchId } = request.session;
      const found = await cachedPage({ cache, response, query }, caches.conversations(churchId), (whole) =>
        page(prisma.conversation, { where: { churchId }, select: CONVERSATION, ...whole }),
      );
      response.json(found);
    })
    .get('/:conversationId/messages', limits.read, async (request, response) => {
      const { direction, ...query } = messagesQuery.parse(request.query);
      const { conversationId } = messagesParams.parse(request.params);
      const { churchId } = request.session;
      const spec = caches.messages(churchId, conversationId, { direction });
      const found = await cachedPage({ cache, response, query }, spec, async (whole) => {
        const conversation = await prisma.conversation.findFirst({ where: { id: conversationId, churchId } });
        if (!conversation) return null;
        // Both directions are named, where none is asked for: without them no index serves.
        const where = { conversationId, direction: direction ?? { in: [...DIRECTIONS] } };
        return page(prisma.conversationMessage, { where, select: MESSAGE, ...whole });
      });
      if (!found) throw new RequestError(404, 'This church has no such conversation.');
      response.json(found);
    });
}

module.exports = { conversations };
