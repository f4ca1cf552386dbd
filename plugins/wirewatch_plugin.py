"""The Wirewatch page in Airflow's navigation, and the API behind it."""

from __future__ import annotations

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.base_auth_manager import ResourceMethod
from airflow.api_fastapi.auth.managers.models.resource_details import DagDetails
from airflow.api_fastapi.core_api.security import GetUserDep
from airflow.plugins_manager import AirflowPlugin
from fastapi import HTTPException

from wirewatch.web import ShortAddress, User, create_app
from wirewatch.wiring.airflow import documents

RIGHTS_OF = "detect_spikes"
"""Who may read this DAG may look at the page; who may edit it may change incidents and feeds."""


def _may(user: GetUserDep, method: ResourceMethod) -> bool:
    return get_auth_manager().is_authorized_dag(method=method, details=DagDetails(id=RIGHTS_OF), user=user)


def reader(user: GetUserDep) -> User:
    """Whoever is logged in to Airflow and may read the DAG; raises 401 or 403."""
    if not _may(user, "GET"):
        raise HTTPException(403, f"You may not look at this: it takes the permission to read the DAG {RIGHTS_OF}.")
    return User(id=str(user.get_id()), name=user.get_name())


def may_change(user: GetUserDep) -> bool:
    """Whether they may edit the DAG."""
    return _may(user, "PUT")


app = create_app(documents=documents, user=reader, may_change=may_change)


class WirewatchPlugin(AirflowPlugin):
    """Mounts the API under /wirewatch and the page at /plugin/wirewatch.

    Addresses are relative: Airflow resolves them against its own, which may have a path.
    """

    name = "wirewatch"
    fastapi_apps = [{"app": app, "url_prefix": "/wirewatch", "name": "Wirewatch"}]  # noqa: RUF012 - as AirflowPlugin declares it
    fastapi_root_middlewares = [{"middleware": ShortAddress, "args": [], "kwargs": {}, "name": "Wirewatch"}]  # noqa: RUF012 - as above
    react_apps = [  # noqa: RUF012 - as above
        {
            "name": "Wirewatch",
            "bundle_url": "./wirewatch/static/app.js",
            "destination": "nav",
            "url_route": "wirewatch",
            "nav_top_level": True,
            "icon": "./wirewatch/static/icon.svg",
        }
    ]
