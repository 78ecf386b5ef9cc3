'use strict';
/** What lies in a Redis. */

/** Groups keys by what they begin with. Returns JSON: of each group how many, their bytes, and how many never end. */
const COUNT = `
  local groups, cursor = {}, '0'
  repeat
    local found = redis.call('SCAN', cursor, 'COUNT', 1000)
    cursor = found[1]
    for _, key in ipairs(found[2]) do
      local name = string.match(key, '^cache:lock:') or string.match(key, '^cache:version:cache:[^:]*:')
        or string.match(key, '^cache:version:[^:]*:') or string.match(key, '^cache:[^:]*:')
        or string.match(key, '^[^:]*:') or key
      local group = groups[name] or { keys = 0, bytes = 0, endless = 0 }
      groups[name] = group
      group.keys = group.keys + 1
      group.bytes = group.bytes + (redis.call('MEMORY', 'USAGE', key) or 0)
      if redis.call('PTTL', key) == -1 then group.endless = group.endless + 1 end
    end
  until cursor == '0'
  return cjson.encode(groups)`;

/**
 * @param {{ command: (...command: string[]) => string }} redis
 * @returns {Record<string, { keys: number, bytes: number, endless: number }>}
 */
const census = (redis) => JSON.parse(redis.command('EVAL', COUNT, '0'));

/**
 * @param {{ command: (...command: string[]) => string }} redis
 * @returns {number} bytes
 */
const usedMemory = (redis) => Number(/^used_memory:(\d+)/m.exec(redis.command('INFO', 'memory'))?.[1]);

module.exports = { census, usedMemory };
