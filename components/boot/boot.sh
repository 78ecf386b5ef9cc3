#!/usr/bin/env bash
# Turns a fresh server into one that serves the release: Node, release, secrets, app.service, then CONTINUE to the
# launching lifecycle hook. What goes wrong goes to CloudWatch Logs and ABANDONs the launch, so that the group replaces the server.
# Settings come from boot.env (see user_data.py); no secret is in it, in an argument or in the log.
set -Eeuo pipefail

etc=/etc/evenkeel
app=/opt/app
log=/var/log/evenkeel-boot.log

exec > >(tee -a "$log") 2>&1
set -a
# shellcheck source=/dev/null
. "$etc/boot.env"
set +a
# shellcheck source=components/boot/imds.sh
. /opt/evenkeel/imds.sh

main() {
  trap 'abandon "boot.sh line $LINENO: $BASH_COMMAND"' ERR
  instance_id=$(imds instance-id)
  host=$(imds local-ipv4)
  say "server $instance_id at $host, release ${RELEASE_SHA256:0:12}"

  install_packages
  make_user
  fetch_release
  fetch_ca_bundle
  write_app_env
  start_services
  wait_until_ready
  complete_hook CONTINUE
  say "in service after $SECONDS s"
}

install_packages() {
  local packages=()
  node -e 'process.exit(parseInt(process.versions.node) < process.env.NODE_MAJOR ? 1 : 0)' 2>/dev/null || packages+=("nodejs$NODE_MAJOR")
  # Amazon Linux ships the agent as a package; where there is no dnf, the boot log alone reaches CloudWatch Logs.
  if command -v dnf >/dev/null && [ ! -x "$agent" ]; then packages+=(amazon-cloudwatch-agent); fi
  [ ${#packages[@]} -eq 0 ] || { say "installing ${packages[*]}" && dnf install -y -q "${packages[@]}"; }
}

# The app's user owns its PM2 folder and its logs, and nothing of the release.
make_user() {
  id app >/dev/null 2>&1 || useradd --system --user-group --no-create-home --home-dir /var/lib/app --shell /usr/sbin/nologin app
  install -d -o app -g app -m 0750 /var/lib/app /var/lib/app/.pm2 /var/log/app
}

fetch_release() {
  local release=$app/releases/$RELEASE_SHA256 archive
  archive=$(mktemp)
  say "fetching s3://$RELEASE_BUCKET/$RELEASE_KEY"
  aws s3 cp --only-show-errors "s3://$RELEASE_BUCKET/$RELEASE_KEY" "$archive"
  echo "$RELEASE_SHA256  $archive" | sha256sum --check --quiet
  install -d -m 0755 "$release"
  tar --extract --gzip --no-same-owner --file "$archive" --directory "$release"
  rm -f "$archive"
  ln -sfn "$release" "$app/current"
}

fetch_ca_bundle() {
  curl --silent --show-error --fail --retry 5 --retry-connrefused --max-time 20 --output "$etc/ca.pem" "$CA_BUNDLE_URL"
  chmod 0644 "$etc/ca.pem"
}

# The secrets pass through a pipe into a file that only root reads; systemd hands them to the app.
write_app_env() {
  say "reading the secrets"
  {
    cat "$etc/app.public.env"
    printf '%s\n' "HOST=$host" "PORT=$APP_PORT" "RELEASE=$RELEASE_SHA256" "SERVER_ID=$instance_id" "NODE_EXTRA_CA_CERTS=$etc/ca.pem"
    for arn in "$DATABASE_SECRET_ARN" "$REDIS_SECRET_ARN" "$CACHE_REDIS_SECRET_ARN" "$SESSION_SECRET_ARN"; do
      aws secretsmanager get-secret-value --secret-id "$arn" --query SecretString --output json
    done | node /opt/evenkeel/app_env.cjs
  } | install -m 0600 /dev/stdin "$etc/app.env"
}

agent=/opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl

start_services() {
  systemctl daemon-reload
  systemctl enable app.service lifecycle.service
  systemctl start lifecycle.service
  systemctl start app.service
  if [ -x "$agent" ]; then "$agent" -a fetch-config -m ec2 -s -c "file:$etc/cloudwatch-agent.json" >/dev/null; fi
}

wait_until_ready() {
  local deadline=$((SECONDS + READY_TIMEOUT))
  until curl --silent --fail --max-time 2 --output /dev/null "http://$host:$APP_PORT/readyz"; do
    [ $SECONDS -lt $deadline ] || abandon "http://$host:$APP_PORT/readyz did not answer 200 within $READY_TIMEOUT s"
    sleep 0.5
  done
}

complete_hook() { # complete_hook CONTINUE|ABANDON
  aws autoscaling complete-lifecycle-action --auto-scaling-group-name "$AUTO_SCALING_GROUP" \
    --lifecycle-hook-name "$LAUNCHING_HOOK" --instance-id "$instance_id" --lifecycle-action-result "$1"
}

# The last lines go to CloudWatch Logs, since the server is gone a moment later.
abandon() { # abandon REASON
  trap - ERR
  set +e
  say "giving up: $1"
  systemctl status --no-pager --lines=20 app.service
  tail -n 20 /var/log/app/*.log 2>/dev/null
  local events
  events=$(mktemp)
  sleep 0.2 # tee is still writing
  {
    printf '[{"timestamp": %s, "message": "' "$(date +%s%3N)"
    tail -n 80 "$log" | tail -c 100000 | LC_ALL=C tr -d '\000-\010\013-\037\177' | sed 's/\\/\\\\/g; s/"/\\"/g; s/\t/ /g' | awk '{ printf "%s\\n", $0 }'
    printf '"}]'
  } >"$events"
  aws logs create-log-stream --log-group-name "$LOG_GROUP" --log-stream-name "${instance_id:-unknown}/boot"
  aws logs put-log-events --log-group-name "$LOG_GROUP" --log-stream-name "${instance_id:-unknown}/boot" --log-events "file://$events" >/dev/null
  [ -z "${instance_id:-}" ] || complete_hook ABANDON
  exit 1
}

say() { printf '%s evenkeel: %s\n' "$(date -u +%H:%M:%S)" "$*"; }

main
