"""Command line and helpers around the dbt project *community-metrics*.

``__version__`` is the version of the installed distribution, or ``0+source`` when the package is
used straight from a checkout that was never installed.
"""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("community-metrics")
except PackageNotFoundError:
    __version__ = "0+source"

__all__ = ["__version__"]
