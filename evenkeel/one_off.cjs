// one_off.cjs ID SECONDS WORDS: runs one command as the app would: its user, its environment, its folder. WORDS is JSON, in base64.
// Sent to a server with the command, and run there by root; the process's id is in /run/evenkeel/one-off-ID, for who wants it ended.
// `timeout` ends the command after so many seconds, also when this process is no more.
const { spawn } = require("node:child_process");
const { readFileSync, writeFileSync } = require("node:fs");
const { constants } = require("node:os");

const KILL_AFTER = 5; // seconds from a signal to SIGKILL
const [id, seconds, encoded] = process.argv.slice(2);
const words = JSON.parse(Buffer.from(encoded, "base64"));
const lines = readFileSync("/etc/evenkeel/app.env", "utf8").split("\n").filter(Boolean);
const env = Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
const [, ecosystem] = /^ExecStart=\S+ start (\S+)$/m.exec(readFileSync("/etc/systemd/system/app.service", "utf8"));
writeFileSync(`/run/evenkeel/one-off-${id}`, `${process.pid}\n`, { flag: "wx" }); // not twice, whatever SSM does
Object.assign(process.env, env);
process.initgroups("app", "app");
process.setgid("app");
process.setuid("app");

const cwd = require(ecosystem).apps[0].cwd ?? env.APP_DIR;
process.env.PATH = `${cwd}/node_modules/.bin:${process.env.PATH}`;
const limit = ["--signal=INT", `--kill-after=${KILL_AFTER}`, seconds];
const child = spawn("timeout", [...limit, ...words], { cwd, stdio: ["ignore", "inherit", "inherit"], detached: true });

function killAll() {
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // Nothing is left of it.
  }
}

process.on("SIGINT", () => {
  child.kill("SIGINT");
  setTimeout(killAll, KILL_AFTER * 1000).unref();
});
child.on("exit", (code, signal) => {
  killAll();
  process.exit(code ?? 128 + constants.signals[signal]);
});
