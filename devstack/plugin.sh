# shellcheck shell=bash
#
# Called by DevStack: installs heat-image-props beside heat-engine.
#
#     enable_plugin heat https://opendev.org/openstack/heat
#     enable_plugin heat-image-props URL_OF_THIS_REPOSITORY
#
# There is nothing to configure and nothing to start: heat-engine, which starts
# in a later phase, loads what is installed in its Python environment.

# Save trace setting
_XTRACE_HEAT_IMAGE_PROPS=$(set +o | grep xtrace)
set -o xtrace

# The directory is where DevStack has cloned this repository to.
HEAT_IMAGE_PROPS_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# Whether this machine runs heat-engine; heat-api needs no plugin.
function is_heat_image_props_enabled {
    is_service_enabled h-eng
}

# install_heat_image_props() - beside Heat, editable, as DevStack does it.
function install_heat_image_props {
    setup_develop "$HEAT_IMAGE_PROPS_DIR"
}

# uninstall_heat_image_props() - out of the Python that Heat was installed for.
function uninstall_heat_image_props {
    pip_uninstall heat-image-props
}

if is_heat_image_props_enabled; then
    case "$1 ${2:-}" in
        'stack install')
            echo_summary 'Installing heat-image-props'
            install_heat_image_props
            ;;
        'clean '*)
            uninstall_heat_image_props
            ;;
    esac
fi

# Restore xtrace
$_XTRACE_HEAT_IMAGE_PROPS
