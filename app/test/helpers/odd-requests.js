'use strict';
/** Requests of all kinds, sensible, odd and broken, as a seed decides. */

const { gzipSync } = require('node:zlib');
const values = require('./odd-values');
const { randomNumbers } = require('./random');

/** Who logs out asks for nothing else any more. */
const LOG_OUTS = 0.005;
/** So many ids are probably still there. */
const NEWEST = 6;
/** Of an array, deeper than a stack. */
const DEEPEST = 40_000;
const A_LARGE_BODY = 130_000;

/** @typedef {{ email: string, password: string }} Account whom one may sign up and log in as */
/** @typedef {Record<string, string | number>} Headers */

/**
 * @param {number} seed
 * @param {{ ids: string[], met: string[], cookies: string[], accounts: Account[], addresses: string[] }} known what leads
 *   somewhere: ids of members and conversations, the newest last, and of whatever was in an answer; cookies of sessions;
 *   whom one may sign up and log in as; where clients are
 * @returns {() => { bytes: Buffer, isWhole: boolean, isLarge: boolean }}
 *   bytes: what goes over the wire; isWhole: whether the app can't think that there is more to come; isLarge: it may be
 *   refused unread
 */
function oddRequests(seed, known) {
  const random = randomNumbers(seed);
  const below = (/** @type {number} */ n) => Math.floor(random() * n);
  /** @type {<T>(list: readonly T[]) => T} */
  const any = (list) => list[below(list.length)];
  const chance = (/** @type {number} */ share) => random() < share;
  /** @type {<T>(most: number, make: () => T) => T[]} */
  const times = (most, make) => Array.from({ length: below(most) }, make);

  const digits = (/** @type {number} */ n) => String(below(10 ** n)).padStart(n, '0');
  const uuid = () => `00000000-0000-4000-8000-${digits(12)}`;
  const id = () => {
    if (chance(0.7) && known.ids.length > 0) return any(known.ids.slice(-NEWEST));
    if (chance(0.4) && known.met.length > 0) return any(known.met);
    return chance(0.6) ? uuid() : text();
  };
  const time = () => new Date(below(4e12)).toISOString();
  const cursor = () => Buffer.from(`${chance(0.8) ? time() : text()}|${id()}`).toString('base64url');
  const encoded = (/** @type {string} */ plain) => encodeURIComponent(plain.toWellFormed()).slice(0, 4000);

  function text() {
    if (chance(0.02)) return 'x'.repeat(below(A_LARGE_BODY));
    return chance(0.8) ? any(values.TEXTS) : Buffer.from(times(20, () => below(256))).toString('latin1');
  }

  /** @returns {unknown} */
  function value(depth = 0) {
    const kind = below(depth > 3 ? 5 : 8);
    if (kind < 2) return text();
    if (kind < 5) return any([null, true, false, 0, -0, -1, 1.5, 1e308, 2 ** 53, below(1e9)]);
    if (kind === 5) return times(5, () => value(depth + 1));
    if (kind === 6) return { nested: 1 + below(chance(0.3) ? DEEPEST : 50) };
    return Object.fromEntries(times(5, () => [field(), value(depth + 1)]));
  }
  const field = () => any(chance(0.5) ? values.FIELDS : values.ODD_FIELDS);

  /** @type {Record<string, () => object>} */
  const sensible = {
    '/register': () => any(known.accounts),
    '/login': () => {
      const { email, password } = any(known.accounts);
      return { email, password: chance(0.7) ? password : 'another password' };
    },
    '/logout': () => ({ everywhere: chance(0.2) }),
    '/members': () => ({ firstName: 'A', lastName: 'B', phone: `+1555${digits(4)}`, optInSms: chance(0.9) }),
    '/members/:id/messages': () => ({ body: 'Choir on Friday?' }),
  };
  /** A hash takes a tenth of a second of a core: sensible log-ins and sign-ups are rare. */
  const isDear = (/** @type {string} */ route) => route === '/register' || route === '/login';

  /** @param {string} route */
  function body(route) {
    /** @type {Record<string, unknown>} */
    const made = { ...sensible[route]?.() };
    if (isDear(route) ? chance(0.8) : chance(0.3)) made[field()] = value();
    return chance(0.1) ? value() : made;
  }

  /** Nested arrays as a text: nobody here may walk them either. */
  const inJson = (/** @type {unknown} */ made) =>
    (JSON.stringify(made) ?? '').replace(
      /\{"nested":(\d+)\}/g,
      (_, n) => '['.repeat(Number(n)) + ']'.repeat(Number(n)),
    );

  /** @param {string} route @param {Headers} made */
  function bodyBytes(route, { 'content-encoding': encoding }) {
    const json = Buffer.from(
      chance(0.05) ? text() : inJson(body(route)),
      chance(0.03) ? 'utf16le' : chance(0.03) ? 'latin1' : 'utf8',
    );
    if (chance(0.03)) return gzipSync(Buffer.alloc(below(3e6), 0x20));
    return encoding === 'gzip' && chance(0.8) ? gzipSync(json) : json;
  }

  function headers() {
    /** @type {Headers} */
    const made = {
      host: 'app',
      connection: 'close',
      'content-type': 'application/json',
      'x-forwarded-for': any(known.addresses),
    };
    if (chance(0.85) && known.cookies.length > 0) made.cookie = any(known.cookies);
    /** @type {Headers} */
    const odd = {
      cookie: any([
        `sid=${encoded(text())}`,
        `sid=s%3A${digits(8)}.${digits(8)}`,
        'sid',
        ';;;=',
        'sid=%',
        '__proto__=1',
      ]),
      'idempotency-key': chance(0.6) ? digits(2) : encoded(text()),
      'content-type': any(values.CONTENT_TYPES),
      'content-encoding': any(values.ENCODINGS),
      'x-forwarded-for': any(['', '::1', '2001:db8::1, 10.0.0.1', 'unknown', ',,,', '999.1.1.1']),
      'x-forwarded-proto': any(['https', 'http', 'gopher', '']),
      'x-forwarded-host': any(['', 'a b', '[']),
      'x-request-id': encoded(text()),
      'x-amzn-trace-id': encoded(text()),
      'x-check-token': any(['', 'x'.repeat(32), 'ü', encoded(text())]),
      host: any(['', '[', 'a:b', 'x'.repeat(2000)]),
      accept: any(['*/*', 'text/html', ';q=x', '']),
      'if-none-match': any(['*', 'W/"a"', '"']),
      'if-modified-since': text().replace(/[^ -~]/g, ''),
      range: any(['bytes=0-1', 'bytes=-', 'x']),
      expect: any(['100-continue', 'the unexpected']),
      upgrade: any(['websocket', 'h2c']),
      'x-http-method-override': 'DELETE',
      'transfer-encoding': any(['gzip', 'chunked, chunked', 'identity', 'x']),
      [any(['__proto__', 'constructor', 'x'.repeat(100)])]: any(['', '1', 'é', '\u0001', 'x'.repeat(20_000)]),
    };
    for (const name of Object.keys(odd)) if (chance(0.02)) made[name] = odd[name];
    return made;
  }

  /** @param {string} route */
  function target(route) {
    if (chance(0.05)) return any(values.TARGETS);
    const place = () => (chance(0.95) ? encoded(id()) : any(['%', '%00', '%E0%A4%A', '..', '']));
    const parameter = () =>
      `${any(values.PARAMETERS)}=${chance(0.4) ? cursor() : chance(0.3) ? below(300) : encoded(text())}`;
    const query = chance(0.4) ? `?${[parameter(), ...times(3, parameter)].join('&')}` : '';
    return route.replace(':id', place) + query;
  }

  const method = (/** @type {string} */ route) => {
    if (chance(0.02)) return any(values.RARE_METHODS);
    return chance(0.6) && sensible[route] ? 'POST' : any(values.METHODS);
  };

  /**
   * In one piece or in chunks, and at times not as the headers say.
   *
   * @param {Buffer} bytes
   * @param {Headers} made
   */
  function framed(bytes, made) {
    const isWrong = chance(0.03);
    if (chance(0.1)) {
      const size = isWrong ? any(['-1', 'zz', 'fffffffffffffffff', '']) : bytes.length.toString(16);
      made['transfer-encoding'] ??= 'chunked';
      return Buffer.concat([Buffer.from(`${size}\r\n`), bytes, Buffer.from('\r\n0\r\n\r\n')]);
    }
    made['content-length'] = isWrong ? any([0, '-1', '', 'x', '1e3', bytes.length + 9]) : bytes.length;
    return bytes;
  }

  return () => {
    const route = chance(LOG_OUTS) ? '/logout' : any(values.ROUTES);
    const verb = method(route);
    const made = headers();
    const hasBody = !['GET', 'HEAD'].includes(verb) || chance(0.05);
    const content = hasBody ? framed(bodyBytes(route, made), made) : Buffer.alloc(0);
    const lines = Object.entries(made).map(([name, line]) => `${name}: ${line}`);
    const oddLine = chance(0.02) && any(values.ODD_LINES);
    if (oddLine) lines.push(oddLine);
    const start = `${verb} ${target(route)} HTTP/${chance(0.98) ? '1.1' : any(['1.0', '0.9', '2.0', 'x'])}`;
    const head = Buffer.from(`${[start, ...lines].join('\r\n')}\r\n\r\n`, 'latin1');
    const whole = Buffer.concat([head, content]);
    const isCut = chance(0.02);
    return {
      bytes: isCut ? whole.subarray(0, below(whole.length)) : whole,
      isWhole: !isCut && !oddLine && isFramed(made, content),
      isLarge: whole.length > 60_000,
    };
  };
}

/**
 * Whether the body ends where its headers say.
 *
 * @param {Headers} made
 * @param {Buffer} body
 */
function isFramed({ 'transfer-encoding': encoding, 'content-length': length = 0 }, body) {
  if (encoding)
    return encoding === 'chunked' && length === 0 && body.subarray(-5).equals(Buffer.from('0\r\n\r\n'));
  return length === body.length;
}

module.exports = { oddRequests };
