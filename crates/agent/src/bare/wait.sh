# What a machine runs until its job may begin: files are on their way, and variables that nobody may read in the machine's
# configuration. They come through a pipe, as shell commands in base64, and are never on a disk. Called as
# `sh -c THIS machine-job PROGRAM ARGUMENT...`.
fail() { echo "machine: $1" >&2; exit 125; }
place=/tmp/.machine-job
(umask 077 && mkdir "$place" && mkfifo "$place/orders") || fail 'there is no place to wait for the job'
orders=$(timeout 3600 cat "$place/orders" | base64 -d)
rm -rf "$place"
[ -n "$orders" ] || fail 'nobody said what the job needs'
eval "$orders"
unset orders place
unset -f fail
exec "$@"
