#!/usr/bin/env bash
# Turns a server that has just booted, for the first time or again, into one that serves the release: Node, release, secrets,
# boot test, app.service, then CONTINUE to the launching lifecycle hook. What goes wrong goes to CloudWatch Logs and ABANDONs
# the launch, so that the group replaces the server. A server that is to wait in a warm pool stops short of app.service.
# Settings come from boot.env (see user_data.py); no secret is in it, in an argument or in the log.
set -Eeuo pipefail

etc=/etc/evenkeel
app=/opt/app
log=/var/log/evenkeel-boot.log
test_log=/run/evenkeel/boot-test.log
agent=/opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl

# The log outlives a SIGTERM to all of the unit's processes, to hold why the launch was given up.
exec > >(trap '' TERM && exec tee -a "$log" /dev/console) 2>&1
set -a
# shellcheck source=/dev/null
. "$etc/boot.env"
set +a
# By itself the CLI tries three times within seconds: a throttled or failing API would cost a launch.
export AWS_RETRY_MODE=standard AWS_MAX_ATTEMPTS=10
# shellcheck source=components/boot/imds.sh
. /opt/evenkeel/imds.sh

main() {
  local state
  trap 'abandon "boot.sh line $LINENO: $BASH_COMMAND"' ERR
  trap 'abandon "told to stop after $SECONDS s"' TERM # TimeoutStartSec, or the machine's shutdown
  instance_id=$(imds instance-id)
  host=$(imds local-ipv4)
  say "server $instance_id at $host, release ${RELEASE_SHA256:0:12}"

  install_packages
  prepare_folders
  fetch_release
  fetch_ca_bundle
  write_app_env
  test_release
  if waits_in_warm_pool; then
    state="ready for the warm pool"
  else
    start_app
    wait_until_ready
    state="in service"
  fi
  complete_hook CONTINUE
  trap - TERM # nothing is left to give up
  say "$state after $SECONDS s"
  start_agent
}

