'use strict';
/** What lies in Redis under a key: the value, the versions it was computed under, and how long it is good. */

/** Larger values are not kept: Redis would spend its memory, and every worker its time, on a few of them. */
const LARGEST_BYTES = 256 * 1024;
/** Null, nothing found, is forgotten sooner: whoever makes the thing may not know that someone asked for it. */
const NEGATIVE_MS = 10_000;
/** Entries that were made together end apart, up to this share of their life earlier. */
const JITTER = 0.1;
/** No entry may live longer; an invalidation that Redis has missed for as long is without object. */
const LONGEST_MS = 60 * 60 * 1000;

/**
 * @param {{ name: string, ttlMs: number, staleMs?: number }} cache
 * @returns {number} how long its entries live at most
 * @throws {RangeError} when that is more than an hour
 */
function lifeMs({ name, ttlMs, staleMs = 0 }) {
  if (ttlMs + staleMs <= LONGEST_MS) return ttlMs + staleMs;
  throw new RangeError(
    `The cache '${name}' keeps values for ${ttlMs + staleMs} ms. Let ttlMs and staleMs add up to ${LONGEST_MS} at most.`,
  );
}

/**
 * @param {unknown} value what JSON can hold
 * @param {string} versions
 * @param {{ ttlMs: number, staleMs?: number }} cache
 * @returns {{ text: string, lifeMs: number } | undefined} undefined for a value that is too large
 */
function encode(value, versions, { ttlMs, staleMs = 0 }) {
  const ttl = (value === null ? Math.min(ttlMs, NEGATIVE_MS) : ttlMs) * (1 - JITTER * Math.random());
  const text = JSON.stringify({ versions, freshUntil: Math.round(Date.now() + ttl), value });
  if (Buffer.byteLength(text) > LARGEST_BYTES) return undefined;
  return { text, lifeMs: Math.ceil(ttl) + (value === null ? 0 : staleMs) };
}

/**
 * @param {string | null} text
 * @param {string} versions that the tags have now
 * @returns {{ value: unknown, isFresh: boolean } | undefined} undefined when there is none, or it was invalidated
 */
function decode(text, versions) {
  if (text === null) return undefined;
  const { versions: then, freshUntil, value } = JSON.parse(text);
  return then === versions ? { value, isFresh: Date.now() < freshUntil } : undefined;
}

module.exports = { decode, encode, lifeMs, LONGEST_MS };
