#!/usr/bin/env bash
#
# What other services hold for us: network, quota, image. Needs all of them to
# run, so it is done last, and undone first.

# servicevm_init_cloud: make what is missing.
function servicevm_init_cloud {
    servicevm_init_network
    if is_service_enabled svm-api; then
        _servicevm_set_quota
        _servicevm_upload_image
    fi
}

# _servicevm_set_quota: all devices are the service project's, whoever they
# work for.
function _servicevm_set_quota {
    local options=()
    if is_service_enabled nova; then
        _servicevm_add_quota instances "$SERVICEVM_QUOTA_INSTANCES"
        _servicevm_add_quota cores "$SERVICEVM_QUOTA_CORES"
        _servicevm_add_quota ram "$SERVICEVM_QUOTA_RAM"
    fi
    if is_service_enabled neutron; then
        _servicevm_add_quota ports "$SERVICEVM_QUOTA_PORTS"
        _servicevm_add_quota secgroups "$SERVICEVM_QUOTA_SECGROUPS"
        _servicevm_add_quota secgroup-rules "$SERVICEVM_QUOTA_SECGROUP_RULES"
    fi
    if [[ ${#options[@]} -gt 0 ]]; then
        servicevm_cloud quota set "${options[@]}" "$SERVICE_PROJECT_NAME"
    fi
}

# _servicevm_add_quota NAME LIMIT: to the caller's options, if there is one.
function _servicevm_add_quota {
    if [[ -n "$2" ]]; then
        options+=("--$1" "$2")
    fi
}

# _servicevm_has_image: whether Glance has the guest image from here.
function _servicevm_has_image {
    [[ "$SERVICEVM_IMAGE_UPLOAD" == True ]] && is_service_enabled glance
}

# _servicevm_upload_image: the guest image, tagged as the driver looks for it.
function _servicevm_upload_image {
    if _servicevm_has_image; then
        # By [nova]: images of other projects than the servers' do not count.
        # devstack's environment would come before it.
        (
            unset OS_CLOUD OS_AUTH_URL
            servicevm_manage image upload --from "$SERVICEVM_IMAGE_DIR" \
                --tag "$SERVICEVM_IMAGE_TAG" \
                --timeout "$SERVICEVM_CLOUD_TIMEOUT"
        )
    fi
}

# servicevm_make_template: so that a device can be made at once.
function servicevm_make_template {
    local found
    if [[ -z "$SERVICEVM_TEMPLATE" || -z "$SERVICEVM_MGMT_NETWORK" ]]; then
        return 0
    fi
    found=$(servicevm_cloud servicevm device template list \
        --name "$SERVICEVM_TEMPLATE" -f value -c ID) ||
        die $LINENO "The API cannot be asked for templates; see above."
    if [[ -z "$found" ]]; then
        servicevm_cloud servicevm device template create \
            --infra-driver nova \
            --infra-option "image_tag=$SERVICEVM_IMAGE_TAG" \
            --mgmt-driver agent --mgmt-option transport=tcp \
            --interface "role=mgmt,network=$SERVICEVM_MGMT_NETWORK" \
            --interface role=ingress --service-type loadbalancer \
            --slots 4 "$SERVICEVM_TEMPLATE"
    fi
}

# servicevm_forget_cloud: delete what this node made in the cloud, as far as
# the cloud still answers: what is left goes with its databases.
function servicevm_forget_cloud {
    local step
    if [[ "$SERVICEVM_UNSTACK_CLOUD" != True ]]; then
        return 0
    fi
    for step in _servicevm_delete_devices servicevm_delete_network \
        _servicevm_delete_image servicevm_delete_accounts; do
        if ! "$step"; then
            warn $LINENO "unstacking servicevm: $step failed; see above."
        fi
    done
}

# _servicevm_delete_devices: the service does it itself, with all that they
# have in Nova and Neutron.
function _servicevm_delete_devices {
    local ids
    if ! is_service_enabled svm-api; then
        return 0
    fi
    ids=$(servicevm_cloud servicevm device list --all-projects \
        -f value -c ID) || return 1
    if [[ -n "$ids" ]]; then
        # shellcheck disable=SC2086  # one argument an id
        servicevm_cloud servicevm device delete \
            --wait "$SERVICEVM_UNSTACK_TIMEOUT" $ids
    fi
}

# _servicevm_delete_image: that which was uploaded here.
function _servicevm_delete_image {
    local ids
    if ! is_service_enabled svm-api || ! _servicevm_has_image; then
        return 0
    fi
    ids=$(servicevm_cloud image list --tag "$SERVICEVM_IMAGE_TAG" \
        "${_SERVICEVM_OWNER[@]}" -f value -c ID) || return 1
    if [[ -n "$ids" ]]; then
        # shellcheck disable=SC2086  # one argument an id
        servicevm_cloud image delete $ids
    fi
}
