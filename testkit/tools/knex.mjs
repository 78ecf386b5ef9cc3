// Runs `latest` or `list` on a folder's migrations: node knex.mjs <folder> <command>, DATABASE_URL.
import knex from "knex";

const [, , directory, command] = process.argv;
const database = knex({ client: "pg", connection: process.env.DATABASE_URL, migrations: { directory } });
try {
  const [first, second] = await database.migrate[command]();
  const [done, pending] = command === "list" ? [first.map(({ name }) => name), second] : [second, []];
  console.log(JSON.stringify({ done, pending: pending.map(({ file }) => file) }));
} finally {
  await database.destroy();
}
