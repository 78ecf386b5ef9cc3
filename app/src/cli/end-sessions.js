'use strict';
/** Logs users out everywhere: `npm run sessions:end -- USER_ID …`, after they were deleted, moved or had a password changed. */

const { readConfig } = require('../process/config');
const { createLog } = require('../process/log');
const { openRedis } = require('../redis/client');
const { endSessions } = require('../http/sessions');

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

/** @param {string[]} userIds */
async function end(userIds) {
  const wrong = userIds.find((id) => !UUID.test(id));
  if (wrong !== undefined || userIds.length === 0)
    throw new RangeError(`'${wrong ?? ''}' is no user's id. Give one or more, as "User".id has them.`);
  const redis = openRedis({ url: readConfig(process.env).redisUrl, log: createLog({}) });
  try {
    await redis.settled();
    for (const id of userIds) console.log(`${id}: ${await endSessions(redis, id)} sessions have ended.`);
  } finally {
    await redis.close();
  }
}

end(process.argv.slice(2)).catch((error) => {
  console.error(`${error.name}: ${error.message}`);
  process.exitCode = 1;
});
