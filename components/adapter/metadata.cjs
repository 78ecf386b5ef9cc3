"use strict";
/** The instance metadata service, version 2. AWS_EC2_METADATA_SERVICE_ENDPOINT moves it, as in AWS's SDKs. */

const ENDPOINT =
  process.env.AWS_EC2_METADATA_SERVICE_ENDPOINT || "http://169.254.169.254";
const PATIENCE = 5000;

/** What the metadata has at a path; undefined where it has nothing. @param {string} path */
async function metadata(path) {
  const token = await ask("/latest/api/token", "PUT", {
    "X-aws-ec2-metadata-token-ttl-seconds": "60",
  });
  return ask(`/latest/meta-data/${path}`, "GET", {
    "X-aws-ec2-metadata-token": token ?? "",
  });
}

/** Of the server's role. */
async function credentials() {
  const roles = "iam/security-credentials/";
  const role = await metadata(roles);
  const { AccessKeyId, SecretAccessKey, Token } = JSON.parse(
    (await metadata(`${roles}${role}`)) ?? "{}",
  );
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    sessionToken: Token,
  };
}

/** Whether the server's group wants it terminated. */
async function leaves() {
  const state = await metadata("autoscaling/target-lifecycle-state");
  return state === "Terminated" || state === "Warmed:Terminated";
}

/** @param {string} path @param {string} method @param {Record<string, string>} headers */
async function ask(path, method, headers) {
  const signal = AbortSignal.timeout(PATIENCE);
  const answer = await fetch(`${ENDPOINT}${path}`, { method, headers, signal });
  if (answer.status === 404) return undefined;
  if (!answer.ok) throw new Error(`metadata ${path}: ${answer.status}`);
  return answer.text();
}

module.exports = { credentials, leaves };
