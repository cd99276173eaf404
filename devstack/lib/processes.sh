#!/usr/bin/env bash
#
# The processes: started when all that they need is there, stopped before it.

# servicevm_start: and wait until the API answers.
function servicevm_start {
    local bin=$SERVICEVM_BIN_DIR
    # Does nothing for what is not enabled.
    run_process svm-cond \
        "$bin/servicevm-conductor --config-file $SERVICEVM_CONF"
    run_process svm-relay \
        "$bin/servicevm-relay --config-file $SERVICEVM_RELAY_CONF"
    if is_service_enabled svm-api; then
        local uwsgi
        uwsgi=$(command -v uwsgi) ||
            die $LINENO "There is no uwsgi on PATH, which devstack installs."
        # Not by uWSGI's own env: a uWSGI that is a Python module, as the
        # wheel is, sets it when Python has read the environment already.
        run_process svm-api \
            "$uwsgi --procname-prefix svm-api --ini $SERVICEVM_UWSGI_CONF" \
            "" "" "OS_SERVICEVM_CONFIG_FILE=$SERVICEVM_CONF"
        if ! wait_for_service "$SERVICE_TIMEOUT" \
            "$SERVICEVM_API_URL/healthcheck"; then
            die $LINENO "The API does not answer at $SERVICEVM_API_URL. Its" \
                "words: sudo journalctl -u devstack@svm-api"
        fi
    fi
}

# servicevm_stop: of processes, and of what they held on this node.
function servicevm_stop {
    local service
    for service in svm-api svm-cond svm-relay; do
        stop_process "$service"
    done
    servicevm_unplug_relay
    if is_service_enabled rabbit && [[ -n "$SERVICEVM_RABBIT_VHOST" ]]; then
        sudo rabbitmqctl delete_vhost "$SERVICEVM_RABBIT_VHOST" || true
    fi
}

# servicevm_clean: every file. Databases and RabbitMQ are devstack's to
# remove.
function servicevm_clean {
    if [[ -e "$SERVICEVM_UWSGI_CONF" ]]; then
        remove_uwsgi_config "$SERVICEVM_UWSGI_CONF" servicevm-api
        sudo rm -f "$(apache_site_config_for servicevm-api)"
    fi
    sudo rm -rf "$SERVICEVM_CONF_DIR" "$SERVICEVM_STATE_DIR" \
        "$SERVICEVM_RELAY_DIR" "$SERVICEVM_PKI_DIR" "$SERVICEVM_IMAGE_DIR"
}
