'use strict';
/**
 * Fills an empty database with a realistic, skewed data set: `npm run seed -- --members 200000 --messages 1000000`.
 *
 * A few churches have most members (Zipf), a third of the members opted in late, some conversations are long and most
 * are short. Postgres makes the rows itself. All of it is one transaction: a seed that is interrupted leaves nothing,
 * and a database that was seeded is left as it is. One that holds anything else is refused, and so is production, but
 * for `--into HOST/NAME`, which says that this database is meant. With SEED_PASSWORD set, demo@evenkeel.example can log
 * in to the largest church.
 */

const { parseArgs } = require('node:util');
const pg = require('pg');
const { databaseUrl } = require('../process/config');
const { hashPassword } = require('../http/passwords');

const DEMO_EMAIL = 'demo@evenkeel.example';
/** As signing up asks for. */
const SHORTEST_PASSWORD = 12;
const MEMBERS_PER_CHURCH = 400;
const MAX_CHURCHES = 500;

const CHURCH = `
  INSERT INTO "Church" (id, name, "createdAt", "approvedAt") VALUES ($1, $2, now() - interval '3 years', now())`;

const MEMBERS = `
  INSERT INTO "Member" (id, "churchId", "firstName", "lastName", phone, email, "optInSms", "createdAt")
  SELECT gen_random_uuid(), $1,
         (ARRAY['Ada','Ben','Cora','Dan','Eve','Finn','Grace','Hugh','Ida','Joel'])[1 + floor(random() * 10)::int],
         (ARRAY['Abbott','Baker','Clark','Diaz','Evans','Fisher','Green','Hill'])[1 + floor(random() * 8)::int],
         '+1555' || lpad(n::text, 7, '0'), 'member' || n || '@church.example',
         random() < 0.65, now() - random() * interval '3 years'
  FROM generate_series(1, $2::int) AS n`;

/** Half of the members have ever written or been written to. */
const CONVERSATIONS = `
  INSERT INTO "Conversation" (id, "churchId", "memberId", "createdAt", "lastMessageAt")
  SELECT gen_random_uuid(), "churchId", id, "createdAt", now() - random() * (now() - "createdAt")
  FROM "Member" WHERE "churchId" = $1 ORDER BY random() LIMIT $2::int`;

/** The square of an even random number favours the low conversations: few are long, most are short. */
const MESSAGES = `
  WITH threads AS MATERIALIZED (
         SELECT id, "createdAt", "lastMessageAt", row_number() OVER () AS n FROM "Conversation" WHERE "churchId" = $1),
       drawn AS MATERIALIZED (
         SELECT 1 + floor($2::int * random() ^ 2)::int AS n, random() AS side, random() AS age
         FROM generate_series(1, $3::int))
  INSERT INTO "ConversationMessage" (id, "conversationId", direction, body, "createdAt")
  SELECT gen_random_uuid(), threads.id,
         (CASE WHEN side < 0.7 THEN 'OUTBOUND' ELSE 'INBOUND' END)::"Direction",
         CASE WHEN side < 0.7 THEN 'Service is at ten on Sunday. Will you join us?' ELSE 'Yes, we will be there.' END,
         "createdAt" + age * ("lastMessageAt" - "createdAt")
  FROM drawn JOIN threads USING (n)`;

/**
 * Splits a total by Zipf's law: the k-th share is proportional to 1/k, none is below 1, and they add up.
 *
 * @param {number} total at least `shares`
 * @param {number} shares
 * @returns {number[]} largest first
 */
function zipf(total, shares) {
  const harmonic = Array.from({ length: shares }, (_, k) => 1 / (k + 1)).reduce(
    (sum, weight) => sum + weight,
    0,
  );
  const rest = total - shares;
  const sizes = Array.from({ length: shares }, (_, k) => 1 + Math.floor(rest / (k + 1) / harmonic));
  sizes[0] += total - sizes.reduce((sum, size) => sum + size, 0);
  return sizes;
}

/**
 * The k-th church's id: fixed, so that a seeded database can be told.
 *
 * @param {number} k
 */
function churchId(k) {
  return `00000000-0000-4000-8000-${String(k + 1).padStart(12, '0')}`;
}

/**
 * @param {pg.Client} database
 * @param {{ members: number, messages: number, progress: (done: number, all: number) => void }} sizes
 */
async function fill(database, { members, messages, progress }) {
  const churches = Math.min(MAX_CHURCHES, Math.ceil(members / MEMBERS_PER_CHURCH));
  const memberCounts = zipf(members, churches);
  const messageCounts = zipf(messages, churches);
  for (let k = 0; k < churches; k++) {
    const id = churchId(k);
    const threads = Math.ceil(memberCounts[k] / 2);
    await database.query(CHURCH, [id, `Church ${k + 1}`]);
    await database.query(MEMBERS, [id, memberCounts[k]]);
    await database.query(CONVERSATIONS, [id, threads]);
    await database.query(MESSAGES, [id, threads, messageCounts[k]]);
    progress(k + 1, churches);
  }
}

