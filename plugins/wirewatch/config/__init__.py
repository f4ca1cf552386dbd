"""Configuration: the strict loader of config/, and the `Bundle` it makes."""

from wirewatch.config.bundle import Bundle, Example
from wirewatch.config.folder import settings_path
from wirewatch.config.loader import fingerprint, load, load_files
from wirewatch.config.settings import Settings

__all__ = ["Bundle", "Example", "Settings", "fingerprint", "load", "load_files", "settings_path"]
