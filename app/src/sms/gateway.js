'use strict';
/** The SMS gateway: an HTTP service that delivers a text, once for each idempotency key. */

const { codeOf } = require('../process/thrown');

/** @import { Gateway, Log } from '../types' */

const TIMEOUT_MS = 10_000;
const SHORTEST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60 * 60 * 1000;
/**
 * What is wrong with the message itself. All else may go well another time: 409 and 425 are a first request with the same
 * key that still runs, 404 and 405 an address that is wrong or half deployed.
 */
const FAULTS = new Set([400, 410, 413, 422]);

/** What the gateway answered, or that it did not; the message holds nothing that is secret or a person's. */
class GatewayError extends Error {
  name = 'GatewayError';
}

/** The gateway will never deliver this message. */
class Rejected extends GatewayError {
  name = 'Rejected';
}

/** The gateway wants no message for a while. */
class Throttled extends GatewayError {
  name = 'Throttled';
  /** @param {number} pauseMs */
  constructor(pauseMs) {
    super(`the SMS gateway wants a pause of ${pauseMs} ms`);
    this.pauseMs = pauseMs;
  }
}

/**
 * @param {{ url: string | undefined, token?: string, log: Log }} options
 *   Without a URL, as on a laptop, a delivery is a line in the log.
 * @returns {Gateway}
 */
function openGateway({ url, token, log }) {
  if (!url) {
    return {
      deliver: async ({ key }) => log.info('SMS_GATEWAY_URL is not set: an SMS is only logged', { key }),
    };
  }
  return {
    async deliver({ key, phone, body, signal }) {
      const timeout = AbortSignal.timeout(TIMEOUT_MS);
      const response = await answered(url, {
        method: 'POST',
        redirect: 'manual', // followed, a POST may become a GET: answered well, and nothing sent
        headers: {
          'content-type': 'application/json',
          'idempotency-key': key,
          ...(token && { authorization: `Bearer ${token}` }),
        },
        body: JSON.stringify({ to: phone, body }),
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      });
      judge(response);
    },
  };
}

/**
 * The answer's head. Its body may repeat the phone number, so that it is neither kept nor logged; unread, it would cost
 * its connection. What `fetch` says of a failure may quote the URL, with a password in it: only the code is told.
 *
 * @param {string} url
 * @param {RequestInit} request
 */
async function answered(url, request) {
  try {
    const response = await fetch(url, request);
    await response.arrayBuffer();
    return response;
  } catch (error) {
    throw new GatewayError(`the SMS gateway did not answer: ${told(error)}`);
  }
}

/** @param {unknown} error */
function told(error) {
  if (!(error instanceof Error)) return 'an unknown error';
  return codeOf(error.cause) ?? error.name;
}

/** @param {globalThis.Response} response */
function judge({ ok, status, headers }) {
  if (ok) return;
  if (status === 429) throw new Throttled(pauseOf(headers.get('retry-after')));
  const message = `the SMS gateway answered ${status}`;
  throw FAULTS.has(status) ? new Rejected(message) : new GatewayError(message);
}

/**
 * Retry-After as milliseconds; it holds seconds or a date.
 *
 * @param {string | null} header
 */
function pauseOf(header) {
  const retryAfter = header ?? '';
  const ms = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - Date.now();
  return Math.min(Math.max(ms || 0, SHORTEST_PAUSE_MS), LONGEST_PAUSE_MS);
}

module.exports = { GatewayError, openGateway, Rejected, Throttled };
