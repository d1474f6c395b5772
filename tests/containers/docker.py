"""`docker` and `kubectl`, as far as docs/containers.md needs them, by podman.

What a file asks for and this does not know is an error, lest something in it goes untried.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys

import yaml

STATE = pathlib.Path(os.environ["BENCH"])


def podman(*arguments, **more):
    return subprocess.run(["podman", *map(str, arguments)], check=True, **more)


def all_of(mapping, *known):
    """The values of a mapping that has no other keys."""
    assert not set(mapping) - set(known), f"not known: {set(mapping) - set(known)}"
    return [mapping.get(key) for key in known]


def start(name, image, command, mounts, *, user):
    """A container as both files describe it: locked, with this user."""
    options = [option for source, target, mode in mounts for option in ("-v", f"{source}:{target}:{mode}")]
    podman("run", "-d", "--name", name, "--user", user, "--read-only", "--read-only-tmpfs=false", "--cap-drop=all",
           "--security-opt=no-new-privileges", *options, image, *command, stdout=subprocess.DEVNULL)


def containers():
    return (STATE / "containers").read_text().split() if (STATE / "containers").exists() else []


def note(name, probe):
    with open(STATE / "containers", "a") as file:
        file.write(name + "\n")
    (STATE / f"{name}.probe").write_text(json.dumps(probe))


def compose(arguments):
    assert arguments[0] == "-f"
    file, verb, rest = pathlib.Path(arguments[1]), arguments[2], arguments[3:]
    if verb == "exec":
        sys.exit(subprocess.run(["podman", "exec", *rest]).returncode)
    whole = yaml.safe_load(file.read_text())
    whole = {key: value for key, value in whole.items() if not key.startswith("x-")}
    services, volumes, secrets = all_of(whole, "services", "volumes", "secrets")
    if verb == "down":
        return podman("rm", "-f", "-t", "5", *services, stdout=subprocess.DEVNULL)
    assert [verb, *rest] == ["up", "-d"]
    for name, service in services.items():
        image, user, read_only, caps, security, restart, mounts, tokens, command, ports, health = all_of(
            service, "image", "user", "read_only", "cap_drop", "security_opt", "restart", "volumes", "secrets",
            "command", "ports", "healthcheck")
        assert read_only and caps == ["ALL"] and security == ["no-new-privileges:true"] and restart == "unless-stopped"
        assert ports in (None, ["127.0.0.1:4573:4573"])  # its network is this one
        binds = []
        for mount in mounts:
            source, target, *mode = mount.split(":")
            if source.startswith("."):
                binds.append(((file.parent / source).resolve(), target, *(mode or ["rw"])))
            else:
                assert source in volumes
                binds.append((source, target, "rw"))
        for token in tokens:
            [source] = all_of(secrets[token], "file")
            binds.append(((file.parent / source).resolve(), f"/run/secrets/{token}", "ro"))
        start(name, image, command, binds, user=user)
        probe = None
        if health:
            test, *_ = all_of(health, "test", "interval", "timeout")
            assert test[0] == "CMD"
            probe = test[1:]
        note(name, probe)
    return None


def write_volume(name, files, mode):
    """A folder with files, as Kubernetes mounts them for a group."""
    folder = STATE / "volumes" / name
    folder.mkdir(parents=True)
    for file, text in files.items():
        (folder / file).write_text(text)
        (folder / file).chmod(mode)
        os.chown(folder / file, 0, 10001)
    return folder


def is_fenced(policy, labels):
    """The pod's policy: in comes what Asterisk sends, out goes what is for Zammad and the name servers, and each to somebody."""
    selector, types, ingress, egress = all_of(policy, "podSelector", "policyTypes", "ingress", "egress")
    assert selector == {"matchLabels": labels} and sorted(types) == ["Egress", "Ingress"]
    rules = [(way, peer, all_of(port, "protocol", "port")) for way, key, rules in (("in", "from", ingress), ("out", "to", egress))
             for rule in rules for peers, ports in [all_of(rule, key, "ports")] for peer in peers for port in ports]
    assert [(way, *port) for way, _, port in rules] == [
        ("in", "TCP", 4573), ("out", "TCP", 443), ("out", "UDP", 53), ("out", "TCP", 53)], rules
    for _, peer, _ in rules:
        address, namespace, pod = all_of(peer, "ipBlock", "namespaceSelector", "podSelector")
        # An empty selector is everybody.
        assert address is None or address["cidr"].endswith("/32"), peer
        assert all(chosen is None or chosen["matchLabels"] for chosen in (namespace, pod)), peer


def kubectl(arguments):
    if arguments[:3] == ["create", "secret", "generic"]:
        key, file = arguments[4].removeprefix("--from-file=").split("=")
        (STATE / f"secret-{arguments[3]}").write_text(json.dumps({key: pathlib.Path(file).read_text()}))
        return
    assert arguments[:2] == ["apply", "-f"] and len(arguments) == 3
    found = {(one["kind"], one["metadata"]["name"]): one for one in yaml.safe_load_all(pathlib.Path(arguments[2]).read_text())}
    spec = found["Deployment", "zammad-cti"]["spec"]["template"]["spec"]
    account, security, workloads, volumes = all_of(
        spec, "automountServiceAccountToken", "securityContext", "containers", "volumes")
    assert account is False
    not_root, user, group, fs_group, seccomp = all_of(
        security, "runAsNonRoot", "runAsUser", "runAsGroup", "fsGroup", "seccompProfile")
    assert not_root and fs_group == group and seccomp == {"type": "RuntimeDefault"}
    labels = found["Deployment", "zammad-cti"]["spec"]["template"]["metadata"]["labels"]
    is_fenced(found["NetworkPolicy", "zammad-cti"]["spec"], labels)
    folders = {}
    for volume in volumes:
        name, config, secret, claim = all_of(volume, "name", "configMap", "secret", "persistentVolumeClaim")
        if config:
            folders[name] = write_volume(name, found["ConfigMap", config["name"]]["data"], 0o644)
        elif secret:
            files = json.loads((STATE / f"secret-{secret['secretName']}").read_text())
            folders[name] = write_volume(name, files, secret["defaultMode"])
        else:
            assert ("PersistentVolumeClaim", claim["claimName"]) in found
            folders[name] = write_volume(name, {}, 0)
            os.chown(folders[name], 0, fs_group)
            folders[name].chmod(0o2775)
    for one in workloads:
        name, image, command, ports, liveness, readiness, locked, mounts = all_of(
            one, "name", "image", "args", "ports", "livenessProbe", "readinessProbe", "securityContext", "volumeMounts")
        assert locked == {"readOnlyRootFilesystem": True, "allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
        assert ports in (None, [{"containerPort": 4573}]) and liveness in (None, {"tcpSocket": {"port": 4573}})
        binds = [(folders[mount["name"]], mount["mountPath"], "ro" if mount.get("readOnly") else "rw") for mount in mounts]
        start(f"kubernetes-{name}", image, command, binds, user=f"{user}:{group}")
        note(f"kubernetes-{name}", readiness and readiness["exec"]["command"])


def main():
    program, arguments = sys.argv[1], sys.argv[2:]
    if program == "kubectl":
        kubectl(arguments)
    elif arguments[0] == "build":
        # Its two images are on this machine, and nothing is fetched.
        podman("build", "--quiet", "--pull=never", "--isolation=chroot", *arguments[1:], stdout=subprocess.DEVNULL)
    elif arguments[0] == "compose":
        compose(arguments[1:])
    else:
        raise SystemExit(f"docker: {arguments}")


if __name__ == "__main__":
    main()
