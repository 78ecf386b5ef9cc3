/** The types that more than one module names. `src/http` adds its own to Express' requests and sessions, below. */

import type { RequestHandler } from 'express';
import type { QueryResult } from 'pg';
import type { SetOptions } from 'redis';
import type { PrismaClient } from '../generated/client';
import type { createCache } from './cache/cache';
import type { createFairQueue } from './http/fair-queue';
import type { createSessions } from './http/sessions';
import type { readConfig } from './process/config';
import type { openOutbox } from './sms/outbox';
import type { openSmsQueue } from './sms/queue';

export type { ConversationMessage, Prisma, PrismaClient } from '../generated/client';

export type Config = ReturnType<typeof readConfig>;

/** A field `error` may be an Error. */
type Write = (message: string, fields?: Record<string, unknown>) => void;
export type Log = { info: Write; error: Write };
/** `flush` resolves when every line is out. */
export type ProcessLog = Log & { flush: () => Promise<void> };

/** What a process does, and how it ends that: `underWay` and `leave` give what the log is to say. */
export type Work = {
  underWay: () => object;
  leave: (times: { idleMs: number; drainMs: number }) => Promise<object>;
};
export type Shutdown = { readonly isShuttingDown: boolean };
/** A store that can be asked whether it is there. */
export type Pingable = { ping: () => Promise<unknown> };

type RedisReply = boolean | number | string;
/** Each command throws Unavailable when Redis is, or when the command takes too long. */
export type Redis = Pingable & {
  get: (key: string) => Promise<string | null>;
  set: (key: string, value: string, options?: SetOptions) => Promise<string | null>;
  del: (keys: string | string[]) => Promise<number>;
  mGet: (keys: string[]) => Promise<(string | null)[]>;
  eval: (script: string, options: { keys: string[]; arguments: string[] }) => Promise<unknown>;
  sendCommand: (command: string[]) => Promise<RedisReply | RedisReply[]>;
  settled: () => Promise<unknown>;
  close: () => Promise<void>;
};

export type Database = Pingable & {
  prisma: PrismaClient;
  settled: () => Promise<void>;
  query: (text: string) => Promise<QueryResult>;
  close: () => Promise<void>;
};

/** What pg_stat_statements counted of a query; hits and reads: blocks that were in the server's memory, and that were not. */
export type Statement = {
  id: string;
  query: string;
  calls: number;
  totalMs: number;
  rows: number;
  hits: number;
  reads: number;
};
/** hitRatio: of the blocks, those that were in memory, from 0 to 1; null where none was touched. */
export type Cost = {
  calls: number;
  meanMs: number;
  totalMs: number;
  rows: number;
  hitRatio: number | null;
};

/** hit: nobody computed for this read alone; miss: this read computed; unavailable: it did so without the cache. */
export type Outcome = 'hit' | 'miss' | 'stale' | 'unavailable';
/** What a value of the cache is. ttlMs and staleMs add up to an hour at most. */
export type Spec = {
  name: string;
  /** Another one whenever the values' shape changes, since old and new servers share the cache for a while. */
  version: number;
  key: string;
  /** What the value is made of. */
  tags?: string[];
  /** How long a value is good at most. */
  ttlMs: number;
  /** How much longer it is given while a new one is computed. */
  staleMs?: number;
  onOutcome?: (outcome: Outcome) => void;
};
export type Cache = ReturnType<typeof createCache>;
/** How routes use it. */
export type Caching = Pick<Cache, 'wrap'>;

export type FairQueue = ReturnType<typeof createFairQueue>;
export type IsCheck = (request: { get: (header: string) => string | undefined }) => boolean;
export type Sessions = ReturnType<typeof createSessions>;
export type RateLimits = {
  logIn: RequestHandler[];
  signUp: RequestHandler;
  message: RequestHandler;
  messagesADay: RequestHandler[];
  member: RequestHandler;
  read: RequestHandler;
};

export type SmsQueue = ReturnType<typeof openSmsQueue>;
export type Outbox = ReturnType<typeof openOutbox>;
/** The queue's jobs, by the messages' ids. */
export type Jobs = {
  /** Whether the queue has it now, within a second. One that it knows already is not added again. */
  send: (message: { messageId: string }) => Promise<boolean>;
  /** How many more it takes. */
  room: () => Promise<number>;
  lookUp: (id: string) => Promise<{ state: string; reason?: string }>;
};
/** `deliver` throws Rejected, Throttled, or another GatewayError, after which a repeat with the same key may succeed. */
export type Gateway = {
  deliver: (sms: { key: string; phone: string; body: string; signal?: AbortSignal }) => Promise<void>;
};

declare module 'express-session' {
  /** Set wherever requireSession has let the request through. */
  interface Session {
    userId: string;
    churchId: string;
    /** Milliseconds since 1970. */
    loggedInAt: number;
  }
}

declare global {
  namespace Express {
    interface Request {
      id: string;
    }
    interface Locals {
      /** How the cache took part, for each of the values that the answer is made of. */
      cacheOutcomes?: string[];
      /** Whether an operator has approved the church. */
      isApproved?: boolean;
    }
  }
}
