'use strict';
/** One JSON object a line on standard output, errors on standard error; PM2 puts both into files. */

const { currentRequest } = require('./context');

/** @import { ProcessLog } from '../types' */

/** Of an error's message and its stack; Postgres quotes a value in full. */
const LONGEST = 4000;

/**
 * @param {Record<string, string>} context fields that every line carries, besides the id of the request it is about
 * @returns {ProcessLog}
 */
function createLog(context) {
  // Who reads the log may go away. Without a listener each line would be an exception, which is logged, and so on.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  /** @type {(stream: NodeJS.WriteStream, level: string) => ProcessLog['info']} */
  const write = (stream, level) => (message, fields) =>
    stream.write(
      `${JSON.stringify({
        time: new Date().toISOString(),
        level,
        message,
        ...context,
        pid: process.pid,
        id: currentRequest()?.id,
        ...fields,
        ...(fields?.error instanceof Error && { error: describe(fields.error) }),
      })}\n`,
    );
  return {
    info: write(process.stdout, 'info'),
    error: write(process.stderr, 'error'),
    /** Resolves when every line is out. PM2's workers lose what is pending at `process.exit`. */
    async flush() {
      await Promise.all(
        [process.stdout, process.stderr].map(
          (stream) => new Promise((done) => stream.write('', 'utf8', done)),
        ),
      );
    },
  };
}

/**
 * An error's stack without people's data: Prisma draws the arguments of a call that it refuses, and Postgres quotes a
 * value that it can't read.
 *
 * @param {Error} error
 */
function describe({ name, message, stack }) {
  const told =
    name === 'PrismaClientValidationError' ? message.slice(message.lastIndexOf('\n') + 1) : message;
  return (
    (stack ?? message)
      .replace(message, () => told.slice(0, LONGEST))
      .slice(0, 2 * LONGEST)
      // No longer than a mailbox's name may be: tried from each position, a longer one takes seconds.
      .replace(/[^\s/"'`(<@]{1,64}@[\w.-]+|\+?\d{7,}/g, '…')
  );
}

module.exports = { createLog, describe };
