'use strict';
/**
 * What the app caches, for how long, and which tags the writes that change it invalidate. A cache's version is raised
 * whenever the shape of its values changes: old and new servers share the cache while a release rolls out.
 *
 * Of lists only first pages are cached, in two sizes (http/pagination.js): how many entries a church may have does not
 * depend on what its people ask for.
 */

/**
 * @import { Response } from 'express'
 * @import { Outcome, Spec } from '../types'
 */

const MINUTE_MS = 60_000;

/** What values are made of. */
const tags = {
  /** @type {(churchId: string) => string} */
  members: (churchId) => `members:${churchId}`,
  /** Every conversation of a church and every message in them. @type {(churchId: string) => string} */
  conversations: (churchId) => `conversations:${churchId}`,
  /** @type {(conversationId: string) => string} */
  messages: (conversationId) => `messages:${conversationId}`,
};

const caches = {
  /**
   * Nothing in the app changes a user or a church's name: what else does is seen after a minute.
   *
   * @type {(userId: string) => Spec}
   */
  me: (userId) => ({ name: 'me', version: 1, ttlMs: MINUTE_MS, key: userId }),
  /** An operator's approval is seen after a minute. @type {(churchId: string) => Spec} */
  approval: (churchId) => ({ name: 'approval', version: 1, ttlMs: MINUTE_MS, key: churchId }),
  /** @type {(churchId: string, query: { optInSms?: boolean }) => Spec} */
  members: (churchId, { optInSms }) => ({
    name: 'members',
    version: 2,
    ttlMs: 5 * MINUTE_MS,
    key: `${churchId}:${optInSms ?? 'all'}`,
    tags: [tags.members(churchId)],
  }),
  /**
   * Those who joined lately leave the count as time goes by; a minute late, and nobody waits for it.
   *
   * @type {(churchId: string) => Spec}
   */
  memberCounts: (churchId) => ({
    name: 'member_counts',
    version: 1,
    ttlMs: MINUTE_MS,
    staleMs: 9 * MINUTE_MS,
    key: churchId,
    tags: [tags.members(churchId)],
  }),
  /** @type {(churchId: string) => Spec} */
  messageCounts: (churchId) => ({
    name: 'message_counts',
    version: 1,
    ttlMs: 5 * MINUTE_MS,
    key: churchId,
    tags: [tags.conversations(churchId)],
  }),
  /** @type {(churchId: string) => Spec} */
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
 * @param {Response} response
 * @param {Spec} spec
 * @returns {Spec}
 */
function shownIn(response, spec) {
  const outcomes = (response.locals.cacheOutcomes ??= []);
  const place = outcomes.push('') - 1;
  /** @param {Outcome} outcome */
  const onOutcome = (outcome) => {
    if (response.headersSent) return; // another value of the answer failed first
    outcomes[place] = outcome === 'unavailable' ? 'bypass' : outcome;
    response.set('X-Cache', outcomes.filter(Boolean).join(', '));
  };
  return { ...spec, onOutcome };
}

module.exports = { caches, shownIn, tags };
