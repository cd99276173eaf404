#!/usr/bin/env bats
#
# The panels in devstack's Horizon.

load node

@test "Horizon gets every panel before devstack collects static files" {
    phase stack post-config
    local name
    for name in "$ROOT"/servicevm_dashboard/enabled/_93*.py; do
        [[ "$HORIZON/enabled/${name##*/}" -ef "$name" ]]
    done
    [[ "$HORIZON/local_settings.d/_9390_servicevm.py" -ef \
        "$ROOT/servicevm_dashboard/local_settings.d/_9390_servicevm.py" ]]
}

@test "panels of other plugins, and __init__, are left alone" {
    touch "$FOLDER/localrc"
    phase stack pre-install
    touch "$HORIZON/enabled/__init__.py" "$HORIZON/enabled/_9350_other.py"
    phase stack post-config
    [[ ! -s "$HORIZON/enabled/__init__.py" ]]
    phase clean
    [[ $(cd "$HORIZON/enabled" && echo *) == "_9350_other.py __init__.py" ]]
}

@test "a panel that an older release had is gone" {
    phase stack post-config
    touch "$HORIZON/enabled/_9399_servicevm_old.py"
    phase stack post-config
    [[ ! -e "$HORIZON/enabled/_9399_servicevm_old.py" ]]
}

@test "a node with Horizon only gets the panels and their package" {
    localrc DISABLED_SERVICES=svm-api,svm-cond,svm-relay \
        ENABLED_SERVICES=horizon,key
    stack
    called setup_develop
    [[ -e "$HORIZON/enabled/_9310_servicevm_project_group.py" ]]
    nowhere "create_service_user|run_process|image|database" "$FOLDER/calls"
}

@test "panels can be turned off, and there are none without Horizon" {
    localrc SERVICEVM_DASHBOARD=False
    stack
    [[ -z $(ls "$HORIZON/enabled") ]]
    localrc SERVICEVM_DASHBOARD=True \
        'ENABLED_SERVICES=${ENABLED_SERVICES/,horizon/}'
    stack
    [[ -z $(ls "$HORIZON/enabled") ]]
}
