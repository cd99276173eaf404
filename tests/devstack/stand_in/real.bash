#!/usr/bin/env bash
#
# What devstack offers to plugins and changes the machine or the cloud: done,
# with the real client, to servers that are the test's own. FOLDER/localrc
# says where they are, FOLDER/bin has rabbitmqctl.

PATH=$FOLDER/bin:$REAL_BIN:$PATH
PREFIX=$REAL_BIN

function admin {
    openstack --os-cloud devstack-system-admin "$@"
}

# The package is in the environment that the test runs in.
function setup_develop {
    record setup_develop "$@"
}

# sudo COMMAND...: of files below FOLDER, and of the broker.
function sudo {
    case "$1" in
        install | rm)
            local word
            for word in "${@:2}"; do
                case "$word" in
                    -* | 0700 | "$STACK_USER" | "$FOLDER"/*) ;;
                    *)
                        refuse "sudo $*: outside of the test"
                        ;;
                esac
            done
            ;;
        rabbitmqctl) ;;
        ip | iptables | ovs-vsctl)
            # Only where the test has a network to do it in.
            "${HOST_COMMAND:?}" "$@"
            return
            ;;
        *)
            refuse "sudo $*"
            ;;
    esac
    command "$@"
}

# create_service_user NAME [ROLE]
function create_service_user {
    between 1 2 "$@"
    local role
    admin user create "$1" --password "$SERVICE_PASSWORD" \
        --domain "$SERVICE_DOMAIN_NAME" --or-show -f value -c id
    for role in service ${2:+"$2"}; do
        admin role add "$role" --user "$1" \
            --user-domain "$SERVICE_DOMAIN_NAME" \
            --project "$SERVICE_PROJECT_NAME" \
            --project-domain "$SERVICE_DOMAIN_NAME"
    done
}

# get_or_create_service NAME TYPE DESCRIPTION
function get_or_create_service {
    exactly 3 "$@"
    admin service show "$2" -f value -c id 2>/dev/null ||
        admin service create "$2" --name "$1" --description "$3" \
            -f value -c id
}

# get_or_create_endpoint TYPE REGION PUBLIC [ADMIN [INTERNAL]]
function get_or_create_endpoint {
    between 3 5 "$@"
    local interface url
    while read -r interface url; do
        if [[ -n "$url" && -z $(admin endpoint list --service "$1" \
            --interface "$interface" --region "$2" -c ID -f value) ]]; then
            admin endpoint create "$1" "$interface" "$url" --region "$2" \
                -f value -c id
        fi
    done <<<"public $3
admin $4
internal $5"
}

# recreate_database NAME
function recreate_database {
    exactly 1 "$@"
    python - "$1" <<'PYTHON'
import os
import sys

import pymysql

with pymysql.connect(
    host="127.0.0.1",
    port=int(os.environ["DATABASE_PORT"]),
    user=os.environ["DATABASE_USER"],
    password=os.environ["DATABASE_PASSWORD"],
) as connection, connection.cursor() as cursor:
    cursor.execute(f"DROP DATABASE IF EXISTS {sys.argv[1]}")
    cursor.execute(f"CREATE DATABASE {sys.argv[1]} CHARACTER SET utf8")
PYTHON
}

# database_connection_url NAME
function database_connection_url {
    exactly 1 "$@"
    local where=127.0.0.1:$DATABASE_PORT/$1
    echo "mysql+pymysql://$DATABASE_USER:$DATABASE_PASSWORD@$where?charset=utf8"
}

# rpc_backend_add_vhost NAME
function rpc_backend_add_vhost {
    exactly 1 "$@"
    if ! rabbitmqctl -q list_vhosts | grep -qx "$1"; then
        rabbitmqctl -q add_vhost "$1"
        rabbitmqctl -q set_permissions -p "$1" "$RABBIT_USERID" \
            ".*" ".*" ".*"
    fi
}

# run_process SERVICE COMMAND ["" "" VARIABLES]: in a session of its own, as
# systemd would.
function run_process {
    between 2 5 "$@"
    [[ -z "$3$4" ]] || refuse "run_process: as another user"
    [[ "$2" == /* ]] || refuse "run_process: systemd wants a path: $2"
    local file=$FOLDER/run/$1.pid
    if [[ -e "$file" ]] && kill -0 "$(<"$file")" 2>/dev/null; then
        return 0
    fi
    if is_service_enabled "$1"; then
        mkdir -p "$FOLDER/run"
        # shellcheck disable=SC2086  # words of a command line
        setsid env ${5:-} $2 </dev/null >>"$FOLDER/run/$1.log" 2>&1 &
        echo $! >"$file"
    fi
}

# stop_process SERVICE: and wait until it has ended, as systemd does.
function stop_process {
    exactly 1 "$@"
    local file=$FOLDER/run/$1.pid pid until=$((SECONDS + 60))
    if is_service_enabled "$1" && [[ -e "$file" ]]; then
        pid=$(<"$file")
        kill "$pid" 2>/dev/null
        while [[ $(ps -o stat= -p "$pid") == [!Z]* ]]; do
            if ((SECONDS >= until)); then
                refuse "stop_process: $1 does not end"
            fi
            sleep 0.1
        done
        rm "$file"
    fi
}

# wait_for_service SECONDS URL: any answer will do.
function wait_for_service {
    exactly 2 "$@"
    timeout "$1" python - "$2" <<'PYTHON'
import sys
import time

import requests

while True:
    try:
        requests.get(sys.argv[1], timeout=5)
        break
    except requests.RequestException:
        time.sleep(0.2)
PYTHON
}
