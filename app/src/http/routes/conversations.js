'use strict';
/** What was written, by thread. */

const { Router } = require('express');
const { z } = require('zod');
const { caches } = require('../../cache/caches');
const { RequestError } = require('../errors');
const { cachedPage, page, pageQuery } = require('../pagination');

/** @import { Cache, PrismaClient, RateLimits } from '../../types' */

const CONVERSATION = {
  id: true,
  createdAt: true,
  lastMessageAt: true,
  member: { select: { id: true, firstName: true, lastName: true } },
};
const MESSAGE = { id: true, direction: true, body: true, createdAt: true };

const NO_CONVERSATION = 'This church has no such conversation.';
/** So many conversations a process knows. */
const MOST_SEEN = 10_000;

const DIRECTIONS = /** @type {const} */ (['INBOUND', 'OUTBOUND']);

const messagesQuery = pageQuery.extend({ direction: z.enum(DIRECTIONS).optional() });

const messagesParams = z.strictObject({ conversationId: z.uuid() });

/**
 * @param {{ prisma: PrismaClient,
 *   cache: Pick<Cache, 'wrap'>,
 *   limits: RateLimits }} parts
 */
function conversations({ prisma, cache, limits }) {
  /** Those that were there once, with their churches. @type {Set<string>} */
  const seen = new Set();

  /** @type {(id: string, churchId: string) => Promise<unknown>} */
  const find = (id, churchId) => prisma.conversation.findFirst({ where: { id, churchId } });

  /**
   * The cache is asked for those alone: an id may be invented, and each that it is asked for leaves something in Redis.
   *
   * @param {string} id
   * @param {string} churchId
   */
  async function refuseInvented(id, churchId) {
    const name = `${churchId} ${id}`;
    if (seen.has(name)) return;
    if (!(await find(id, churchId))) throw new RequestError(404, NO_CONVERSATION);
    if (seen.size >= MOST_SEEN) seen.clear();
    seen.add(name);
  }

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
      await refuseInvented(conversationId, churchId);
      const spec = caches.messages(churchId, conversationId, { direction });
      const found = await cachedPage({ cache, response, query }, spec, async (whole) => {
        if (!(await find(conversationId, churchId))) return null; // deleted since
        // Both directions are named, where none is asked for: without them no index serves.
        const where = { conversationId, direction: direction ?? { in: [...DIRECTIONS] } };
        return page(prisma.conversationMessage, { where, select: MESSAGE, ...whole });
      });
      if (!found) throw new RequestError(404, NO_CONVERSATION);
      response.json(found);
    });
}

module.exports = { conversations };
