#!/usr/bin/env bash
#
# The management network, and the relay's place in it: a Neutron port that is
# an interface of this host. Nothing routes out of the network, and the port
# lets in what comes for the relay only. Security groups of the devices are
# made by the driver.

_SERVICEVM_MGMT_SUBNET=$SERVICEVM_MGMT_NETWORK-subnet
_SERVICEVM_RELAY_GROUP_NAME=$SERVICEVM_MGMT_NETWORK-relay
_SERVICEVM_RELAY_PORT_NAME=$SERVICEVM_MGMT_NETWORK-relay-$SERVICEVM_RELAY_NAME
_SERVICEVM_OWNER=(
    --project "$SERVICE_PROJECT_NAME"
    --project-domain "$SERVICE_DOMAIN_NAME"
)

# servicevm_init_network: make what is missing of network and port, and tell
# the processes.
function servicevm_init_network {
    local address=$HOST_IP
    if [[ -n "$SERVICEVM_MGMT_NETWORK" ]]; then
        local network subnet
        network=$(_servicevm_make_network) ||
            die $LINENO "There is no management network; see above."
        subnet=$(_servicevm_make_subnet "$network") ||
            die $LINENO "The management network has no subnet; see above."
        if is_service_enabled svm-relay; then
            local port
            port=$(_servicevm_make_port "$network" "$subnet") ||
                die $LINENO "The relay has no port; see above."
            address=$(_servicevm_address_of "$port") ||
                die $LINENO "The relay's port $port has no address."
            _servicevm_plug_relay "$network" "$port" "$address"
            _servicevm_await_port "$port"
        fi
    fi
    if is_service_enabled svm-relay; then
        iniset "$SERVICEVM_RELAY_CONF" relay bind_host "$address"
        if [[ -z "$SERVICEVM_RELAY_ADDRESSES" && -e "$SERVICEVM_CONF" ]]; then
            iniset "$SERVICEVM_CONF" relay addresses \
                "$address:$SERVICEVM_RELAY_PORT"
        fi
    fi
}

# servicevm_delete_network: what this node made. The node with the API takes
# the network as well, which other relays' ports and devices would keep.
function servicevm_delete_network {
    local network id
    if [[ -z "$SERVICEVM_MGMT_NETWORK" ]]; then
        return 0
    fi
    network=$(_servicevm_find network "$SERVICEVM_MGMT_NETWORK") || return 1
    if [[ -z "$network" ]]; then
        return 0
    fi
    id=$(_servicevm_find port "$_SERVICEVM_RELAY_PORT_NAME" \
        --network "$network") || return 1
    if [[ -n "$id" ]]; then
        servicevm_cloud port delete "$id" || return 1
    fi
    if is_service_enabled svm-api; then
        id=$(_servicevm_find_group) || return 1
        if [[ -n "$id" ]]; then
            servicevm_cloud security group delete "$id" || return 1
        fi
        servicevm_cloud network delete "$network"
    fi
}

# servicevm_unplug_relay: this host is no longer in the network.
function servicevm_unplug_relay {
    local interface=$SERVICEVM_MGMT_INTERFACE
    if ip link show dev "$interface" >/dev/null 2>&1; then
        if _servicevm_firewall -C 2>/dev/null; then
            _servicevm_firewall -D
        fi
        sudo ovs-vsctl --if-exists del-port "$SERVICEVM_MGMT_BRIDGE" \
            "$interface"
    fi
}

# What follows prints an id, and fails where the cloud does: an answer that
# did not come must not be taken for "there is none".

# _servicevm_find NOUN NAME [FILTER...]: id of what the service project has of
# that name; nothing where there is none.
function _servicevm_find {
    local noun=$1 name=$2 found
    shift 2
    found=$(servicevm_cloud "$noun" list --name "$name" "$@" \
        "${_SERVICEVM_OWNER[@]}" -f value -c ID) || return 1
    echo "${found%%$'\n'*}"
}

# _servicevm_make NOUN NAME [OPTION...]: make it in the service project.
function _servicevm_make {
    local noun=$1 name=$2
    shift 2
    # shellcheck disable=SC2086  # "security group" are two words
    servicevm_cloud $noun create "${_SERVICEVM_OWNER[@]}" "$@" \
        -f value -c id "$name"
}

function _servicevm_make_network {
    local id
    id=$(_servicevm_find network "$SERVICEVM_MGMT_NETWORK") || return 1
    if [[ -n "$id" ]]; then
        echo "$id"
    else
        _servicevm_make network "$SERVICEVM_MGMT_NETWORK" --no-share
    fi
}

# _servicevm_make_subnet NETWORK
function _servicevm_make_subnet {
    local id
    id=$(_servicevm_find subnet "$_SERVICEVM_MGMT_SUBNET" \
        --network "$1") || return 1
    if [[ -n "$id" ]]; then
        echo "$id"
    else
        _servicevm_make subnet "$_SERVICEVM_MGMT_SUBNET" --network "$1" \
            --ip-version 4 --subnet-range "$SERVICEVM_MGMT_CIDR" \
            --gateway none --no-dhcp
    fi
}

