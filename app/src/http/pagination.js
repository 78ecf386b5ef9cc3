'use strict';
/** Cursor pagination by date, newest first: a page costs the same however deep it lies. */

const { z } = require('zod');
const { shownIn } = require('../cache/caches');

/**
 * @import { Response } from 'express'
 * @import { Cache, Spec } from '../types'
 */

const USUAL_PAGE = 50;
const LARGEST_PAGE = 200;

/** As toISOString writes it, in years that Postgres knows too. */
const TIME = z.iso.datetime({ precision: 3 }).regex(/^[12]/);

const cursor = z.string().transform((text, context) => {
  const [time, id] = Buffer.from(text, 'base64url').toString().split('|');
  if (z.uuid().safeParse(id).success && TIME.safeParse(time).success)
    return { createdAt: new Date(time), id };
  context.addIssue('is not a cursor; take nextCursor from the page before');
  return z.NEVER;
});

/**
 * The query parameters of a paged list.
 *
 * @typedef {{ limit: number, cursor?: { createdAt: Date, id: string } }} Page
 */
const pageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(LARGEST_PAGE).default(USUAL_PAGE),
  cursor: cursor.optional(),
});

/**
 * One page of a Prisma model.
 * @template {{ createdAt: Date, id: string }} T
 * @param {{ findMany: (args: object) => Promise<T[]> }} model
 * @param {{ where: object, select: object } & Page} query
 * @returns {Promise<{ items: T[], nextCursor: string | null }>} nextCursor is null on the last page
 */
async function page(model, { where, select, limit, cursor: after }) {
  const beyond = after && {
    // The first condition alone bounds the index scan; the second settles equal times.
    createdAt: { lte: after.createdAt },
    OR: [{ createdAt: { lt: after.createdAt } }, { id: { lt: after.id } }],
  };
  const rows = await model.findMany({
    where: { ...where, ...beyond },
    select,
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
    take: limit + 1,
  });
  const items = rows.slice(0, limit);
  return { items, nextCursor: rows.length > limit ? encode(items[limit - 1]) : null };
}

/**
 * A page, out of the cache when it is the first one. It is cached in two sizes, whatever size is asked for; a later page
 * is asked for once, and its cursor may be invented.
 *
 * @template {{ createdAt: Date | string, id: string }} T
 * @param {{ cache: Pick<Cache, 'wrap'>, response: Response, query: Page }} request
 * @param {Spec} spec of the list
 * @param {(page: Page) => Promise<{ items: T[], nextCursor: string | null } | null>} read null: there is no such list
 */
async function cachedPage({ cache, response, query }, spec, read) {
  if (query.cursor) return read(query);
  const limit = query.limit <= USUAL_PAGE ? USUAL_PAGE : LARGEST_PAGE;
  const sized = { ...spec, key: `${spec.key}:${limit}` };
  const whole = await cache.wrap(shownIn(response, sized), () => read({ limit }));
  if (!whole || whole.items.length <= query.limit) return whole;
  const items = whole.items.slice(0, query.limit);
  return { items, nextCursor: encode(items[query.limit - 1]) };
}

/** @param {{ createdAt: Date | string, id: string }} last a cached page has its dates as text */
function encode({ createdAt, id }) {
  return Buffer.from(`${new Date(createdAt).toISOString()}|${id}`).toString('base64url');
}

module.exports = { cachedPage, page, pageQuery };
