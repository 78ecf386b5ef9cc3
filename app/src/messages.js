'use strict';
/** Messages to members, written once however often a client repeats itself. */

const { createHash } = require('node:crypto');
const { RequestError } = require('./errors');
const { jobs } = require('./metrics');

/** For so long a client may repeat itself with its key, in seconds. The queue remembers what it delivered as long. */
const KEY_LIFETIME_S = 3600;
/** Of the names below: a UUID that was drawn once. */
const NAMESPACE = Buffer.from('6f1c8f0e54b24b0c9d3a7c0e2f9b6a15', 'hex');

/**
 * Appends to the member's conversation, which the first message opens.
 *
 * @param {import('../generated/client').PrismaClient} prisma
 * @param {{ churchId: string, memberId: string, body: string, key?: string }} message
 *   `key`: the client's, which makes a repeat the same message
 * @throws {RequestError} 422 when the key was that of another message, or of one from long ago
 */
function writeMessage(prisma, { churchId, memberId, body, key }) {
  const id = key && nameBased(churchId, key); // without one Prisma makes it
  return prisma.$transaction(async (transaction) => {
    const conversation = await transaction.conversation.upsert({
      where: { churchId_memberId: { churchId, memberId } },
      create: { churchId, memberId },
      update: { lastMessageAt: new Date() },
    });
    const written = await transaction.conversationMessage.createManyAndReturn({
      data: { id, conversationId: conversation.id, direction: 'OUTBOUND', body },
      skipDuplicates: true,
    });
    if (written.length > 0) return written[0];
    const earlier = await transaction.conversationMessage.findUniqueOrThrow({ where: { id } });
    refuseUnlessRepeated(earlier, { conversationId: conversation.id, body });
    jobs.inc({ queue: 'sms', outcome: 'duplicate' });
    return earlier;
  });
}

function refuseUnlessRepeated(earlier, { conversationId, body }) {
  if (earlier.conversationId !== conversationId || earlier.body !== body)
    throw new RequestError(422, 'This Idempotency-Key was that of another message. Use a new one.');
  if (Date.now() - earlier.createdAt.getTime() > KEY_LIFETIME_S * 1000)
    throw new RequestError(422, 'This Idempotency-Key was used long ago. Use a new one.');
}

/** The UUID (version 5, RFC 9562) that a key has in its church. */
function nameBased(churchId, key) {
  const bytes = createHash('sha1').update(NAMESPACE).update(`${churchId} ${key}`).digest().subarray(0, 16);
  bytes[6] = (bytes[6] & 0x0f) | 0x50;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5');
}

module.exports = { KEY_LIFETIME_S, writeMessage };
