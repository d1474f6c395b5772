"""docs/asterisk.md as its reader would go through it: its commands, as root, beside a fresh Asterisk.
And those of docs/spool.md that need one, and those of docs/freepbx.md, beside another one.

The program and its services come by the lines of docs/install.md for those who have no package.

The root is Debian's, with the settings that its package brings. What listens there listens in a
network of its own, so that the page's ports are free. systemctl is a stand-in that runs a unit's
ExecCondition, and ExecStart as its User, and systemd-tmpfiles one that makes folders; tests/package has real
ones.
"""

import json
import pathlib
import re
import shutil
import subprocess
import time

from processes import EXAMPLES, HERE

PAGE = "docs/asterisk.md"
INSTALL = "docs/install.md"
SPOOL = "docs/spool.md"
FREEPBX = "docs/freepbx.md"
BLOCKS = HERE.parent / "cookbook/blocks"
COPY = "/root/zammad-cti"  # of the repository, as far as the page needs it
PATIENCE = 60

SYSTEMCTL = r"""#!/bin/bash
set -eu
case "$*" in
daemon-reload) exit ;;
'enable --now '* | 'restart '*) name=${*: -1} ;;
*) echo "this systemctl cannot $*" >&2; exit 1 ;;
esac
unit=/etc/systemd/system/$name.service
said() { sed -n "s/^$1=//p" "$unit"; }
old=/run/$name.pid
if [[ -f $old ]]; then kill "$(cat "$old")"; rm "$old"; fi
condition=$(said ExecCondition)
if [[ $condition ]] && ! eval "${condition#+}"; then exit; fi
read -ra command <<<"$(said ExecStart)"
runuser -u "$(said User)" -- "${command[@]}" </dev/null >>"/var/log/$name.log" 2>&1 &
echo $! >"$old"
sleep 1
kill -0 $!
"""

# What FreePBX has besides, and what its page has its reader write into the configuration.
AT_FREEPBX = r"""
echo '#include manager_custom.conf' >>/etc/asterisk/manager.conf
install -m 0664 -o asterisk -g asterisk /dev/null /etc/asterisk/manager_custom.conf
sed -i -e 's|^#url = .*|url = "https://zammad.example.com/api/v1/cti/TOKEN"|' -e 's/^#country = .*/country = "DE"/' \
    /etc/zammad-cti/config.toml
"""

TMPFILES = r"""#!/bin/bash
set -eu
[[ $1 = --create ]]
grep '^d ' "/etc/tmpfiles.d/$2" | while read -r _ path mode user group _; do
    install -d -m "$mode" -o "$user" -g "$group" "$path"
done
"""


class Machine:
    """A root, and a network and processes of its own; all that was begun there ends with it."""

    def __init__(self, asterisk, program, base_port):
        self._root = asterisk.with_name(f"{asterisk.name}.page-{base_port}")
        self._cached, self._program = asterisk, program
        self._keeper = None

    def __enter__(self):
        try:
            self._lay_out()
            self._keeper = subprocess.Popen(
                ["unshare", "--net", "--pid", "--fork", "--kill-child", f"--mount-proc={self._root / 'proc'}",
                 "sleep", "infinity"],
                stdin=subprocess.DEVNULL, start_new_session=True)
            children = pathlib.Path(f"/proc/{self._keeper.pid}/task/{self._keeper.pid}/children")
            wait_for(lambda: children.read_text().strip())
            self._inner = children.read_text().strip()
            subprocess.run(["nsenter", "--net", "-t", self._inner, "ip", "link", "set", "lo", "up"], check=True)
            self.start("asterisk -f -U asterisk -G asterisk", self._root / "asterisk.out")
            self.run("until asterisk -rx 'core waitfullybooted'; do sleep 0.1; done")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self._keeper:
            self._keeper.kill()
            self._keeper.wait()
        if self._root.exists():
            shutil.rmtree(self._root)

    def run(self, code):
        """Runs lines of bash, and returns how they ended and what they printed."""
        return subprocess.run(
            self._inside(code), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE,
            env=self._environment())

    def start(self, code, printed):
        """Runs them in a terminal of their own."""
        with open(printed, "wb") as file:
            return subprocess.Popen(
                self._inside(code), stdin=subprocess.DEVNULL, stdout=file, stderr=file, env=self._environment())

    def terminal(self, number):
        return self._root / f"terminal-{number}"

    def _inside(self, code):
        return ["nsenter", "--net", "--pid", "--mount", "-t", self._inner, "chroot", self._root,
                "bash", "-euo", "pipefail", "-c", f"cd {COPY}\n{code}"]

    @staticmethod
    def _environment():
        return {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root",
                "LANG": "C.UTF-8"}

    def _lay_out(self):
        if self._root.exists():  # a run that was killed
            shutil.rmtree(self._root)
        # Hard links to what is only read, and copies of what may be changed.
        changed = ("etc", "run", "root", "tmp", "var/lib/asterisk", "var/log", "var/spool", "var/cache/asterisk")
        subprocess.run(["cp", "-al", self._cached, self._root], check=True)
        for name in changed:
            shutil.rmtree(self._root / name, ignore_errors=True)
            if (self._cached / name).exists():
                subprocess.run(["cp", "-a", self._cached / name, self._root / name], check=True)
        # What an administrator may have tried in the cached one.
        for old in ("etc/zammad-cti", "usr/local/bin"):
            shutil.rmtree(self._root / old, ignore_errors=True)
        (self._root / "usr/local/bin").mkdir()
        subprocess.run(
            ["chroot", self._root, "install", "-d", "-o", "asterisk", "-g", "asterisk", "/run/asterisk"], check=True)
        copy = self._root / COPY.lstrip("/")
        (copy / "target/release").mkdir(parents=True)
        shutil.copy(self._program, copy / "target/release/zammad-cti")
        for folder in ("examples", "packaging"):
            shutil.copytree(EXAMPLES.parent / folder, copy / folder)
        for name, script in (("systemctl", SYSTEMCTL), ("systemd-tmpfiles", TMPFILES)):
            program = self._root / "usr/local/bin" / name
            program.write_text(script)
            program.chmod(0o755)


