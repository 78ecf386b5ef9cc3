'use strict';
/** What was written, by thread. */

const { Router } = require('express');
const { z } = require('zod');
const { caches, shownIn } = require('../caches');
const { RequestError } = require('../errors');
const { page, pageQuery } = require('../pages');

const CONVERSATION = {
  id: true,
  createdAt: true,
  lastMessageAt: true,
  member: { select: { id: true, firstName: true, lastName: true } },
};
const MESSAGE = { id: true, direction: true, body: true, createdAt: true };

const messagesQuery = pageQuery.extend({ direction: z.enum(['INBOUND', 'OUTBOUND']).optional() });

const messagesParams = z.strictObject({ conversationId: z.uuid() });

/**
 * @param {{ prisma: import('../../generated/client').PrismaClient,
 *   cache: Pick<import('../cache/cache').Cache, 'wrap'> }} parts
 */
function conversations({ prisma, cache }) {
  return Router()
    .get('/', async (request, response) => {
      const query = pageQuery.parse(request.query);
      const { churchId } = request.session;
      const found = await cache.wrap(shownIn(response, caches.conversations(churchId, query)), () =>
        page(prisma.conversation, { where: { churchId }, select: CONVERSATION, ...query }),
      );
      response.json(found);
    })
    .get('/:conversationId/messages', async (request, response) => {
      const query = messagesQuery.parse(request.query);
      const { conversationId } = messagesParams.parse(request.params);
      const { churchId } = request.session;
      const spec = shownIn(response, caches.messages(churchId, conversationId, query));
      const found = await cache.wrap(spec, async () => {
        const conversation = await prisma.conversation.findFirst({ where: { id: conversationId, churchId } });
        if (!conversation) return null;
        const { direction, ...rest } = query;
        const where = { conversationId, direction };
        return page(prisma.conversationMessage, { where, select: MESSAGE, ...rest });
      });
      if (!found) throw new RequestError(404, 'This church has no such conversation.');
      response.json(found);
    });
}

module.exports = { conversations };
