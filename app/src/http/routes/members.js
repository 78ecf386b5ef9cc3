'use strict';
/** The people a church writes to. */

const { Router } = require('express');
const { z } = require('zod');
const { caches, tags } = require('../../cache/caches');
const { RequestError } = require('../errors');
const { DELETED, isRepeat, writeMessage } = require('../../sms/messages');
const { cachedPage, page, pageQuery } = require('../pagination');
const { codeOf } = require('../../process/thrown');
const { openOutbox, shareOf } = require('../../sms/outbox');
const { segments } = require('../../sms/segments');
const { text } = require('../text-field');

/**
 * @import { NextFunction, Request, Response } from 'express'
 * @import { Cache, Config, PrismaClient, RateLimits } from '../../types'
 */

const FIELDS = {
  id: true,
  firstName: true,
  lastName: true,
  phone: true,
  email: true,
  optInSms: true,
  createdAt: true,
};

/** What a message costs at most. */
const MOST_SEGMENTS = 10;
/** So many fit into them. */
const MOST_CHARACTERS = 1530;

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
const newMessage = z.strictObject({
  body: text(MOST_CHARACTERS, { lines: true }).refine(
    (body) => segments(body) <= MOST_SEGMENTS,
    `takes more than ${MOST_SEGMENTS} SMS`,
  ),
});

const messageParams = z.strictObject({ memberId: z.uuid() });
/** A client's own name for a request, by which its repeats are known. */
const idempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]{1,200}$/, 'Idempotency-Key is not 1 to 200 printable characters')
  .optional();

/**
 * @param {{ prisma: PrismaClient,
 *   cache: Pick<Cache, 'wrap' | 'invalidate'>,
 *   limits: RateLimits, config: Config,
 *   sms: { send: (message: { messageId: string }) => Promise<boolean> } }} parts
 */
function members({ prisma, cache, limits, config, sms }) {
  const outbox = openOutbox(prisma);
  const share = shareOf(config.smsRateLimit);

  /**
   * For the day's limit: whether an operator has approved the church.
   *
   * @param {Request} request
   * @param {Response} response
   * @param {NextFunction} next
   */
  async function approval(request, response, next) {
    const { churchId } = request.session;
    const { isApproved } = await cache.wrap(caches.approval(churchId), async () => {
      const church = await prisma.church.findUnique({ where: { id: churchId } });
      return { isApproved: Boolean(church?.approvedAt) };
    });
    response.locals.isApproved = isApproved;
    next();
  }

  return Router()
    .get('/', limits.read, async (request, response) => {
      const { optInSms, ...query } = listQuery.parse(request.query);
      const { churchId } = request.session;
      const found = await cachedPage(
        { cache, response, query },
        caches.members(churchId, { optInSms }),
        (whole) => page(prisma.member, { where: { churchId, optInSms }, select: FIELDS, ...whole }),
      );
      response.json(found);
    })
    .post('/', limits.member, async (request, response) => {
      const { churchId } = request.session;
      const data = { ...newMember.parse(request.body), churchId };
      const member = await prisma.member
        .create({ data, select: FIELDS })
        .catch((error) => {
          if (codeOf(error) === 'P2002')
            throw new RequestError(409, 'A member of this church has that phone number.');
          if (DELETED.has(codeOf(error) ?? ''))
            throw new RequestError(404, 'This church was deleted just now.');
          throw error;
        })
        // Also after an error: the connection may have broken when the member was in.
        .finally(() => cache.invalidate(tags.members(churchId)));
      response.status(201).json(member);
    })
    .post(
      '/:memberId/messages',
      limits.message,
      approval,
      limits.messagesADay,
      async (/** @type {Request} */ request, /** @type {Response} */ response) => {
        const { body } = newMessage.parse(request.body);
        const key = idempotencyKey.parse(request.get('Idempotency-Key'));
        const { churchId } = request.session;
        const { memberId } = messageParams.parse(request.params);
        const member = await prisma.member.findFirst({ where: { id: memberId, churchId } });
        if (!member) throw new RequestError(404, 'This church has no such member.');
        if (!member.optInSms && !(key && (await isRepeat(prisma, { churchId, memberId, key }))))
          throw new RequestError(409, 'This member has not opted in to SMS.');
        if (!config.smsCountries.some((prefix) => member.phone.startsWith(prefix)))
          throw new RequestError(409, "SMS are not sent to this member's country.");
        const written = await writeMessage(prisma, { churchId, memberId, body, key, share }).catch(
          async (error) => {
            // The connection may have broken when the message was in.
            await cache.invalidate(tags.conversations(churchId));
            throw error;
          },
        );
        const { message, isDue } = written;
        await cache.invalidate(tags.conversations(churchId), tags.messages(message.conversationId));
        // It is committed, and so it will be sent: by the next turn of the dispatcher, where the queue does not take it.
        if (isDue && !(await sms.send({ messageId: message.id }))) await outbox.postpone(message.id);
        response.status(202).json({ ...message, jobId: message.id });
      },
    );
}

module.exports = { members };
