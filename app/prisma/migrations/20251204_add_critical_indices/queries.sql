-- What the app asks of the three indexes: the SQL that Prisma makes of its routes, for the largest churches,
-- whose pages take longest. Of a church of a few hundred members the planner rather sorts all.

-- query: Opted-in members, counted
-- uses: "Member_churchId_optInSms_idx"
-- parameters: SELECT "churchId", true, 0 FROM "Member" GROUP BY 1 ORDER BY count(*) DESC LIMIT 5
SELECT COUNT(*) AS "_count$_all" FROM (
  SELECT "public"."Member"."id" FROM "public"."Member"
  WHERE ("public"."Member"."churchId" = $1 AND "public"."Member"."optInSms" = $2) OFFSET $3
) AS "sub";

-- query: Opted-in members, first page
-- parameters: SELECT "churchId", true, 51, 0 FROM "Member" GROUP BY 1 ORDER BY count(*) DESC LIMIT 5
SELECT "public"."Member"."id", "public"."Member"."firstName", "public"."Member"."lastName",
  "public"."Member"."phone", "public"."Member"."email", "public"."Member"."optInSms", "public"."Member"."createdAt"
FROM "public"."Member" WHERE ("public"."Member"."churchId" = $1 AND "public"."Member"."optInSms" = $2)
ORDER BY "public"."Member"."createdAt" DESC, "public"."Member"."id" DESC LIMIT $3 OFFSET $4;

-- query: Members by date, first page
-- uses: "Member_createdAt_idx"
-- parameters: SELECT "churchId", 51, 0 FROM "Member" GROUP BY 1 ORDER BY count(*) DESC LIMIT 5
SELECT "public"."Member"."id", "public"."Member"."firstName", "public"."Member"."lastName",
  "public"."Member"."phone", "public"."Member"."email", "public"."Member"."optInSms", "public"."Member"."createdAt"
FROM "public"."Member" WHERE "public"."Member"."churchId" = $1
ORDER BY "public"."Member"."createdAt" DESC, "public"."Member"."id" DESC LIMIT $2 OFFSET $3;

-- query: Members by date, a later page
-- uses: "Member_createdAt_idx"
-- parameters: WITH largest AS (
--     SELECT "churchId" FROM "Member" GROUP BY 1 ORDER BY count(*) DESC LIMIT 5)
--   SELECT "churchId", at, at, gen_random_uuid(), 51, 0 FROM largest, LATERAL (
--     SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY "createdAt") FROM "Member" AS m
--     WHERE m."churchId" = largest."churchId") AS middle (at)
SELECT "public"."Member"."id", "public"."Member"."firstName", "public"."Member"."lastName",
  "public"."Member"."phone", "public"."Member"."email", "public"."Member"."optInSms", "public"."Member"."createdAt"
FROM "public"."Member" WHERE ("public"."Member"."churchId" = $1 AND "public"."Member"."createdAt" <= $2
  AND ("public"."Member"."createdAt" < $3 OR "public"."Member"."id" < $4))
ORDER BY "public"."Member"."createdAt" DESC, "public"."Member"."id" DESC LIMIT $5 OFFSET $6;

-- query: Messages of a direction, first page
-- uses: "ConversationMessage_direction_conversationId_idx"
-- parameters: SELECT id, 'INBOUND', 51, 0 FROM "Conversation" ORDER BY random() LIMIT 10
SELECT "public"."ConversationMessage"."id", "public"."ConversationMessage"."direction"::text,
  "public"."ConversationMessage"."body", "public"."ConversationMessage"."createdAt"
FROM "public"."ConversationMessage" WHERE ("public"."ConversationMessage"."conversationId" = $1
  AND "public"."ConversationMessage"."direction" = CAST($2::text AS "public"."Direction"))
ORDER BY "public"."ConversationMessage"."createdAt" DESC, "public"."ConversationMessage"."id" DESC
LIMIT $3 OFFSET $4;

-- query: Messages, first page
-- uses: "ConversationMessage_direction_conversationId_idx"
-- parameters: SELECT id, 'INBOUND', 'OUTBOUND', 51, 0 FROM "Conversation" ORDER BY random() LIMIT 10
SELECT "public"."ConversationMessage"."id", "public"."ConversationMessage"."direction"::text,
  "public"."ConversationMessage"."body", "public"."ConversationMessage"."createdAt"
FROM "public"."ConversationMessage" WHERE ("public"."ConversationMessage"."conversationId" = $1
  AND "public"."ConversationMessage"."direction" IN (CAST($2::text AS "public"."Direction"),CAST($3::text AS "public"."Direction")))
ORDER BY "public"."ConversationMessage"."createdAt" DESC, "public"."ConversationMessage"."id" DESC
LIMIT $4 OFFSET $5;
