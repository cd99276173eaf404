#!/usr/bin/env bats
#
# The management network, and the relay's place in it.

load node

CLOUD="openstack --os-cloud devstack-admin"

@test "the network is the service project's, and nothing routes out of it" {
    stack
    called "$CLOUD network create --project service --project-domain Default --no-share"
    called "$CLOUD subnet create --project service --project-domain Default --network network-1 --ip-version 4 --subnet-range 192.168.98.0/24 --gateway none --no-dhcp"
}

@test "the relay's port is bound to this node and lets agents in, nothing else" {
    stack
    called "$CLOUD security group rule create --ingress --protocol tcp --dst-port 9891 --remote-ip 192.168.98.0/24"
    called "$CLOUD port create"
    grep -E "port create .*--host $(hostname) .*servicevm-mgmt-relay-" \
        "$FOLDER/calls"
    [[ $(in_cloud "security group rule") == 1 ]]
}

@test "the port is an interface of the host, with its MAC, MTU and address" {
    stack
    called "sudo ip link set dev svm-mgmt0 address fa:16:3e:00:00:01 mtu 1442 up"
    grep -x 192.168.98.2/24 "$FOLDER/links/svm-mgmt0"
    grep -x -- "-i svm-mgmt0 -p tcp --dport 9891 -j ACCEPT" "$FOLDER/rules"
    in_order "sudo ovs-vsctl" "sudo ip link set" "sudo ip address add" \
        run_process
}

@test "the relay listens there, and devices are told so" {
    stack
    option "$RELAY_CONF" relay bind_host 192.168.98.2
    option "$RELAY_CONF" relay bind_port 9891
    option "$CONF" relay addresses 192.168.98.2:9891
}

@test "stacking twice makes nothing twice" {
    stack
    cp "$FOLDER/cloud.json" "$FOLDER/links/svm-mgmt0" "$FOLDER/rules" \
        "$BATS_TEST_TMPDIR/"
    stack
    diff "$BATS_TEST_TMPDIR/cloud.json" "$FOLDER/cloud.json"
    diff "$BATS_TEST_TMPDIR/svm-mgmt0" "$FOLDER/links/svm-mgmt0"
    diff "$BATS_TEST_TMPDIR/rules" "$FOLDER/rules"
    called "sudo ip -4 address flush dev svm-mgmt0"
}

@test "a stack that was interrupted goes on where it was" {
    phase stack post-config
    echo "port create" >"$FOLDER/away"
    fails "The relay has no port" phase stack extra
    rm "$FOLDER/away"
    phase stack extra
    local noun
    for noun in network subnet "security group" "security group rule" port
    do
        [[ $(in_cloud "$noun") == 1 ]]
    done
}

@test "where the cloud does not answer, nothing is taken to be missing" {
    stack
    forget_calls
    local command
    for command in "network list" "subnet list" "security group list" \
        "rule list" "port list"; do
        echo "$command" >"$FOLDER/away"
        fails "see above" phase stack extra
    done
    nowhere " create " "$FOLDER/calls"
}

@test "another address of the port takes the place of the one before" {
    stack
    sed -i "s/192\.168\.98\.2'/192.168.98.77'/" "$FOLDER/cloud.json"
    phase stack extra
    [[ $(cat "$FOLDER/links/svm-mgmt0") == 192.168.98.77/24 ]]
    option "$RELAY_CONF" relay bind_host 192.168.98.77
}

@test "another port of the relay gets its rule" {
    stack
    localrc SERVICEVM_RELAY_PORT=9999
    stack
    [[ $(in_cloud "security group rule") == 2 ]]
    option "$CONF" relay addresses 192.168.98.2:9999
}

@test "the relay can be given its address, and all relays their list" {
    localrc SERVICEVM_RELAY_IP=192.168.98.20 \
        SERVICEVM_RELAY_ADDRESSES=192.168.98.20:9891,192.168.98.21:9891
    stack
    grep -F "subnet=subnet-1,ip-address=192.168.98.20" "$FOLDER/calls"
    option "$RELAY_CONF" relay bind_host 192.168.98.20
    option "$CONF" relay addresses 192.168.98.20:9891,192.168.98.21:9891
}

@test "a port that is never connected ends the stack with what to look at" {
    phase stack post-config
    localrc SERVICEVM_MGMT_TIMEOUT=1
    touch "$FOLDER/ports-down"
    fails "has not connected the relay's port" phase stack extra
    says "calls this node $(hostname)"
    not_called run_process
}

@test "without a network the relay listens on the host's own address" {
    localrc SERVICEVM_MGMT_NETWORK= 'ENABLED_SERVICES=key,mysql,rabbit'
    stack
    option "$RELAY_CONF" relay bind_host 192.0.2.10
    option "$CONF" relay addresses 192.0.2.10:9891
    nowhere "network|ovs-vsctl|iptables|quota" "$FOLDER/calls"
    phase unstack
}
