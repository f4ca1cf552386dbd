"""Alerts: who is told what (`plan`), what it looks like (`render`), and how it gets there (`channels`)."""
