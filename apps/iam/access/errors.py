"""What access refuses."""

from apps.core.errors import Invalid, NotFound


class SubjectNotFound(NotFound):
    """There is no such person, service account or group in this tenant."""

    code = "subject_not_found"


class InvalidQuestion(Invalid):
    """What was asked about access is not well formed."""

    code = "invalid_question"
