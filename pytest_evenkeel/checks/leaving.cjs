"use strict";
// Clients of an app while one of its workers is told to go: what is answered, and how connections end.
//   argument: {host, port, pid, signals: [[name, ms]], throws, request: {method, path, headers, data},
//     seconds, patience}
//   `throws`: JavaScript that the worker runs, by its debugger, in place of a signal.
//   `request` takes `seconds`: half of its body comes at once and the rest then.
// Times that are printed are milliseconds from the signal on.

const { execFileSync } = require("node:child_process");
const net = require("node:net");
const { setTimeout: sleep } = require("node:timers/promises");

const asked = JSON.parse(process.argv[1]);
const POLL_MS = 20;
const EACH = 2; // connections for each use
const MOST = 200; // that are opened until the worker has its own
const DEBUGGER = "http://127.0.0.1:9229/json/list";
let signalled = Infinity;
const now = () => Math.round(performance.now() - signalled);

/** One connection, kept alive, and how it ended: `end` is in order, anything else is an error's code. */
class Connection {
  text = "";
  closed = null;
  how = null;

  constructor() {
    this.socket = net.connect(asked.port, asked.host);
    this.socket.on("data", (data) => (this.text += data));
    this.socket.on("end", () => (this.how ??= "end"));
    this.socket.on("error", (error) => (this.how = error.code));
    this.socket.on("close", () => (this.closed = now()));
  }

  send(bytes) {
    if (this.closed === null) this.socket.write(bytes);
  }

  get(path) {
    this.text = "";
    this.send(`GET ${path} HTTP/1.1\r\nHost: ${asked.host}\r\n\r\n`);
    return this.answer();
  }

  /** The whole answer, once it is there; null when the connection ended first. */
  async answer() {
    const end = performance.now() + asked.patience;
    while (performance.now() < end) {
      const [head, body] = this.text.split("\r\n\r\n", 2);
      const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? NaN);
      const ends = / 204 /.test(head.split("\r\n")[0]) || this.text.endsWith("\r\n0\r\n\r\n");
      const whole = Number.isNaN(length) ? ends : body?.length >= length;
      if (body !== undefined && whole) {
        return {
          status: Number(head.split(" ")[1]),
          closes: /^connection: close\r?$/im.test(head),
          ms: Number.isFinite(signalled) ? now() : null,
        };
      }
      if (this.closed !== null) return null;
      await sleep(POLL_MS);
    }
    return null;
  }

  /** Null for a connection that is still open. */
  get end() {
    return this.closed === null ? null : { how: this.how, ms: this.closed };
  }
}

/** Open connections that have had an answer: two lists, the worker's and its colleagues'. */
async function connections() {
  const all = [];
  for (;;) {
    const more = Array.from({ length: EACH }, () => new Connection());
    await Promise.all(more.map((connection) => connection.get("/healthz")));
    all.push(...more);
    const filter = ["state", "established", "sport", "=", `:${asked.port}`];
    const sockets = execFileSync("ss", ["-Htnp", ...filter]).toString().split("\n");
    const accepted = sockets.filter((line) => line.includes(`pid=${asked.pid},`));
    const ports = accepted.map((line) => /:(\d+)\s+users/.exec(line)[1]);
    const own = all.filter(({ socket }) => ports.includes(String(socket.localPort)));
    if (own.length >= 3 * EACH) return [own, all.filter((one) => !own.includes(one))];
    if (all.length >= MOST) throw new Error(`worker ${asked.pid} has ${own.length} of ${MOST} connections`);
  }
}

/** The answer, and whether it came before the request was whole. */
async function slowRequest(connection, seconds) {
  const { method, path, headers, data } = asked.request;
  connection.text = "";
  const body = Buffer.from(data);
  const half = Math.floor(body.length / 2);
  // The app limits how often strangers log in, and lets the kit's checks pass.
  const all = { Host: asked.host, ...headers, "Content-Length": body.length, "X-Check-Token": process.env.CHECK_TOKEN };
  const lines = Object.entries(all).filter(([, value]) => value !== undefined).map((each) => each.join(": "));
  connection.send(`${method} ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
  connection.send(body.subarray(0, half));
  await sleep(seconds * 1000);
  const early = connection.text !== "";
  connection.send(body.subarray(half));
  const answer = await connection.answer();
  return answer && { ...answer, early };
}

async function tellToGo() {
  if (asked.throws) {
    const late = sleep(asked.patience).then(() => {
      throw new Error(`worker ${asked.pid} could not be debugged within ${asked.patience} ms`);
    });
    await Promise.race([throwIn(asked.pid), late]);
  } else {
    signalled = performance.now();
    for (const [signal, ms] of asked.signals) {
      await sleep(Math.max(0, ms - now()));
      if (runs()) process.kill(asked.pid, signal);
    }
  }
}

/** Has a worker run `asked.throws`. Node opens its debugger at SIGUSR1; another process may have the port. */
async function throwIn(pid) {
  for (;;) {
    process.kill(pid, "SIGUSR1");
    await sleep(500);
    const [target] = await fetch(DEBUGGER).then((answer) => answer.json(), () => []);
    if (!target) continue;
    const socket = new WebSocket(target.webSocketDebuggerUrl);
    await new Promise((open) => (socket.onopen = open));
    const evaluate = (expression) => {
      socket.send(JSON.stringify({ id: 1, method: "Runtime.evaluate", params: { expression } }));
      return new Promise((done) => {
        socket.onmessage = ({ data }) => done(JSON.parse(data).result.result.value);
      });
    };
    if ((await evaluate("process.pid")) === pid) {
      signalled = performance.now();
      await evaluate(asked.throws);
      return socket.close();
    }
    socket.close();
  }
}

function runs() {
  try {
    return process.kill(asked.pid, 0);
  } catch {
    return false;
  }
}

async function gone() {
  const end = performance.now() + asked.patience;
  while (runs() && performance.now() < end) await sleep(POLL_MS);
  return runs() ? null : now();
}

(async () => {
  const [own, others] = await connections();
  const [idle, kept, busy] = [own.slice(0, EACH), own.slice(EACH, 2 * EACH), own.slice(2 * EACH, 3 * EACH)];
  const usual = await slowRequest(kept[0], 0.3);
  const slow = Promise.all(busy.map((each) => slowRequest(each, asked.seconds)));
  const elsewhere = Promise.all(others.slice(0, EACH).map((each) => slowRequest(each, asked.seconds)));
  await sleep(300); // the first halves have arrived
  await tellToGo();
  const left = gone();
  await sleep(300);
  const ready = await Promise.all(kept.map((connection) => connection.get("/readyz")));
  const answers = { usual, slow: await slow, elsewhere: await elsewhere };
  const seen = { ...answers, gone: await left, ready };
  await sleep(POLL_MS); // the last connections' ends arrive
  const ends = (some) => some.map(({ end }) => end);
  console.log(JSON.stringify({ ...seen, idle: ends(idle), ends: ends([...idle, ...kept, ...busy]) }));
  process.exit();
})();
