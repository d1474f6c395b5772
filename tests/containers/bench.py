"""docs/containers.md as its reader goes through it, with podman in Docker's place.

The page's commands come by tests/cookbook/blocks. The two images that the Dockerfile begins with are made of this
machine's own files: `rust`, whose cargo hands over the program that is built already, and `debian`.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).parent
REPOSITORY = HERE.parent.parent
PAGE = "docs/containers.md"
TOKEN = "secret-of-the-bench"
# Whose channel an event is told from.
CALLERS = {"new-call": "493023125741", "answer": "101", "hangup": "493023125741"}
CARGO = """#!/bin/sh
[ "$*" = "build --release --locked" ] || exit 1
mkdir -p target/release && cp /prebuilt target/release/zammad-cti
"""
SETTINGS = """
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
netns = "host"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
"""
STORAGE = """
[storage]
driver = "overlay"
graphroot = "@/graph"
runroot = "@/run"
"""


def libraries(program):
    printed = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    return re.findall(r"/[^ )]+", printed)


class Bench:
    def __init__(self, program, folder):
        self.folder, self.program = folder, program
        self.tree = folder / "copy"
        self.sandbox = None
        self.port = None
        (folder / "containers.conf").write_text(SETTINGS)
        (folder / "storage.conf").write_text(STORAGE.replace("@", str(folder)))
        bin_ = folder / "bin"
        bin_.mkdir()
        for name in ("docker", "kubectl"):
            (bin_ / name).write_text(f'#!/bin/sh\nexec {sys.executable} {HERE}/docker.py {name} "$@"\n')
            (bin_ / name).chmod(0o755)
        os.environ |= {
            "CONTAINERS_CONF": str(folder / "containers.conf"), "CONTAINERS_STORAGE_CONF": str(folder / "storage.conf"),
            "BENCH": str(folder), "PATH": f"{bin_}:/usr/bin:/bin:/usr/sbin:/sbin", "HOME": str(folder),
        }

    def image(self, name, programs, files):
        """An image of this machine's programs, the libraries they need, and files."""
        root = self.folder / "image"
        root.mkdir()
        for path in {path for program in programs for path in [program, *libraries(program)]}:
            target = root / path.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
        for path, text in files.items():
            target = root / path.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(text)
            target.chmod(0o755)
        (root / "etc").mkdir(exist_ok=True)
        (root / "tmp").mkdir(exist_ok=True)  # this machine may have the program there
        subprocess.run(f"tar -C {root} -c . | podman import --quiet - {name}", shell=True, check=True, stdout=subprocess.DEVNULL)
        shutil.rmtree(root)

    def open_zammad(self):
        printed = self.folder / "sandbox.log"
        with open(printed, "ab") as file:
            self.sandbox = subprocess.Popen(
                [self.program, "sandbox", "--listen", f"127.0.0.1:{self.port or 0}", "--token", TOKEN],
                stdin=subprocess.DEVNULL, stdout=file, stderr=file)
        patiently(lambda: re.search(r"http://127.0.0.1:(\d+)", printed.read_text()))
        self.port = int(re.search(r"http://127.0.0.1:(\d+)", printed.read_text())[1])
        patiently(lambda: self.rows() is not None)

    def close_zammad(self):
        self.sandbox.terminate()
        self.sandbox.wait(5)

    def rows(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/v1/cti/log", timeout=5) as reply:
                return {row["call_id"]: row for row in json.load(reply)["list"]}
        except OSError:
            return None

    def copy_repository(self):
        """As far as the page and the Dockerfile need it, with the sandbox as Zammad."""
        shutil.copytree(REPOSITORY / "examples", self.tree / "examples")
        for name in ("Cargo.toml", ".dockerignore"):
            shutil.copy(REPOSITORY / name, self.tree)
        for name in ("config.toml", "kubernetes.yaml"):
            file = self.tree / "examples/containers" / name
            text = file.read_text()
            assert "https://zammad.example.com" in text
            file.write_text(text.replace("https://zammad.example.com", f"http://127.0.0.1:{self.port}"))

    def step(self, code):
        subprocess.run(["bash", "-euo", "pipefail", "-c", code.replace("TOKEN", TOKEN)], check=True, cwd=self.tree, timeout=120,
                       input=f"{TOKEN}\n", text=True, stdout=subprocess.DEVNULL)


def patiently(condition, seconds=15):
    until = time.time() + seconds
    while not (found := condition()):
        assert time.time() < until, f"in vain: {condition}"
        time.sleep(0.1)
    return found


def agi(event, **parameters):
    """One event over FastAGI; the variables that it sets."""
    query = "&".join(f"{key.replace('_', '-')}={value}" for key, value in parameters.items())
    with socket.create_connection(("127.0.0.1", 4573), timeout=10) as connection:
        lines = {"agi_network": "yes", "agi_network_script": f"{event}?{query}", "agi_request": f"agi://127.0.0.1/{event}?{query}",
                 "agi_channel": "PJSIP/trunk-1", "agi_uniqueid": parameters["call_id"], "agi_callerid": CALLERS[event],
                 "agi_dnid": "493055571101", "agi_extension": "493055571101"}
        connection.sendall("".join(f"{key}: {value}\n" for key, value in lines.items()).encode() + b"\n")
        said, file = {}, connection.makefile("rw")
        for line in file:
            if found := re.match(r'SET VARIABLE "?(\w+)"? "(.*)"', line):
                said[found[1]] = found[2]
            if asked := re.match(r'GET FULL VARIABLE "(.*)"', line):
                known = {"CALLERID(dnid)": "493055571101", "CALLERID(num)": CALLERS[event]}
                value = re.sub(r"\$\{([^{}]*(?:\([^()]*\))?)\}", lambda name: known.get(name[1], ""), asked[1])
                file.write(f"200 result=1 ({value})\n")
            else:
                file.write("200 result=1\n")
            file.flush()
    return said


def is_locked(name):
    """What the files promise of each container."""
    looked = json.loads(subprocess.run(["podman", "inspect", name], check=True, capture_output=True, text=True).stdout)[0]
    status = pathlib.Path(f"/proc/{looked['State']['Pid']}/status").read_text()
    if not re.search(r"^Uid:\t10001\t10001", status, re.M) or not re.search(r"^CapEff:\t0+$", status, re.M):
        yield f"{name} runs with rights: {status}"
    if not re.search(r"^NoNewPrivs:\t1$", status, re.M):
        yield f"{name} may get new rights"
    writes = subprocess.run(["podman", "exec", name, "/bin/sh", "-c", "echo > /tmp/x"], capture_output=True)
    if writes.returncode == 0:
        yield f"{name} writes into its root"
    if TOKEN in json.dumps(looked):
        yield f"{name}: the token is in its description"


def calls(bench, name, fastagi):
    """A call while Zammad is there, and one that begins while it is not."""
    agi("new-call", call_id=f"{name}-1", direction="in")
    agi("answer", call_id=f"{name}-1", direction="in", answering_number="101")
    agi("hangup", call_id=f"{name}-1", direction="in", cause="normalClearing")
    patiently(lambda: (bench.rows().get(f"{name}-1") or {}).get("state") == "hangup")
    row = bench.rows()[f"{name}-1"]
    if (row["to_comment"], row["from"], row["done"]) != ("anna@example.com", "493023125741", True):
        yield f"{name}: in the caller log: {row}"
    bench.close_zammad()
    said = agi("new-call", call_id=f"{name}-2", direction="in")
    if said.get("ZAMMAD_ACTION") != "spooled":
        yield f"{name}: without Zammad: {said}"
    agi("hangup", call_id=f"{name}-2", direction="in", cause="noAnswer")
    one = fastagi.replace("fastagi", "spool")
    probe = json.loads((bench.folder / f"{one}.probe").read_text())
    if subprocess.run(["podman", "exec", one, *probe], capture_output=True).returncode != 2:
        yield f"{name}: the check does not see that Zammad is away"
    bench.open_zammad()
    patiently(lambda: (bench.rows().get(f"{name}-2") or {}).get("state") == "hangup", 60)
    checked = subprocess.run(["podman", "exec", one, *probe], capture_output=True, text=True)
    if checked.returncode != 0:
        yield f"{name}: the check is not green: {checked.stdout}"
    for container in (fastagi, one):
        yield from is_locked(container)
        logs = subprocess.run(["podman", "logs", container], capture_output=True, text=True)
        if TOKEN in logs.stdout + logs.stderr:
            yield f"{container}: the token is in its log"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", type=pathlib.Path, required=True)
    args = parser.parse_args()
    began, faults = time.time(), []
    steps = json.loads(subprocess.run(
        [REPOSITORY / "tests/cookbook/blocks", "--json", PAGE, "containers"], check=True, capture_output=True, text=True).stdout)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="zammad-cti-containers-"))
    bench = Bench(args.program.resolve(), folder)
    try:
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        program = bench.program.read_bytes()
        tools = ["/bin/sh", "/bin/cp", "/bin/mkdir", "/usr/bin/install"]
        bench.image("docker.io/library/rust:1-bookworm", tools, {
            "/usr/bin/cargo": CARGO.encode(), "/prebuilt": program,
            "/etc/ssl/certs/ca-certificates.crt": b"# the authorities\n"})
        bench.image("docker.io/library/debian:bookworm-slim", [*tools, str(bench.program)], {})
        bench.open_zammad()
        bench.copy_repository()
        for step in steps:
            bench.step(step["code"])
            names = (folder / "containers").read_text().split() if (folder / "containers").exists() else []
            if names:
                (folder / "containers").unlink()
                fastagi = next(name for name in names if name.endswith("fastagi"))
                patiently(lambda: not socket.socket().connect_ex(("127.0.0.1", 4573)))
                faults += calls(bench, fastagi.partition("-")[0], fastagi)
        history = subprocess.run(["podman", "history", "--no-trunc", "zammad-cti"], capture_output=True, text=True).stdout
        if TOKEN in history:
            faults.append("the token is in the image")
    finally:
        subprocess.run(["podman", "rm", "-f", "-a", "-t", "2"], stdout=subprocess.DEVNULL)
        if bench.sandbox:
            bench.close_zammad()
        subprocess.run(["podman", "unmount", "-a", "-f"], stdout=subprocess.DEVNULL)
        shutil.rmtree(folder, ignore_errors=True)
    for fault in faults:
        print(f"  {fault}")
    print(f"containers: {len(steps)} steps, {len(faults)} faults, {time.time() - began:.0f} s")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
