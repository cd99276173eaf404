#!/usr/bin/env bats
#
# Quota and image.

load node

CLOUD="openstack --os-cloud devstack-admin"

@test "the service project may have more than ten machines" {
    stack
    called "$CLOUD quota set --instances 100 --cores 200 --ram 204800 --ports 1000 --secgroups 200 --secgroup-rules 2000 service"
}

@test "a limit that is left empty stays as it is" {
    localrc SERVICEVM_QUOTA_RAM= SERVICEVM_QUOTA_CORES=-1
    stack
    called "$CLOUD quota set --instances 100 --cores -1 --ports 1000"
}

@test "without Nova only Neutron has a quota" {
    localrc ENABLED_SERVICES=key,mysql,rabbit,q-svc
    stack
    called "$CLOUD quota set --ports 1000 --secgroups 200"
}

@test "with every limit empty there is nothing to set" {
    localrc SERVICEVM_QUOTA_{INSTANCES,CORES,RAM,PORTS}= \
        SERVICEVM_QUOTA_SECGROUP{S,_RULES}=
    stack
    not_called "$CLOUD quota"
}

@test "the image that was built is the one that is uploaded, with the tag" {
    localrc SERVICEVM_IMAGE_DIR="$FOLDER/image" SERVICEVM_IMAGE_TAG=svm
    stack
    called "servicevm-manage image build --output $FOLDER/image"
    called "servicevm-manage --config-file $CONF image upload --from $FOLDER/image --tag svm --timeout 300"
    option "$CONF" qemu image_dir "$FOLDER/image"
}

@test "an image that is not to be uploaded is not, nor without Glance" {
    localrc SERVICEVM_IMAGE_UPLOAD=False
    stack
    localrc SERVICEVM_IMAGE_UPLOAD=True \
        'ENABLED_SERVICES=${ENABLED_SERVICES/,g-api/}'
    stack
    nowhere "image upload" "$FOLDER/calls"
}

@test "there is a template for devices in Nova, once" {
    stack
    stack
    called "$CLOUD servicevm device template create --infra-driver nova --infra-option image_tag=servicevm --mgmt-driver agent --mgmt-option transport=tcp --interface role=mgmt,network=servicevm-mgmt --interface role=ingress --service-type loadbalancer --slots 4 lb"
    in_order wait_for_service "$CLOUD servicevm device template create"
}

@test "the template can be left out, and is without Nova" {
    localrc SERVICEVM_TEMPLATE=
    stack
    localrc SERVICEVM_TEMPLATE=lb ENABLED_SERVICES=key,mysql,rabbit,q-svc
    stack
    nowhere "template create" "$FOLDER/calls"
}

@test "the cloud is entered as whom the user wants" {
    localrc SERVICEVM_CLOUD=my-admin
    stack
    phase unstack
    # devstack's own functions are devstack-system-admin.
    nowhere "--os-cloud devstack-admin" "$FOLDER/calls"
}
