-- What is still to be sent. No foreign keys: they would lock the tables that they lead to; a row whose message is gone
-- is deleted by whoever finds out.
CREATE TABLE "SmsOutbox" (
    "messageId" UUID NOT NULL,
    "churchId" UUID NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "queuedAt" TIMESTAMPTZ(3),
    "deadAt" TIMESTAMPTZ(3),
    "reason" TEXT,

    CONSTRAINT "SmsOutbox_pkey" PRIMARY KEY ("messageId")
);

-- Each church's, by what is to be done with them
CREATE INDEX "SmsOutbox_deadAt_churchId_queuedAt_createdAt_idx" ON "SmsOutbox"("deadAt", "churchId", "queuedAt", "createdAt");

-- The churches that are there already go on as they are; one that signs up from now on waits to be approved.
ALTER TABLE "Church" ADD COLUMN "approvedAt" TIMESTAMPTZ(3) DEFAULT CURRENT_TIMESTAMP;
ALTER TABLE "Church" ALTER COLUMN "approvedAt" DROP DEFAULT;
