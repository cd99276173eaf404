#!/usr/bin/env bash
#
# plugin.sh - devstack's way in: which function runs in which phase.
#
# devstack sources this file once per phase; see README.rst. What the
# functions do is in lib/, a file per subject.

_XTRACE_SERVICEVM=$(set +o | grep xtrace)
set +o xtrace

for _servicevm_file in "$SERVICEVM_DIR"/devstack/lib/*.sh; do
    # shellcheck source=/dev/null
    source "$_servicevm_file"
done
unset _servicevm_file

$_XTRACE_SERVICEVM

# servicevm_runs_here: whether any of our processes is enabled on this node.
function servicevm_runs_here {
    is_service_enabled svm-api || is_service_enabled svm-cond ||
        is_service_enabled svm-relay
}

case "$1 ${2:-}" in
    "stack pre-install")
        if servicevm_runs_here; then
            echo_summary "Checking the settings of servicevm"
            servicevm_check_settings
        fi
        ;;
    "stack install")
        if servicevm_runs_here || servicevm_has_dashboard; then
            echo_summary "Installing servicevm"
            servicevm_install
        fi
        if is_service_enabled svm-api || is_service_enabled svm-cond; then
            servicevm_build_image
        fi
        ;;
    "stack post-config")
        if servicevm_runs_here; then
            echo_summary "Configuring servicevm"
            servicevm_configure
        fi
        if servicevm_has_dashboard; then
            servicevm_configure_dashboard
        fi
        ;;
    "stack extra")
        if servicevm_runs_here; then
            echo_summary "Starting servicevm"
            servicevm_init_cloud
            servicevm_start
            if is_service_enabled svm-api && is_service_enabled nova; then
                servicevm_make_template
            fi
        fi
        ;;
    "stack test-config")
        if is_service_enabled svm-api && is_service_enabled tempest; then
            iniset "$TEMPEST_CONFIG" service_available servicevm True
        fi
        ;;
    "unstack ")
        if servicevm_runs_here; then
            servicevm_forget_cloud
            servicevm_stop
        fi
        ;;
    "clean ")
        # Also what a node was given that has other services by now.
        servicevm_clean_dashboard
        servicevm_clean
        ;;
esac
