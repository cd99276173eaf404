#!/usr/bin/env bash
#
# The files of the processes. One is for API and conductor; the relay, which
# must know neither the database nor a password of the cloud, has its own.

# servicevm_configure: everything that needs Keystone, the database's server
# and RabbitMQ, but none of the other services.
function servicevm_configure {
    sudo install -d -m 0700 -o "$STACK_USER" "$SERVICEVM_CONF_DIR"
    if is_service_enabled rabbit && [[ -n "$SERVICEVM_RABBIT_VHOST" ]]; then
        rpc_backend_add_vhost "$SERVICEVM_RABBIT_VHOST"
    fi
    if is_service_enabled svm-api || is_service_enabled svm-cond; then
        servicevm_make_state_dir
        _servicevm_configure_service
    fi
    if is_service_enabled svm-api; then
        _servicevm_configure_api
        servicevm_create_accounts
    fi
    if is_service_enabled svm-api || is_service_enabled svm-cond; then
        servicevm_init_database
    fi
    if is_service_enabled svm-cond; then
        _servicevm_check_authority
    fi
    if is_service_enabled svm-relay; then
        _servicevm_configure_relay
        _servicevm_make_relay_certificate
    fi
}

# servicevm_has_database: whether the database's server is on this node.
function servicevm_has_database {
    # shellcheck disable=SC2086  # a list
    is_service_enabled $DATABASE_BACKENDS
}

# servicevm_init_database: as all of devstack's services do, it begins anew
# with each stack.sh: what it would know are projects, machines and networks
# of clouds that are gone.
function servicevm_init_database {
    if servicevm_has_database; then
        recreate_database "$SERVICEVM_DB_NAME"
        servicevm_manage db sync
    fi
}

# _servicevm_begin_file: an empty file that only its owner can read, before
# the first secret is in it.
function _servicevm_begin_file {
    rm -f "$1"
    install -m 0600 /dev/null "$1"
}

# _servicevm_begin_conf: what all processes are told.
function _servicevm_begin_conf {
    local file=$1
    _servicevm_begin_file "$file"
    iniset "$file" DEFAULT rpc oslo
    iniset "$file" DEFAULT deployment_id "$SERVICEVM_DEPLOYMENT_ID"
    iniset "$file" DEFAULT debug "$ENABLE_DEBUG_LOG_LEVEL"
    iniset_rpc_backend servicevm "$file" DEFAULT "$SERVICEVM_RABBIT_VHOST"
    setup_logging "$file"
}

# _servicevm_configure_service: what API and conductor are told.
function _servicevm_configure_service {
    local file=$SERVICEVM_CONF
    local database
    database=$(database_connection_url "$SERVICEVM_DB_NAME")
    _servicevm_begin_conf "$file"
    iniset "$file" DEFAULT state_dir "$SERVICEVM_STATE_DIR"
    iniset "$file" database connection "$database"
    iniset "$file" pki dir "$SERVICEVM_PKI_DIR"
    iniset "$file" qemu image_dir "$SERVICEVM_IMAGE_DIR"
    iniset "$file" relay serial_socket "$SERVICEVM_RELAY_DIR/relay.sock"
    if [[ -n "$SERVICEVM_RELAY_ADDRESSES" ]]; then
        iniset "$file" relay addresses "$SERVICEVM_RELAY_ADDRESSES"
    fi

    # How the nova driver gets into the cloud.
    iniset "$file" nova auth_type password
    iniset "$file" nova auth_url "$KEYSTONE_SERVICE_URI"
    iniset "$file" nova username "$SERVICEVM_USER"
    iniset "$file" nova password "$SERVICE_PASSWORD"
    iniset "$file" nova user_domain_name "$SERVICE_DOMAIN_NAME"
    iniset "$file" nova project_name "$SERVICE_PROJECT_NAME"
    iniset "$file" nova project_domain_name "$SERVICE_DOMAIN_NAME"
    iniset "$file" nova region_name "$REGION_NAME"
    if is_service_enabled tls-proxy; then
        iniset "$file" nova cafile "$SSL_BUNDLE_FILE"
    fi
}