def is_as_shown(shown, printed):
    """As in tests/cookbook: `…` alone in a line is any lines, elsewhere a part of its line."""
    pattern = ""
    for line in shown.strip("\n").split("\n"):
        if line.strip() == "…":
            pattern += r"(?:[^\n]*\n)*"
        else:
            pattern += "[^\n]+".join(re.escape(part) for part in line.split("…")) + r"\n"
    return re.fullmatch(pattern, printed.rstrip("\n") + "\n") is not None


def blocks_of(page, *words):
    found = subprocess.run([BLOCKS, "--json", page, *words], check=True, capture_output=True, text=True)
    return [block | {"page": page} for block in json.loads(found.stdout)]


def wait_for(condition):
    until = time.time() + PATIENCE
    while not condition() and time.time() < until:
        time.sleep(0.1)


# What a block brings about without a word, by a part of it, and how it is seen.
BROUGHT_ABOUT = {
    "ZAMMAD_SECRET = ":
        'asterisk -rx "dialplan show globals" | grep -F "ZAMMAD_SECRET=$(cat /etc/zammad-cti/fastagi-secret)"',
}


def missing(machine, code):
    return [f"in vain: {look}" for part, look in BROUGHT_ABOUT.items()
            if part in code and machine.run(look).returncode != 0]


def run(asterisk, program, base_port, report):
    """Goes through the pages, a line of the report for each block."""
    pages = blocks_of(PAGE, "asterisk", "asterisk-terminal") + blocks_of(SPOOL, "asterisk")
    for blocks, prepare in ((pages, ":"), (blocks_of(FREEPBX, "asterisk", "asterisk-terminal"), AT_FREEPBX)):
        with Machine(asterisk, program, base_port) as machine:
            for block in blocks_of(INSTALL, "by-hand"):
                # It is built already.
                done(machine, "cargo() { :; }\n" + block["code"], f"{INSTALL}:{block['line']}")
            done(machine, prepare, "prepared")
            go_through(machine, blocks, report)


def done(machine, code, what):
    ended = machine.run(code)
    if ended.returncode != 0:
        raise RuntimeError(f"{what}: {ended}")


def go_through(machine, blocks, report):
    terminals = []
    for block in blocks:
        first = block["code"].split("\n")[0]
        name = f"{block['page']}:{block['line']}: {first}"
        if block["word"] == "asterisk-terminal":
            printed = machine.terminal(block["line"])
            process = machine.start(block["code"], printed)
            terminals.append((name, block, printed, process))
            wait_for(lambda: printed.stat().st_size or process.poll() is not None)  # it is up, or will not be
            continue
        ended = machine.run(block["code"])
        found = missing(machine, block["code"])
        if ended.returncode != 0:
            found.append(f"ended with {ended.returncode}")
        if block["shown"] is not None and not is_as_shown(block["shown"], ended.stdout):
            found.append("printed something else")
        if found:
            found += (ended.stdout + ended.stderr).splitlines()
        report.add("page", name, found)
    for name, block, printed, process in terminals:
        wait_for(lambda: is_as_shown(block["shown"] or "…", printed.read_text()))
        found = []
        if process.poll() is not None:
            found.append("did not stay")
        if not is_as_shown(block["shown"] or "…", printed.read_text()):
            found += ["shows something else", *printed.read_text().splitlines()]
        report.add("page", name, found)
