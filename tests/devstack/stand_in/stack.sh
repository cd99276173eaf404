#!/usr/bin/env bash
#
# One phase of one of devstack's scripts, as far as a plugin sees it:
#
#     stack.sh stack post-config
#     stack.sh unstack
#
# FOLDER is where all of it lives; FOLDER/localrc is the user's. What the
# plugin calls is in FOLDER/calls, a line per call. FOLDER/errors has what it
# may not do, and then this ends with 70.

# As devstack's own.
if [[ $1 == stack ]]; then
    set -o errexit
fi

TOP_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
PLUGIN=$(cd "$TOP_DIR/../../../devstack" && pwd)

source "$TOP_DIR/functions.bash"
source "$TOP_DIR/ini.bash"
source "$TOP_DIR/stackrc.bash"
source "$TOP_DIR/${STAND_IN:-recorded}.bash"
source "$PLUGIN/settings"
source "$PLUGIN/plugin.sh" "$@"

if [[ -e "$FOLDER/errors" ]]; then
    cat "$FOLDER/errors" >&2
    exit 70
fi
