"""The processes of the bench: a root of its own for this run, two Asterisks, Zammad, and FastAGI.

The fetched Asterisk is only ever read. Each run works in a copy made of hard links, and throws it
away: no run sees what another one left. Nothing in the copy may be changed in place, only replaced.
"""

import pathlib
import shutil
import subprocess
import time

import freepbx16
from ami import Ami
from sandbox import Door, Sandbox

HERE = pathlib.Path(__file__).parent
EXAMPLES = HERE.parent.parent / "examples"
# By their names in /etc/asterisk.
INCLUDES = {"zammad.conf": EXAMPLES / "asterisk/zammad.conf",
            "extensions_custom.conf": EXAMPLES / "freepbx/extensions_custom.conf",
            "zammad-xivo.conf": EXAMPLES / "xivo/zammad-xivo.conf"}
INCLUDES_16 = INCLUDES | {"extensions_custom.conf": EXAMPLES / "freepbx/extensions_custom-16.conf"}

TOKEN = "bench"
SECRET = "Hq7-secret_of-fastagi-2Zp"
BLOCKED = [f"49151990000{number:02}" for number in range(100)]
ROUTE, CALLER_ID = "414471*", "41715880339000"
AGENTS = {"101": "anna", "102": "bert"}

BENCH = "/bench"  # the bench's folder, as seen from inside the root
PROGRAM = "/usr/bin/zammad-cti"
# The same, but calls may be held for long.
PATIENT = "/usr/bin/patient-zammad-cti"
PATIENCE = "20s"
PATIENT_SCRIPT = f"""#!/bin/bash
[[ $1 != agi ]] || exec {PROGRAM} "$@" --deadline {PATIENCE}
exec {PROGRAM} "${{@/#2s/{PATIENCE}}}"
"""

ADDRESS = "agi://127.0.0.1:"  # FastAGI's server says it once it listens


class Ports:
    """One number decides all, so that two benches can run at a time."""

    def __init__(self, base):
        self.pbx, self.world = base, base + 1
        self.pbx_ami, self.world_ami = base + 2, base + 3
        self.sandbox, self.door, self.fastagi = base + 4, base + 5, base + 6
        self.pbx_rtp, self.world_rtp = base + 1000, base + 2000

    def fill_in(self, text):
        for name, port in vars(self).items():
            text = text.replace(f"@{name}@", str(port))
        for name in ("pbx_rtp", "world_rtp"):
            text = text.replace(f"@{name}_end@", str(getattr(self, name) + 999))
        return text.replace("@bench@", BENCH)


