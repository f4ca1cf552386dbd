"""Wirewatch: polls feeds, reads the articles, tags watched topics, and alerts when one spikes."""

__version__ = "0.1.0"
