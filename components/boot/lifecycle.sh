#!/usr/bin/env bash
# Waits until Auto Scaling wants this server terminated (by then the balancer has drained it), stops the app as its budget
# allows, and completes the terminating hook, so that the group need not wait for the hook's time-out.
# When EC2 takes a Spot Instance back, the server asks its group to terminate it: then all goes as always, within the two
# minutes. A rebalance recommendation needs nothing of the server: its group starts another one first.
set -uo pipefail

set -a
# shellcheck source=/dev/null
. /etc/evenkeel/boot.env
set +a
# shellcheck source=components/boot/imds.sh
. /opt/evenkeel/imds.sh

NOTICES=5 # seconds between two looks, as EC2's guide has it
instance_id=$(imds instance-id)
leaving='' recommended=''

main() {
  local round=0
  until [[ "$(imds autoscaling/target-lifecycle-state)" =~ ^(Warmed:)?Terminated$ ]]; do
    [ $((round++ % NOTICES)) != 0 ] || heed_notices
    sleep 1
  done
  say "the group terminates this server: stopping the app"
  systemctl stop app.service
  until aws autoscaling complete-lifecycle-action --auto-scaling-group-name "$AUTO_SCALING_GROUP" \
    --lifecycle-hook-name "$TERMINATING_HOOK" --instance-id "$instance_id" --lifecycle-action-result CONTINUE; do
    sleep 2 # the hook starts a moment after the state changes
  done
}

heed_notices() {
  local notice
  if [ -z "$leaving" ] && notice=$(imds spot/instance-action); then
    say "EC2 takes this Spot Instance back: $notice"
    aws autoscaling terminate-instance-in-auto-scaling-group --instance-id "$instance_id" \
      --no-should-decrement-desired-capacity >/dev/null && leaving=yes
  fi
  if [ -z "$recommended" ] && notice=$(imds events/recommendations/rebalance); then
    say "EC2 recommends to replace this Spot Instance: $notice"
    recommended=yes
  fi
}

say() { printf '%s evenkeel: %s\n' "$(date -u +%H:%M:%S)" "$*" >>/var/log/evenkeel-boot.log; }

main
