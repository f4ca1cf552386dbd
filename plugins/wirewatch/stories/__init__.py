"""Near-duplicate grouping: which articles are one text that several have taken over."""

from wirewatch.stories.group import Index, Item, assign
from wirewatch.stories.signature import signature

__all__ = ["Index", "Item", "assign", "signature"]