install_packages() {
  local packages=()
  node -e 'process.exit(parseInt(process.versions.node) < process.env.NODE_MAJOR ? 1 : 0)' 2>/dev/null || packages+=("nodejs$NODE_MAJOR")
  # Amazon Linux ships the agent as a package; where there is no dnf, only the log of a launch given up reaches CloudWatch Logs.
  if command -v dnf >/dev/null && [ ! -x "$agent" ]; then packages+=(amazon-cloudwatch-agent); fi
  [ ${#packages[@]} -eq 0 ] || { say "installing ${packages[*]}" && dnf install -y -q "${packages[@]}"; }
}

# The app's user owns its PM2 folder and its logs, and nothing of the release.
prepare_folders() {
  id app >/dev/null 2>&1 || useradd --system --user-group --no-create-home --home-dir /var/lib/app --shell /usr/sbin/nologin app
  install -d -o app -g app -m 0750 /var/lib/app /var/lib/app/.pm2 /var/log/app
  install -d -m 0755 /run/evenkeel
}

# A folder with its digest's name is whole: it got the name when it was.
fetch_release() {
  local release=$app/releases/$RELEASE_SHA256 archive
  if [ ! -d "$release" ]; then
    archive=$(mktemp)
    say "fetching s3://$RELEASE_BUCKET/$RELEASE_KEY"
    aws s3 cp --only-show-errors "s3://$RELEASE_BUCKET/$RELEASE_KEY" "$archive"
    echo "$RELEASE_SHA256  $archive" | sha256sum --check --quiet
    rm -rf "$release.part"
    install -d -m 0755 "$release.part"
    tar --extract --gzip --no-same-owner --file "$archive" --directory "$release.part"
    mv "$release.part" "$release"
    rm -f "$archive"
  fi
  ln -sfn "$release" "$app/current"
  local folder
  while IFS= read -r folder; do
    install -d -o app -g app -m 0750 "/var/lib/app/files/$folder"
  done < <(cat "$release/.evenkeel/writable" 2>/dev/null)
}

fetch_ca_bundle() {
  curl --silent --show-error --fail --retry 5 --retry-connrefused --max-time 20 --output "$etc/ca.pem" "$CA_BUNDLE_URL"
  chmod 0644 "$etc/ca.pem"
}

# The secrets pass through a pipe into a file that only root reads; systemd hands them to the app.
# Read at each boot: they may have been rotated while the server waited.
write_app_env() {
  say "reading the secrets"
  {
    cat "$etc/app.public.env"
    printf '%s\n' "HOST=$host" "PORT=$APP_PORT" "RELEASE=$RELEASE_SHA256" "SERVER_ID=$instance_id" "NODE_EXTRA_CA_CERTS=$etc/ca.pem"
    # The link, since PM2 would pin the folder that it points to today.
    printf '%s\n' HOME=/var/lib/app PM2_HOME=/var/lib/app/.pm2 APP_DIR=$app/current LOG_DIR=/var/log/app
    read_secrets | node /opt/evenkeel/app_env.cjs "$etc/app.secrets" "$etc/app.stores"
  } | install -m 0600 /dev/stdin "$etc/app.env"
}

# Answers as JSON, one after another: of the secrets as they are now, 20 at a time, and of the pinned one as it was at the deployment.
read_secrets() {
  { printf '%s\n' "$DATABASE_SECRET_ARN" "$REDIS_SECRET_ARN" "$CACHE_REDIS_SECRET_ARN" && cut -d ' ' -f 2 "$etc/app.secrets"; } |
    sort -u | sed "\\|^$PINNED_SECRET_ARN\$|d; /^$/d" | xargs -n 20 aws secretsmanager batch-get-secret-value --output json --secret-id-list
  [ -z "$PINNED_SECRET_ARN" ] ||
    aws secretsmanager get-secret-value --output json --secret-id "$PINNED_SECRET_ARN" \
      --version-id "$(awk -v arn="$PINNED_SECRET_ARN" '$2 == arn { print $3; exit }' "$etc/app.secrets")"
}

# PM2 reports success for a release that crashes, so one worker is started without it first, where no request reaches it.
test_release() {
  say "testing the release"
  node /opt/evenkeel/boot_test.cjs "$BOOT_TEST_TIMEOUT" >"$test_log" 2>&1 || abandon "the boot test failed: $(head -n 1 "$test_log")"
  tail -n 1 "$test_log"
  touch /run/evenkeel/tested # app.service's condition
}

waits_in_warm_pool() { [[ "$(imds autoscaling/target-lifecycle-state || true)" == Warmed:* ]]; }

start_app() {
  systemctl start app.service || abandon_start
  main_pid=$(app_state MainPID)
}

abandon_start() { abandon "app.service ended while it started: it is $(app_state ActiveState)"; }

app_state() { systemctl show app.service --property "$1" | cut -d= -f2; }

wait_until_ready() {
  local url=http://$host:$APP_PORT/readyz tries=0
  until curl --silent --fail --max-time 2 --output /dev/null "$url"; do
    [ $SECONDS -lt "$READY_TIMEOUT" ] || abandon "$url did not answer 200 within $READY_TIMEOUT s of the boot"
    if [ $((++tries % 10)) = 0 ] && [ "$(app_state MainPID)" != "$main_pid" ]; then abandon_start; fi
    sleep 0.2
  done
}

# A server that was only rebooted has no hook that waits.
complete_hook() { # complete_hook CONTINUE|ABANDON
  local try
  for try in 1 2 3; do
    aws autoscaling complete-lifecycle-action --auto-scaling-group-name "$AUTO_SCALING_GROUP" \
      --lifecycle-hook-name "$LAUNCHING_HOOK" --instance-id "$instance_id" --lifecycle-action-result "$1" && return
    sleep "$try" # the hook starts a moment after the state changes
  done
  say "no launching hook of this server waits for $1"
}

# Last, and from the logs' beginnings: the log of a launch that is given up is sent by abandon, once.
start_agent() {
  if [ -x "$agent" ]; then
    "$agent" -a fetch-config -m ec2 -s -c "file:$etc/cloudwatch-agent.json" >/dev/null || say "the CloudWatch agent did not start"
  fi
}

# The last lines go to CloudWatch Logs before the hook's result: the server is gone a moment later.
# A subshell, whose output may be a file or a variable, only fails: the script itself then gives up, once.
abandon() { # abandon REASON
  [ "$BASH_SUBSHELL" = 0 ] || exit 1
  trap - ERR TERM
  set +e
  say "giving up: $1"
  cat "$test_log" 2>/dev/null
  tail -n 20 /var/log/app/*.log 2>/dev/null
  sleep 0.2 # tee is still writing
  local events
  events=$(mktemp)
  tail -n 60 "$log" | tail -c 100000 | LC_ALL=C tr -d '\000-\010\013-\037\177' | sed 's/\\/\\\\/g; s/"/\\"/g; s/\t/ /g' |
    awk -v at="$(date +%s%3N)" 'BEGIN { printf "[" } /./ { printf "%s{\"timestamp\": %s, \"message\": \"%s\"}", comma, at, $0; comma = "," } END { printf "]" }' >"$events"
  local stream=(--log-group-name "$LOG_GROUP" --log-stream-name "${instance_id:-unknown}/boot")
  aws logs create-log-stream "${stream[@]}"
  aws logs put-log-events "${stream[@]}" --log-events "file://$events" >/dev/null
  [ -z "${instance_id:-}" ] || complete_hook ABANDON
  exit 1
}

say() { printf '%s evenkeel: %s\n' "$(date -u +%H:%M:%S)" "$*"; }

main
