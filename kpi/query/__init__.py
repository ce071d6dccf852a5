"""Asking metrics from the command line: ``kpi query``, ``kpi metrics``, ``kpi dimensions``.

A question (``question``) is resolved to ids (``names``, ``filters``) and compiled (``compiled``) once, then found on
disk (``cache``); ``run`` asks the warehouse and ``show`` writes the answer. ``fast`` reads plain arguments before the
command line proper is loaded.
"""
