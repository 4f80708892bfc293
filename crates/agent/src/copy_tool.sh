# What stands in for the guest where files are carried to and from a machine that has none: the same commands, with the
# machine's own tar, and git for `check-out`. Called as `sh -c THIS copy-tool AS receive TO`, `... AS receive-as TO`,
# `... AS send BASE PATH...` and `... AS check-out REPOSITORY WHAT...`, where AS is `bytes`, or `text` for a machine that we
# can send and hear nothing but text: then it travels in base64.
set -eu
refuse() { echo "$1" >&2; exit 1; }
as=$1 what=$2
shift 2
held=
clean() { if [ -n "$held" ]; then rm -rf "$held"; fi; }
trap clean EXIT
# Whole in a file first: in a pipe, nobody would see the first of two programs fail.
hold() {
    held=$(mktemp -d "${1:-/tmp}/.machine-copy-XXXXXX")
    mkdir "$held/tree"
}
unpack() {
    # The owner is whoever unpacks: users of this machine are not those of the other.
    case $as in
    text) base64 -d >"$held/stream" && tar -xpof - -C "$1" <"$held/stream" ;;
    *) tar -xpof - -C "$1" ;;
    esac
}
case $what in
receive)
    mkdir -p "$1"
    if [ "$as" = text ]; then hold; fi
    unpack "$1"
    ;;
check-out)
    command -v git >/dev/null || refuse 'there is no `git` in the machine to check a repository out: take an image that has it'
    repository=$1
    shift
    # Nothing of a stranger's is run, and nobody is asked.
    GIT_TERMINAL_PROMPT=0 GIT_CONFIG_GLOBAL=/dev/null git -c 'safe.directory=*' -c core.hooksPath=/dev/null \
        -C "$repository" checkout --quiet "$@"
    ;;
receive-as)
    to=$1
    if [ -d "$to" ]; then
        if [ "$as" = text ]; then hold; fi
        unpack "$to"
        exit
    fi
    case $to in */) refuse "there is no directory \`$to\`" ;; esac
    parent=$(dirname "$to")
    [ -d "$parent" ] || refuse "there is no directory \`$parent\`"
    # Unpacked beside its place, so that it gets its name whole or not at all.
    hold "$parent"
    unpack "$held/tree"
    for one in "$held/tree"/* "$held/tree"/.[!.]* "$held/tree"/..?*; do
        if [ -e "$one" ] || [ -L "$one" ]; then
            mv -f "$one" "$to"
        fi
    done
    ;;
send)
    base=$1
    shift
    cd "$base" 2>/dev/null || refuse "there is no directory \`$base\`"
    for path; do
        shift
        path=${path#"${base%/}/"}
        [ -e "./$path" ] || [ -L "./$path" ] || refuse "\`${base%/}/$path\` does not exist"
        set -- "$@" "./$path"
    done
    # Whoever unpacks takes no hard links; busybox has no word for that.
    links=
    case $(tar --version 2>/dev/null) in *GNU*) links=--hard-dereference ;; esac
    case $as in
    text) hold && tar $links -cf "$held/stream" "$@" && base64 "$held/stream" ;;
    *) tar $links -cf - "$@" ;;
    esac
    ;;
*) refuse "there is no command \`$what\`" ;;
esac