class Process:
    """A program of the bench, and what it prints."""

    def __init__(self, command, printed, **options):
        self.printed = printed
        with open(printed, "ab") as file:
            # A session of its own: Ctrl-C is for the bench, which then ends the others in order.
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True,
                env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8"}, **options)

    def is_running(self):
        return self._process.poll() is None

    def kill(self):
        self._process.kill()
        self._process.wait()

    def stop(self):
        if not self.is_running():
            return
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Bench:
    """Everything that runs, in the order in which it needs each other. Use it in a `with`."""

    def __init__(self, asterisk, program, base_port, logs, is_freepbx_16=False):
        self.is_freepbx_16 = is_freepbx_16
        self.ports = Ports(base_port)
        self.logs = logs
        self._cached, self._program = asterisk, program
        self.root = asterisk.with_name(f"{asterisk.name}.run-{base_port}")
        self._processes = []
        self._asterisks = {}  # by name
        self._fastagi = None

    def __enter__(self):
        try:
            self._lay_out_root()
            self._start_zammad()
            self.pbx = self._start_asterisk("pbx", self.ports.pbx_ami)
            self.world = self._start_asterisk("world", self.ports.world_ami)
            self.pbx.set_global("ZAMMAD_FASTAGI", f"127.0.0.1:{self.ports.fastagi}")
            self.pbx.set_global("ZAMMAD_SECRET", SECRET)
            self.point_at_zammad(self.ports.door)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.stop_fastagi()
        for process in reversed(self._processes):
            process.stop()
        if self.root.exists():
            for log in ("pbx", "world"):
                full = self.inside(f"{BENCH}/run/{log}/log/full")
                if full.exists():
                    shutil.copy(full, self.logs / f"{log}.full.log")
            shutil.rmtree(self.root)

    def inside(self, path):
        """A path in the root, seen from outside."""
        return self.root / path.lstrip("/")

    def via(self, way):
        """How the dialplan reports calls from now on: `agi`, `fastagi` or `system`."""
        self.pbx.set_global("ZAMMAD_VIA", way)

    def point_at_zammad(self, port, spool=None, is_patient=False):
        """Has the program talk to Zammad at this port, FastAGI's server included.

        `spool` is a file of its own in the root, if events are to wait there. One that is patient holds a call for as
        long as the machine needs: nothing that happens to it is a matter of time then.
        """
        self.pbx.set_global("ZAMMAD_PROGRAM", PATIENT if is_patient else PROGRAM)
        agents = "".join(f'{extension} = "{login}"\n' for extension, login in AGENTS.items())
        url = f"http://127.0.0.1:{port}/api/v1/cti/{TOKEN}"
        config = self.inside("/etc/zammad-cti/config.toml")
        table = f'\n[spool]\npath = "{spool}"\n' if spool else ""
        config.write_text(f'url = "{url}"\n{table}\n[agents]\n{agents}')
        config.chmod(0o600)
        secret = self.inside("/etc/zammad-cti/fastagi-secret")
        secret.write_text(SECRET)
        secret.chmod(0o600)
        self.stop_fastagi()
        printed = self.logs / "fastagi.log"
        before = printed.read_text().count(ADDRESS) if printed.exists() else 0
        # The bench's Asterisk is root's.
        self._fastagi = Process(
            ["chroot", self.root, PROGRAM, "fastagi", "--listen", f"127.0.0.1:{self.ports.fastagi}",
             "--user", "root", "--secret-file", "/etc/zammad-cti/fastagi-secret",
             *(["--deadline", PATIENCE] if is_patient else [])],
            printed)
        until = time.time() + 60
        while printed.read_text(errors="replace").count(ADDRESS) == before:
            if time.time() > until:
                raise TimeoutError(f"FastAGI's server does not come up; see {printed}")
            time.sleep(0.01)

    def flush_spool(self):
        """Runs `spool flush` as an operator would, and returns what it says."""
        flushed = subprocess.run(
            ["chroot", self.root, PROGRAM, "spool", "flush"], capture_output=True, text=True, timeout=60)
        return (flushed.stdout + flushed.stderr).strip()

    def stop_fastagi(self):
        if self._fastagi:
            self._fastagi.stop()

    def kill_pbx(self):
        """As a power cut would end it: nobody is told of it."""
        self._asterisks["pbx"].kill()
        self.pbx.close()

    def start_pbx(self):
        """It knows again what it was told before."""
        told = self.pbx.globals
        self.pbx = self._start_asterisk("pbx", self.ports.pbx_ami)
        for name, value in told.items():
            self.pbx.set_global(name, value)

    def calls_up(self):
        return "0 active calls" not in self.pbx.cli("core show channels count")

    def program_log(self):
        """What the program says, whichever way it is run."""
        files = [self.logs / name for name in ("pbx.log", "fastagi.log", "bridge.log")]
        return "".join(file.read_text(errors="replace") for file in files if file.exists())

    def pbx_log(self):
        return self.inside(f"{BENCH}/run/pbx/log/full").read_text(errors="replace").splitlines()

    # --- starting ---

    def _lay_out_root(self):
        if self.root.exists():  # a run that was killed
            shutil.rmtree(self.root)
        subprocess.run(["cp", "-al", self._cached, self.root], check=True)
        for old in ("/etc/zammad-cti", BENCH, "/tmp", PROGRAM, PATIENT):
            path = self.inside(old)
            if path.is_dir():
                shutil.rmtree(path)
            path.unlink(missing_ok=True)
        self.inside("/tmp").mkdir(mode=0o1777)
        self.inside("/etc/zammad-cti").mkdir()
        shutil.copy(self._program, self.inside(PROGRAM))
        if self.is_freepbx_16:
            freepbx16.renew_c_library(self.root)
        self.inside(PATIENT).write_text(PATIENT_SCRIPT)
        self.inside(PATIENT).chmod(0o755)
        for name in ("pbx", "world"):
            settings = self.inside(f"{BENCH}/{name}")
            settings.mkdir(parents=True)
            for folder in ("lib", "spool/outgoing", "run", "log", "cache"):
                self.inside(f"{BENCH}/run/{name}/{folder}").mkdir(parents=True)
            # What both have in common lies beside their folders.
            for template in [*(HERE / "etc").glob("*.conf"), *(HERE / "etc" / name).glob("*.conf")]:
                text = self.ports.fill_in(template.read_text().replace("@name@", name))
                if self.is_freepbx_16:
                    text = freepbx16.changed(template.name, text)
                (settings / template.name).write_text(text)
        for name, include in (INCLUDES_16 if self.is_freepbx_16 else INCLUDES).items():
            shutil.copy(include, self.inside(f"{BENCH}/pbx/{name}"))

    def _start_zammad(self):
        printed = self.logs / "sandbox.log"
        self._start([
            self._program, "sandbox", "--listen", f"127.0.0.1:{self.ports.sandbox}", "--token", TOKEN,
            "--route", f"{ROUTE}={CALLER_ID}", *(word for number in BLOCKED for word in ("--block", number)),
        ], printed)
        self.sandbox = Sandbox(self.ports.sandbox, printed)
        patiently(self.sandbox.log)
        self.door = Door(self.ports.door, self.ports.sandbox)

    def _start_asterisk(self, name, ami_port):
        self._asterisks[name] = self._start(
            ["chroot", self.root, "asterisk", "-f", "-C", f"{BENCH}/{name}/asterisk.conf"],
            self.logs / f"{name}.log")
        ami = patiently(lambda: Ami(ami_port))
        ami.cli("core waitfullybooted")
        return ami

    def _start(self, command, printed):
        process = Process(command, printed)
        self._processes.append(process)
        return process


def patiently(attempt, seconds=60):
    """Repeats what fails as long as a server is not up yet."""
    until = time.time() + seconds
    while True:
        try:
            return attempt()
        except OSError:
            if time.time() > until:
                raise
            time.sleep(0.05)
