'use strict';
/** Cursor pagination by date, newest first: a page costs the same however deep it lies. */

const { z } = require('zod');

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
  limit: z.coerce.number().int().min(1).max(LARGEST_PAGE).default(50),
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

function encode({ createdAt, id }) {
  return Buffer.from(`${createdAt.toISOString()}|${id}`).toString('base64url');
}

module.exports = { page, pageQuery };
