'use strict';
const assert = require('node:assert/strict');
const { test } = require('node:test');
const { Busy, createFairQueue } = require('../src/http/fair-queue');

/** Work that ends when it is told to, and the order in which it began. */
function workplace(/** @type {{ atOnce: number, longest: number }} */ options) {
  const queue = createFairQueue(options);
  /** @type {string[]} */
  const begun = [];
  /** @type {(() => void)[]} */
  const ends = [];
  return {
    begun,
    /** Resolves with the name, or with 'busy'. */
    ask: (/** @type {string} */ client, name = client) =>
      queue
        .run(client, () => {
          begun.push(name);
          return new Promise((end) => ends.push(() => end(name)));
        })
        .catch((error) => {
          assert.ok(error instanceof Busy);
          return 'busy';
        }),
    /** Ends the work that began first, and lets what waits for it go on. */
    async endOne() {
      ends.shift()?.();
      await new Promise(setImmediate);
    },
  };
}

test('so many are at work as may be, and the next begins when one ends', async () => {
  const { ask, begun, endOne } = workplace({ atOnce: 2, longest: 10 });
  for (const client of ['a', 'b', 'c']) ask(client);
  assert.deepEqual(begun, ['a', 'b']);
  await endOne();
  assert.deepEqual(begun, ['a', 'b', 'c']);
});

test('clients take turns, however much one has asked for', async () => {
  const { ask, begun, endOne } = workplace({ atOnce: 1, longest: 10 });
  for (const name of ['a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'c1']) ask(name[0], name);
  for (let n = 0; n < 6; n += 1) await endOne();
  assert.deepEqual(begun, ['a1', 'a2', 'b1', 'c1', 'a3', 'b2', 'a4']);
});

test('a full queue refuses the client with most in it, not the one who comes', async () => {
  const { ask, begun, endOne } = workplace({ atOnce: 1, longest: 3 });
  const greedy = ['a1', 'a2', 'a3', 'a4', 'a5'].map((name) => ask('a', name));
  assert.equal(await greedy[4], 'busy');
  const other = ask('b', 'b1');
  assert.equal(await greedy[3], 'busy');
  for (let n = 0; n < 4; n += 1) await endOne();
  assert.deepEqual(begun, ['a1', 'a2', 'b1', 'a3']);
  assert.equal(await other, 'b1');
});

test('where all wait once, who comes last is refused', async () => {
  const { ask } = workplace({ atOnce: 1, longest: 2 });
  ['at work', 'a', 'b'].forEach((client) => ask(client));
  assert.equal(await ask('c'), 'busy');
});

test('work that fails gives its place back', async () => {
  const queue = createFairQueue({ atOnce: 1, longest: 1 });
  await assert.rejects(
    queue.run('a', async () => {
      throw new Error('no');
    }),
    { message: 'no' },
  );
  assert.equal(await queue.run('a', async () => 'done'), 'done');
});