# _servicevm_find_group: security groups cannot be listed by name.
function _servicevm_find_group {
    local found
    found=$(servicevm_cloud security group list "${_SERVICEVM_OWNER[@]}" \
        -f value -c ID -c Name) || return 1
    awk -v name="$_SERVICEVM_RELAY_GROUP_NAME" \
        '$2 == name && !found++ { print $1 }' <<<"$found"
}

# _servicevm_make_group: lets agents reach the relays' port, and nothing else.
function _servicevm_make_group {
    local id rules port=$SERVICEVM_RELAY_PORT
    id=$(_servicevm_find_group) || return 1
    if [[ -z "$id" ]]; then
        id=$(_servicevm_make "security group" \
            "$_SERVICEVM_RELAY_GROUP_NAME" --description \
            "Agents of service VMs may reach their relays") || return 1
    fi
    rules=$(servicevm_cloud security group rule list --ingress \
        --protocol tcp -f value -c "Port Range" "$id") || return 1
    if ! grep -qx "$port:$port" <<<"$rules"; then
        servicevm_cloud security group rule create --ingress --protocol tcp \
            --dst-port "$port" --remote-ip "$SERVICEVM_MGMT_CIDR" \
            -f value -c id "$id" >/dev/null || return 1
    fi
    echo "$id"
}

# _servicevm_make_port NETWORK SUBNET: bound to this node.
function _servicevm_make_port {
    local id group fixed="subnet=$2"
    group=$(_servicevm_make_group) || return 1
    id=$(_servicevm_find port "$_SERVICEVM_RELAY_PORT_NAME" \
        --network "$1") || return 1
    if [[ -n "$id" ]]; then
        echo "$id"
        return 0
    fi
    if [[ -n "$SERVICEVM_RELAY_IP" ]]; then
        fixed+=",ip-address=$SERVICEVM_RELAY_IP"
    fi
    _servicevm_make port "$_SERVICEVM_RELAY_PORT_NAME" --network "$1" \
        --security-group "$group" --device-owner servicevm:relay \
        --host "$SERVICEVM_NEUTRON_HOST" --fixed-ip "$fixed"
}

# _servicevm_address_of PORT: its IPv4 address.
function _servicevm_address_of {
    local found
    found=$(servicevm_cloud port show -f value -c fixed_ips "$1") || return 1
    [[ "$found" =~ ip_address[^0-9]*([0-9]+\.[0-9.]+) ]] || return 1
    echo "${BASH_REMATCH[1]}"
}

# _servicevm_plug_relay NETWORK PORT ADDRESS: make the port an interface of
# this host.
function _servicevm_plug_relay {
    local interface=$SERVICEVM_MGMT_INTERFACE
    local address=$3/${SERVICEVM_MGMT_CIDR#*/}
    local mac mtu
    mac=$(servicevm_cloud port show -f value -c mac_address "$2")
    mtu=$(servicevm_cloud network show -f value -c mtu "$1")
    sudo ovs-vsctl --may-exist add-port "$SERVICEVM_MGMT_BRIDGE" \
        "$interface" -- set Interface "$interface" type=internal \
        external-ids:iface-status=active \
        external-ids:attached-mac="$mac" \
        external-ids:iface-id="$2" external-ids:skip_cleanup=true
    sudo ip link set dev "$interface" address "$mac" mtu "$mtu" up
    if ! ip -4 -o address show dev "$interface" | grep -qF " $address "; then
        # One of an earlier port.
        sudo ip -4 address flush dev "$interface"
        sudo ip address add "$address" dev "$interface"
    fi
    if ! _servicevm_firewall -C 2>/dev/null; then
        _servicevm_firewall -I
    fi
}

# _servicevm_firewall -C|-I|-D: the relay may be reached from the network.
function _servicevm_firewall {
    sudo iptables -w "$1" INPUT -i "$SERVICEVM_MGMT_INTERFACE" -p tcp \
        --dport "$SERVICEVM_RELAY_PORT" -j ACCEPT
}

# _servicevm_await_port PORT: until Neutron has connected it.
function _servicevm_await_port {
    local until status
    until=$((SECONDS + SERVICEVM_MGMT_TIMEOUT))
    while true; do
        status=$(servicevm_cloud port show -f value -c status "$1")
        if [[ "$status" == ACTIVE ]]; then
            return 0
        fi
        if [[ $SECONDS -ge $until ]]; then
            die $LINENO "Neutron has not connected the relay's port $1" \
                "(it is $status). Is there an agent or a chassis that calls" \
                "this node $SERVICEVM_NEUTRON_HOST, and the bridge" \
                "$SERVICEVM_MGMT_BRIDGE?"
        fi
        sleep 1
    done
}
