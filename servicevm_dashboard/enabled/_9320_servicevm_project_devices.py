from servicevm_dashboard import exceptions

PANEL = "servicevm_devices"
PANEL_DASHBOARD = "project"
PANEL_GROUP = "servicevm"
ADD_PANEL = "servicevm_dashboard.panels.devices.panel.Devices"

# Once for all panels, in the first that is there.
ADD_INSTALLED_APPS = ["servicevm_dashboard"]
ADD_EXCEPTIONS = {
    "not_found": exceptions.NOT_FOUND,
    "unauthorized": exceptions.UNAUTHORIZED,
    "recoverable": exceptions.RECOVERABLE,
}
ADD_SCSS_FILES = ["servicevm/servicevm.scss"]
AUTO_DISCOVER_STATIC_FILES = True
