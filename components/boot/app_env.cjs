// app_env.cjs APP.SECRETS APP.STORES: reads the AWS CLI's answers about secrets from stdin, prints what the app calls them. The files
// say which of the app's variables is in which secret, or tells what of which store; the environment, where the stores' own secrets
// are. No message holds a secret's text.
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

// What the app may be told of a store, by `<store>.<part>`.
const part = encodeURIComponent;
const stores = {
  database: ({ username, password }, endpoint) => {
    const { hostname: host, port, pathname } = new URL(`tcp://${endpoint}`);
    const [user, name] = [`${part(username)}:${part(password)}`, pathname.slice(1)];
    const url = `postgresql://${user}@${host}:${port}/${part(name)}?sslmode=verify-full`;
    return { url, host, port, name, username, password };
  },
  redis: token,
  cache: token,
};

function token({ auth_token: password }, endpoint) {
  const { hostname: host, port } = new URL(`tcp://${endpoint}`);
  return { url: `rediss://:${part(password)}@${host}:${port}`, host, port, password };
}

function ofStore(store) {
  const name = { database: "DATABASE", redis: "REDIS", cache: "CACHE_REDIS" }[store];
  const arn = `${name}_SECRET_ARN`;
  return stores[store](parsed(secret(arn, process.env[arn]), arn), process.env[`${name}_ENDPOINT`]);
}

function words(file) {
  return readFileSync(file, "utf8")
    .split("\n")
    .filter(Boolean)
    .map((text) => text.split(" "));
}

const [secrets, parts] = process.argv.slice(2).map(words);
const told = Object.fromEntries([...new Set(parts.map(([, path]) => path.split(".")[0]))].map((store) => [store, ofStore(store)]));

console.log(
  [
    ...parts.map(([variable, path]) => {
      const [store, name] = path.split(".");
      return line(variable, told[store][name]);
    }),
    ...secrets.map(([variable, arn, , key]) => line(variable, key ? inside(variable, arn, key) : secret(variable, arn))),
  ].join("\n"),
);
