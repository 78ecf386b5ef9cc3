#!/usr/bin/env bash
# The first program in a server, as its process 1: puts there what Amazon Linux would have, and becomes the init that boots it.
# What the server writes lies in memory and is gone with it.
#   VENV   the rehearsal's own Python, which `aws` and init run on
#   NODE   the program
set -euo pipefail

install -m 0755 "$VENV/bin/aws" /usr/local/bin/aws
rm -f /usr/bin/systemctl
install -D -m 0755 "$VENV/bin/systemctl3.py" /usr/lib/evenkeel/systemctl
# systemd gives a unit none of the environment of who starts it; this one would. /etc/environment leads to the rehearsal's AWS.
install -m 0755 /dev/stdin /usr/bin/systemctl <<'SYSTEMCTL'
#!/bin/sh
exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
  $(cat /etc/environment) /usr/lib/evenkeel/systemctl "$@"
SYSTEMCTL
rm -rf /usr/lib/systemd/system # the machine's own services are not the server's
[ "$NODE" = /usr/bin/node ] || ln -sf "$NODE" /usr/local/bin/node # before the machine's own, which may be another
install -D -m 0755 /dev/stdin /opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl <<'CTL'
#!/bin/sh
# Stands in for the agent's own: keeps the configuration, by which the cloud follows the files (cloudwatch_agent.py).
set -eu
while [ $# -gt 0 ]; do
  case "$1 ${2:-}" in
    "-a fetch-config" | "-m ec2") shift 2 ;;
    "-c file:"*) config=${2#file:}; shift 2 ;;
    "-s "*) shift ;;
    *) echo "amazon-cloudwatch-agent-ctl: the rehearsal does not know $1 ${2:-}" >&2; exit 1 ;;
  esac
done
install -D -m 0644 "$config" /opt/aws/amazon-cloudwatch-agent/etc/amazon-cloudwatch-agent.json
CTL

mkdir -p /etc/systemd/system/multi-user.target.wants
cat >/etc/systemd/system/cloud-init.service <<'UNIT'
[Unit]
Description=User data
[Service]
Type=simple
EnvironmentFile=/etc/environment
ExecStart=/bin/sh -c 'exec /var/lib/cloud/cloud-init.sh >>/dev/console 2>&1'
KillMode=process
TimeoutStopSec=5
[Install]
WantedBy=multi-user.target
UNIT
ln -s ../cloud-init.service /etc/systemd/system/multi-user.target.wants/cloud-init.service

exec systemctl -c InitLoopSleep=1 init
