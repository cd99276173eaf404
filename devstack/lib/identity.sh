#!/usr/bin/env bash
#
# What Keystone knows of the service: user, service, endpoints.

# servicevm_create_accounts: also puts endpoints right that are there with
# another address.
function servicevm_create_accounts {
    create_service_user "$SERVICEVM_USER" "$SERVICEVM_USER_ROLE"
    get_or_create_service servicevm servicevm "Service VM / Device Manager"
    get_or_create_endpoint servicevm "$REGION_NAME" \
        "$SERVICEVM_API_URL" "" "$SERVICEVM_API_URL"

    local id url endpoints
    endpoints=$(servicevm_cloud endpoint list --service servicevm \
        --region "$REGION_NAME" -f value -c ID -c URL)
    while read -r id url; do
        if [[ -n "$id" && "$url" != "$SERVICEVM_API_URL" ]]; then
            servicevm_cloud endpoint set --url "$SERVICEVM_API_URL" "$id"
        fi
    done <<<"$endpoints"
}

# servicevm_delete_accounts: all of that; while there are endpoints in other
# regions, service and user stay.
function servicevm_delete_accounts {
    local ids
    if ! is_service_enabled svm-api; then
        return 0
    fi
    ids=$(servicevm_cloud endpoint list --service servicevm \
        --region "$REGION_NAME" -f value -c ID) || return 1
    if [[ -n "$ids" ]]; then
        # shellcheck disable=SC2086  # one argument an id
        servicevm_cloud endpoint delete $ids || return 1
    fi
    ids=$(servicevm_cloud endpoint list --service servicevm \
        -f value -c ID) || return 1
    if [[ -z "$ids" ]]; then
        servicevm_cloud service delete servicevm || return 1
        servicevm_cloud user delete --domain "$SERVICE_DOMAIN_NAME" \
            "$SERVICEVM_USER"
    fi
}

# servicevm_cloud: a command of the OpenStack client, as the administrator.
# None waits for ever.
function servicevm_cloud {
    timeout "$SERVICEVM_CLOUD_TIMEOUT" \
        openstack --os-cloud "$SERVICEVM_CLOUD" "$@"
}
