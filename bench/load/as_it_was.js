'use strict';
/**
 * The app as it was: loaded before app/src/server.js, it puts what came before in the place of those parts that
 * WITHOUT names. The app itself has no switch for any of them.
 */

const { createRequire } = require('node:module');
const { join } = require('node:path');

const fromApp = createRequire(join(__dirname, '../../app/src/server.js'));

/** What the bench's gateway is handed: it looks at neither. */
const SMS = { phone: '+16660000000', body: 'Service is at ten on Sunday.' };

const REPLACED = {
  cache: {
    './cache/cache': () => ({
      createCache: () => ({
        wrap: (_spec, compute) => compute(),
        invalidate: async () => {},
        settled: async () => {},
        close: async () => {},
      }),
    }),
  },
  /** Prisma's own pool of ten, without a time-out. */
  client: {
    './postgres/database': () => {
      const { PrismaPg } = fromApp('@prisma/adapter-pg');
      const { PrismaClient } = fromApp('../generated/client');
      return {
        openDatabase({ url }) {
          const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: url }) });
          return {
            prisma,
            settled: () => prisma.$connect(),
            ping: () => prisma.$queryRaw`SELECT 1`,
            close: () => prisma.$disconnect(),
          };
        },
      };
    },
  },
  /** The request waits for the gateway, and nothing is kept of what is still to be sent. */
  queue: {
    './sms/outbox': () => ({
      enter: async () => true,
      openOutbox: () => ({ postpone: async () => {} }),
      shareOf: () => 0,
    }),
    './sms/queue': () => {
      const { openGateway } = fromApp('./sms/gateway');
      return {
        openSmsQueue({ log }) {
          const gateway = openGateway({ url: process.env.SMS_GATEWAY_URL, log });
          return {
            async send({ messageId }) {
              await gateway.deliver({ key: messageId, ...SMS });
              return true;
            },
            settled: async () => {},
            close: async () => {},
          };
        },
      };
    },
  },
};

for (const part of process.env.WITHOUT.split(' ').filter((name) => name in REPLACED)) {
  for (const [module, before] of Object.entries(REPLACED[part])) {
    const file = fromApp.resolve(module);
    require.cache[file] = { id: file, filename: file, loaded: true, exports: before() };
  }
}
