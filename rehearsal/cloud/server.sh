#!/usr/bin/env bash
# The inside of a server: run as PID 1 of fresh mount and pid namespaces, it lays an overlay over the machine's root, hides
# what a server must not see, and becomes the init that boots it. Whatever the server writes dies with the namespace.
#   server.sh FOLDER      FOLDER holds cloud-init.sh and environment (KEY=value lines); VENV, PYTHON_HOME are in the environment
set -euo pipefail

folder=$1
mount --make-rprivate /
mount -t tmpfs server "$folder/root"
mkdir "$folder/root/upper" "$folder/root/work" "$folder/root/merged"
root=$folder/root/merged
mount -t overlay server -o "lowerdir=/,upperdir=$folder/root/upper,workdir=$folder/root/work" "$root"

mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --rbind /sys "$root/sys"
for hidden in /dev/shm /root /home /tmp /var/tmp /run /var/log /opt /etc/evenkeel /etc/systemd/system "${HIDDEN:?}"; do
  mkdir -p "$root$hidden"
  mount -t tmpfs -o mode="$(stat -c %a "$root$hidden")" server "$root$hidden"
done
rm -rf "$root"/etc/rc?.d # the machine's own services are not the server's

# `aws` and init run on the rehearsal's own Python, at the paths that its scripts name.
for kept in "$PYTHON_HOME" "$VENV"; do
  mkdir -p "$root$kept"
  mount --bind "$kept" "$root$kept"
  mount -o remount,bind,ro "$root$kept"
done
install -m 0755 "$VENV/bin/aws" "$root/usr/local/bin/aws"
ln -sf "$(command -v node)" "$root/usr/local/bin/node"

rm -f "$root/usr/bin/systemctl"
install -m 0755 "$VENV/bin/systemctl3.py" "$root/usr/bin/systemctl"
install -D -m 0755 "$folder/cloud-init.sh" "$root/var/lib/cloud/cloud-init.sh"
install -m 0644 "$folder/environment" "$root/etc/environment"
install -D -m 0644 /dev/stdin "$root/etc/systemd/system/cloud-init.service" <<'UNIT'
[Unit]
Description=User data
[Service]
Type=simple
EnvironmentFile=/etc/environment
ExecStart=/bin/sh -c 'exec /var/lib/cloud/cloud-init.sh >/dev/console 2>&1'
[Install]
WantedBy=multi-user.target
UNIT
mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
ln -s ../cloud-init.service "$root/etc/systemd/system/multi-user.target.wants/cloud-init.service"

mkdir "$root/.machine"
cd "$root"
pivot_root . .machine
umount --lazy /.machine
rmdir /.machine
exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
  /usr/bin/systemctl -v -c InitLoopSleep=1 init
