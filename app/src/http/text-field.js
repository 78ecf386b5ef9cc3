'use strict';
/** Text that people type, as a database takes it. */

const { z } = require('zod');

/** They show nothing, or show the rest in another order than it has: made for deceiving. */
const DECEIVING = /[\u200B\u2060-\u2064\uFEFF\u202A-\u202E\u2066-\u2069]/u;
const LINE = /^\P{Cc}*$/u;
const LINES = /^(?:\P{Cc}|[\t\n\r])*$/u;

/**
 * @param {number} longest in characters
 * @param {{ lines?: boolean }} [options] lines: whether it may have several
 */
const text = (longest, { lines = false } = {}) =>
  z
    .string()
    .trim()
    .min(1)
    .max(longest)
    .regex(lines ? LINES : LINE, 'has control characters')
    .refine((value) => !DECEIVING.test(value), 'has characters that show nothing or turn the text around')
    .refine((value) => value.isWellFormed(), 'is not Unicode');

module.exports = { text };
