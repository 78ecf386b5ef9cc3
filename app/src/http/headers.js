'use strict';
/** What an API tells browsers: answers are data, never pages, and nobody's to keep. */

const { default: helmet } = require('helmet');

/** @import { RequestHandler } from 'express' */

/** @returns {RequestHandler[]} */
function headers() {
  return [
    helmet({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
      },
      xFrameOptions: { action: 'deny' },
    }),
    (_request, response, next) => {
      response.set('Cache-Control', 'no-store');
      next();
    },
  ];
}

module.exports = { headers };
