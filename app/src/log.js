'use strict';
/** One JSON object a line on standard output, errors on standard error; PM2 puts both into files. */

/**
 * @param {Record<string, string>} context fields that every line carries
 * @returns {{ info: Write, error: Write, flush: () => Promise<void> }}
 * @typedef {(message: string, fields?: Record<string, unknown>) => void} Write
 */
function createLog(context) {
  const write = (stream, level) => (message, fields) =>
    stream.write(
      `${JSON.stringify({ time: new Date().toISOString(), level, message, ...context, pid: process.pid, ...fields })}\n`,
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

module.exports = { createLog };
