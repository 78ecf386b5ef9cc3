#!/usr/bin/env bash
# The inside of a server. As PID 1 of fresh mount and pid namespaces it lays an overlay over the machine's root, hides what a
# server must not see, and becomes the init that boots it. What the server writes lies in memory and is gone with it.
#   server.sh FOLDER    FOLDER: cloud-init.sh, environment (KEY=value lines), console.log, and the empty root
#   VENV, PYTHON_HOME   the rehearsal's own Python, which `aws` and init run on
#   HIDDEN              folders to hide besides, separated by colons
set -euo pipefail

folder=$1
node=$(readlink -f "$(command -v node)")
mount --make-rprivate /
mount -t tmpfs server "$folder/root"
mkdir "$folder/root/upper" "$folder/root/work" "$folder/root/merged"
root=$folder/root/merged
mount -t overlay server -o "lowerdir=/,upperdir=$folder/root/upper,workdir=$folder/root/work" "$root"

# What Amazon Linux would have, before the folders that hold it here are hidden.
install -m 0755 "$VENV/bin/aws" "$root/usr/local/bin/aws"
rm -f "$root/usr/bin/systemctl"
install -m 0755 "$VENV/bin/systemctl3.py" "$root/usr/bin/systemctl"
install -D -m 0755 "$folder/cloud-init.sh" "$root/var/lib/cloud/cloud-init.sh"
install -m 0644 "$folder/environment" "$root/etc/environment"
rm -rf "$root"/etc/rc?.d "$root/usr/lib/systemd/system" # the machine's own services are not the server's

mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --rbind /sys "$root/sys"
mount --bind "$folder/console.log" "$root/dev/console"
IFS=: read -ra given <<<"$HIDDEN"
for path in /dev/shm /root /home /tmp /var/tmp /run /var/log /opt /etc/systemd/system "${given[@]}"; do
  mkdir -p "$root$path"
  mount -t tmpfs -o mode="$(stat -c %a "$root$path")" server "$root$path"
done

# Scripts name the folder that the environment was made in, which a link may stand for.
for path in "$PYTHON_HOME" "$VENV" "$(readlink -f "$VENV")"; do
  mkdir -p "$root$path"
  mount --bind "$path" "$root$path"
  mount -o remount,bind,ro "$root$path"
done
install -D -m 0755 /dev/stdin "$root/opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl" <<'CTL'
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
if [ ! -x "$root$node" ]; then install -D -m 0755 "$node" "$root/usr/local/bin/node"; fi

mkdir "$root/etc/systemd/system/multi-user.target.wants"
cat >"$root/etc/systemd/system/cloud-init.service" <<'UNIT'
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
ln -s ../cloud-init.service "$root/etc/systemd/system/multi-user.target.wants/cloud-init.service"

touch "$root/.server" # server.py's shutdown looks for it
mkdir "$root/.machine"
cd "$root"
pivot_root . .machine
umount --lazy /.machine
rmdir /.machine
exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
  /usr/bin/systemctl -c InitLoopSleep=1 init
