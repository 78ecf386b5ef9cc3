/**
 * What a church's staff does, as k6 runs it: each iteration is one request of one user.
 *
 * phase.py says in the environment how many come (LOAD), what they do how often (MIX) and who they are (USERS).
 */

import http from 'k6/http';
import { SharedArray } from 'k6/data';
import { Counter } from 'k6/metrics';

const { scenarios, thresholds } = JSON.parse(__ENV.LOAD);
const mix = JSON.parse(__ENV.MIX); // { names, ends }
const churches = JSON.parse(__ENV.CHURCHES); // ends
/** One of each church, the largest first. */
const users = new SharedArray('users', () => JSON.parse(open(__ENV.USERS)));

export const options = {
  scenarios,
  thresholds,
  discardResponseBodies: true,
  summaryTrendStats: ['avg', 'med', 'p(95)', 'p(99)', 'max'],
};

/** 503s: the app has said that it can't take more. */
const refused = new Counter('refused');

const ACTIONS = {
  log_in: (user) => post('/login', undefined, { email: user.email, password: __ENV.PASSWORD }),
  me: (user) => get('/me', user),
  analytics: (user) => get('/analytics', user),
  members: (user) => membersPage('/members?', user),
  members_opted_in: (user) => membersPage('/members?optInSms=true&', user),
  members_next: (user) =>
    seen ? get(`${seen.path}cursor=${seen.cursor}`, seen.user) : membersPage('/members?', user),
  conversations: (user) => get('/conversations', user),
  messages: (user) =>
    get(`/conversations/${any(user.conversations)}/messages?direction=${any(['INBOUND', 'OUTBOUND'])}`, user),
  new_member: (user) =>
    post('/members', user, {
      firstName: 'Nora',
      lastName: 'New',
      phone: `+1666${digits(9)}`,
      optInSms: true,
    }),
  send: (user) =>
    post(
      `/members/${any(user.members)}/messages`,
      user,
      { body: 'Service is at ten on Sunday.' },
      { 'Idempotency-Key': digits(18) },
    ),
};

/** The last page of members that this VU has seen: whose, of which list, and where the next one begins. */
let seen;
let name;

export default function () {
  name = mix.names[drawn(mix.ends)];
  const response = ACTIONS[name](users[drawn(churches)]);
  if (response.status === 503) refused.add(1);
}

/** The first page of a list of members; remembered when there is a next one. */
function membersPage(path, user) {
  const response = get(path, user, { responseType: 'text' });
  const cursor = response.status === 200 && response.json('nextCursor');
  if (cursor) seen = { path, cursor, user };
  return response;
}

function get(path, user, more = {}) {
  return http.get(__ENV.URL + path, { headers: { Cookie: user.cookie }, tags: { name }, ...more });
}

function post(path, user, body, more = {}) {
  const headers = { 'Content-Type': 'application/json', ...(user && { Cookie: user.cookie }), ...more };
  return http.post(__ENV.URL + path, JSON.stringify(body), { headers, tags: { name } });
}

/** Which of the shares that end there an evenly drawn number falls into. */
function drawn(ends) {
  const number = Math.random();
  return ends.findIndex((end) => number < end);
}

function any(list) {
  return list[Math.floor(Math.random() * list.length)];
}

function digits(count) {
  return Array.from({ length: count }, () => Math.floor(Math.random() * 10)).join('');
}

/** What was measured is for report.py to say. */
export function handleSummary(data) {
  return { [__ENV.SUMMARY]: JSON.stringify(data) };
}
