"""The Wirewatch page: its JSON API, and the ES modules that Airflow loads into its own interface. No Airflow in here."""

from wirewatch.web.access import User
from wirewatch.web.app import create_app

__all__ = ["User", "create_app"]
