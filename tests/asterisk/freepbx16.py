"""FreePBX 16, whose contexts are macros: etc/pbx/freepbx.conf as that one would write it.

FreePBX 16 and 17 have the same contexts. Its generator writes Macro() where that of 17 writes Gosub(), M() where that
one writes U(), and MacroExit() for Return(); that is undone here. The e-mail of an outbound route is U() in both.
"""

import re
import shutil
import subprocess

# Its Asterisk has Macro().
MODULES = "load = app_macro.so\n"

WORDS = [
    (re.compile(r"\bGosub\(macro-([a-z-]+),s,1\((.*)\)\)$"), r"Macro(\1,\2)"),
    (re.compile(r"U\(macro-"), "M("),
    (re.compile(r"\bGOSUB_RESULT\b"), "MACRO_RESULT"),
    # Music is M() beside it, and so is "confirm calls".
    (re.compile(re.escape(",^${DIAL_TRUNK_MOH})")), ")"),
    (re.compile(r"^.*\bGosubIf\(.*\?macro-confirm,.*$"), " same => n,NoOp()"),
]


def renew_c_library(root):
    """Puts this machine's C library into a root of that Debian: the program is built for it, and Asterisk runs with it."""
    listed = subprocess.run(["dpkg", "-L", "libc6"], capture_output=True, text=True, check=True).stdout
    for library in re.findall(r"^/lib.*\.so(?:\.\d+)?$", listed, re.M):
        renewed = root / library.lstrip("/")
        if renewed.parent.is_dir():
            renewed.unlink(missing_ok=True)
            shutil.copy(library, renewed)


def changed(name, text):
    """A file of Asterisk's configuration, for FreePBX 16."""
    if name == "modules.conf":
        return text + MODULES
    return as_macros(text) if name == "freepbx.conf" else text


def as_macros(text):
    lines, is_macro = [], False
    for line in text.splitlines():
        if line.startswith("["):
            is_macro = line.startswith("[macro-")
        for pattern, replacement in WORDS:
            line = pattern.sub(replacement, line)
        lines.append(line.replace("Return()", "MacroExit()") if is_macro else line)
    return "\n".join([*lines, ""])
