"""What an isolated process sees of this machine: the programs in /usr, a few files of /etc, and nothing else.

Everything that is there is named: a folder that this module does not know of is not. The view is a tmpfs that
is built beside the machine's own root, as root, and then takes its place.
"""

import os
import stat
from pathlib import Path

from rehearsal.isolation import kernel
from rehearsal.isolation.plan import IsolationPlan

# Links into /usr; on older systems folders.
_PROGRAMS = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
# What programs look up there. Of these, what not everybody may read is left out.
_SETTINGS = (
    *("alternatives", "bash.bashrc", "ca-certificates", "ca-certificates.conf", "debian_version"),
    *("default/useradd", "gai.conf", "host.conf", "hostname", "hosts", "inputrc", "ld.so.cache"),
    *("ld.so.conf", "ld.so.conf.d", "libaudit.conf", "locale.alias", "localtime", "login.defs", "magic"),
    *("mime.types", "networks", "nsswitch.conf", "os-release", "pam.conf", "pam.d", "pki/ca-trust"),
    *("pki/tls/certs", "profile", "profile.d", "protocols", "resolv.conf", "rpc", "security", "services"),
    *("shells", "skel", "ssl/certs", "ssl/openssl.cnf", "terminfo", "timezone"),
)
_FOLDER_MODE = 0o755
_FOLDERS = {
    **dict.fromkeys(
        ("etc", "home", "mnt", "opt", "proc", "run", "run/lock", "srv", "sys", "usr"), _FOLDER_MODE
    ),
    **dict.fromkeys(("var", "var/cache", "var/lib", "var/log", "var/spool"), _FOLDER_MODE),
    **dict.fromkeys(("tmp", "var/tmp"), 0o1777),
    "root": 0o700,
}
_DEVICES = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9)}
_DEVICES |= {"tty": (5, 0)}
_DEVICE_LINKS = {"ptmx": "pts/ptmx", "fd": "/proc/self/fd"} | {
    name: f"/proc/self/fd/{number}" for number, name in enumerate(("stdin", "stdout", "stderr"))
}
_TTY_GROUP = 5
_PROCESSORS = "/sys/devices/system/cpu"  # how many there are: all of /sys that programs ask for
_HIDDEN_OF_PROC = ("kcore", "keys", "key-users", "kmsg", "kpagecount", "kpageflags", "timer_list")
_PEOPLE = range(1000, 65534)  # user ids of those who use the machine, by the rules of Debian and Red Hat
_PLAIN = kernel.NO_SUID | kernel.NO_DEVICES


