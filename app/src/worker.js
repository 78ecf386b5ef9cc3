'use strict';
/** One process that works the queue off: the parts, put together. */

const { readConfig } = require('./process/config');
const { openDatabase } = require('./postgres/database');
const { reportMetrics } = require('./metrics/embedded');
const { createLog } = require('./process/log');
const { serveMetrics } = require('./metrics/endpoint');
const { gracefulShutdown } = require('./process/shutdown');
const { watchDepth } = require('./sms/depth');
const { openGateway } = require('./sms/gateway');
const { startSmsWorker } = require('./sms/worker');
const { reportTopQueries } = require('./postgres/top-queries');

async function work() {
  const config = readConfig(process.env);
  const log = createLog({ release: config.release, server: config.serverId, role: 'worker' });
  const database = openDatabase({ ...config.database, log });
  // The first of the workers that serve has METRICS_PORT itself, and the others those above.
  const metrics = serveMetrics({ host: config.metricsHost, port: config.metricsPort - 1, log });
  const embedded = reportMetrics({ namespace: config.metricsNamespace, log });
  const topQueries = reportTopQueries({ database, log });
  const gateway = openGateway({ url: config.smsGatewayUrl, token: config.smsGatewayToken, log });
  const sms = startSmsWorker({
    url: config.redisUrl,
    prisma: database.prisma,
    gateway,
    ratePerSecond: config.smsRateLimit,
    log,
  });
  const shutdown = gracefulShutdown({
    work: sms,
    closers: [sms.close, topQueries.close, database.close, metrics.close, embedded.close],
    drainTimeoutMs: config.drainTimeoutMs,
    killTimeoutMs: config.killTimeoutMs,
    log,
  });
  watchDepth({ queue: sms.queue, outbox: sms.outbox, shutdown, log });

  await Promise.all([sms.settled(), database.settled()]);
  if (shutdown.isShuttingDown) return; // A signal came first, and what it began ends the process.
  process.send?.('ready');
  log.info('working', { queue: sms.queue.name });
}

work().catch((error) => {
  // PM2 drops what is written right before an exit, so the line is awaited.
  process.stderr.write(`${error.name}: ${error.message}\n`, 'utf8', () => process.exit(1));
});
