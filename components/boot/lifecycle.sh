#!/usr/bin/env bash
# Waits until Auto Scaling wants this server terminated (by then the balancer has drained it), stops the app as its budget
# allows, and completes the terminating hook, so that the group need not wait for the hook's time-out.
set -uo pipefail

set -a
# shellcheck source=/dev/null
. /etc/evenkeel/boot.env
set +a
# shellcheck source=components/boot/imds.sh
. /opt/evenkeel/imds.sh

until [ "$(imds autoscaling/target-lifecycle-state)" = Terminated ]; do sleep 1; done

systemctl stop app.service
instance_id=$(imds instance-id)
until aws autoscaling complete-lifecycle-action --auto-scaling-group-name "$AUTO_SCALING_GROUP" \
  --lifecycle-hook-name "$TERMINATING_HOOK" --instance-id "$instance_id" --lifecycle-action-result CONTINUE; do
  sleep 2 # the hook starts a moment after the state changes
done
