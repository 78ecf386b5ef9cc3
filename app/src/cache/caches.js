'use strict';
/**
 * What the app caches, for how long, and which tags the writes that change it invalidate. A cache's version is raised
 * whenever the shape of its values changes: old and new servers share the cache while a release rolls out.
 *
 * Of lists only first pages are cached, in two sizes (http/pagination.js): how many entries a church may have does not depend on what
 * its people ask for.
 *
 * @typedef {import('./cache').Spec} Spec
 */

const MINUTE_MS = 60_000;

/** What values are made of. */
const tags = {
  members: (churchId) => `members:${churchId}`,
  /** Every conversation of a church and every message in them. */
  conversations: (churchId) => `conversations:${churchId}`,
  messages: (conversationId) => `messages:${conversationId}`,
};

const caches = {
  /** Nothing in the app changes a user or a church's name: what else does is seen after a minute. */
  me: (userId) => ({ name: 'me', version: 1, ttlMs: MINUTE_MS, key: userId }),
  /** An operator's approval is seen after a minute. */
  approval: (churchId) => ({ name: 'approval', version: 1, ttlMs: MINUTE_MS, key: churchId }),
  /** @type {(churchId: string, query: { optInSms?: boolean }) => Spec} */
  members: (churchId, { optInSms }) => ({
    name: 'members',
    version: 2,
    ttlMs: 5 * MINUTE_MS,
    key: `${churchId}:${optInSms ?? 'all'}`,
    tags: [tags.members(churchId)],
  }),
  /** Those who joined lately leave the count as time goes by; a minute late, and nobody waits for it. */
  memberCounts: (churchId) => ({
    name: 'member_counts',
    version: 1,
    ttlMs: MINUTE_MS,
    staleMs: 9 * MINUTE_MS,
    key: churchId,
    tags: [tags.members(churchId)],
  }),
  messageCounts: (churchId) => ({
    name: 'message_counts',
    version: 1,
    ttlMs: 5 * MINUTE_MS,
    key: churchId,
    tags: [tags.conversations(churchId)],
  }),
  conversations: (churchId) => ({
    name: 'conversations',
    version: 2,
    ttlMs: 5 * MINUTE_MS,
    key: churchId,
    tags: [tags.conversations(churchId)],
  }),
  /** @type {(churchId: string, conversationId: string, query: { direction?: string }) => Spec} */
  messages: (churchId, conversationId, { direction }) => ({
    name: 'messages',
    version: 2,
    ttlMs: 5 * MINUTE_MS,
    key: `${churchId}:${conversationId}:${direction ?? 'all'}`,
    tags: [tags.messages(conversationId)],
  }),
};

/**
 * Lets an answer tell how the cache took part: `X-Cache: hit`, `miss`, `stale` or, without it, `bypass`; in their
 * order when it is made of several values.
 *
 * @param {import('express').Response} response
 * @param {Spec} spec
 * @returns {Spec}
 */
function shownIn(response, spec) {
  const outcomes = (response.locals.cacheOutcomes ??= []);
  const place = outcomes.push('') - 1;
  const onOutcome = (outcome) => {
    if (response.headersSent) return; // another value of the answer failed first
    outcomes[place] = outcome === 'unavailable' ? 'bypass' : outcome;
    response.set('X-Cache', outcomes.filter(Boolean).join(', '));
  };
  return { ...spec, onOutcome };
}

module.exports = { caches, shownIn, tags };
