"""A stand-in for FreeSWITCH, as far as examples/freeswitch needs it.

It reads the dialplan's XML and does what FreeSWITCH's documentation says of conditions, actions, variables and
hooks; scripts are run by a real Lua, and commands by a real shell.
"""

import pathlib
import re
import subprocess
import tempfile
import uuid
import xml.etree.ElementTree as Xml

HERE = pathlib.Path(__file__).parent


class Channel:
    """One leg, with its variables. Values are bytes: a caller sends what he likes."""

    def __init__(self, switch, **variables):
        self.switch = switch
        self.variables = {"uuid": str(uuid.uuid4()).encode(), "domain_name": b"pbx.example.com"}
        self.variables |= {name: value if isinstance(value, bytes) else value.encode() for name, value in variables.items()}
        self.hung_up = None
        self.answered = False

    def expand(self, data, inner=0):
        """${name} and ${api(argument)}. \\$ is a dollar sign.

        What comes out of a name is looked at again. FreeSWITCH takes care that a caller's number or name is not;
        the examples do not rely on that, and here nothing does so.
        """
        if inner == 100:  # FreeSWITCH's limit
            return data
        out, place = b"", 0
        while place < len(data):
            if data.startswith(b"\\$", place):
                out, place = out + b"$", place + 2
            elif data.startswith(b"${", place):
                depth, end = 1, place + 2
                while depth and end < len(data):
                    depth += (data[end : end + 1] == b"{") - (data[end : end + 1] == b"}")
                    end += 1
                inside = data[place + 2 : end - 1]
                call = re.fullmatch(rb"(\w+)\((.*)\)", inside, re.S)
                value = self.expand(call[2] if call else self.get(inside), inner + 1)
                out += self.switch.api(self, call[1], value) if call else value
                place = end
            else:
                out, place = out + data[place : place + 1], place + 1
        return out

    def get(self, name):
        return self.variables.get(name.decode(errors="replace"), b"")

    def assign(self, data):
        name, value = data.split(b"=", 1)
        self.variables[name.decode()] = value

    def export(self, data):
        self.assign(data)
        others = self.variables.get("export_vars")
        self.variables["export_vars"] = (others + b"," if others else b"") + data.split(b"=", 1)[0]

    def exported(self):
        """What the other leg gets, here without the mark of what is for it alone."""
        names = [name.decode() for name in self.get(b"export_vars").split(b",")]
        return {name.removeprefix("nolocal:"): self.variables[name] for name in names if name in self.variables}

    def hang_up(self, cause):
        if self.hung_up is None:
            self.hung_up = cause
            self.variables["hangup_cause"] = cause.encode()


