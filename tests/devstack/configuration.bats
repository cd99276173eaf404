#!/usr/bin/env bats
#
# The files that the processes get.

load node

@test "files with secrets are their owner's alone, as their folder is" {
    stack
    [[ $(stat -c %a "$CONF") == 600 ]]
    [[ $(stat -c %a "$RELAY_CONF") == 600 ]]
    [[ $(stat -c %a "$FOLDER/etc/servicevm") == 700 ]]
    [[ $(stat -c %a "$DATA/servicevm-relay") == 700 ]]
    [[ $(stat -c %a "$DATA/servicevm-relay/key.pem") == 600 ]]
}

@test "a file that others could read is not written on" {
    phase stack post-config
    chmod 644 "$CONF"
    phase stack post-config
    [[ $(stat -c %a "$CONF") == 600 ]]
}

@test "the relay learns neither of the database nor of a password of the cloud" {
    stack
    nowhere "database|$(printf 'service-password')|mysql|keystone|auth" \
        "$RELAY_CONF"
    option "$RELAY_CONF" DEFAULT state_dir "$DATA/servicevm-relay"
    [[ ! -e "$DATA/servicevm-relay/authority.pem" ]]
}

@test "all of them use devstack's broker, with a virtual host of their own" {
    phase stack post-config
    local url=rabbit://stackrabbit:rabbit-password@192.0.2.10:5672/servicevm
    local file
    for file in "$CONF" "$RELAY_CONF"; do
        option "$file" DEFAULT rpc oslo
        option "$file" DEFAULT transport_url "$url"
        option "$file" DEFAULT deployment_id devstack
        option "$file" DEFAULT debug True
    done
}

@test "an empty virtual host is the broker's own one" {
    localrc SERVICEVM_RABBIT_VHOST=
    phase stack post-config
    not_called rpc_backend_add_vhost
    option "$CONF" DEFAULT transport_url \
        rabbit://stackrabbit:rabbit-password@192.0.2.10:5672/
}

@test "the API checks tokens of Keystone, behind devstack's proxies" {
    phase stack post-config
    option "$CONF" api auth_strategy keystone
    option "$CONF" keystone_authtoken username servicevm
    option "$CONF" keystone_authtoken password service-password
    option "$CONF" keystone_authtoken auth_url http://192.0.2.10/identity
    option "$CONF" keystone_authtoken cafile ""
    option "$CONF" oslo_middleware enable_proxy_headers_parsing True
    option "$CONF" oslo_policy policy_file "$FOLDER/etc/servicevm/policy.yaml"
    [[ -s "$FOLDER/etc/servicevm/policy.yaml" ]]
}

@test "the API knows devstack's CA where there is one" {
    mkdir -p "$DATA"
    touch "$DATA/ca-bundle.pem"
    phase stack post-config
    option "$CONF" keystone_authtoken cafile "$DATA/ca-bundle.pem"
}

@test "uWSGI gives requests as many threads as the API counts on" {
    localrc SERVICEVM_API_THREADS=5
    phase stack post-config
    local file=$FOLDER/etc/servicevm/uwsgi.ini
    option "$file" uwsgi threads 5
    option "$CONF" api threads 5
    option "$file" uwsgi need-app true
    option "$file" uwsgi module servicevm.wsgi.api:application
}

@test "the nova driver logs in as the service's user, in its project" {
    phase stack post-config
    option "$CONF" nova auth_type password
    option "$CONF" nova auth_url http://192.0.2.10/identity
    option "$CONF" nova username servicevm
    option "$CONF" nova password service-password
    option "$CONF" nova project_name service
    option "$CONF" nova user_domain_name Default
    option "$CONF" nova project_domain_name Default
    option "$CONF" nova region_name RegionOne
}

@test "conductor and relay of a node meet at one socket for serial lines" {
    phase stack post-config
    option "$CONF" relay serial_socket "$DATA/servicevm-relay/relay.sock"
    option "$RELAY_CONF" relay serial_socket \
        "$DATA/servicevm-relay/relay.sock"
}

@test "the relay's certificate is of the conductor's CA and has its name" {
    localrc SERVICEVM_RELAY_NAME=relay7
    phase stack post-config
    local folder=$DATA/servicevm-relay
    openssl verify -CAfile "$DATA/servicevm/pki/authority.pem" \
        "$folder/certificate.pem"
    openssl x509 -in "$folder/certificate.pem" -noout -ext subjectAltName |
        grep spiffe://devstack/relay/relay7
    option "$RELAY_CONF" relay name relay7
    option "$RELAY_CONF" relay certificate "$folder/certificate.pem"
    option "$RELAY_CONF" relay key "$folder/key.pem"
    option "$RELAY_CONF" relay ca_bundle "$folder/ca.pem"
}

@test "a certificate that still fits is kept" {
    phase stack post-config
    phase stack post-config
    called "servicevm-manage --config-file $CONF pki relay-certificate"
}

@test "a certificate of another name, group or CA is made anew" {
    phase stack post-config
    localrc SERVICEVM_RELAY_NAME=another
    phase stack post-config
    called "servicevm-manage --config-file $CONF pki relay-certificate" 2
    localrc SERVICEVM_RELAY_GROUP=blue
    phase stack post-config
    called "servicevm-manage --config-file $CONF pki relay-certificate" 3
    option "$RELAY_CONF" relay group blue
    rm -r "$DATA/servicevm/pki"
    phase stack post-config
    called "servicevm-manage --config-file $CONF pki relay-certificate" 4
    openssl verify -CAfile "$DATA/servicevm/pki/authority.pem" \
        "$DATA/servicevm-relay/certificate.pem"
}

@test "stacking twice writes the same files" {
    stack
    cp -rp "$FOLDER/etc" "$DATA/servicevm-relay" "$BATS_TEST_TMPDIR/"
    stack
    diff -r "$BATS_TEST_TMPDIR/etc" "$FOLDER/etc"
    diff -r "$BATS_TEST_TMPDIR/servicevm-relay" "$DATA/servicevm-relay"
}

@test "what an earlier release wrote does not stay in the file" {
    phase stack post-config
    echo "old_option = 1" >>"$CONF"
    phase stack post-config
    nowhere old_option "$CONF"
}

@test "what local.conf adds after post-config stays when the rest is added" {
    phase stack post-config
    echo "workers = 3" | sed -i '/^\[DEFAULT\]/r /dev/stdin' "$CONF"
    phase stack extra
    option "$CONF" DEFAULT workers 3
}
