'use strict';
/** Whether an error of the database means that it can't be used at the moment: 503, try again. */

const { at } = require('../process/thrown');

/** Prisma's codes for a database that can't be reached, closed the connection, or has none to give in time. */
const PRISMA = new Set(['P1001', 'P1002', 'P1008', 'P1017', 'P2024', 'P2028']);

/**
 * Postgres' own: class 08 (connection), too_many_connections, a statement that took longer than it may, a server that
 * ends, has crashed or is starting, and a write that met a primary which is none any more. Source: Appendix A of its
 * manual.
 */
const SQLSTATE = /^(08...|25006|53300|57014|57P0[1-35])$/;

/**
 * What node's sockets and `pg` say of a connection that broke or did not answer; the latter without a code. A failover
 * of RDS is a change of DNS, whose own two are EAI_AGAIN and ENOTFOUND.
 */
const SOCKET = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]);
const DRIVER =
  /^(Connection terminated|Query read timeout|timeout exceeded when trying to connect|Client .* not queryable)/;

/** @param {unknown} error Prisma's, its adapter's, or the driver's own */
function isOutage(error) {
  const code = String(at(error, 'code'));
  const original =
    at(error, 'meta', 'driverAdapterError', 'cause', 'originalCode') ?? at(error, 'cause', 'originalCode');
  return (
    PRISMA.has(code) ||
    SOCKET.has(code) ||
    SQLSTATE.test(String(original)) ||
    DRIVER.test(String(at(error, 'message')))
  );
}

module.exports = { isOutage };
