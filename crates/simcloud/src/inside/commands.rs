//! Commands of a whole system that this one has no programs for.

use std::io;
use std::path::Path;

use crate::inside::{RUN, disk};

/// `systemctl` knows the services that there are.
const SYSTEMCTL: &str = r#"#!/bin/sh
# The part of systemctl that a simulated machine has.
verb= unit=
for word in "$@"; do
    case "$word" in
        -*) ;;
        *) if [ -z "$verb" ]; then verb=$word; else unit=$word; fi ;;
    esac
done
case "$verb:${unit%.service}" in
    reload:ssh | reload:sshd | restart:ssh | restart:sshd | try-restart:ssh | try-restart:sshd | \
    reload-or-restart:ssh | reload-or-restart:sshd) exec kill -HUP "$(cat /run/sshd.pid)" ;;
    is-active:ssh | is-active:sshd) echo active ;;
    is-enabled:ssh | is-enabled:sshd) echo enabled ;;
    start:ssh | start:sshd | enable:ssh | enable:sshd | daemon-reload:) ;;
    is-system-running:) if [ -e /run/cloud-init/result.json ]; then echo running; else echo starting; exit 1; fi ;;
    poweroff: | halt:) exec kill -TERM "$(cat /run/simcloud/pid)" ;;
    reboot:) exec kill -INT "$(cat /run/simcloud/pid)" ;;
    *) echo "systemctl: a simulated machine has no other service than ssh, and cannot: $*" >&2; exit 1 ;;
esac
"#;

const POWEROFF: &str = "#!/bin/sh\nexec kill -TERM \"$(cat /run/simcloud/pid)\"\n";

const REBOOT: &str = "#!/bin/sh\nexec kill -INT \"$(cat /run/simcloud/pid)\"\n";

const SHUTDOWN: &str = r#"#!/bin/sh
# Ends the machine now, whatever time is named.
end=TERM
for word in "$@"; do
    case "$word" in
        -r | --reboot) end=INT ;;
        -c) echo "shutdown: nothing is scheduled" >&2; exit 1 ;;
        --) break ;;
    esac
done
exec kill "-$end" "$(cat /run/simcloud/pid)"
"#;

const CLOUD_INIT: &str = r#"#!/bin/sh
# The part of cloud-init that a simulated machine has.
case "$1" in
    status) ;;
    --version | -v) echo "cloud-init simulated"; exit 0 ;;
    *) echo "cloud-init: a simulated machine answers \`cloud-init status [--wait] [--long]\` only" >&2; exit 2 ;;
esac
wait= long=
for word in "$@"; do
    case "$word" in
        --wait | -w) wait=1 ;;
        --long | -l) long=1 ;;
    esac
done
tries=0
while [ -n "$wait" ] && [ ! -e /run/cloud-init/result.json ] && [ "$tries" -lt 18000 ]; do
    [ $((tries % 5)) -eq 0 ] && printf .
    tries=$((tries + 1))
    sleep 0.2
done
[ -n "$wait" ] && echo
state=$(cat /run/cloud-init/.state 2>/dev/null || echo "not run")
echo "status: $state"
if [ -n "$long" ]; then
    [ -e /run/cloud-init/.detail ] && cat /run/cloud-init/.detail
fi
[ "$state" != error ]
"#;

/// Writes all of them.
pub(super) fn write_all() -> io::Result<()> {
    let all = [
        ("cloud-init", CLOUD_INIT),
        ("halt", POWEROFF),
        ("poweroff", POWEROFF),
        ("reboot", REBOOT),
        ("shutdown", SHUTDOWN),
        ("systemctl", SYSTEMCTL),
    ];
    let dir = Path::new(RUN).join("bin");
    all.iter().try_for_each(|(name, script)| disk::write(&dir.join(name), script.as_bytes(), 0o755))
}
