# shellcheck shell=bash
# Machines to install the package in: copies of a Debian, with namespaces of their own and nothing but loopback.
# Sourced by run, which sets the names in capitals.
# shellcheck disable=SC2016 # what other shells are to expand

machine='' # its files
outer=''   # the process that it ends with
inner=''   # its first process
zammad=''  # the sandbox in it

# Debian 12 as debootstrap leaves it, and the same with what most machines have. socat is for Zammad's TLS.
fetch_debian() {
    mkdir -p "$DEBIAN"
    debootstrap_once bare
    debootstrap_once usual --include=systemd-sysv,dbus,man-db,bash-completion,zsh,fish,ca-certificates,socat
}

debootstrap_once() {
    local base=$DEBIAN/$1
    [[ ! -d $base ]] || return 0
    echo "fetching Debian into $base, once"
    rm -rf --one-file-system "$base.partial" # debootstrap mounts there while it works
    debootstrap --variant=minbase "${@:2}" bookworm "$base.partial" >"$base.log" 2>&1 ||
        die "debootstrap failed; see $base.log"
    # Only what is whole gets the name.
    mv "$base.partial" "$base"
}

# start NAME BASE PROGRAM...: a new machine, whose first process is the program.
start() {
    local group i
    machine=$WORK/$1
    # Only what changes takes memory, and the base stays as it is.
    mkdir "$machine" "$machine.changes" "$machine.overlay"
    mount -t overlay -o "lowerdir=$DEBIAN/$2,upperdir=$machine.changes,workdir=$machine.overlay" overlay "$machine"
    (
        for group in $(cgroups); do
            mkdir -p "$group"
            # Where it does not work, systemd does not need it.
            echo "$BASHPID" >"$group/cgroup.procs" || true
        done
        exec unshare --fork --kill-child --mount --uts --ipc --net --pid --cgroup \
            bash -euc "$(declare -f become); become \"\$@\"" become "$machine" "${@:3}"
    ) >"$machine.log" 2>&1 </dev/null &
    outer=$!
    for ((i = 0; i < 300; i++)); do
        inner=$(pgrep -P "$outer" || true)
        if [[ $inner =~ ^[0-9]+$ && $(readlink "/proc/$inner/exe" || true) == */"${3##*/}" ]]; then
            return
        fi
        sleep 0.1
    done
    cat "$machine.log" >&2
    die "no machine can be had here: unshare and mount have to work"
}

# The control groups of its own for a machine, which its systemd fills: one in each hierarchy.
cgroups() {
    local controllers path mount
    while IFS=: read -r _ controllers path; do
        mount=/sys/fs/cgroup/${controllers#name=}
        if [[ -z $controllers && -d /sys/fs/cgroup/unified ]]; then
            mount=/sys/fs/cgroup/unified
        fi
        if [[ -d $mount$path ]]; then
            echo "${mount%/}${path%/}/zammad-cti-test-$$"
        fi
    done </proc/self/cgroup
}

# Runs in the new namespaces, and becomes the machine's first process.
become() {
    local machine=$1 device
    shift
    mount --bind "$machine" "$machine"
    cd "$machine" || exit
    mount -t proc proc proc
    mount -t sysfs sysfs sys
    mount -t tmpfs -o mode=0755 tmpfs run
    mount -t tmpfs -o mode=1777 tmpfs tmp
    mount -t tmpfs -o mode=0755 tmpfs dev
    for device in null zero full random urandom tty; do
        touch "dev/$device"
        mount --bind "/dev/$device" "dev/$device"
    done
    ln -s /proc/self/fd dev/fd
    # Without it systemd makes no service a /dev of its own.
    ln -s pts/ptmx dev/ptmx
    mkdir dev/shm dev/pts
    hostname zammad-cti-test
    echo zammad-cti-test >etc/hostname
    echo '127.0.0.1 localhost zammad-cti-test zammad.example.com' >etc/hosts
    ip link set lo up
    pivot_root . mnt
    # What is outside is not to be seen any more.
    exec chroot . /bin/sh -c 'umount -l /mnt && exec "$@"' sh env -i container=test PATH=/usr/sbin:/usr/bin "$@"
}

# start_systemd NAME
start_systemd() {
    start "$1" usual /lib/systemd/systemd --log-target=journal --show-status=0
    for ((i = 0; i < 600; i++)); do
        case $(on systemctl is-system-running 2>/dev/null || true) in
        running) return ;;
        degraded) fail "freshly started, the machine has failed units: $(on systemctl --failed --plain)" ;;
        esac
        sleep 0.1
    done
    on systemctl list-jobs --no-pager >&2 || true
    cat "$machine.log" >&2
    die "systemd does not come up here; it needs cgroups"
}

