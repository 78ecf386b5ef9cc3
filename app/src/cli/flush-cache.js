'use strict';
/**
 * Ends entries by hand, such as when something else than the app has changed the rows: `npm run cache:flush -- [NAME …]
 * [--tag TAG …]`, a NAME for all entries of that cache. Readers compute them again; what is computed just now isn't kept.
 */

const { parseArgs } = require('node:util');
const { createClient } = require('redis');
const { readConfig } = require('../process/config');
const { versionKey } = require('../cache/versions');

const CONNECT_MS = 5000;
/** Keys that Redis looks at in one go. */
const BATCH = 1000;

async function flush() {
  const { values, positionals: names } = parseArgs({
    options: { tag: { type: 'string', multiple: true, default: [] } },
    allowPositionals: true,
  });
  if (names.length + values.tag.length === 0) throw new RangeError('Name a cache, or --tag TAG.');
  const strange = names.find((name) => !/^\w+$/.test(name));
  if (strange) throw new RangeError(`'${strange}' is no name of a cache: they are in src/cache/caches.js.`);

  const redis = createClient({
    url: readConfig(process.env).cacheRedisUrl,
    socket: { connectTimeout: CONNECT_MS, reconnectStrategy: false },
  });
  redis.on('error', () => {}); // which is also what the command that met it throws
  await redis.connect();

  /**
   * An entry's own key is one of its tags: without that one's version it is good no more.
   *
   * @param {string} name
   */
  async function end(name) {
    let ended = 0;
    const options = { MATCH: `${versionKey(`cache:${name}`)}:v*`, COUNT: BATCH };
    for await (const keys of redis.scanIterator(options))
      if (keys.length > 0) ended += await redis.unlink(keys);
    return ended;
  }

  try {
    for (const tag of values.tag) {
      const ended = await redis.del(versionKey(tag));
      console.log(ended ? `What has the tag ${tag} has ended.` : `Nothing has the tag ${tag}.`);
    }
    for (const name of names) console.log(`${await end(name)} entries of ${name} have ended.`);
  } finally {
    redis.destroy();
  }
}

flush().catch((error) => {
  console.error(`${error.name}: ${error.message}`);
  process.exitCode = 1;
});
