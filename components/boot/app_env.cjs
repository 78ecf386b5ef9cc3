// Reads the answer of BatchGetSecretValue from stdin and prints what the app calls the secrets. The environment says which is which.
const { SecretValues, Errors } = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
function secret(variable) {
  const arn = process.env[variable];
  const found = SecretValues.find((each) => each.ARN === arn);
  if (!found) throw new Error(`${variable} ${arn} can't be read: ${JSON.stringify(Errors)}`);
  return found.SecretString;
}
const [database, redis, cache] = ["DATABASE", "REDIS", "CACHE_REDIS"].map((name) => JSON.parse(secret(`${name}_SECRET_ARN`)));
const session = secret("SESSION_SECRET_ARN");
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
