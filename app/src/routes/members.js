'use strict';
/** The people a church writes to. */

const { Router } = require('express');
const { z } = require('zod');
const { caches, messageTags, shownIn, tags } = require('../caches');
const { RequestError } = require('../errors');
const { writeMessage } = require('../messages');
const { page, pageQuery } = require('../pages');
const { text } = require('../text');

const FIELDS = {
  id: true,
  firstName: true,
  lastName: true,
  phone: true,
  email: true,
  optInSms: true,
  createdAt: true,
};

const listQuery = pageQuery.extend({
  optInSms: z.stringbool({ truthy: ['true'], falsy: ['false'] }).optional(),
});
const newMember = z.strictObject({
  firstName: text(100),
  lastName: text(100),
  phone: z.e164(),
  email: z.email().max(254).optional(),
  optInSms: z.boolean().default(false),
});
const newMessage = z.strictObject({ body: text(1600, { lines: true }) }); // 1,600: ten joined SMS

const messageParams = z.strictObject({ memberId: z.uuid() });
/** A client's own name for a request, by which its repeats are known. */
const idempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]{1,200}$/, 'Idempotency-Key is not 1 to 200 printable characters')
  .optional();

/**
 * @param {{ prisma: import('../../generated/client').PrismaClient,
 *   cache: Pick<import('../cache/cache').Cache, 'wrap' | 'invalidate'>,
 *   limits: import('../rate_limits').RateLimits,
 *   sms: { send: (message: { messageId: string, phone: string, body: string }) => Promise<{ jobId: string }> } }} parts
 */
function members({ prisma, cache, limits, sms }) {
  return Router()
    .get('/', async (request, response) => {
      const query = listQuery.parse(request.query);
      const { limit, cursor, optInSms } = query;
      const { churchId } = request.session;
      const found = await cache.wrap(shownIn(response, caches.members(churchId, query)), () =>
        page(prisma.member, { where: { churchId, optInSms }, select: FIELDS, limit, cursor }),
      );
      response.json(found);
    })
    .post('/', async (request, response) => {
      const { churchId } = request.session;
      const data = { ...newMember.parse(request.body), churchId };
      const member = await prisma.member
        .create({ data, select: FIELDS })
        .catch((error) => {
          if (error.code === 'P2002')
            throw new RequestError(409, 'A member of this church has that phone number.');
          throw error;
        })
        // Also after an error: the connection may have broken when the member was in.
        .finally(() => cache.invalidate(tags.members(churchId)));
      response.status(201).json(member);
    })
    .post('/:memberId/messages', limits.message, async (request, response) => {
      const { body } = newMessage.parse(request.body);
      const key = idempotencyKey.parse(request.get('Idempotency-Key'));
      const { churchId } = request.session;
      const { memberId } = messageParams.parse(request.params);
      const member = await prisma.member.findFirst({ where: { id: memberId, churchId } });
      if (!member) throw new RequestError(404, 'This church has no such member.');
      if (!member.optInSms) throw new RequestError(409, 'This member has not opted in to SMS.');
      const message = await writeMessage(prisma, { churchId, memberId, body, key });
      await cache.invalidate(...messageTags({ churchId, conversationId: message.conversationId }));
      // Only what is committed is sent, and only what the queue holds is acknowledged.
      const { jobId } = await sms.send({ messageId: message.id, phone: member.phone, body });
      response.status(202).json({ ...message, jobId });
    });
}

module.exports = { members };
