"""py-zammad-cti and zammad-cti side by side, against the sandbox: what arrives, and what agents see.

First docs/from-py-zammad-cti.md: each Python block and the `sh moving` block after it have to bring Zammad the same.
Then the cases of its table of differences.
"""

import contextlib
import http.server
import importlib.machinery
import importlib.util
import io
import json
import logging
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import unittest.mock
import urllib.request

ROOT = pathlib.Path(__file__).parent.parent.parent
PAGE = ROOT / "docs/from-py-zammad-cti.md"
PROGRAM = pathlib.Path(os.environ["ZAMMAD_CTI_BIN"])
ZAMMAD = "https://zammad.example.com"
# Longer than anything here takes, on a machine that is busy with other tests.
PATIENCE = 30

with contextlib.redirect_stdout(io.StringIO()) as PRINTED_ON_IMPORT:
    from zammad_cti import CTIClient
    from classmods import ENVMod
import requests


def page_blocks():
    """Each block of the page that is no output, with what the page says it prints."""
    loader = importlib.machinery.SourceFileLoader("blocks", str(ROOT / "tests/cookbook/blocks"))
    blocks = importlib.util.module_from_spec(importlib.util.spec_from_loader("blocks", loader))
    loader.exec_module(blocks)
    found = []
    for _, info, code in blocks.blocks(PAGE.read_text()):
        if info == "text":
            found[-1]["shown"] = code
        else:
            found.append({"info": info, "code": code, "shown": None})
    return found


class Sandbox:
    """A running `zammad-cti sandbox`, with the requests that it got."""

    def __init__(self, home):
        self.log = home / "sandbox.log"
        command = [PROGRAM, "sandbox", "--listen", "127.0.0.1:0", "--token", "TOKEN"]
        command += ["--block", "491715000000", "--route", "41*=41715880339000"]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=environment(home))
        until(lambda: "watch it" in self.log.read_text())
        self.url = self.log.read_text().splitlines()[0]
        self.origin = self.url.removesuffix("/api/v1/cti/TOKEN")
        self.seen = len(self.log.read_text())

    def post(self, page, body):
        data = json.dumps(body).encode()
        with urllib.request.urlopen(f"{self.origin}/sandbox/{page}", data, timeout=PATIENCE) as reply:
            reply.read()

    def reset(self):
        self.post("reset", {})
        self.seen = len(self.log.read_text())

    def arrived(self):
        """The fields of each request since then; a list of one user is the user."""
        lines = self.log.read_text()[self.seen :].splitlines()
        requests = [json.loads(line.partition(" -> ")[0]) for line in lines if line.startswith("{")]
        for request in requests:
            if isinstance(request.get("user"), list) and len(request["user"]) == 1:
                request["user"] = request["user"][0]
        return requests

    def rows(self):
        """The caller log, oldest first, without what depends on the clock."""
        with urllib.request.urlopen(f"{self.origin}/api/v1/cti/log", timeout=PATIENCE) as reply:
            rows = json.load(reply)["list"]
        timed = ("_at", "_time")
        return [{key: row[key] for key in row if not key.endswith(timed)} for row in reversed(rows)]

    def end(self):
        self.process.terminate()
        self.process.wait(PATIENCE)


def environment(home, **more):
    path = f"{PROGRAM.parent}:{os.environ['PATH']}"
    return {"HOME": str(home), "XDG_RUNTIME_DIR": str(home), "PATH": path, "LANG": "C.UTF-8", **more}


def until(true):
    end = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.01)


