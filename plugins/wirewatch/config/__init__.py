"""Configuration: the strict loader of config/, and the `Bundle` it makes."""

from wirewatch.config.loader import Bundle, Example, fingerprint, load, load_files, settings_path
from wirewatch.config.settings import Settings

__all__ = ["Bundle", "Example", "Settings", "fingerprint", "load", "load_files", "settings_path"]
