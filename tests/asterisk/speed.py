"""How long a call is held, measured inside Asterisk: rounds of one way between two events of a call.

Every way takes its turn in each round, and the table has the medians, so that what else the machine
does in the meantime spoils none of them.
"""

import http.client
import json
import statistics
import subprocess
import time

from processes import HERE, TOKEN

WAYS = {
    "nothing": "the loop around it",
    "bare": "AGI with a program that only reads its header",
    "agi": "AGI with zammad-cti agi new-call",
    "fastagi": "FastAGI with zammad-cti fastagi",
    "curl": "TrySystem with curl, which posts the same",
}
HTTP = "one HTTP round trip to the sandbox, with its connection"
CALLS_A_ROUND = 40


def measure(bench, rounds):
    """Prints the table. It is for reading: a figure is never a fault."""
    program = bench.inside("/usr/bin/bare-agi")
    subprocess.run(["cc", "-O2", "-static", "-o", program, HERE / "bare_agi.c"], check=True)
    bench.point_at_zammad(bench.ports.sandbox)
    times = {way: [] for way in (*WAYS, "http")}
    for run in range(rounds):
        for way in WAYS:
            times[way].append(held(bench, way, run))
        times["http"].append(round_trip(bench, run))
    check_arrivals(bench, rounds)
    around = statistics.median(times["nothing"])
    median = {way: statistics.median(taken) - (around if way in WAYS else 0) for way, taken in times.items()}
    for way in ("bare", "agi", "fastagi", "curl", "http"):
        print(f"speed   {median[way] * 1000:6.2f} ms  {WAYS.get(way, HTTP)}")
    budget = 1.5 * median["bare"] + median["http"]
    print(f"speed   AGI takes {median['agi'] / budget:.2f} of its budget, 1.5 x the bare program + one round trip")
    print(f"speed   FastAGI takes {median['fastagi'] / median['agi']:.2f} of AGI; its budget is less than 1")


def held(bench, way, run):
    """Seconds a call, the loop included."""
    reply = bench.pbx.action(
        "Originate", Channel=f"Local/{way}@speed/n", Application="Wait", Data="60", Async="true",
        Variable=f"__ROUNDS={CALLS_A_ROUND},__RUN={run}")
    if reply.get("Response") != "Success":
        raise RuntimeError(f"AMI Originate: {reply}")
    ends = bench.pbx.wait_for(60, Way=way, Run=str(run), State="ends")
    begins = bench.pbx.find(Way=way, Run=str(run), State="begins")
    return (ends["At"] - begins["At"]) / CALLS_A_ROUND


def check_arrivals(bench, rounds):
    """A way that is fast because nothing arrives has no place in the table."""
    arrived = {row["call_id"] for row in bench.sandbox.rows()}
    for way in ("agi", "fastagi", "curl", "http"):
        sent = {f"speed-{way}-{run}-{call}" for run in range(rounds) for call in range(1, CALLS_A_ROUND + 1)}
        if missing := len(sent - arrived):
            raise RuntimeError(f"speed: of {len(sent)} calls by {way}, {missing} are not in the caller log")


def round_trip(bench, run):
    """Seconds for a connection, a newCall, and its answer."""
    taken = []
    for call in range(1, CALLS_A_ROUND + 1):
        body = json.dumps({"event": "newCall", "callId": f"speed-http-{run}-{call}", "direction": "in",
                           "from": "4940669690", "to": "493023101"})
        began = time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", bench.ports.sandbox)
        connection.request("POST", f"/api/v1/cti/{TOKEN}", body, {"Content-Type": "application/json"})
        connection.getresponse().read()
        taken.append(time.perf_counter() - began)
        connection.close()
    return statistics.median(taken)
