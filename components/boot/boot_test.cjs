// boot_test.cjs SECONDS: does one worker of the release get ready in so many seconds, and leave in order at PM2's signal?
// Run as root, to read app.env as systemd would; before any line of the release runs, it becomes the user `app`.
// Prints what it found, on a line of its own; for a failure that line and the worker's last ones. Exits with 0 or 1.
const { spawn } = require("node:child_process");
const { readFileSync } = require("node:fs");
const http = require("node:http");
const { setTimeout: sleep } = require("node:timers/promises");

const LAST_LINES = 20;
const seconds = Number(process.argv[2]);
const lines = readFileSync("/etc/evenkeel/app.env", "utf8").split("\n").filter(Boolean);
const env = Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
process.env = { PATH: process.env.PATH, LANG: "C.UTF-8", ...env };
process.initgroups("app", "app");
process.setgid("app");
process.setuid("app");

const port = Number(env.PORT) + 1;
const url = `http://${env.HOST}:${port}/readyz`;
const words = (value) => (Array.isArray(value) ? value : (value ?? "").split(/\s+/).filter(Boolean));
let output = "";

function startWorker() {
  const app = require(`${env.APP_DIR}/ecosystem.config.js`).apps[0];
  const worker = spawn(process.execPath, [...words(app.node_args), app.script, ...words(app.args)], {
    cwd: app.cwd ?? env.APP_DIR,
    env: { ...process.env, ...app.env, PORT: String(port), NODE_APP_INSTANCE: "0" },
    stdio: ["ignore", "pipe", "pipe", "ipc"], // a worker tells PM2 that it is ready by process.send
  });
  for (const stream of [worker.stdout, worker.stderr]) stream.on("data", (data) => (output = (output + data).slice(-20_000)));
  return worker;
}

const status = () =>
  new Promise((resolve) => {
    const request = http.get(url, { agent: false, timeout: 2000 }, (answer) => resolve(answer.resume().statusCode));
    request.on("timeout", () => request.destroy()).on("error", () => resolve(undefined));
  });

async function test() {
  const started = Date.now();
  const worker = startWorker();
  const ended = new Promise((resolve) => worker.once("close", (code, signal) => resolve(signal ?? `code ${code}`)));
  let how;
  ended.then((found) => (how = found));
  let last;
  while ((last = await status()) !== 200) {
    if (how) return `the worker ended with ${how} before it was ready`;
    if (Date.now() - started > seconds * 1000) {
      worker.kill("SIGKILL");
      await ended;
      return `${url} ${last ? `answered ${last}` : "did not answer"} for ${seconds} s, not 200`;
    }
    await sleep(50);
  }
  const readyMs = Date.now() - started;
  worker.kill("SIGINT");
  const left = await Promise.race([ended, sleep(Number(env.KILL_TIMEOUT_MS))]);
  if (left === undefined) worker.kill("SIGKILL");
  if (left === undefined) return `the worker did not leave within ${env.KILL_TIMEOUT_MS} ms of SIGINT`;
  if (left !== "code 0") return `the worker left with ${left} at SIGINT, PM2's signal, not with code 0`;
  console.log(`the release was ready after ${readyMs} ms and left in order`);
}

test().then((failure) => {
  if (failure) console.log([failure, ...output.trimEnd().split("\n").slice(-LAST_LINES)].join("\n"));
  process.exit(failure ? 1 : 0);
});
