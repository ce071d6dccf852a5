"""Command line and helpers around the dbt project *community-metrics*.

``__version__`` is the version of the installed distribution, or ``0+source`` when the package is
used straight from a checkout that was never installed.
"""

from __future__ import annotations

__all__ = ["__version__"]


def __getattr__(name: str) -> str:
    """``__version__``, looked up when somebody asks: a question about a metric does not."""
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("community-metrics")
    except PackageNotFoundError:
        return "0+source"
