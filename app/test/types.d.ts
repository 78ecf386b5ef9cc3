/** The types that more than one test or helper names. */

import type { ChildProcess } from 'node:child_process';
import type { UNITS } from '../src/metrics/embedded';
import type { client, loggedIn, startApp } from './helpers/app';
import type { startCache } from './helpers/cache';
import type { foundChurch } from './helpers/churches';
import type { startCluster } from './helpers/cluster';
import type { startEndpoint } from './helpers/endpoint';
import type { startGateway } from './helpers/gateway';
import type { oddRequests } from './helpers/odd-requests';
import type { startRedisAlone, startServices } from './helpers/services';
import type { startWorker } from './helpers/worker';

export type RedisServices = Awaited<ReturnType<typeof startRedisAlone>>;
export type Services = Awaited<ReturnType<typeof startServices>>;
export type RedisServer = Services['redis'];
export type Postgres = Services['postgres'];
export type App = Awaited<ReturnType<typeof startApp>>;
export type Worker = Awaited<ReturnType<typeof startWorker>>;
export type Cluster = Awaited<ReturnType<typeof startCluster>>;
export type CacheProcess = Awaited<ReturnType<typeof startCache>>;
export type Endpoint = Awaited<ReturnType<typeof startEndpoint>>;
export type SmsGateway = Awaited<ReturnType<typeof startGateway>>;
export type Client = ReturnType<typeof client>;
/** A client that has logged in. */
export type User = Awaited<ReturnType<typeof loggedIn>>;
export type Church = Awaited<ReturnType<typeof foundChurch>>;

/** Variables of an environment. */
export type Env = Record<string, string>;
/** output: all that it has written. */
export type Child = ChildProcess & { output: string };
export type Truthy<T> = Exclude<T, false | 0 | '' | null | undefined | void>;

/** What becomes of a test's request. `given` are its cookies. */
export type Answer = {
  status: number;
  headers: Record<string, string>;
  given: string[];
  body: Body;
};

/** The fields that answers have which tests look at: each route answers with some of them. */
export type Body = {
  error: string;
  id: string;
  pid: number;
  status: string;
  checks: Record<string, string>;
  email: string;
  churchId: string;
  church: { id: string; name: string };
  phone: string;
  conversationId: string;
  direction: string;
  jobId: string;
  items: Item[];
  nextCursor: string | null;
  members: { total: number };
  messages: { inbound: number; outbound: number };
};
/** A member, a conversation or a message of a page. */
export type Item = {
  id: string;
  createdAt: string;
  optInSms: boolean;
  direction: string;
  member: { id: string };
};

/** The fields of a line in the log which tests look at: each line has some of them. */
export type Line = {
  level: string;
  message: string;
  pid: number;
  id: string;
  error: string;
  status: number;
  method: string;
  path: string;
  user: string;
  church: string;
  query: string;
  ms: number;
  code: number;
  cutOff: number;
  handedBack: number;
  hardStop?: boolean;
  inFlight: number;
};

/** A line of embedded metrics: each has some of the metrics. */
export type MetricsLine = { _aws: Envelope; Cache: string; Queue: string } & {
  [Name in Exclude<keyof typeof UNITS, Listed>]: number;
} & { [Name in Listed]: number[] };
type Listed = 'RequestLatency' | 'PoolUsed' | 'PoolWaiting';
type Envelope = {
  Timestamp: number;
  CloudWatchMetrics: {
    Namespace: string;
    Dimensions: string[][];
    Metrics: { Name: keyof typeof UNITS; Unit: string }[];
  }[];
};

/** What an SMS gateway answers: a status, and headers. */
export type Reply = number | { status: number; headers?: Record<string, string> };
export type Text = { key: string; at: number; to: string; body: string };
export type Manners = {
  /** For a key. */
  answer: (key: string) => Reply;
  /** Between a text's delivery and the answer, which waits for `until` too. */
  delayMs: number;
  until: Promise<unknown>;
  deduplicates: boolean;
};

export type OddRequest = ReturnType<ReturnType<typeof oddRequests>>;
/** What leads somewhere, for a client that asks for odd things. */
export type Known = Parameters<typeof oddRequests>[1];
