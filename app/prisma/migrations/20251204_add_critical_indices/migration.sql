-- SMS segmentation: a church's members who opted in
CREATE INDEX IF NOT EXISTS "Member_churchId_optInSms_idx" ON "Member"("churchId", "optInSms");

-- Pagination by date
CREATE INDEX IF NOT EXISTS "Member_createdAt_idx" ON "Member"("createdAt");

-- Message filtering by direction
CREATE INDEX IF NOT EXISTS "ConversationMessage_direction_conversationId_idx" ON "ConversationMessage"("direction", "conversationId");
