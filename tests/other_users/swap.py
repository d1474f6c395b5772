#!/usr/bin/env python3
"""A neighbour: somebody who may write a spool's folder puts traps in place of what is in it.

    swap.py FOLDER [NAME] MOST TARGET...

Puts a link to each TARGET, a link to a name that is not there, a pipe, a folder, and a file with two names in
place of each file of FOLDER, for a moment each, at most MOST times; or just links in place of NAME. What was there comes back untouched. Says "ready"
first, and at the end of stdin how many traps it has set.
"""

import ctypes
import os
import random
import select
import sys
import time

AT_FDCWD = -100
NOREPLACE, EXCHANGE = 1, 2  # renameat2(2)
LIBC = ctypes.CDLL(None, use_errno=True)

# What a spool has beside it, or may have.
BESIDE = ["", "-wal", "-shm", "-journal", ".lock", ".turns", ".mended", ".mended-wal", ".mended-shm"]


def rename(old, new, flags):
    return LIBC.renameat2(AT_FDCWD, old.encode(), AT_FDCWD, new.encode(), flags) == 0


def remove(path):
    try:
        os.rmdir(path) if os.path.isdir(path) and not os.path.islink(path) else os.unlink(path)
    except OSError:
        # Somebody has put a file of his into the folder.
        os.rename(path, f"{path}.left-{time.monotonic_ns()}")


def set_trap(path, kind):
    if kind == "pipe":
        os.mkfifo(path, 0o666)
        os.chmod(path, 0o666)
    elif kind == "file with two names":
        if os.path.exists(path + "-too"):
            os.unlink(path + "-too")
        with open(path + "-too", "w"):
            pass
        os.link(path + "-too", path)
    elif kind == "folder":
        os.mkdir(path)
        os.chmod(path, 0o2770)
    else:
        os.symlink(kind, path)


def main():
    folder, *words = sys.argv[1:]
    only = None if words[0].isdecimal() else words.pop(0)
    most, targets = int(words[0]), words[1:]
    kinds = targets if only else [
        *targets, *(target + "-new" for target in targets), "pipe", "folder", "file with two names"]
    random.seed(13)
    os.umask(0)
    print("ready", flush=True)
    count = 0
    while count < most and not select.select([sys.stdin], [], [], 0)[0]:
        turns = os.path.join(folder, "spool.db.turns")
        slots = os.listdir(turns) if os.path.isdir(turns) and not os.path.islink(turns) else []
        names = [os.path.join(folder, "spool.db" + suffix) for suffix in BESIDE]
        names += [os.path.join(turns, slot) for slot in slots[:3]]
        name = os.path.join(folder, only) if only else random.choice(names)
        trap = os.path.join(folder, "trap")
        set_trap(trap, random.choice(kinds))
        if rename(trap, name, EXCHANGE):
            time.sleep(random.uniform(0.0005, 0.004))
            rename(trap, name, EXCHANGE)
        elif rename(trap, name, NOREPLACE):
            time.sleep(random.uniform(0.0005, 0.004))
            # What has come meanwhile, if anything, stays.
            if not rename(name, trap, NOREPLACE):
                continue
        remove(trap)
        count += 1
        # The others get a turn as well.
        time.sleep(random.uniform(0, 0.004))
    sys.stdin.read()
    print(count, flush=True)


main()
