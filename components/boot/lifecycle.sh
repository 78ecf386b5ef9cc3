#!/usr/bin/env bash
# Waits until Auto Scaling wants this server terminated and the balancer has drained it, stops the app as its budget allows,
# and completes the terminating hook, so that the group need not wait for the hook's time-out.
# When EC2 takes a Spot Instance back, the server asks its group to terminate it: then all goes as always, within the two
# minutes. A rebalance recommendation needs nothing of the server: its group starts another one first.
set -uo pipefail

set -a
# shellcheck source=/dev/null
. /etc/evenkeel/boot.env
set +a
# shellcheck source=components/boot/imds.sh
. /opt/evenkeel/imds.sh

NOTICES=5  # seconds between two looks, as EC2's guide has it
LEARNED=10 # seconds until each node of the balancer has learned that this server goes; AWS names no figure
instance_id=$(imds instance-id)
leaving='' recommended=''

main() {
  local round=0
  until [[ "$(imds autoscaling/target-lifecycle-state)" =~ ^(Warmed:)?Terminated$ ]]; do
    [ $((round++ % NOTICES)) != 0 ] || heed_notices
    sleep 1
  done
  say "the group terminates this server: waiting until the balancer has drained it"
  local began=$SECONDS
  wait_until_drained
  wait_until_learned "$began"
  say "stopping the app"
  systemctl stop app.service
  until hook complete-lifecycle-action --lifecycle-action-result CONTINUE; do sleep 2; done
}

# The metadata says `Terminated` as soon as the server is to go (`Terminating`), when the balancer begins to drain it. The hook
# begins when it has been drained (`Terminating:Wait`, `Warmed:Terminating:Wait`): only then can its heartbeat be recorded, which
# also gives it its whole time again. Where the API fails, the app is stopped once the drain is over at the latest.
# https://docs.aws.amazon.com/autoscaling/ec2/userguide/retrieving-target-lifecycle-state-through-imds.html
wait_until_drained() {
  local deadline=$((SECONDS + DRAINED_WITHIN)) error
  until error=$(hook record-lifecycle-action-heartbeat 2>&1); do
    if [ $SECONDS -ge $deadline ]; then
      say "no terminating hook began within $DRAINED_WITHIN s: $error"
      return
    fi
    sleep 2
  done
}

# Where no request is in flight the drain ends at once, and nodes of the balancer that have not learned of it send new ones.
# https://github.com/kubernetes-sigs/aws-load-balancer-controller/issues/1064
wait_until_learned() { # wait_until_learned BEGAN
  local left=$(($1 + LEARNED - SECONDS))
  [ $left -le 0 ] || sleep $left
}

# By itself the CLI waits for minutes where the API does not answer.
hook() { # hook COMMAND [OPTION]...
  AWS_MAX_ATTEMPTS=1 aws autoscaling "$@" --auto-scaling-group-name "$AUTO_SCALING_GROUP" \
    --lifecycle-hook-name "$TERMINATING_HOOK" --instance-id "$instance_id" --cli-connect-timeout 5 --cli-read-timeout 5
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
