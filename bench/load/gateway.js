'use strict';
/** The tests' SMS gateway, as far away as a real one: prints its URL and serves until it is ended. */

const { startGateway } = require('../../app/test/helpers/gateway');

const LATENCY_MS = 100;

startGateway().then((gateway) => {
  gateway.behave({ delayMs: LATENCY_MS });
  console.log(gateway.url);
});
