'use strict';
/** What was written, by thread. */

const { Router } = require('express');
const { z } = require('zod');
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

/** @param {import('../../generated/client').PrismaClient} prisma */
function conversations(prisma) {
  return Router()
    .get('/', async (request, response) => {
      const { limit, cursor } = pageQuery.parse(request.query);
      const where = { churchId: request.session.churchId };
      response.json(await page(prisma.conversation, { where, select: CONVERSATION, limit, cursor }));
    })
    .get('/:conversationId/messages', async (request, response) => {
      const { limit, cursor, direction } = messagesQuery.parse(request.query);
      const conversationId = z.uuid().parse(request.params.conversationId);
      const { churchId } = request.session;
      const conversation = await prisma.conversation.findFirst({ where: { id: conversationId, churchId } });
      if (!conversation) throw new RequestError(404, 'This church has no such conversation.');
      const where = { conversationId, direction };
      response.json(await page(prisma.conversationMessage, { where, select: MESSAGE, limit, cursor }));
    });
}

module.exports = { conversations };