stop() {
    local group i
    zammad_down
    if [[ -n $outer ]]; then
        # unshare takes no other signal.
        kill -KILL "$outer" 2>/dev/null || true
        wait "$outer" 2>/dev/null || true
        for group in $(cgroups); do
            # The last of its processes may be about to end.
            for ((i = 0; i < 100; i++)); do
                find "$group" -depth -type d -exec rmdir {} \; 2>/dev/null || true
                [[ -d $group ]] || break
                sleep 0.1
            done
        done
    fi
    outer='' inner=''
}

# on COMMAND...: there, as root, in /root.
on() {
    timeout 120 nsenter --target "$inner" --mount --uts --ipc --net --pid --cgroup --root --wd \
        env -i HOME=/root LC_ALL=C.UTF-8 TERM=dumb DEBIAN_FRONTEND=noninteractive \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        /bin/sh -c 'cd /root && exec "$@"' sh "$@" </dev/null
}

# as USER COMMAND...: with the user's groups. Asterisk has dropped all but its own.
as() {
    local groups=--init-groups
    [[ $1 != asterisk ]] || groups=--clear-groups
    on setpriv --reuid "$1" --regid "$1" "$groups" env HOME=/nonexistent "${@:2}"
}

# The sandbox in the machine, which outlives what is done to the package.
zammad_up() {
    nsenter --target "$inner" --net "$PROGRAM" sandbox --listen 127.0.0.1:3000 --token TOKEN \
        >"$machine.zammad" 2>&1 </dev/null &
    zammad=$!
    for ((i = 0; i < 100; i++)); do
        if zammad_log >/dev/null 2>&1; then
            return
        fi
        sleep 0.1
    done
    fail "the sandbox does not come up: $(cat "$machine.zammad")"
}

zammad_down() {
    [[ -n $zammad ]] || return 0
    kill "$zammad" 2>/dev/null || true
    wait "$zammad" 2>/dev/null || true
    zammad=''
}

# The calls that its agents see, a line each.
zammad_log() {
    nsenter --target "$inner" --net curl -fsS --max-time 5 http://127.0.0.1:3000/api/v1/cti/log |
        python3 -c '
import json, sys
for row in json.load(sys.stdin)["list"]:
    print(row["from"], row["to"], row["state"], row["comment"])'
}

# https://zammad.example.com, with a certificate that the machine trusts.
serve_tls() {
    on sh -euc '
        mkdir /run/tls && cd /run/tls
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 -subj "/CN=A test" \
            -keyout ca.key -out /usr/local/share/ca-certificates/test.crt
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=zammad.example.com \
            -keyout key -out request
        echo subjectAltName=DNS:zammad.example.com >names
        openssl x509 -req -in request -days 90 -extfile names -out certificate \
            -CA /usr/local/share/ca-certificates/test.crt -CAkey ca.key
        cat key certificate >both
        update-ca-certificates' >"$machine.tls" 2>&1 || fail "no certificate: $(cat "$machine.tls")"
    on systemd-run --quiet --unit=tls socat \
        OPENSSL-LISTEN:443,bind=127.0.0.1,cert=/run/tls/both,verify=0,fork,reuseaddr TCP:127.0.0.1:3000
}