class Moving(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.home = pathlib.Path(folder.name)
        cls.zammad = Sandbox(cls.home)
        cls.addClassCleanup(cls.zammad.end)

    def setUp(self):
        self.zammad.reset()
        self.client = CTIClient(url=self.zammad.url)

    def program(self, *arguments, **more):
        variables = environment(self.home, ZAMMAD_CTI_URL=self.zammad.url)
        done = subprocess.run([PROGRAM, *arguments], env=variables, capture_output=True, text=True, timeout=PATIENCE)
        if "code" in more:
            self.assertEqual(done.returncode, more["code"], done)
        return done

    def python_error(self, call):
        with self.assertRaises(requests.RequestException) as raised:
            call()
        return str(raised.exception)

    # -- the page --

    def test_the_page_brings_the_same_both_ways(self):
        """All Python blocks to one Zammad, all commands to another: both get the same."""
        home = self.home / "other"
        home.mkdir()
        other = Sandbox(home)
        self.addCleanup(other.end)
        names, commands, shown = {}, "set -eu -o pipefail\n", []
        blocks = page_blocks()
        for block, after in zip(blocks, blocks[1:]):
            if after["info"] == "sh moving":
                with contextlib.redirect_stdout(io.StringIO()):
                    exec(block["code"].replace(ZAMMAD, self.zammad.origin), names)
                commands += after["code"].replace(ZAMMAD, other.origin) + "echo ---\n"
                shown.append(after["shown"])
        done = subprocess.run(["bash", "-c", commands], env=environment(home), capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        for printed, text in zip(done.stdout.split("---\n"), shown):
            if text is not None:
                self.assertEqual(printed, text)
        self.assertEqual(self.zammad.arrived(), other.arrived())
        self.assertEqual(self.zammad.rows(), other.rows())
        self.assertGreaterEqual(len(shown), 5)
        self.assertEqual(len(other.rows()), 2)

    def test_a_program_that_stays_in_python_calls_the_command(self):
        code = page_blocks()[-1]["code"]
        variables = environment(self.home, ZAMMADCTI_URL=self.zammad.url)
        done = subprocess.run([sys.executable, "-c", code], env=variables, capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout), (0, "hang up\n"), done.stderr)
        self.assertEqual([request["event"] for request in self.zammad.arrived()], ["newCall", "hangup"])
        self.assertEqual(self.zammad.arrived()[0]["user"], ["Alice", "Bob"])
        # What nobody can report: a command line that is wrong, and a Zammad that is down.
        wrapper = code.partition("\nresult = ")[0]
        tries = wrapper + "\nfor more in ({'nonsense': 1}, {'deadline': '0.1s', 'url': 'http://127.0.0.1:1/api/v1/cti/x'}):\n" \
            "    result = zammad('new-call', _from='4930', to='42', direction='in', **more)\n" \
            "    print(result['action'], result['delivery'])\n"
        done = subprocess.run([sys.executable, "-c", tries], env=variables, capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout), (0, 2 * "none failed\n"), done.stderr)

    def test_the_examples_in_rust_are_run_too(self):
        included = f'include_str!("../docs/{PAGE.name}")' in (ROOT / "src/lib.rs").read_text()
        self.assertTrue(included, f"src/lib.rs does not include {PAGE.name}")

    def test_its_variables_are_in_capitals(self):
        for name, found in (("ZAMMADCTI_URL", True), ("ZammadCTI_URL", False)):
            with unittest.mock.patch.dict(os.environ, {name: self.zammad.url}):
                if found:
                    loaded = ENVMod.load_args(CTIClient.__init__)
                    self.assertEqual(loaded, {"url": self.zammad.url, "verify_ssl": False})
                else:
                    self.assertRaises(ValueError, ENVMod.load_args, CTIClient.__init__)

    # -- its table of differences, from the top --

    def test_several_users(self):
        self.client.new_call("493023125741", "42", "in", "1", user=["Alice", "Bob"])
        call = ["--from=493023125741", "--to=42", "--direction=in", "--call-id=2"]
        self.program("new-call", *call, "--user=Alice", "--user=Bob", code=0)
        self.assertEqual([row["to_comment"] for row in self.zammad.rows()], ["Bob", "Alice, Bob"])

    def test_a_blocked_caller_with_a_plus(self):
        self.assertEqual(self.client.new_call("+491715000000", "42", "in", "1"), {})
        call = ["--to=42", "--direction=in"]
        self.assertEqual(self.program("new-call", "--from=+491715000000", *call).stdout, "reject busy\n")
        national = self.program("new-call", "--from=0171 5000000", "--country=DE", *call)
        self.assertEqual(national.stdout, "reject busy\n")

    def test_the_user_of_an_outbound_answer(self):
        self.client.new_call("42", "493023125741", "out", "1")
        self.client.answer("42", "493023125741", "out", "1", user="alice")
        self.program("new-call", "--from=42", "--to=493023125741", "--direction=out", "--call-id=2", code=0)
        answer = ["answer", "--direction=out", "--user=alice", "--call-id=2"]
        self.program(*answer, code=0)
        self.assertEqual([row["to_comment"] for row in self.zammad.rows()], ["alice", None])
        self.program(*answer, "--force-user", code=0)
        self.assertEqual(self.zammad.rows()[1]["to_comment"], "alice")

    def test_a_cause_that_zammad_does_not_know(self):
        for call_id in ("1", "2"):
            self.client.new_call("493023125741", "42", "in", call_id)
        self.client.hangup("493023125741", "42", "in", "1", cause="17")
        self.program("hangup", "--direction=in", "--call-id=2", "--cause=17", code=0)
        self.assertEqual([row["comment"] for row in self.zammad.rows()], ["17", "busy"])
        self.program("hangup", "--direction=in", "--call-id=2", "--cause=nonsense", code=65)

    def test_a_redirect(self):
        location = self.zammad.url.replace("TOKEN", "TOKEN?")
        # The command asks once more who answers there, as a redirect may stand in place of Zammad's reply.
        for tell, requests in ((self.by_python, 1), (self.by_command, 2)):
            fault = {"mode": "respond", "status": 301, "location": location, "count": requests}
            self.zammad.post("fault", fault)
            said = tell()
            self.assertIn("404 Client Error" if tell == self.by_python else "redirected to", said)
        self.assertEqual(self.zammad.rows(), [])

    def test_a_lost_reply(self):
        for tell, ended in ((self.by_python, "Connection aborted"), (self.by_command, "")):
            self.zammad.post("fault", {"mode": "drop_after", "count": 1})
            self.assertIn(ended, tell())
        self.assertEqual([row["call_id"] for row in self.zammad.rows()], ["python", "command"])

    def test_zammad_is_down(self):
        for tell in (self.by_python, self.by_command):
            self.zammad.post("fault", {"mode": "respond", "status": 503, "count": 1})
            tell()
        self.assertEqual([row["call_id"] for row in self.zammad.rows()], ["command"])

    def test_zammad_takes_its_time(self):
        self.zammad.post("fault", {"mode": "delay_before", "seconds": 3})
        begun = time.monotonic()
        self.program("new-call", "--from=1", "--to=2", "--direction=in", "--deadline=1s", code=69)
        by_program = time.monotonic() - begun
        begun = time.monotonic()
        self.client.new_call("493023125741", "42", "in", "1")
        by_client = time.monotonic() - begun
        self.assertGreater(by_client, 2.5)
        self.assertLess(by_program, by_client)
        self.zammad.post("fault", {"mode": "none"})

    def test_errors_and_logs(self):
        secret = "TOKEN-that-nobody-may-see"
        self.client = CTIClient(url=self.zammad.origin + "/api/v1/cti/" + secret)
        with self.assertLogs("zammad_cti._client", logging.DEBUG) as logged:
            error = self.by_python()
        self.assertIn(secret, error)
        self.assertNotIn("Invalid token", error)
        self.assertIn(secret, "".join(record.getMessage() for record in logged.records))
        variables = environment(self.home, RUST_LOG="trace", ZAMMAD_CTI_URL=self.client._url)
        command = [PROGRAM, "new-call", "--from=1", "--to=2", "--direction=in"]
        done = subprocess.run(command, env=variables, capture_output=True, text=True)
        self.assertEqual(done.returncode, 77)
        self.assertIn("Zammad refused the token", done.stderr)
        self.assertNotIn(secret, done.stdout + done.stderr)
        # An event that arrives.
        self.client = CTIClient(url=self.zammad.url)
        with self.assertLogs("zammad_cti._client", logging.INFO) as logged:
            self.client.new_call("493023125741", "42", "in", "1")
        self.assertIn("493023125741", logged.output[0])
        self.assertIn("/api/v1/cti/TOKEN", logged.output[0])

    def test_what_it_prints_on_import(self):
        self.assertIn("Warning", PRINTED_ON_IMPORT.getvalue())

    def test_it_sends_a_form(self):
        bodies = []

        class Zammad(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                bodies.append((self.headers["Content-Type"], body))
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                pass

        server = http.server.HTTPServer(("127.0.0.1", 0), Zammad)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        url = f"http://127.0.0.1:{server.server_port}/api/v1/cti/TOKEN"
        CTIClient(url=url).new_call("493023125741", "42", "in", "1")
        form = ["--from=493023125741", "--to=42", "--direction=in", "--call-id=1", "--encoding=form", "--url", url]
        self.program("new-call", *form, code=0)
        kinds, sent = zip(*bodies)
        self.assertEqual(set(kinds), {"application/x-www-form-urlencoded"})
        self.assertEqual(*(sorted(body.split("&")) for body in sent))

    # -- one newCall --

    def by_python(self):
        return self.python_error(lambda: self.client.new_call("493023125741", "42", "in", "python"))

    def by_command(self):
        call = ["--from=493023125741", "--to=42", "--direction=in", "--call-id=command", "--deadline=5s"]
        return self.program("new-call", *call).stderr


if __name__ == "__main__":
    unittest.main(verbosity=1)
