// Reads the secrets from stdin, one JSON string a line (database, redis, cache, session), and prints what the app calls them.
const lines = require("node:fs").readFileSync(0, "utf8").trim().split("\n").map((line) => JSON.parse(line));
if (lines.length !== 4) throw new Error(`${lines.length} of 4 secrets could be read`);
const [database, redis, cache] = lines.slice(0, 3).map((line) => JSON.parse(line));
const session = lines[3];
const { REDIS_ENDPOINT, CACHE_REDIS_ENDPOINT } = process.env;
const part = encodeURIComponent;

if (!/^[\x21-\x7e]+$/.test(session) || /["'\\]/.test(session)) {
  throw new Error("the secret SESSION_SECRET_ARN holds white space, quotes or backslashes: generate it without them");
}
console.log(
  [
    `DATABASE_URL=postgresql://${part(database.username)}:${part(database.password)}@${database.host}:${database.port}/` +
      `${part(database.dbname)}?sslmode=verify-full`,
    `REDIS_URL=rediss://:${part(redis.auth_token)}@${REDIS_ENDPOINT}`,
    `CACHE_REDIS_URL=rediss://:${part(cache.auth_token)}@${CACHE_REDIS_ENDPOINT}`,
    `SESSION_SECRET=${session}`,
  ].join("\n"),
);
