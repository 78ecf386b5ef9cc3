'use strict';
/** Text that people type, as a database takes it. */

const { z } = require('zod');

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
    .refine((value) => value.isWellFormed(), 'is not Unicode');

module.exports = { text };
