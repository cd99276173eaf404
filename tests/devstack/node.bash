#!/usr/bin/env bash
#
# A node that is stacked with stand-ins; see stand_in/stack.sh.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export REAL_BIN=${REAL_BIN:-$ROOT/.venv/bin}

function setup {
    export FOLDER=$BATS_TEST_TMPDIR/node
    mkdir "$FOLDER"
    CONF=$FOLDER/etc/servicevm/servicevm.conf
    RELAY_CONF=$FOLDER/etc/servicevm/relay.conf
    DATA=$FOLDER/opt/stack/data
    HORIZON=$FOLDER/opt/stack/horizon/openstack_dashboard/local
}

# localrc LINE...: what the user has set.
function localrc {
    printf '%s\n' "$@" >>"$FOLDER/localrc"
}

# phase MODE [PHASE]: has to go well.
function phase {
    bash "$ROOT/tests/devstack/stand_in/stack.sh" "$@"
}

# stack: all of stack.sh.
function stack {
    local one
    for one in pre-install install post-config extra test-config; do
        phase stack "$one" || return
    done
}

# fails WORDS COMMAND...: it ends with an error that says so.
function fails {
    run "${@:2}"
    [[ $status -ne 0 ]] || {
        echo "it went well: $output"
        return 1
    }
    says "$1"
}

# says WORDS: the last `run` did.
function says {
    [[ "$output" == *"$1"* ]] || {
        echo "not said: $1"
        echo "$output"
        return 1
    }
}

# called WORDS [TIMES]: how a call begins.
function called {
    local times
    times=$(WORDS=$1 awk 'index($0, ENVIRON["WORDS"]) == 1' \
        "$FOLDER/calls" | wc -l)
    [[ "$times" -eq "${2:-1}" ]] || {
        echo "called $times times: $1"
        cat "$FOLDER/calls"
        return 1
    }
}

function not_called {
    if [[ -e "$FOLDER/calls" ]]; then
        called "$1" 0
    fi
}

# nowhere PATTERN FILE: grep -E finds nothing.
function nowhere {
    if grep -En "$1" "$2"; then
        return 1
    fi
}

# in_order WORDS...: calls that begin so came one after the other.
function in_order {
    local words line=0 found
    for words in "$@"; do
        found=$(WORDS=$words awk -v after="$line" \
            'NR > after && index($0, ENVIRON["WORDS"]) == 1 {
                print NR
                exit
            }' "$FOLDER/calls")
        [[ -n "$found" ]] || {
            echo "not, or not then: $words"
            cat "$FOLDER/calls"
            return 1
        }
        line=$found
    done
}

# option FILE SECTION NAME VALUE: it has this value.
function option {
    local found
    found=$(
        function exactly { :; }
        source "$ROOT/tests/devstack/stand_in/ini.bash"
        iniget "$1" "$2" "$3"
    )
    [[ "$found" == "$4" ]] || {
        echo "[$2] $3 is '$found', not '$4'"
        return 1
    }
}

# forget_calls: look only at what comes.
function forget_calls {
    rm -f "$FOLDER/calls"
}

# in_cloud NOUN: how many of them there are.
function in_cloud {
    python3 - "$FOLDER/cloud.json" "$1" <<'PYTHON'
import json
import sys

with open(sys.argv[1]) as file:
    print(len(json.load(file).get(sys.argv[2], [])))
PYTHON
}