class Switch:
    """`phones` says by extension what a phone does: `answers`, or the cause with which it does not."""

    def __init__(self, dialplan, scripts, phones, environment, folder):
        self.extensions = [extension for file in dialplan for extension in Xml.parse(file).getroot().iter("extension")]
        self.scripts, self.phones, self.environment, self.folder = scripts, phones, environment, folder
        self._log = tempfile.TemporaryFile(dir=folder)

    def call(self, cancels=False, comes_back=False, **variables):
        """A whole call. `cancels`: the caller gives up while it rings. `comes_back`: it is transferred into the same route."""
        channel = Channel(self, **variables)
        self.cancels = cancels
        self.channels = {channel.variables["uuid"]: channel}
        self._route(channel)
        if comes_back:
            channel.hung_up = None
            self._route(channel)
        channel.hang_up("NORMAL_CLEARING")
        if hook := channel.variables.get("api_hangup_hook"):
            name, _, argument = hook.partition(b" ")
            self.api(channel, name, channel.expand(argument), hook=True)
        return channel

    # --- the dialplan ---

    def _route(self, channel):
        """The actions of the first extension that fits are gathered, and then executed.

        Those of one with `continue` as well.
        """
        actions = []
        for extension in self.extensions:
            if (found := self._fits(channel, extension)) is not None:
                actions += found
                if extension.get("continue") != "true":
                    break
        else:
            return channel.hang_up("NO_ROUTE_DESTINATION")
        for application, data in actions:
            if channel.hung_up is None:
                self._execute(channel, application, channel.expand(data))
        return None

    def _fits(self, channel, extension):
        actions = []
        for condition in extension.iter("condition"):
            field = condition.get("field")
            value = channel.expand(field.encode()) if field.startswith("${") else channel.get(field.encode())
            found = re.search(condition.get("expression").encode(), value)
            for action in condition.iter("action" if found else "anti-action"):
                data = (action.get("data") or "").encode()
                if found:
                    data = re.sub(rb"\$(\d)", lambda part: found[int(part[1])], data)
                if action.get("inline") == "true":
                    self._execute(channel, action.get("application"), channel.expand(data))
                else:
                    actions.append((action.get("application"), data))
            if not found and condition.get("break") != "never":
                return None
        return actions

    def _execute(self, channel, application, data):
        match application:
            case "set":
                channel.assign(data)
            case "export":
                channel.export(data)
            case "lua":
                self._lua(channel, data, "session")
            case "system":
                self._shell(data)
            case "bridge":
                self._bridge(channel, data)
            case "callcenter":
                self._callcenter(channel)
            case "answer" | "voicemail":
                channel.answered = True
            case "hangup":
                channel.hang_up(data.decode())
            case "execute_extension":
                outer = channel.get(b"destination_number")
                channel.variables["destination_number"] = data
                self._route(channel)
                channel.variables["destination_number"] = outer
            case _:
                raise NotImplementedError(application)

    def _bridge(self, channel, data):
        causes = []
        for target in data.decode().split(","):
            number = re.search(r"(?:user|carrier)/([^@]*)", target)[1]
            ending = "ORIGINATOR_CANCEL" if self.cancels else self.phones.get(number[-3:], "USER_NOT_REGISTERED")
            if ending != "answers":
                causes.append(ending)
                continue
            leg = Channel(self, destination_number=f"{number}-at-its-contact", **channel.exported())
            if target.startswith("user/"):
                leg.variables["dialed_user"] = number.encode()
            self._answers(leg)
            channel.answered = True
            channel.variables["originate_disposition"] = b"SUCCESS"
            channel.hang_up("NORMAL_CLEARING")
            return
        cause = causes[0]
        channel.variables["originate_disposition"] = cause.encode()
        if cause not in channel.get(b"continue_on_fail").decode().split(","):
            channel.hang_up(cause)

    def _answers(self, leg):
        if hook := leg.variables.get("execute_on_answer"):
            application, _, argument = hook.partition(b" ")
            self._execute(leg, application.decode(), leg.expand(argument))

    def _callcenter(self, channel):
        """An agent's channel, which is not the caller's bridge: it knows of the caller's only by its uuid."""
        channel.answered = True
        self._answers(Channel(self, execute_on_answer="lua zammad.lua answer", dialed_user="101",
                              cc_member_session_uuid=channel.variables["uuid"]))
        channel.hang_up("NORMAL_CLEARING")

    # --- what it runs ---

    def api(self, channel, name, argument, hook=False):
        match name:
            case b"system":
                return self._shell(argument)
            case b"create_uuid":
                return str(uuid.uuid4()).encode()
            case b"lua":
                # `env` is there because of session_in_hangup_hook.
                assert not hook or channel.get(b"session_in_hangup_hook") == b"true"
                self._lua(channel, argument, "env")
            case _:
                raise NotImplementedError(name)
        return b""

    def _shell(self, line):
        # What stays in the background keeps the log open, so it is no pipe.
        return subprocess.run(["/bin/sh", "-c", line], cwd=self.folder, env=self.environment, stdout=subprocess.PIPE,
                              stderr=self._log, timeout=20).stdout

    def errors(self):
        """What went to the console, but for what is said of each call."""
        self._log.seek(0)
        return [line for line in self._log.read().decode(errors="replace").splitlines() if line and not line.startswith("INFO ")]

    def _lua(self, channel, data, kind):
        script, *arguments = data.split()
        with tempfile.TemporaryDirectory() as folder:
            variables, others, done = (pathlib.Path(folder, name) for name in ("variables", "others", "done"))
            variables.write_bytes(self._told(channel.variables))
            # What `uuid_getvar` finds: nobody asks it for another variable.
            calls = {key: other.variables.get("zammad_call_id") for key, other in self.channels.items()}
            others.write_bytes(self._told({key: call for key, call in calls.items() if call}))
            subprocess.run(
                ["lua5.2", HERE / "standin.lua", self.scripts / script.decode(), variables, others, done, kind, *arguments],
                cwd=self.folder, env=self.environment, stdout=self._log, stderr=self._log, check=True, timeout=20)
            keeps_call = kind == "env"
            for action, value in self._pairs(done.read_bytes()):
                if action == b"autohangup":
                    keeps_call = value == b"false"
                elif action == b"set":
                    channel.assign(value)
                elif action == b"uuid_setvar":
                    # FreeSWITCH takes a quote in it for a beginning, and says that the rest is missing.
                    other, name, value = value.split(b" ", 2)
                    if b"'" not in other:
                        self.channels[other].variables[name.decode()] = value
                else:
                    self._execute(channel, action.decode(), channel.expand(value))
            if not keeps_call:
                channel.hang_up("NORMAL_CLEARING")

    @staticmethod
    def _told(variables):
        return b"".join(b"%d\n%s%d\n%s" % (len(key), key, len(value), value) for name, value in variables.items()
                        for key in [name if isinstance(name, bytes) else name.encode()])

    @staticmethod
    def _pairs(text):
        parts = []
        while text:
            length, text = text.split(b"\n", 1)
            parts.append(text[: int(length)])
            text = text[int(length) :]
        return zip(parts[::2], parts[1::2])
