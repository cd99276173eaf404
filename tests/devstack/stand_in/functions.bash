#!/usr/bin/env bash
#
# What devstack offers to plugins and does nothing outside of this shell.

# record CALL...: for the tests to look at.
function record {
    printf '%q ' "$@" | sed 's/ $/\n/' >>"$FOLDER/calls"
}

# refuse WORDS...: the plugin does what devstack would not take. Also found
# where the shell that it is said in is thrown away.
function refuse {
    echo "stand-in: $* (called by ${FUNCNAME[2]:-nobody})" >>"$FOLDER/errors"
    cat "$FOLDER/errors" >&2
    exit 70
}

# exactly N ARGUMENTS... and between MIN MAX ARGUMENTS...
function exactly {
    between "$1" "$1" "${@:2}"
}

function between {
    local min=$1 max=$2
    shift 2
    if (($# < min || $# > max)); then
        refuse "${FUNCNAME[1]} ${FUNCNAME[2]}: $# arguments: $*"
    fi
}

function command_not_found_handle {
    echo "stand-in: there is no $1 in devstack" >>"$FOLDER/errors"
    return 127
}

function die {
    local line=$1
    shift
    [[ "$line" =~ ^[0-9]+$ ]] || refuse "die: no line number"
    record die "$*"
    echo "[ERROR] $*" >&2
    exit 1
}

function warn {
    local line=$1
    shift
    [[ "$line" =~ ^[0-9]+$ ]] || refuse "warn: no line number"
    record warn "$*"
    echo "[WARNING] $*" >&2
}

function echo_summary {
    exactly 1 "$@"
    echo "$1"
}

# trueorfalse DEFAULT VARIABLE
function trueorfalse {
    exactly 2 "$@"
    local value=${!2}
    case "${value:-$1}" in
        1 | [Yy]es | YES | [Tt]rue | TRUE)
            echo True
            ;;
        0 | [Nn]o | NO | [Ff]alse | FALSE)
            echo False
            ;;
        *)
            refuse "trueorfalse: $2 is $value"
            ;;
    esac
}

# is_service_enabled SERVICE...: whether one of them is.
function is_service_enabled {
    local service
    (($#)) || refuse "is_service_enabled: of nothing"
    for service in "$@"; do
        case "$service" in
            neutron)
                [[ ",$ENABLED_SERVICES" =~ ,(q|neutron)- ]] && return 0
                ;;
            nova)
                [[ ",$ENABLED_SERVICES" =~ ,n- ]] && return 0
                ;;
            glance)
                [[ ",$ENABLED_SERVICES" =~ ,g- ]] && return 0
                ;;
            svm-api | svm-cond | svm-relay | horizon | tempest | rabbit | \
                mysql | postgresql | tls-proxy)
                [[ ",$ENABLED_SERVICES," == *",$service,"* ]] && return 0
                ;;
            *)
                refuse "is_service_enabled: what is $service?"
                ;;
        esac
    done
    return 1
}

function enable_service {
    local service
    for service in "$@"; do
        if [[ ",$DISABLED_SERVICES," != *",$service,"* ]]; then
            ENABLED_SERVICES+=,$service
        fi
    done
}

# What local.conf may call.

