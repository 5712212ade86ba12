"""Names under which the platform files our settings."""

ORGANISATION = "convnet-viewer"
APPLICATION = "convnet-viewer"
TITLE = "Convnet Viewer"
