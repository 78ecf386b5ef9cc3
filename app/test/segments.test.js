'use strict';
const assert = require('node:assert/strict');
const { test } = require('node:test');
const { segments } = require('../src/sms/segments');
const { text } = require('../src/http/text-field');

test('a text of the GSM alphabet fits 160 to an SMS, and 153 once it takes several', () => {
  const counts = [1, 160, 161, 306, 307, 1530, 1531].map((length) => segments('a'.repeat(length)));
  assert.deepEqual(counts, [1, 1, 2, 2, 3, 10, 11]);
});

test('the extension takes two places', () => {
  assert.deepEqual([segments('€'.repeat(80)), segments('€'.repeat(81))], [1, 2]);
});

test('one character outside of the alphabet leaves 70 to an SMS, and 67 once it takes several', () => {
  const counts = [70, 71, 134, 135].map((length) => segments('ж' + 'a'.repeat(length - 1)));
  assert.deepEqual(counts, [1, 2, 2, 3]);
  assert.equal(segments('🙂'.repeat(35)), 1); // each is two units of UTF-16
  assert.equal(segments('🙂'.repeat(36)), 2);
});

test('characters that show nothing, or turn the text around, are refused; those that scripts need are not', () => {
  const body = text(100, { lines: true });
  for (const bad of ['pay\u202Eteg', 'a\u200Bb', '\uFEFFa b', '\u2066a\u2069'])
    assert.equal(body.safeParse(`x${bad}x`).success, false, JSON.stringify(bad));
  for (const good of ['👩‍👩‍👧', 'می‌خواهم', 'שלום\u200F!', 'two\nlines'])
    assert.equal(body.safeParse(good).success, true, JSON.stringify(good));
});
