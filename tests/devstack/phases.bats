#!/usr/bin/env bats
#
# Which phase does what, for whom.

load node

@test "nothing runs before the settings have been looked at" {
    phase stack pre-install
    [[ ! -e "$FOLDER/calls" ]]
}

@test "install brings the package with its extras, bindep's packages and the image" {
    phase stack install
    called "setup_develop -bindep $ROOT server\,mysql"
    called "servicevm-manage image build --output $DATA/servicevm/image"
    in_order setup_develop "servicevm-manage image build"
    [[ $(stat -c %a "$DATA/servicevm") == 700 ]]
}

@test "install takes the driver of the database that devstack has" {
    localrc DATABASE_TYPE=postgresql
    phase stack install
    called "setup_develop -bindep $ROOT server\,postgresql"
}

@test "install refuses a database that there is no driver for" {
    localrc DATABASE_TYPE=sqlite
    fails "no driver for the database sqlite" phase stack install
    not_called setup_develop
}

@test "an image that is not to be built is not" {
    localrc SERVICEVM_IMAGE_BUILD=False
    phase stack install
    not_called "servicevm-manage image build"
}

@test "post-config needs Keystone, database and broker, and no other service" {
    phase stack post-config
    called "create_service_user servicevm admin"
    called "get_or_create_service servicevm servicevm"
    called "get_or_create_endpoint servicevm RegionOne"
    called "recreate_database servicevm"
    called "servicevm-manage --config-file $CONF db sync"
    called "rpc_backend_add_vhost servicevm"
    in_order "recreate_database" "servicevm-manage --config-file $CONF db sync"
    nowhere "openstack .* (network|port|image|quota) " "$FOLDER/calls"
    not_called run_process
}

@test "the endpoints are public and internal, where Apache has the API" {
    phase stack post-config
    local url=http://192.0.2.10/servicevm
    called "get_or_create_endpoint servicevm RegionOne $url '' $url"
    called "write_uwsgi_config $FOLDER/etc/servicevm/uwsgi.ini servicevm.wsgi.api:application /servicevm '' servicevm-api"
    [[ $(in_cloud endpoint) == 2 ]]
}

@test "the endpoints are behind TLS where devstack's services are" {
    localrc SERVICE_PROTOCOL=https ENABLED_SERVICES+=,tls-proxy
    phase stack post-config
    called "get_or_create_endpoint servicevm RegionOne https://192.0.2.10/servicevm"
    option "$CONF" nova cafile "$DATA/ca-bundle.pem"
}

@test "the API can have a port of its own, without Apache" {
    localrc SERVICEVM_API_HTTP=192.0.2.10:9890
    phase stack post-config
    called "get_or_create_endpoint servicevm RegionOne http://192.0.2.10:9890"
    option "$FOLDER/etc/servicevm/uwsgi.ini" uwsgi http 192.0.2.10:9890
}

@test "an endpoint with an address of before is put right" {
    phase stack post-config
    localrc SERVICEVM_API_PATH=/svm
    phase stack post-config
    called "openstack --os-cloud devstack-admin endpoint set --url http://192.0.2.10/svm" 2
    [[ $(in_cloud endpoint) == 2 ]]
    [[ $(grep -c 192.0.2.10/svm "$FOLDER/cloud.json") == 2 ]]
}

@test "extra starts the processes when all that they need is there" {
    stack
    local bin=$ROOT/tests/devstack/stand_in/bin etc=$FOLDER/etc/servicevm
    called "run_process svm-cond $bin/servicevm-conductor\ --config-file\ $CONF"
    called "run_process svm-relay $bin/servicevm-relay\ --config-file\ $RELAY_CONF"
    called "run_process svm-api $bin/uwsgi\ --procname-prefix\ svm-api\ --ini\ $etc/uwsgi.ini '' '' OS_SERVICEVM_CONFIG_FILE=$CONF"
    called "wait_for_service 60 http://192.0.2.10/servicevm/healthcheck"
    in_order "openstack --os-cloud devstack-admin port create" \
        "openstack --os-cloud devstack-admin quota set" \
        "servicevm-manage --config-file $CONF image upload" run_process \
        wait_for_service
}

@test "an API that does not begin to answer ends the stack with where to look" {
    stack
    touch "$FOLDER/silent"
    fails "journalctl -u devstack@svm-api" phase stack extra
}

@test "test-config tells tempest that the service is there" {
    phase stack test-config
    option "$FOLDER/opt/stack/tempest/etc/tempest.conf" \
        service_available servicevm True
}

@test "test-config does nothing without tempest" {
    localrc 'ENABLED_SERVICES=${ENABLED_SERVICES/,tempest/}'
    phase stack test-config
    [[ ! -s "$FOLDER/opt/stack/tempest/etc/tempest.conf" ]]
}

@test "a node with none of the services is left alone" {
    localrc DISABLED_SERVICES=svm-api,svm-cond,svm-relay \
        'ENABLED_SERVICES=${ENABLED_SERVICES/,horizon/}'
    stack
    phase unstack
    phase clean
    nowhere "^(sudo [^r]|[^s])" "$FOLDER/calls"
}

@test "a phase that this plugin does not know is none of its business" {
    phase stack override_defaults
    phase stack another
    [[ ! -e "$FOLDER/calls" ]]
}

@test "without a broker it is said before anything is installed" {
    localrc 'ENABLED_SERVICES=${ENABLED_SERVICES/,rabbit/}' RABBIT_PASSWORD=
    fails "servicevm needs RabbitMQ" phase stack pre-install
}

@test "without Neutron it is said before anything is installed" {
    localrc ENABLED_SERVICES=key,mysql,rabbit
    fails "SERVICEVM_MGMT_NETWORK= (empty)" phase stack pre-install
}

@test "a setting that cannot work is said before anything is installed" {
    localrc SERVICEVM_MGMT_INTERFACE=servicevm-management0
    fails "no more than 15 characters" phase stack pre-install
    localrc SERVICEVM_MGMT_INTERFACE=svm0 SERVICEVM_MGMT_CIDR=fd00::/64
    fails "has to be an IPv4 network" phase stack pre-install
    localrc SERVICEVM_RELAY_PORT=relay
    fails "SERVICEVM_RELAY_PORT is relay, which is no port" \
        phase stack pre-install
}
