"""The PBX followed by `zammad-cti bridge asterisk`: the same calls, in contexts without a line of ours.

etc/pbx/followed.conf has their dialplan, etc/pbx/manager_custom.conf the accounts.
"""

import time

from cases import ANNA, BERT, BY_CALLER, BY_OTHER, CLEAR, WHOLE, inbound, outbound, press, run_all, transfer_to
from processes import AGENTS, PROGRAM, TOKEN, Process
from sip import FOLLOWED

WAY = "bridge"
AMI_SECRET = "Kv3-secret_of-ami-8Wd"
CONFIG = "/etc/zammad-cti/bridge.toml"
SPOOL = "/var/spool/zammad-cti-bridge/spool.db"
CONNECTED = "connected to asterisk"
PATIENCE = 60


class Bridge:
    """`zammad-cti bridge asterisk`, and what it says. Use it in a `with`: it follows the PBX then."""

    def __init__(self, bench, *, account="zammad", secret=AMI_SECRET, settings="", waits_for=CONNECTED):
        self._bench, self._waits_for = bench, waits_for
        self._printed = bench.logs / "bridge.log"
        self._settings = f"""
url = "http://127.0.0.1:{bench.ports.door}/api/v1/cti/{TOKEN}"
[spool]
path = "{SPOOL}"
[agents]
{"".join(f'{extension} = "{login}"{chr(10)}' for extension, login in AGENTS.items())}
[bridge]
{settings}
[bridge.asterisk]
address = "127.0.0.1:{bench.ports.pbx_ami}"
username = "{account}"
secret = "{secret}"
"""

    def __enter__(self):
        config = self._bench.inside(CONFIG)
        config.unlink(missing_ok=True)
        config.touch(mode=0o600)
        config.write_text(self._settings)
        self._printed.touch()
        self._before = self._printed.stat().st_size
        self._process = Process(
            ["chroot", self._bench.root, "env", "RUST_LOG=zammad_cti=debug", PROGRAM, "--config", CONFIG, "bridge",
             "asterisk"],
            self._printed)
        if not self.wait_for(self._waits_for):
            self._process.stop()
            raise TimeoutError(f"the bridge does not say {self._waits_for!r}: {self.log()}")
        return self

    def __exit__(self, *_):
        self._process.stop()

    def log(self):
        """What it has said since it began."""
        with open(self._printed, "rb") as file:
            file.seek(self._before)
            return file.read().decode(errors="replace")

    def wait_for(self, text, times=1):
        """Until it has said so; whether it has."""
        until = time.time() + PATIENCE
        while self.log().count(text) < times:
            if time.time() > until or not self._process.is_running():
                return False
            time.sleep(0.05)
        return True

    def not_said(self, *texts):
        return [f"the bridge did not say: {text}" for text in texts if not self.wait_for(text)]


def run(bench, report):
    """Each part has a bridge of its own."""
    for part in (ordinary,):
        part(bench, report)


def wanted(report, cases):
    return [case for case in cases if report.wants(WAY, case.name)]


def add(report, runs):
    for run in runs:
        report.add(WAY, run.case.name, run.faults, run.case.to)


def called(name, destination, *arguments, **more):
    """A customer calls where only the bridge reports."""
    return inbound(name, destination, *arguments, company="493027", source=FOLLOWED, **more)


def dialled(name, number, *arguments, **more):
    return outbound(name, number, *arguments, prefix="2", shown_outside="101", **more)


def ordinary(bench, report):
    cases = wanted(report, [
        called("answered, the caller hangs up", 101, BY_CALLER, WHOLE, talk=0.5, **ANNA),
        called("busy", 103, "486", user="Carl Conrad", cause="busy"),
        called("ring group answered", 200, BY_CALLER, WHOLE, talk=0.5, **ANNA),
    ])
    if cases:
        with Bridge(bench):
            add(report, run_all(bench, cases))
