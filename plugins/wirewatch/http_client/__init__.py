"""The polite client that fetches feeds and pages from the open internet; implements `http.Http`."""

from wirewatch.http_client.client import HttpClient

__all__ = ["HttpClient"]
