"use strict";
/**
 * Which run of a job may begin, by what its record says. Pure; times are milliseconds since the epoch, by S3's clock.
 *
 * A record has the newest due time that was taken, and only a later one is taken: none runs twice. While a run is under
 * way and its lease has not ended no other begins: no two run at once. The holder's run is over before its lease is, since
 * it begins within ASKING of the write that took it, and `timeout` kills it.
 */

const { Cron } = require("croner");

/** A run begins so long after its due time at most: a rollout or a boot may keep every server from being there. */
const LATE = 600_000;
/** From the write that takes a run to the run's begin, at most. */
const ASKING = 10_000;
/** By how much two answers of S3 may differ about the time: they are in whole seconds. */
const CLOCKS = 5000;
/** Between two looks at a run of another server that has to end first. */
const POLL = 5000;

/**
 * @typedef {object} JobRecord What S3 holds about a job.
 * @property {number} due The newest due time that was taken; before the first, when the job was first seen.
 * @property {string} schedule By which it was.
 * @property {'waiting' | 'running' | 'ended'} state Of its run.
 * @property {string} [holder] Which process took it.
 * @property {string} [server]
 * @property {number} [lease] How long after this record was written its run is over, in ms.
 * @property {string} [outcome]
 *
 * @typedef {{ record: JobRecord, modified: number, now: number }} Seen The record, when it was written, when it was read.
 * @typedef {{ holder: string, schedule: string, since: number, begun?: number }} CronProcess This process: since when it knows
 *   the job, and the due time of the last run that it began itself.
 * @typedef {{ kind: 'ask', due: number } | { kind: 'wait', until: number } |
 *   { kind: 'start', due: number, within: number }} Choice To ask for a run, to wait, or to start one that was asked for,
 *   so long after the record was read at most, in ms.
 * @typedef {Choice & { missed?: number }} Decision With a due time that nobody will take any more.
 */

/**
 * @param {CronProcess} self
 * @param {Seen} seen
 * @returns {Decision}
 */
function decide(self, { record, modified, now }) {
  const schedule = new Cron(self.schedule, { timezone: "UTC" });
  const { due, next } = dueTimes(schedule, now);
  const isSame = record.schedule === self.schedule;
  const missed = isSame ? firstMissed(schedule, record, due, now) : undefined;
  const isUnderWay = record.state === "running";
  if (
    isUnderWay &&
    record.holder === self.holder &&
    record.due !== self.begun
  ) {
    const within = ASKING - (now - modified);
    return { kind: "start", due: record.due, within, missed };
  }
  const isNew = due !== undefined && due > record.due;
  // What another schedule was due for, nobody expects of this one.
  if (!isNew || (!isSame && due < self.since))
    return { kind: "wait", until: next, missed };
  if (isUnderWay && now <= modified + (record.lease ?? 0))
    return { kind: "wait", until: Math.min(next, now + POLL), missed };
  return { kind: "ask", due, missed };
}

/** The newest due time for which it is not too late, if any, and the next. @param {Cron} schedule @param {number} now */
function dueTimes(schedule, now) {
  let due;
  let next = following(schedule, now - LATE - 1);
  while (next <= now) {
    due = next;
    next = following(schedule, due);
  }
  return { due, next };
}

/**
 * The first due time after the last taken that nobody will take any more.
 *
 * @param {Cron} schedule
 * @param {JobRecord} record
 * @param {number | undefined} due
 * @param {number} now
 */
function firstMissed(schedule, record, due, now) {
  const first = following(schedule, record.due);
  return first < (due ?? now - LATE) ? first : undefined;
}

/** @param {Cron} schedule @param {number} time */
function following(schedule, time) {
  return schedule.nextRun(new Date(time))?.getTime() ?? Infinity;
}

/** How long a run's record keeps others away. @param {number} longest That the run may take, in ms. */
function lease(longest) {
  return ASKING + longest + CLOCKS;
}

module.exports = { POLL, decide, lease };
