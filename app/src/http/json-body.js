'use strict';
/** JSON bodies, small ones of plain values, and nothing else. */

const express = require('express');
const { RequestError } = require('./errors');

/** @import { NextFunction, Request, RequestHandler, Response } from 'express' */

/** @returns {RequestHandler[]} */
function bodies() {
  return [onlyJson, express.json({ limit: '100kb' }), onlyPlainValues];
}

/** @type {RequestHandler} */
function onlyJson(request, _response, next) {
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
  const hasBody = Number(length) > 0 || encoding !== undefined;
  if (!hasBody || request.is('application/json')) return next();
  next(new RequestError(415, 'Send the body as application/json.'));
}

/**
 * No field of the app holds others, and who looks into one had to expect anything: Zod compares an object's `length` with
 * the longest that a text may have, and a deep array there is more than the stack takes.
 *
 * @param {Request} request
 * @param {Response} _response
 * @param {NextFunction} next
 */
function onlyPlainValues(request, _response, next) {
  const fields = Object.entries(request.body ?? {});
  const [name] = fields.find(([, value]) => typeof value === 'object' && value !== null) ?? [];
  next(name === undefined ? undefined : new RequestError(400, `${name}: is an object or an array`));
}

module.exports = { bodies };
