#!/usr/bin/env bats
#
# The processes on several nodes.

load node

# A node that has neither database nor broker, but Neutron's agent.
function other_node {
    localrc ENABLED_SERVICES=n-cpu,q-ovn-agent HOST_IP=192.0.2.11 "$@"
}

@test "a relay elsewhere needs its three files, and is told how to get them" {
    other_node DISABLED_SERVICES=svm-api,svm-cond SERVICEVM_RELAY_NAME=relay2
    phase stack install
    fails "pki relay-certificate relay2 --group default --output DIR" phase stack post-config
}

@test "a relay elsewhere gets a port of its own in the same network" {
    other_node DISABLED_SERVICES=svm-api,svm-cond SERVICEVM_RELAY_NAME=relay2
    mkdir -p "$DATA/servicevm-relay"
    touch "$DATA/servicevm-relay/"{key,certificate,ca}.pem
    stack
    [[ ! -e "$CONF" ]]
    option "$RELAY_CONF" DEFAULT transport_url \
        rabbit://stackrabbit:rabbit-password@192.0.2.10:5672/servicevm
    option "$RELAY_CONF" relay bind_host 192.168.98.2
    grep -F "servicevm-mgmt-relay-relay2" "$FOLDER/calls"
    called "run_process svm-relay"
    nowhere "run_process svm-(api|cond)|recreate_database|create_service_user|quota|image|rpc_backend_add_vhost" "$FOLDER/calls"
}

@test "unstacking a relay's node takes its port, and leaves the network" {
    other_node DISABLED_SERVICES=svm-api,svm-cond SERVICEVM_RELAY_NAME=relay2
    mkdir -p "$DATA/servicevm-relay"
    touch "$DATA/servicevm-relay/"{key,certificate,ca}.pem
    stack
    phase unstack
    [[ $(in_cloud port) == 0 ]]
    [[ $(in_cloud network) == 1 ]]
    [[ $(in_cloud "security group") == 1 ]]
    nowhere "rabbitmqctl|device delete|user delete" "$FOLDER/calls"
    not_called warn
}

@test "a second conductor is not stacked without the first one's CA" {
    other_node DISABLED_SERVICES=svm-api,svm-relay
    phase stack install
    fails "The CA of the first conductor is not here" phase stack post-config
    not_called recreate_database
}

@test "a second conductor takes the database and the CA as they are" {
    other_node DISABLED_SERVICES=svm-api,svm-relay \
        SERVICEVM_RELAY_ADDRESSES=192.168.98.2:9891
    mkdir -p "$DATA/servicevm/pki"
    touch "$DATA/servicevm/pki/authority.pem"
    stack
    called "run_process svm-cond"
    option "$CONF" relay addresses 192.168.98.2:9891
    [[ ! -e "$RELAY_CONF" ]]
    nowhere "recreate_database|db sync|pki|create_service_user|ovs-vsctl" \
        "$FOLDER/calls"
}

@test "an API alone knows no relay, and has no network to make ports in" {
    localrc DISABLED_SERVICES=svm-cond,svm-relay
    stack
    called "run_process svm-api"
    nowhere "run_process svm-(cond|relay)|ovs-vsctl|pki" "$FOLDER/calls"
    [[ ! -e "$RELAY_CONF" && ! -e "$DATA/servicevm-relay" ]]
}
