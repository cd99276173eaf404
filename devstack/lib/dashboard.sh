#!/usr/bin/env bash
#
# The panels in devstack's Horizon, which finds them in two of its folders.

# servicevm_has_dashboard: whether this node's Horizon gets them.
function servicevm_has_dashboard {
    is_service_enabled horizon && [[ "$SERVICEVM_DASHBOARD" == True ]]
}

# servicevm_configure_dashboard: before devstack collects and compresses the
# static files. Links, so that they follow the source.
function servicevm_configure_dashboard {
    local source=$SERVICEVM_DIR/servicevm_dashboard
    local target=$HORIZON_DIR/openstack_dashboard/local
    servicevm_clean_dashboard
    mkdir -p "$target/enabled" "$target/local_settings.d"
    ln -s "$source"/enabled/_93*_servicevm_*.py "$target/enabled/"
    ln -s "$source"/local_settings.d/_*_servicevm.py \
        "$target/local_settings.d/"
}

# servicevm_clean_dashboard: also what an older release had.
function servicevm_clean_dashboard {
    local target=$HORIZON_DIR/openstack_dashboard/local
    rm -f "$target"/enabled/_93*_servicevm_*.py \
        "$target"/enabled/__pycache__/_93*_servicevm_*.pyc \
        "$target"/local_settings.d/_*_servicevm.py
}
