'use strict';
/**
 * Lets a church send as many SMS as DAILY_MESSAGE_LIMIT says: `npm run church:approve -- [--revoke] EMAIL`, the address of
 * one of its users. Whoever signs up is a stranger; until an operator has looked, TRIAL_MESSAGE_LIMIT is the church's.
 * The app heeds it after a minute.
 */

const { parseArgs } = require('node:util');
const { readConfig } = require('../process/config');
const { openDatabase } = require('../postgres/database');
const { createLog } = require('../process/log');

/** Nobody's request waits for it. */
const CONNECT_MS = 30_000;

async function approve() {
  const { values, positionals } = parseArgs({
    options: { revoke: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  const [email, ...more] = positionals;
  if (!email || more.length > 0) throw new RangeError('Name one user of the church, by e-mail address.');
  const { prisma, close } = openDatabase({
    ...readConfig(process.env).database,
    poolSize: 1,
    connectTimeoutMs: CONNECT_MS,
    log: createLog({}),
  });
  try {
    const user = await prisma.user.findUnique({ where: { email: email.toLowerCase() } });
    if (!user) throw new RangeError('No user has this address.');
    const church = await prisma.church.update({
      where: { id: user.churchId },
      data: { approvedAt: values.revoke ? null : new Date() },
    });
    console.log(
      `${church.id}  ${church.name}  ${values.revoke ? 'is not approved any more' : 'is approved'}.`,
    );
  } finally {
    await close();
  }
}

approve().catch((error) => {
  console.error(`${error.name}: ${error.message}`);
  process.exitCode = 1;
});
