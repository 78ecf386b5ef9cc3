"use strict";
/** What S3 holds about a job: one object, which is only ever replaced by who has seen what it replaces. */

const { AwsClient } = require("aws4fetch");
const { credentials } = require("./metadata.cjs");

/** @import { JobRecord, Seen } from './due.cjs' */

/** For one request, in ms. */
const PATIENCE = 3000;
/** Somebody else wrote before; S3 answers 404 for an object that was deleted meanwhile. */
const LOST = [404, 412];
/** There is no such object; S3 says 403 to who may not list the bucket. */
const ABSENT = [403, 404];

class JobObject {
  /** @param {string} name Of the job. @param {NodeJS.ProcessEnv} env */
  constructor(name, { CRON_BUCKET, AWS_REGION, AWS_ENDPOINT_URL }) {
    const bucket = AWS_ENDPOINT_URL
      ? `${AWS_ENDPOINT_URL}/${CRON_BUCKET}`
      : `https://${CRON_BUCKET}.s3.${AWS_REGION}.amazonaws.com`;
    this.url = `${bucket}/cron/${name}.json`;
    this.region = AWS_REGION;
  }

  /**
   * The record and its ETag; one that is not there is made, for a job that is due from now on.
   *
   * @param {string} schedule
   * @returns {Promise<Seen & { etag: string }>}
   */
  async read(schedule) {
    const first = await this.#request("GET");
    if (!ABSENT.includes(first.status)) return seen(first);
    const made = { due: date(first, "Date"), schedule, state: "waiting" };
    const answer = await this.#request("PUT", made, { "If-None-Match": "*" });
    if (!answer.ok && !LOST.includes(answer.status)) throw await failed(answer);
    return seen(await this.#request("GET"));
  }

  /**
   * Whether the record that has the ETag was replaced. An error says that nobody knows.
   *
   * @param {string} etag
   * @param {JobRecord} record
   */
  async replace(etag, record) {
    const answer = await this.#request("PUT", record, { "If-Match": etag });
    if (!answer.ok && !LOST.includes(answer.status)) throw await failed(answer);
    return answer.ok;
  }

  /**
   * @param {string} method
   * @param {object} [record]
   * @param {Record<string, string>} [headers]
   */
  async #request(method, record, headers) {
    const given = { service: "s3", region: this.region, retries: 0 };
    const client = new AwsClient({ ...given, ...(await credentials()) });
    const body = record && JSON.stringify(record);
    const signal = AbortSignal.timeout(PATIENCE);
    return client.fetch(this.url, { method, body, headers, signal });
  }
}

/** @param {Response} answer */
async function seen(answer) {
  if (!answer.ok) throw await failed(answer);
  return {
    record: await answer.json(),
    etag: answer.headers.get("ETag") ?? "",
    modified: date(answer, "Last-Modified"),
    now: date(answer, "Date"),
  };
}

/** @param {Response} answer @param {string} header */
function date(answer, header) {
  return Date.parse(answer.headers.get(header) ?? "");
}

/** @param {Response} answer */
async function failed(answer) {
  return new Error(`S3 answered ${answer.status}: ${await answer.text()}`);
}

module.exports = { JobObject };
