# What stands in for the guest where files are carried to and from a machine that has none: the same two commands, with the
# machine's own tar. Called as `sh -c THIS copy-tool receive-as TO` and `sh -c THIS copy-tool send BASE PATH...`.
set -eu
refuse() { echo "$1" >&2; exit 1; }
what=$1
shift
case $what in
receive-as)
    to=$1
    # The owner is whoever unpacks: users of this machine are not those of the other.
    if [ -d "$to" ]; then
        exec tar -xpof - -C "$to"
    fi
    case $to in */) refuse "there is no directory \`$to\`" ;; esac
    parent=$(dirname "$to")
    [ -d "$parent" ] || refuse "there is no directory \`$parent\`"
    # Unpacked beside its place, so that it gets its name whole or not at all.
    fresh=$(mktemp -d "$parent/.machine-copy-XXXXXX")
    trap 'rm -rf "$fresh"' EXIT
    tar -xpof - -C "$fresh"
    for one in "$fresh"/* "$fresh"/.[!.]* "$fresh"/..?*; do
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
    case $(tar --version 2>/dev/null) in *GNU*) exec tar --hard-dereference -cf - "$@" ;; esac
    exec tar -cf - "$@"
    ;;
*) refuse "there is no command \`$what\`" ;;
esac