function disable_service {
    local service
    for service in "$@"; do
        DISABLED_SERVICES+=,$service
        ENABLED_SERVICES=,$ENABLED_SERVICES,
        ENABLED_SERVICES=${ENABLED_SERVICES//,$service,/,}
    done
}

# enable_plugin NAME ADDRESS [BRANCH]
function enable_plugin {
    between 2 3 "$@"
    record enable_plugin "$@"
}

function get_python_exec_prefix {
    exactly 0 "$@"
    echo "${PREFIX:?}"
}

# setup_logging FILE: devstack's form of lines.
function setup_logging {
    exactly 1 "$@"
    iniset "$1" DEFAULT logging_context_format_string \
        "%(color)s%(levelname)s %(name)s [%(global_request_id)s %(request_id)s\
 %(project_name)s %(user_name)s%(color)s] %(instance)s%(color)s%(message)s"
    iniset "$1" DEFAULT logging_default_format_string \
        "%(color)s%(levelname)s %(name)s [-%(color)s] %(instance)s%(color)s\
%(message)s"
    iniset "$1" DEFAULT logging_exception_prefix "ERROR %(name)s %(instance)s"
}

# configure_keystone_authtoken_middleware FILE USER [SECTION [SERVICE_TYPE]]
function configure_keystone_authtoken_middleware {
    between 2 4 "$@"
    local file=$1 section=${3:-keystone_authtoken}
    iniset "$file" "$section" auth_type password
    iniset "$file" "$section" interface public
    iniset "$file" "$section" auth_url "$KEYSTONE_SERVICE_URI"
    iniset "$file" "$section" username "$2"
    iniset "$file" "$section" password "$SERVICE_PASSWORD"
    iniset "$file" "$section" user_domain_name "$SERVICE_DOMAIN_NAME"
    iniset "$file" "$section" project_name "$SERVICE_PROJECT_NAME"
    iniset "$file" "$section" project_domain_name "$SERVICE_DOMAIN_NAME"
    iniset "$file" "$section" cafile "$SSL_BUNDLE_FILE"
    iniset "$file" "$section" memcached_servers "$MEMCACHE_SERVERS"
}

# iniset_rpc_backend PACKAGE FILE [SECTION [VHOST]]
function iniset_rpc_backend {
    between 2 4 "$@"
    iniset "$2" "${3:-DEFAULT}" transport_url \
        "rabbit://$RABBIT_USERID:$RABBIT_PASSWORD@$RABBIT_HOST:${RABBIT_PORT:-5672}/$4"
}

# write_uwsgi_config FILE MODULE PATH [HTTP [NAME]]
function write_uwsgi_config {
    between 3 5 "$@"
    [[ "$2" =~ ^[A-Za-z0-9_.]+:[A-Za-z0-9_]+$ ]] ||
        refuse "write_uwsgi_config: $2 is no module"
    [[ "$3" == /* ]] || refuse "write_uwsgi_config: $3 is no path"
    [[ -n "$5" ]] || refuse "write_uwsgi_config: a module has no name"
    record write_uwsgi_config "$@"
    rm -f "$1"
    iniset "$1" uwsgi module "$2"
    iniset "$1" uwsgi processes "$API_WORKERS"
    iniset "$1" uwsgi master true
    iniset "$1" uwsgi die-on-term true
    iniset "$1" uwsgi exit-on-reload true
    iniset "$1" uwsgi worker-reload-mercy 80
    iniset "$1" uwsgi enable-threads true
    iniset "$1" uwsgi plugins http,python3
    iniset "$1" uwsgi thunder-lock true
    iniset "$1" uwsgi hook-master-start \
        "unix_signal:15 gracefully_kill_them_all"
    iniset "$1" uwsgi buffer-size 65535
    iniset "$1" uwsgi add-header "Connection: close"
    iniset "$1" uwsgi lazy-apps true
    iniset "$1" uwsgi start-time %t
    if [[ -n "$4" ]]; then
        iniset "$1" uwsgi http "$4"
    else
        mkdir -p "$FOLDER/apache"
        iniset "$1" uwsgi socket "$FOLDER/$5.socket"
        iniset "$1" uwsgi chmod-socket 666
        echo "ProxyPass $3" >"$FOLDER/apache/$5.conf"
    fi
}

# remove_uwsgi_config FILE NAME
function remove_uwsgi_config {
    exactly 2 "$@"
    [[ "$2" != */* ]] || refuse "remove_uwsgi_config: $2 is a path"
    record remove_uwsgi_config "$@"
    rm -f "$1"
}

function apache_site_config_for {
    exactly 1 "$@"
    echo "$FOLDER/apache/$1.conf"
}
