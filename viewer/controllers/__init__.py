"""The only place that knows both widgets and services."""
