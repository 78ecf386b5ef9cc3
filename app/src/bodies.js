'use strict';
/** JSON bodies, small ones, and nothing else. */

const express = require('express');
const { RequestError } = require('./errors');

/** @returns {import('express').RequestHandler[]} */
function bodies() {
  return [onlyJson, express.json({ limit: '100kb' })];
}

function onlyJson(request, _response, next) {
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
  const hasBody = Number(length) > 0 || encoding !== undefined;
  if (!hasBody || request.is('application/json')) return next();
  next(new RequestError(415, 'Send the body as application/json.'));
}

module.exports = { bodies };
