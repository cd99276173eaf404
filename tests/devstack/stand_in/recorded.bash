#!/usr/bin/env bash
#
# What devstack offers to plugins and changes the machine or the cloud:
# written down, and not done.

# No program that could do harm is found before ours.
PATH=$TOP_DIR/bin:$PATH
PREFIX=$TOP_DIR/bin
export FOLDER

# setup_develop [-bindep[=PROFILE,...]] FOLDER [EXTRA,...]
function setup_develop {
    if [[ "$1" == -bindep* ]]; then
        record setup_develop "$@"
        shift
    fi
    between 1 2 "$@"
    [[ -e "$1/setup.cfg" ]] || refuse "setup_develop: $1 is no package"
    [[ "$2" =~ ^[a-z,]*$ ]] || refuse "setup_develop: $2 are no extras"
}

function admin {
    openstack --os-cloud devstack-system-admin "$@"
}

# create_service_user NAME [ROLE]
function create_service_user {
    between 1 2 "$@"
    record create_service_user "$@"
    admin user create --domain "$SERVICE_DOMAIN_NAME" "$1"
}

# get_or_create_service NAME TYPE DESCRIPTION
function get_or_create_service {
    exactly 3 "$@"
    record get_or_create_service "$@"
    admin service create --name "$1" --description "$3" "$2"
}

# get_or_create_endpoint TYPE REGION PUBLIC [ADMIN [INTERNAL]]
function get_or_create_endpoint {
    between 3 5 "$@"
    record get_or_create_endpoint "$@"
    local interface=public url
    for url in "$3" "$4" "$5"; do
        if [[ -n "$url" && -z $(admin endpoint list --service "$1" \
            --region "$2" --interface "$interface" -c ID -f value) ]]; then
            admin endpoint create --region "$2" "$1" "$interface" "$url"
        fi
        case "$interface" in
            public)
                interface="admin"
                ;;
            admin)
                interface=internal
                ;;
        esac
    done
}

# recreate_database NAME
function recreate_database {
    exactly 1 "$@"
    record recreate_database "$@"
}

# database_connection_url NAME
function database_connection_url {
    exactly 1 "$@"
    echo "mysql+pymysql://root:database-password@127.0.0.1/$1?charset=utf8"
}

# rpc_backend_add_vhost NAME
function rpc_backend_add_vhost {
    exactly 1 "$@"
    [[ -n "$1" ]] || refuse "rpc_backend_add_vhost: no name"
    is_service_enabled rabbit || refuse "rpc_backend_add_vhost: no broker here"
    record rpc_backend_add_vhost "$@"
}

# run_process SERVICE COMMAND [GROUP [USER [ENVIRONMENT]]]
function run_process {
    between 2 5 "$@"
    [[ "$2" == /* ]] || refuse "run_process: systemd wants a path: $2"
    [[ -x "${2%% *}" ]] || refuse "run_process: there is no ${2%% *}"
    if is_service_enabled "$1"; then
        record run_process "$@"
        touch "$FOLDER/running-$1"
    fi
}

function stop_process {
    exactly 1 "$@"
    if is_service_enabled "$1"; then
        record stop_process "$@"
        rm -f "$FOLDER/running-$1"
    fi
}

# wait_for_service SECONDS URL: nothing answers where FOLDER/silent is.
function wait_for_service {
    exactly 2 "$@"
    [[ "$1" =~ ^[0-9]+$ ]] || refuse "wait_for_service: $1 seconds"
    record wait_for_service "$@"
    [[ -e "$FOLDER/running-svm-api" && ! -e "$FOLDER/silent" ]]
}
