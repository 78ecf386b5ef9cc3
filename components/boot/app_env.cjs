// app_env.cjs APP.SECRETS: reads the AWS CLI's answers about secrets from stdin, prints what the app calls them. The file says which
// of the app's variables is in which secret; the environment, where the kit's own are. No message holds a secret's text.
const { readFileSync } = require("node:fs");

const answers = readFileSync(0, "utf8")
  .split(/^(?=\{)/m) // as the CLI lays JSON out
  .map((text) => parsed(text, "the AWS CLI's answer"));
const errors = answers.flatMap(({ Errors = [] }) => Errors);
const values = answers.flatMap((answer) => answer.SecretValues ?? [answer]);

// Not JSON.parse's own error, which quotes the text.
function parsed(text, what) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${what} is no JSON`);
  }
}

function secret(variable, arn) {
  const found = values.find((each) => each.ARN === arn);
  if (!found) throw new Error(`${variable} ${arn} can't be read: ${JSON.stringify(errors)}`);
  if (typeof found.SecretString !== "string") throw new Error(`${variable} ${arn} holds no text`);
  return found.SecretString;
}

function inside(variable, arn, key) {
  const value = parsed(secret(variable, arn), `${variable} ${arn}`)[key];
  if (typeof value !== "string") throw new Error(`${variable} ${arn} holds no text under ${key}`);
  return value;
}

function line(variable, value) {
  if (/^[\x21-\x7e]*$/.test(value) && !/["'\\]/.test(value)) return `${variable}=${value}`;
  throw new Error(`the secret of ${variable} holds white space, quotes, backslashes or characters that are not ASCII: encode it`);
}

const [database, redis, cache] = ["DATABASE", "REDIS", "CACHE_REDIS"]
  .map((name) => `${name}_SECRET_ARN`)
  .map((name) => parsed(secret(name, process.env[name]), name));
const { REDIS_ENDPOINT, CACHE_REDIS_ENDPOINT } = process.env;
const part = encodeURIComponent;

console.log(
  [
    `DATABASE_URL=postgresql://${part(database.username)}:${part(database.password)}@${database.host}:${database.port}/` +
      `${part(database.dbname)}?sslmode=verify-full`,
    `REDIS_URL=rediss://:${part(redis.auth_token)}@${REDIS_ENDPOINT}`,
    `CACHE_REDIS_URL=rediss://:${part(cache.auth_token)}@${CACHE_REDIS_ENDPOINT}`,
    ...readFileSync(process.argv[2], "utf8")
      .split("\n")
      .filter(Boolean)
      .map((text) => text.split(" "))
      .map(([variable, arn, , key]) => line(variable, key ? inside(variable, arn, key) : secret(variable, arn))),
  ].join("\n"),
);
