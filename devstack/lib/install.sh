#!/usr/bin/env bash
#
# What has to be on the node: the package, system packages, the guest image.

# servicevm_check_settings: say what cannot work before half an hour went by.
function servicevm_check_settings {
    if ! is_service_enabled rabbit &&
        [[ -z "$RABBIT_HOST" || -z "$RABBIT_PASSWORD" ]]; then
        die $LINENO "servicevm needs RabbitMQ. Enable the service rabbit," \
            "or set RABBIT_HOST and RABBIT_PASSWORD."
    fi
    if ! [[ "$SERVICEVM_RELAY_PORT" =~ ^[1-9][0-9]{0,4}$ ]]; then
        die $LINENO "SERVICEVM_RELAY_PORT is $SERVICEVM_RELAY_PORT, which is" \
            "no port."
    fi
    if [[ ${#SERVICEVM_MGMT_INTERFACE} -gt 15 ]]; then
        die $LINENO "SERVICEVM_MGMT_INTERFACE is $SERVICEVM_MGMT_INTERFACE;" \
            "Linux takes no more than 15 characters."
    fi
    if [[ -z "$SERVICEVM_MGMT_NETWORK" ]]; then
        return 0
    fi
    if ! [[ "$SERVICEVM_MGMT_CIDR" =~ ^[0-9.]+/[0-9]+$ ]]; then
        die $LINENO "SERVICEVM_MGMT_CIDR is $SERVICEVM_MGMT_CIDR. It has to" \
            "be an IPv4 network such as 192.168.98.0/24."
    fi
    if ! is_service_enabled neutron && is_service_enabled svm-relay; then
        die $LINENO "The relay is reached over a Neutron network. Enable" \
            "Neutron on this node, or set SERVICEVM_MGMT_NETWORK= (empty)" \
            "for a relay on HOST_IP."
    fi
}

# servicevm_install: the package with its command line, and what it needs of
# the system.
function servicevm_install {
    local extras=$SERVICEVM_EXTRAS
    # Not the extra dashboard: Horizon is here from its own source, and pip
    # would put another one in its place.
    case "${DATABASE_TYPE:-mysql}" in
        mysql)
            extras+=,mysql
            ;;
        postgresql)
            extras+=,postgresql
            ;;
        *)
            die $LINENO "servicevm has no driver for the database" \
                "$DATABASE_TYPE; it knows mysql and postgresql."
            ;;
    esac
    setup_develop -bindep "$SERVICEVM_DIR" "$extras"
}

# servicevm_build_image: the guest image, where it is not there yet.
function servicevm_build_image {
    if [[ "$SERVICEVM_IMAGE_BUILD" != True ]]; then
        return 0
    fi
    servicevm_make_state_dir
    servicevm_manage image build --output "$SERVICEVM_IMAGE_DIR"
}

# servicevm_make_state_dir: CA and image are in it.
function servicevm_make_state_dir {
    sudo install -d -m 0700 -o "$STACK_USER" "$SERVICEVM_STATE_DIR"
}

# servicevm_manage: servicevm-manage, with our configuration once it is there.
function servicevm_manage {
    local options=()
    if [[ -e "$SERVICEVM_CONF" ]]; then
        options=(--config-file "$SERVICEVM_CONF")
    fi
    "$SERVICEVM_BIN_DIR/servicevm-manage" "${options[@]}" "$@"
}
