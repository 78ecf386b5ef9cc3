// Applies a folder's migrations as `drizzle-kit migrate` does: node drizzle.mjs <folder>, DATABASE_URL.
import { drizzle } from "drizzle-orm/node-postgres";
import { migrate } from "drizzle-orm/node-postgres/migrator";
import pg from "pg";

const client = new pg.Client({ connectionString: process.env.DATABASE_URL });
await client.connect();
try {
  await migrate(drizzle(client), { migrationsFolder: process.argv[2] });
} finally {
  await client.end();
}
