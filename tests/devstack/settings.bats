#!/usr/bin/env bats
#
# Settings, and the samples of local.conf.

load node

# settings: names of all of them.
function settings {
    grep -oE "^SERVICEVM_[A-Z_]+" "$ROOT/devstack/settings" | sort -u
}

# sample NAME: its localrc section becomes the node's.
function sample {
    [[ $(head -n 1 "$ROOT/devstack/samples/$1") == "[[local|localrc]]" ]]
    tail -n +2 "$ROOT/devstack/samples/$1" >>"$FOLDER/localrc"
}

@test "every setting is documented, and every documented one is there" {
    diff <(settings) <(grep -oE '``SERVICEVM_[A-Z_]+' \
        "$ROOT/devstack/README.rst" | tr -d '`' | sort -u)
}

@test "every setting can be overridden" {
    local name wanted
    for name in $(settings); do
        wanted=value-of-$name
        case "$name" in
            *_BUILD | *_UPLOAD | *_DASHBOARD | *_UNSTACK_CLOUD)
                wanted=False
                ;;
        esac
        localrc "$name=$wanted" "RECORDED_$name=\$$name"
    done
    cat >"$BATS_TEST_TMPDIR/look.bash" <<'BASH'
source "$ROOT/tests/devstack/stand_in/functions.bash"
source "$ROOT/tests/devstack/stand_in/ini.bash"
source "$ROOT/tests/devstack/stand_in/stackrc.bash"
source "$ROOT/tests/devstack/stand_in/recorded.bash"
source "$ROOT/devstack/settings"
for name in "$@"; do
    recorded=RECORDED_$name
    [[ "${!name}" == "${!recorded}" ]] || echo "$name is ${!name}"
done
BASH
    export ROOT TOP_DIR=$ROOT/tests/devstack/stand_in
    # shellcheck disable=SC2046  # one argument a name
    run bash "$BATS_TEST_TMPDIR/look.bash" $(settings)
    [[ $status -eq 0 && -z "$output" ]]
}

@test "the samples are those that the manual shows" {
    local name
    for name in local.conf local-relay.conf; do
        diff "$ROOT/devstack/samples/$name" <(awk -v name="$name" '
            index($0, "samples/" name) { near = 1 }
            near && /code-block:: ini/ { inside = 1; getline; next }
            inside && /^[^ ]/ { exit }
            inside { sub(/^   /, ""); lines = lines $0 "\n" }
            END { sub(/\n+$/, "\n", lines); printf "%s", lines }
        ' "$ROOT/devstack/README.rst")
    done
}

@test "the sample of a machine with everything stacks and unstacks" {
    sample local.conf
    stack
    called "enable_plugin servicevm https://" 5
    called "run_process svm-api"
    called "run_process svm-cond"
    called "run_process svm-relay"
    [[ -e "$HORIZON/enabled/_9310_servicevm_project_group.py" ]]
    phase unstack
    phase clean
}

@test "the sample of a relay's node stacks once its files are there" {
    sample local-relay.conf
    mkdir -p "$DATA/servicevm-relay"
    touch "$DATA/servicevm-relay/"{key,certificate,ca}.pem
    stack
    called "run_process svm-relay"
    not_called "run_process svm-api"
    not_called "run_process svm-cond"
    option "$RELAY_CONF" relay bind_host 192.168.98.11
    option "$RELAY_CONF" DEFAULT transport_url \
        rabbit://stackrabbit:change-this@192.0.2.10:5672/servicevm
    phase unstack
}
