"""Read models belong to all companies at once, so only the platform's staff may make them again."""

from apps.core.auth.permissions import PlatformPermission


class ProjectionPermission(PlatformPermission):
    VIEW = "platform.view_projections", "See read models and how they were built again"
    REBUILD = "platform.rebuild_projections", "Build read models again and put them in place"
