#!/usr/bin/env bash
#
# Files of oslo.config: iniset as devstack has it, with a program's care.

# iniset FILE SECTION OPTION VALUE: replaces the option, or adds it at the end
# of its section, or adds the section.
function iniset {
    exactly 4 "$@"
    [[ -n "$2" && -n "$3" ]] || refuse "iniset: no section or no option"
    [[ -d "$(dirname "$1")" ]] || refuse "iniset: there is no folder for $1"
    touch "$1"
    local text
    text=$(SECTION=$2 OPTION=$3 VALUE=$4 awk '
        function add() { print option " = " value; done = 1 }
        BEGIN {
            section = "[" ENVIRON["SECTION"] "]"
            option = ENVIRON["OPTION"]; value = ENVIRON["VALUE"]
        }
        /^\[/ {
            if (inside && !done) add()
            inside = $0 == section
        }
        inside && index($0, option " = ") == 1 {
            if (!done) add()
            next
        }
        { print }
        END {
            if (!done && !inside) print section
            if (!done) add()
        }
    ' "$1")
    # Keeps the mode of the file.
    printf '%s\n' "$text" >"$1"
}

# inidelete FILE SECTION OPTION
function inidelete {
    exactly 3 "$@"
    [[ -e "$1" ]] || refuse "inidelete: there is no $1"
    local text
    text=$(SECTION=$2 OPTION=$3 awk '
        /^\[/ { inside = $0 == "[" ENVIRON["SECTION"] "]" }
        inside && index($0, ENVIRON["OPTION"] " = ") == 1 { next }
        { print }
    ' "$1")
    printf '%s\n' "$text" >"$1"
}

# iniget FILE SECTION OPTION
function iniget {
    exactly 3 "$@"
    SECTION=$2 OPTION=$3 awk '
        BEGIN { start = ENVIRON["OPTION"] " = " }
        /^\[/ { inside = $0 == "[" ENVIRON["SECTION"] "]" }
        inside && index($0, start) == 1 { print substr($0, length(start) + 1) }
    ' "$1"
}