/**
 * Nobody else's account is touched, if the address is taken.
 *
 * @param {pg.Client} database
 * @param {string} password
 */
async function addDemoUser(database, password) {
  const { rowCount } = await database.query(
    `INSERT INTO "User" (id, "churchId", email, "passwordHash") VALUES (gen_random_uuid(), $1, $2, $3)
     ON CONFLICT (email) DO UPDATE SET "passwordHash" = excluded."passwordHash" WHERE "User"."churchId" = $1`,
    [churchId(0), DEMO_EMAIL, await hashPassword(password)],
  );
  if (rowCount === 0) throw new Refusal(`${DEMO_EMAIL} has an account in a church of their own.`);
}

/** @param {pg.Client} database */
async function isSeeded(database) {
  const { rows } = await database.query('SELECT FROM "Church" WHERE id = $1', [churchId(0)]);
  return rows.length > 0;
}

/** @param {pg.Client} database */
async function mustBeEmpty(database) {
  const { rows } = await database.query('SELECT FROM "Church" UNION ALL SELECT FROM "User" LIMIT 1');
  if (rows.length > 0)
    throw new Refusal("This database holds churches or users that are not the seed's. Seed an empty one.");
}

/** @param {string} url @param {string | undefined} into what the command line says */
function mustBeMeant(url, into) {
  const { host, pathname } = new URL(url);
  const target = host + pathname;
  if (into === undefined && process.env.NODE_ENV !== 'production') return;
  if (into !== target)
    throw new Refusal(
      `DATABASE_URL leads to ${target}${into === undefined ? ', and NODE_ENV is production' : ''}. ` +
        `Give --into ${target} if that is the database to fill.`,
    );
}

/** The seed does not belong there. */
class Refusal extends Error {
  name = 'Refusal';
}

/**
 * Writes the progress on one line of a terminal, or as a line a tenth elsewhere.
 *
 * @param {number} done
 * @param {number} all
 */
function showProgress(done, all) {
  if (process.stderr.isTTY)
    process.stderr.write(`\rseeding church ${done} of ${all}${done === all ? '\n' : ''}`);
  else if (done === all || done % Math.ceil(all / 10) === 0)
    console.error(`seeding church ${done} of ${all}`);
}

function readArguments() {
  const { values } = parseArgs({
    options: {
      into: { type: 'string' },
      members: { type: 'string', default: '200000' },
      messages: { type: 'string', default: '1000000' },
    },
  });
  const { into, ...counts } = values;
  for (const [name, value] of Object.entries(counts)) {
    if (!/^[1-9]\d{2,8}$/.test(value)) {
      throw new RangeError(`--${name} is '${value}'. Give a whole number from 100 to 999999999.`);
    }
  }
  const sizes = { members: Number(values.members), messages: Number(values.messages) };
  const churches = Math.min(MAX_CHURCHES, Math.ceil(sizes.members / MEMBERS_PER_CHURCH));
  if (sizes.messages < churches) {
    throw new RangeError(
      `--messages is ${sizes.messages}, fewer than the ${churches} churches. Give ${churches} or more.`,
    );
  }
  return { into, sizes };
}

function readPassword() {
  const password = process.env.SEED_PASSWORD;
  if (password && password.length < SHORTEST_PASSWORD)
    throw new RangeError(
      `SEED_PASSWORD has ${password.length} characters. Set it to ${SHORTEST_PASSWORD} or more.`,
    );
  return password;
}

async function seed() {
  const { into, sizes } = readArguments();
  const password = readPassword();
  const url = databaseUrl(process.env);
  mustBeMeant(url, into);
  const database = new pg.Client({ connectionString: url });
  await database.connect();
  try {
    const started = Date.now();
    await database.query('BEGIN');
    if (await isSeeded(database)) {
      console.log('This database is seeded already; it stays as it is.');
    } else {
      await mustBeEmpty(database);
      await fill(database, { ...sizes, progress: showProgress });
      console.log(
        `${sizes.members} members, ${sizes.messages} messages in ${(Date.now() - started) / 1000} s.`,
      );
    }
    if (password) {
      await addDemoUser(database, password);
      console.log(`${DEMO_EMAIL} can log in.`);
    }
    await database.query('COMMIT');
    await database.query('ANALYZE');
  } finally {
    await database.end();
  }
}

if (require.main === module) {
  seed().catch((error) => {
    console.error(`${error.name}: ${error.message}`);
    process.exitCode = 1;
  });
}

module.exports = { zipf };
