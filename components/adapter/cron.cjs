"use strict";
/**
 * Runs an app's jobs: PM2 keeps it on every server, and for each due time one of them gets to start the command.
 *
 * Who does is decided in S3 (due.cjs, job_record.cjs). The jobs are in jobs.json beside this file; the working folder is
 * the app's. `timeout` of coreutils ends a run that takes too long, with whatever it started, also when this process is
 * no more. Told to end, by that or when the server leaves, a run may take as long as any process of PM2's.
 */

const { spawn } = require("node:child_process");
const { randomUUID } = require("node:crypto");
const { setTimeout: sleep } = require("node:timers/promises");
const { POLL, decide, lease } = require("./due.cjs");
const { JobObject } = require("./job_record.cjs");
const { leaves } = require("./metadata.cjs");

/** @import { JobRecord, Seen } from './due.cjs' */
/**
 * @typedef {{ schedule: string, timeout: number, script: string, args: string[], node_args: string[] }} JobSettings
 *   With a time-out in seconds.
 */

const { env } = process;
const KILL_TIMEOUT_MS = Number(env.KILL_TIMEOUT_MS || 5000);
/** From a run's SIGKILL to PM2's, to note how it ended. */
const NOTING_MS = 1500;
/** Between two looks, however far the next due time is, in ms: timers have a limit. */
const LONGEST_SLEEP_MS = 3_600_000;
/** Between two tries to note how a run ended, and how many. */
const RETRY_MS = 2000;
const RETRIES = 5;
let isLeaving = false;

/** One job on this server. */
class Job {
  /** @param {string} name @param {JobSettings} settings */
  constructor(name, settings) {
    this.name = name;
    this.settings = settings;
    this.object = new JobObject(name, env);
    this.self = { holder: randomUUID(), schedule: settings.schedule };
    /** @type {number | undefined} By S3's clock, once it is known. */
    this.since = undefined;
    /** @type {number | undefined} */
    this.begun = undefined;
    /** @type {number | undefined} The last missed due time that was said. */
    this.said = undefined;
    /** @type {import('node:child_process').ChildProcess | undefined} */
    this.child = undefined;
    this.worked = Promise.resolve();
  }

  /** Until the server leaves. */
  async work() {
    while (!isLeaving) {
      try {
        await this.step();
      } catch (error) {
        this.log("error", "can't tell whether a run is due", { error });
        await sleep(POLL);
      }
    }
  }

  /** One look at the record, and what follows from it. */
  async step() {
    const asked = performance.now();
    const seen = await this.object.read(this.settings.schedule);
    this.since ??= seen.now;
    const { since, begun } = this;
    const decision = decide({ ...this.self, since, begun }, seen);
    if (decision.missed !== undefined && decision.missed !== this.said) {
      this.said = decision.missed;
      this.log("error", "missed", { due: time(decision.missed) });
    }
    switch (decision.kind) {
      case "wait":
        return sleep(Math.min(decision.until - seen.now, LONGEST_SLEEP_MS));
      case "ask":
        return this.ask(seen, decision.due);
    }
    this.begun = decision.due;
    const isInTime = performance.now() - asked < decision.within;
    await this.note(seen, isInTime ? await this.run() : this.forgo());
  }

  /**
   * Takes the run, if nobody was faster; the next look tells.
   *
   * @param {Seen & { etag: string }} seen
   * @param {number} due
   */
  async ask({ etag, record }, due) {
    if (await leaves()) return sleep(POLL);
    if (record.state === "running")
      this.log("error", "run never ended", { due: time(record.due) });
    await this.object.replace(etag, {
      ...this.self,
      due,
      state: "running",
      server: env.SERVER_ID,
      lease: lease(this.settings.timeout * 1000 + KILL_TIMEOUT_MS),
    });
  }

  /** The command, from its start to its end; how it ended. */
  async run() {
    const { timeout, script, args, node_args } = this.settings;
    const limit = ["--signal=INT", `--kill-after=${KILL_TIMEOUT_MS / 1000}`];
    const command = [process.execPath, ...node_args, script, ...args];
    const began = performance.now();
    this.log("info", "run begins", { due: time(this.begun) });
    const child = spawn("timeout", [...limit, `${timeout}`, ...command], {
      stdio: ["ignore", "inherit", "inherit"],
      detached: true, // a process group of its own, to end what it leaves behind
    });
    this.child = child;
    const outcome = await new Promise((resolve) => {
      child.once("error", (error) => resolve(`${error}`));
      child.once("exit", (code, signal) => resolve(ended(code, signal)));
    });
    this.kill();
    this.child = undefined;
    const level = outcome === "code 0" ? "info" : "error";
    const seconds = Math.round((performance.now() - began) / 1000);
    this.log(level, "run ended", { due: time(this.begun), outcome, seconds });
    return outcome;
  }

  /** A run that S3 gave too late: who has it next could begin before its end. */
  forgo() {
    this.log("error", "missed", { due: time(this.begun) });
    return "not started";
  }

  /**
   * How a run ended, so that the next need not wait for its lease.
   *
   * @param {Seen & { etag: string }} seen
   * @param {string} outcome
   */
  async note({ etag, record }, outcome) {
    for (let tries = 1; ; tries++) {
      try {
        await this.object.replace(etag, { ...record, state: "ended", outcome });
        return;
      } catch (error) {
        if (tries === RETRIES) throw error;
        await sleep(isLeaving ? NOTING_MS / RETRIES : RETRY_MS);
      }
    }
  }

  /** Tells the run that the server leaves; `timeout` passes it on. */
  tell() {
    this.log("info", "run is told to end", { due: time(this.begun) });
    this.child?.kill("SIGINT");
  }

  /** The run and all that it started. */
  kill() {
    if (!this.child?.pid) return;
    try {
      process.kill(-this.child.pid, "SIGKILL");
    } catch {
      // Nothing is left of it.
    }
  }

  /** @param {string} level @param {string} message @param {Record<string, any>} fields */
  log(level, message, { error, ...fields }) {
    const line = {
      level,
      time: time(Date.now()),
      message,
      job: this.name,
      release: env.RELEASE,
      ...fields,
      ...(error && { error: String(error.cause ?? error) }),
    };
    process.stdout.write(`${JSON.stringify(line)}\n`);
  }
}

/** @param {number | null} code @param {string | null} signal */
function ended(code, signal) {
  const how = signal ?? `code ${code}`;
  if (isLeaving) return `interrupted, ${how}`;
  return code === 124 || code === 137 ? "took too long" : how;
}

/** @param {number | undefined} milliseconds */
function time(milliseconds) {
  return new Date(milliseconds ?? NaN).toISOString();
}

/** @param {Job[]} jobs */
async function leave(jobs) {
  if (isLeaving) return;
  isLeaving = true;
  const running = jobs.filter(({ child }) => child);
  running.forEach((job) => job.tell());
  setTimeout(
    () => running.forEach((job) => job.kill()),
    KILL_TIMEOUT_MS - NOTING_MS,
  );
  setTimeout(() => process.exit(1), KILL_TIMEOUT_MS - NOTING_MS / RETRIES);
  while (running.some(({ child }) => child)) await sleep(50);
  // `work` of a job whose run has ended goes on until that is noted.
  await Promise.all(running.map(({ worked }) => worked));
  process.exit(0);
}

/** @type {Record<string, JobSettings>} */
const settings = require("./jobs.json");
const jobs = Object.entries(settings).map(([name, one]) => new Job(name, one));
for (const signal of ["SIGINT", "SIGTERM"])
  process.on(signal, () => leave(jobs));
for (const job of jobs) job.worked = job.work();