class View:
    """The view of one plan. `users` is a descriptor of its user namespace, `root` who is root in there."""

    def __init__(self, plan: IsolationPlan, *, users: int | None, root: int) -> None:
        self._plan, self._users, self._root = plan, users, root
        self._stage = Path(plan.stage)
        self._folder = self._stage / "view"

    def build(self) -> None:
        """Mount and write all of it but /proc."""
        kernel.mount("none", Path("/"), flags=kernel.RECURSIVE | kernel.PRIVATE)  # nothing is seen outside
        kernel.mount("stage", self._stage, "tmpfs", _PLAIN, "mode=755")
        self._folder.mkdir()
        # The source is a name only: it tells whoever lists mounts whose process this is.
        kernel.mount(
            self._plan.stage, self._folder, "tmpfs", _PLAIN, f"mode=755,uid={self._root},gid={self._root}"
        )
        for name, mode in _FOLDERS.items():
            self._make_folder(name, mode)
        self._link("var/run", "/run")
        self._link("var/lock", "/run/lock")
        self._show_programs()
        self._make_devices()
        self._show(_PROCESSORS)
        self._copy_settings()
        for path in (*self._plan.shown, *self._plan.writable):
            self._show(path, writable=path in self._plan.writable)
        for inside, (original, mode) in self._plan.files.items():
            self._write(inside, Path(original).read_bytes(), mode)
        if not self._at(self._plan.folder).is_dir():
            self._make_folder(self._plan.folder, 0o700)
            os.chown(self._at(self._plan.folder), self._root + self._plan.user, self._root + self._plan.group)

    def show_processes(self) -> None:
        """Mount /proc, which shows the processes of whoever calls this, and no other user's."""
        proc = self._at("proc")
        data = "" if self._plan.own_processes else "hidepid=2"
        kernel.mount("proc", proc, "proc", _PLAIN | kernel.NO_EXEC, data)
        for entry in proc.iterdir():
            if entry.name in _HIDDEN_OF_PROC:
                kernel.mount(str(self._at("dev/null")), entry, flags=kernel.BIND)
            elif _changes_the_machine(entry):
                self._bind(entry, entry, kernel.READ_ONLY | kernel.NO_EXEC)

    def enter(self) -> None:
        """Make it `/`; what was there before can't be reached any more.

        It is a folder of the mount namespace's root, as after chroot(2): in such a place the kernel lets
        nobody make a user namespace, in which one would have the rights that are taken away here.
        """
        os.chdir(self._stage)
        kernel.swap_root_for_current_folder()
        os.chroot("view")
        os.chdir(self._plan.folder)

    def _show_programs(self) -> None:
        self._show_program_folder("usr")
        for folder in map(Path, _PROGRAMS):
            if folder.is_symlink():
                self._link(folder.name, str(folder.readlink()))
            elif folder.is_dir():
                self._make_folder(folder.name)
                self._show_program_folder(folder.name)

    def _show_program_folder(self, name: str) -> None:
        if not self._plan.own_programs:
            self._show(f"/{name}")
            return
        lower, upper, work = (self._stage / f"{layer}-{name}" for layer in ("lower", "upper", "work"))
        for folder in (lower, upper, work):
            folder.mkdir()
        os.chown(upper, self._root, self._root)
        self._bind(Path("/", name), lower, kernel.READ_ONLY)
        layers = f"lowerdir={lower},upperdir={upper},workdir={work}"
        kernel.mount("programs", self._at(name), "overlay", _PLAIN, layers)

    def _make_devices(self) -> None:
        self._make_folder("dev")
        dev, root = self._at("dev"), self._root
        kernel.mount("dev", dev, "tmpfs", kernel.NO_SUID | kernel.NO_EXEC, f"mode=755,uid={root},gid={root}")
        for name, number in _DEVICES.items():
            os.mknod(dev / name, stat.S_IFCHR, os.makedev(*number))
            (dev / name).chmod(0o666)
        for name, target in _DEVICE_LINKS.items():
            self._link(f"dev/{name}", target)
        self._make_folder("dev/pts")
        options = f"newinstance,ptmxmode=666,mode=620,gid={root + _TTY_GROUP}"
        kernel.mount("pts", dev / "pts", "devpts", kernel.NO_SUID | kernel.NO_EXEC, options)
        self._make_folder("dev/shm")
        kernel.mount("shm", dev / "shm", "tmpfs", _PLAIN, "mode=1777")
        if self._plan.console:
            os.chown(self._plan.console, root, root)
            self._write("dev/console", b"", 0o600)
            self._bind(Path(self._plan.console), dev / "console", 0)

    def _copy_settings(self) -> None:
        for entry in _SETTINGS:
            self._copy(Path("/etc", entry))
        users = _system_entries(Path("/etc/passwd"))
        self._write("etc/passwd", "".join(users).encode(), 0o644)
        self._write("etc/group", "".join(_system_entries(Path("/etc/group"))).encode(), 0o644)
        without_passwords = "".join(f"{line.split(':')[0]}:*:::::::\n" for line in users)
        self._write("etc/shadow", without_passwords.encode(), 0o640)

    def _copy(self, original: Path) -> None:
        """To where it is here; what a link leads to at first, and then links as they are."""
        if original.is_dir():
            self._make_folder(str(original))
            for entry in original.iterdir():
                if entry.is_symlink():
                    self._link(str(entry), str(entry.readlink()))
                else:
                    self._copy(entry)
        elif original.is_file() and (mode := original.stat().st_mode) & stat.S_IROTH:
            self._write(str(original), original.read_bytes(), mode & 0o755)

    def _show(self, path: str, *, writable: bool = False) -> None:
        if Path(path).is_dir():
            self._make_folder(path)
        elif self._at(path).exists():
            return
        else:
            self._write(path, b"", 0o644)
        self._bind(Path(path), self._at(path), 0 if writable else kernel.READ_ONLY)
        for folder in Path(path.lstrip("/")).parents:  # one of them may be /root
            above = (self._folder / folder).stat()
            if above.st_dev == self._folder.stat().st_dev:
                (self._folder / folder).chmod(above.st_mode | 0o111)

    def _bind(self, source: Path, target: Path, flags: int) -> None:
        if self._users is None or not flags & kernel.READ_ONLY or not self._bind_mapped(source, target):
            kernel.mount(str(source), target, flags=kernel.BIND)
        kernel.mount("none", target, flags=kernel.REMOUNT | kernel.BIND | _PLAIN | flags)

    def _bind_mapped(self, source: Path, target: Path) -> bool:
        """Not every file system can. Then its files are nobody's inside, to be read if everybody may."""
        assert self._users is not None
        try:
            kernel.bind_mapped(source, target, self._users)
        except OSError:
            return False
        return True

    def _make_folder(self, name: str, mode: int = _FOLDER_MODE) -> None:
        """With those above it."""
        path = self._folder
        for part in name.strip("/").split("/"):
            path /= part
            if not path.is_dir():
                path.mkdir()
                os.chown(path, self._root, self._root)
        if mode != _FOLDER_MODE:
            path.chmod(mode)

    def _write(self, name: str, content: bytes, mode: int) -> None:
        path = self._at(name)
        self._make_folder(str(path.parent.relative_to(self._folder)))
        with path.open("wb") as file:
            os.fchmod(file.fileno(), mode)
            os.fchown(file.fileno(), self._root, self._root)
            file.write(content)

    def _link(self, name: str, target: str) -> None:
        self._at(name).symlink_to(target)
        os.lchown(self._at(name), self._root, self._root)

    def _at(self, name: str) -> Path:
        return self._folder / name.strip("/")


def _changes_the_machine(entry: Path) -> bool:
    """Whether writing this of /proc, or below it, is about more than a process."""
    if entry.name.isdigit() or entry.is_symlink():
        return False
    return entry.is_dir() or bool(entry.stat().st_mode & 0o222)


def _system_entries(file: Path) -> list[str]:
    """The lines of /etc/passwd or /etc/group that are not about people."""
    lines = file.read_text().splitlines(keepends=True)
    return [
        line
        for line in lines
        if (number := line.split(":")[2:3]) and number[0].isdigit() and int(number[0]) not in _PEOPLE
    ]
