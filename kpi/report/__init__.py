"""The report and the metric explorer: offline pages written from schema ``metrics``."""
