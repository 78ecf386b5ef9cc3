'use strict';
/** Messages to members, written once however often a client repeats itself. */

const { createHash } = require('node:crypto');
const { RequestError } = require('../http/errors');
const { jobs } = require('../metrics/metrics');
const { codeOf } = require('../process/thrown');
const { enter } = require('./outbox');

/** @import { ConversationMessage, Prisma, PrismaClient } from '../types' */

/** For so long a client may repeat itself with its key, in seconds. The queue remembers what it delivered as long. */
const KEY_LIFETIME_S = 3600;
/** Prisma's codes for a row that is gone: the one that a new row refers to, and one that is to be read or changed. */
const DELETED = new Set(['P2003', 'P2025']);
/** Of the names below: a UUID that was drawn once. */
const NAMESPACE = Buffer.from('6f1c8f0e54b24b0c9d3a7c0e2f9b6a15', 'hex');

/**
 * Appends to the member's conversation, which the first message opens, and enters it into the outbox.
 *
 * @param {PrismaClient} prisma
 * @param {{ churchId: string, memberId: string, body: string, key?: string, share: number }} message
 *   `key`: the client's, which makes a repeat the same message; `share`: of the queue, its church's
 * @returns {Promise<{ message: ConversationMessage, isDue: boolean }>} whether it is to be put into the queue now
 * @throws {RequestError} 404 when church or member are deleted meanwhile, 409 for a repeat of what is a dead letter, 422 when
 *   the key was that of another message, or of one from long ago
 */
async function writeMessage(prisma, { churchId, memberId, body, key, share }) {
  const id = key && nameBased(churchId, key); // without one Prisma makes it
  /** @param {Prisma.TransactionClient} transaction */
  const write = async (transaction) => {
    const conversation = await transaction.conversation.upsert({
      where: { churchId_memberId: { churchId, memberId } },
      create: { churchId, memberId },
      update: { churchId }, // nothing; but it makes this one statement, whoever else writes the first message
    });
    const [message] = await transaction.conversationMessage.createManyAndReturn({
      data: { id, conversationId: conversation.id, direction: 'OUTBOUND', body },
      skipDuplicates: true,
    });
    if (!message) return repeated(transaction, id, { conversationId: conversation.id, body });
    await transaction.conversation.update({
      where: { id: conversation.id },
      data: { lastMessageAt: message.createdAt },
    });
    return { message, isDue: await enter(transaction, { messageId: message.id, churchId, share }) };
  };
  return prisma.$transaction(write).catch((error) => {
    if (DELETED.has(codeOf(error) ?? '')) throw new RequestError(404, 'This member was deleted just now.');
    throw error;
  });
}

/**
 * @param {Prisma.TransactionClient} transaction
 * @param {string | undefined} id
 * @param {{ conversationId: string, body: string }} message
 */
async function repeated(transaction, id, { conversationId, body }) {
  const earlier = await transaction.conversationMessage.findUniqueOrThrow({ where: { id } });
  refuseUnlessRepeated(earlier, { conversationId, body });
  const entry = await transaction.smsOutbox.findUnique({ where: { messageId: id } });
  if (entry?.deadAt) throw new RequestError(409, 'This message was not delivered, and is not tried again.');
  jobs.inc({ queue: 'sms', outcome: 'duplicate' });
  // Without an entry it is delivered, as the queue knows; or an earlier release wrote it, which made none.
  return { message: earlier, isDue: !entry || entry.queuedAt !== null };
}

/**
 * Whether a client's key is that of a message to this member: its repeat is told what the first was told.
 *
 * @param {PrismaClient} prisma
 * @param {{ churchId: string, memberId: string, key: string }} message
 */
async function isRepeat(prisma, { churchId, memberId, key }) {
  const where = { id: nameBased(churchId, key), conversation: { churchId, memberId } };
  return (await prisma.conversationMessage.count({ where })) > 0;
}

/** @param {ConversationMessage} earlier @param {{ conversationId: string, body: string }} message */
function refuseUnlessRepeated(earlier, { conversationId, body }) {
  if (earlier.conversationId !== conversationId || earlier.body !== body)
    throw new RequestError(422, 'This Idempotency-Key was that of another message. Use a new one.');
  if (Date.now() - earlier.createdAt.getTime() > KEY_LIFETIME_S * 1000)
    throw new RequestError(422, 'This Idempotency-Key was used long ago. Use a new one.');
}

/**
 * The UUID (version 5, RFC 9562) that a key has in its church.
 *
 * @param {string} churchId
 * @param {string} key
 */
function nameBased(churchId, key) {
  const bytes = createHash('sha1').update(NAMESPACE).update(`${churchId} ${key}`).digest().subarray(0, 16);
  bytes[6] = (bytes[6] & 0x0f) | 0x50;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5');
}

module.exports = { DELETED, isRepeat, KEY_LIFETIME_S, writeMessage };
