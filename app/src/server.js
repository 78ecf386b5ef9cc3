'use strict';
/** One worker: reads its settings, opens its connections, serves, and leaves in order. PM2 runs one per core. */

const { createServer } = require('node:http');
const { once } = require('node:events');
const { createApp } = require('./http/app');
const { createCache } = require('./cache/cache');
const { readConfig } = require('./process/config');
const { connections } = require('./http/connections');
const { openDatabase } = require('./postgres/database');
const { reportMetrics } = require('./metrics/embedded');
const { createLog } = require('./process/log');
const { serveMetrics } = require('./metrics/endpoint');
const { openRedis } = require('./redis/client');
const { gracefulShutdown } = require('./process/shutdown');
const { watchDepth } = require('./sms/depth');
const { openOutbox } = require('./sms/outbox');
const { openSmsQueue } = require('./sms/queue');

/** For a request's head, and the whole of it, to arrive: who sends more slowly is answered 408. */
const ARRIVAL_MS = { headersTimeout: 15_000, requestTimeout: 30_000, connectionsCheckingInterval: 5000 };

async function serve() {
  const config = readConfig(process.env);
  const log = createLog({ release: config.release, server: config.serverId });
  const redis = openRedis({ url: config.redisUrl, log });
  const cache = createCache({ url: config.cacheRedisUrl, log });
  const sms = openSmsQueue({ url: config.redisUrl, log });
  const database = openDatabase({ ...config.database, log });
  const metrics = serveMetrics({ host: config.metricsHost, port: config.metricsPort, log });
  const embedded = reportMetrics({ namespace: config.metricsNamespace, log });
  const server = createServer({ keepAliveTimeout: config.keepAliveTimeoutMs, ...ARRIVAL_MS });
  const shutdown = gracefulShutdown({
    work: connections(server),
    closers: [sms.close, redis.close, cache.close, database.close, metrics.close, embedded.close],
    drainTimeoutMs: config.drainTimeoutMs,
    killTimeoutMs: config.killTimeoutMs,
    log,
  });
  // One process of a server that is sure to run: a queue nobody works off has to be noticed too.
  if ((process.env.NODE_APP_INSTANCE ?? '0') === '0')
    watchDepth({ queue: sms.queue, outbox: openOutbox(database.prisma), shutdown, log });
  server.on('request', createApp({ config, log, redis, database, cache, sms, shutdown }));

  await Promise.all([redis.settled(), cache.settled(), sms.settled(), database.settled()]);
  if (shutdown.isShuttingDown) return; // A signal came first, and what it began ends the process.
  server.listen(config.port, config.host);
  await once(server, 'listening');
  process.send?.('ready');
  log.info('listening', { host: config.host, port: config.port });
}

serve().catch((error) => {
  // PM2 drops what is written right before an exit, so the line is awaited.
  process.stderr.write(`${error.name}: ${error.message}\n`, 'utf8', () => process.exit(1));
});
