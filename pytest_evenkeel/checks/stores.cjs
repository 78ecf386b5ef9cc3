"use strict";
// What the stores answer to someone on the server, with the app's own addresses and trust; prints no secret.
//   argument: {"key": a key of the sessions' store whose time to live is wanted, or null,
//     "count": a pattern of keys whose number is wanted, or null; Redis looks at every key for it}

const net = require("node:net");
const tls = require("node:tls");

const TIMEOUT_MS = 5000;
const { key, count } = JSON.parse(process.argv[1]);

/** The first bytes that come back after `bytes` were sent, as text; empty when the other side hangs up. */
function answer(socket, bytes) {
  return new Promise((resolve) => {
    socket.setTimeout(TIMEOUT_MS, () => resolve("(nothing)"));
    socket.once("data", (data) => resolve(data.toString("latin1")));
    for (const event of ["error", "end"]) socket.once(event, () => resolve(""));
    socket.write(bytes);
  });
}

/** The TLS session as the app would have it: the certificate must be a known authority's and the host's. */
function secured(socket, url) {
  const host = url.hostname;
  const name = net.isIP(host) ? {} : { servername: host };
  return new Promise((resolve, reject) => {
    const session = tls.connect({ socket, host, ...name }, () => resolve(session));
    session.once("error", reject);
  });
}

const connect = (url) => net.connect(Number(url.port), url.hostname);
const command = (...words) =>
  `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`;

async function redis(text) {
  const url = new URL(text);
  const plain = await answer(connect(url), command("PING"));
  const session = await secured(connect(url), url);
  await answer(session, command("AUTH", decodeURIComponent(url.password)));
  const ttl = key && Number((await answer(session, command("TTL", key))).slice(1));
  const keys =
    count && Number((await answer(session, command("EVAL", "return #redis.call('keys', ARGV[1])", "0", count))).slice(1));
  const seen = { scheme: url.protocol, port: url.port, plain, tls: session.getProtocol(), ttl, keys };
  session.destroy();
  return seen;
}

async function postgres(text) {
  const url = new URL(text);
  const [user, database] = [decodeURIComponent(url.username), url.pathname.slice(1)];
  const start = Buffer.from(`\0\x03\0\0user\0${user}\0database\0${database}\0\0`);
  const length = Buffer.alloc(4);
  length.writeInt32BE(start.length + 4);
  const plain = await answer(connect(url), Buffer.concat([length, start]));
  const socket = connect(url);
  await answer(socket, Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])); // SSLRequest; S means go on
  const session = await secured(socket, url);
  const mode = url.searchParams.get("sslmode");
  // An error's fields are C strings that begin with their type; C is the SQLSTATE.
  const sqlstate = plain[0] === "E" ? plain.match(/\0C(\w{5})\0/)[1] : plain[0];
  const seen = { scheme: url.protocol, port: url.port, mode, plain: sqlstate, tls: session.getProtocol() };
  session.destroy();
  return seen;
}

(async () => {
  const { REDIS_URL, CACHE_REDIS_URL, DATABASE_URL } = process.env;
  const seen = (look, url) => (url ? look(url) : null); // a stack may lack it
  const [sessions, cache] = [await seen(redis, REDIS_URL), await seen(redis, CACHE_REDIS_URL)];
  console.log(JSON.stringify({ sessions, cache, database: await seen(postgres, DATABASE_URL) }));
})();
