#!/usr/bin/env bats
#
# unstack.sh and clean.sh leave nothing.

load node

CLOUD="openstack --os-cloud devstack-admin"

@test "unstack ends the processes and takes the interface from the host" {
    stack
    phase unstack
    called "stop_process svm-api"
    called "stop_process svm-cond"
    called "stop_process svm-relay"
    [[ ! -e "$FOLDER/links/svm-mgmt0" ]]
    [[ ! -s "$FOLDER/rules" ]]
    called "sudo rabbitmqctl delete_vhost servicevm"
}

@test "unstack deletes devices while the service can still do it" {
    stack
    python3 - "$FOLDER/cloud.json" <<'PYTHON'
import json
import sys

with open(sys.argv[1], "r+") as file:
    cloud = json.load(file)
    cloud["servicevm device"] = [{"id": "one"}, {"id": "two"}]
    file.seek(0)
    file.truncate()
    json.dump(cloud, file)
PYTHON
    forget_calls
    phase unstack
    in_order "$CLOUD servicevm device delete --wait 240 one two" \
        "$CLOUD port delete" stop_process
    [[ $(in_cloud "servicevm device") == 0 ]]
}

@test "unstack leaves nothing of ours in the cloud" {
    stack
    phase unstack
    local noun
    for noun in network port "security group" endpoint service user; do
        [[ $(in_cloud "$noun") == 0 ]]
    done
    not_called warn
}

@test "unstack lets the cloud be, if that is wanted" {
    stack
    forget_calls
    localrc SERVICEVM_UNSTACK_CLOUD=False
    phase unstack
    nowhere "^openstack" "$FOLDER/calls"
    called "stop_process svm-api"
}

@test "unstack ends the processes of a cloud that no longer answers" {
    stack
    echo . >"$FOLDER/away"
    phase unstack
    called "warn" 4
    called "stop_process svm-api"
    [[ ! -e "$FOLDER/links/svm-mgmt0" ]]
}

@test "user and service stay while another region has endpoints" {
    stack
    localrc REGION_NAME=RegionTwo
    phase stack post-config
    phase unstack
    [[ $(in_cloud service) == 1 && $(in_cloud user) == 1 ]]
    [[ $(in_cloud endpoint) == 2 ]]
}

@test "unstack of what was never stacked does no harm" {
    echo . >"$FOLDER/away"
    phase unstack
    phase unstack
}

@test "clean leaves no file" {
    phase stack pre-install
    (cd "$FOLDER" && find . | sort) >"$BATS_TEST_TMPDIR/before"
    stack
    phase unstack
    phase clean
    (cd "$FOLDER" && find . | sort) >"$BATS_TEST_TMPDIR/after"
    # But for what the stand-ins keep, and a folder of Horizon's own.
    diff <(sort "$BATS_TEST_TMPDIR/before" - <<'PATHS'
./apache
./calls
./cloud.json
./etc
./links
./opt/stack/horizon/openstack_dashboard/local/local_settings.d
./opt/stack/tempest/etc/tempest.conf
./rules
PATHS
    ) "$BATS_TEST_TMPDIR/after"
}

@test "clean of what was never stacked does no harm" {
    phase clean
    not_called remove_uwsgi_config
}

@test "stacking again after unstack and clean begins anew" {
    stack
    cp "$DATA/servicevm/pki/authority.pem" "$BATS_TEST_TMPDIR/"
    phase unstack
    phase clean
    stack
    run diff "$BATS_TEST_TMPDIR/authority.pem" \
        "$DATA/servicevm/pki/authority.pem"
    [[ $status -eq 1 ]]
    [[ $(in_cloud network) == 1 ]]
}
