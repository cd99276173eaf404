#!/usr/bin/env bash
#
# What stackrc, stack.sh and the libraries have set when plugins are loaded,
# for one node that has everything.

DEST=$FOLDER/opt/stack
DATA_DIR=$DEST/data
HORIZON_DIR=$DEST/horizon
TEMPEST_CONFIG=$DEST/tempest/etc/tempest.conf
mkdir -p "$DATA_DIR" "$HORIZON_DIR/openstack_dashboard/local/enabled" \
    "$DEST/tempest/etc"

STACK_USER=$(id -un)
HOST_IP=192.0.2.10
SERVICE_HOST=$HOST_IP
SERVICE_PROTOCOL=http
SERVICE_TIMEOUT=60
ENABLE_DEBUG_LOG_LEVEL=True
API_WORKERS=2
SSL_BUNDLE_FILE=$DATA_DIR/ca-bundle.pem

REGION_NAME=RegionOne
SERVICE_PROJECT_NAME=service
SERVICE_DOMAIN_NAME=Default
SERVICE_PASSWORD=service-password
KEYSTONE_SERVICE_URI=http://192.0.2.10/identity
MEMCACHE_SERVERS=localhost:11211

DATABASE_BACKENDS="mysql postgresql"
DATABASE_TYPE=mysql
RABBIT_USERID=stackrabbit
RABBIT_PASSWORD=rabbit-password
RABBIT_HOST=$SERVICE_HOST

# As whom stack.sh itself uses the client.
export OS_CLOUD=devstack-admin

ENABLED_SERVICES=key,mysql,rabbit,g-api,n-api,n-cpu,q-svc,q-ovn-agent
ENABLED_SERVICES+=,placement-api,horizon,tempest
DISABLED_SERVICES=

# Of the plugin's own settings only what would be outside of the folder.
SERVICEVM_CONF_DIR=$FOLDER/etc/servicevm

if [[ -e "$FOLDER/localrc" ]]; then
    # shellcheck source=/dev/null
    source "$FOLDER/localrc"
fi