# _servicevm_configure_api: what only the API is told.
function _servicevm_configure_api {
    local file=$SERVICEVM_CONF
    iniset "$file" api auth_strategy keystone
    iniset "$file" api threads "$SERVICEVM_API_THREADS"
    configure_keystone_authtoken_middleware "$file" "$SERVICEVM_USER"
    if [[ ! -e "$SSL_BUNDLE_FILE" ]]; then
        # devstack names it without TLS, too; the API wants what it is told.
        inidelete "$file" keystone_authtoken cafile
    fi
    # devstack's Apache, and its TLS, stand before it.
    iniset "$file" oslo_middleware enable_proxy_headers_parsing True
    iniset "$file" oslo_policy policy_file "$SERVICEVM_POLICY_FILE"
    # Every rule and its default, commented out: to be edited.
    "$SERVICEVM_BIN_DIR/servicevm-policy-generator" \
        --output-file "$SERVICEVM_POLICY_FILE"

    write_uwsgi_config "$SERVICEVM_UWSGI_CONF" \
        servicevm.wsgi.api:application "$SERVICEVM_API_PATH" \
        "$SERVICEVM_API_HTTP" servicevm-api
    iniset "$SERVICEVM_UWSGI_CONF" uwsgi threads "$SERVICEVM_API_THREADS"
    # One that cannot begin says why and ends, and does not answer 500.
    iniset "$SERVICEVM_UWSGI_CONF" uwsgi need-app true
}

# _servicevm_check_authority: every conductor has the same CA. The first one
# makes it; a later one that did so, too, would issue what nobody believes.
function _servicevm_check_authority {
    if ! servicevm_has_database &&
        [[ ! -e "$SERVICEVM_PKI_DIR/authority.pem" ]]; then
        die $LINENO "The CA of the first conductor is not here. Copy" \
            "$SERVICEVM_PKI_DIR of its node to this one, mode 0700."
    fi
}

# _servicevm_configure_relay: where it listens is told later, when its port
# is there.
function _servicevm_configure_relay {
    local file=$SERVICEVM_RELAY_CONF
    sudo install -d -m 0700 -o "$STACK_USER" "$SERVICEVM_RELAY_DIR"
    _servicevm_begin_conf "$file"
    iniset "$file" DEFAULT state_dir "$SERVICEVM_RELAY_DIR"
    iniset "$file" relay name "$SERVICEVM_RELAY_NAME"
    iniset "$file" relay group "$SERVICEVM_RELAY_GROUP"
    iniset "$file" relay bind_port "$SERVICEVM_RELAY_PORT"
    iniset "$file" relay certificate "$SERVICEVM_RELAY_DIR/certificate.pem"
    iniset "$file" relay key "$SERVICEVM_RELAY_DIR/key.pem"
    iniset "$file" relay ca_bundle "$SERVICEVM_RELAY_DIR/ca.pem"
    iniset "$file" relay serial_socket "$SERVICEVM_RELAY_DIR/relay.sock"
}

# _servicevm_make_relay_certificate: where the CA is; elsewhere it has to have
# been brought.
function _servicevm_make_relay_certificate {
    local name=$SERVICEVM_RELAY_NAME group=$SERVICEVM_RELAY_GROUP
    local folder=$SERVICEVM_RELAY_DIR file
    if is_service_enabled svm-cond; then
        if ! _servicevm_relay_certificate_fits; then
            servicevm_manage pki relay-certificate "$name" \
                --group "$group" --output "$folder"
        fi
        return 0
    fi
    for file in key.pem certificate.pem ca.pem; do
        if [[ ! -e "$folder/$file" ]]; then
            die $LINENO "The relay's $file is not in $folder. Make its files" \
                "where a conductor is: servicevm-manage --config-file" \
                "$SERVICEVM_CONF pki relay-certificate $name --group $group" \
                "--output DIR, and copy what is in DIR to this node's $folder."
        fi
    done
}

# _servicevm_relay_certificate_fits: is it of this CA, of this name and group,
# and not over?
function _servicevm_relay_certificate_fits {
    local certificate=$SERVICEVM_RELAY_DIR/certificate.pem
    local ids=spiffe://$SERVICEVM_DEPLOYMENT_ID names
    [[ -e "$certificate" && -e "$SERVICEVM_RELAY_DIR/key.pem" ]] || return 1
    openssl verify -CAfile "$SERVICEVM_PKI_DIR/authority.pem" \
        "$certificate" >/dev/null 2>&1 || return 1
    names=$(openssl x509 -in "$certificate" -noout -ext subjectAltName |
        tr -s ', ' '\n')
    grep -qxF "URI:$ids/relay/$SERVICEVM_RELAY_NAME" <<<"$names" &&
        grep -qxF "URI:$ids/relay-group/$SERVICEVM_RELAY_GROUP" <<<"$names"
}
