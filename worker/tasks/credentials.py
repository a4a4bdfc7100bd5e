"""Tasks about sealed credentials."""

from shared.tasks import TaskName
from worker.context import get_context
from worker.pipeline.refresh_tokens import refresh as refresh_credentials
from worker.pipeline.rotate import rotate as rotate_credentials
from worker.task import task


@task(TaskName.CREDENTIALS_ROTATE)
def rotate(rotation_id: str) -> str:
    """Seal a page of credentials under the newest key."""
    return rotate_credentials(get_context(), rotation_id)


@task(TaskName.CREDENTIALS_REFRESH)
def refresh(credential_ids: list[str]) -> str:
    """Refresh tokens before they end."""
    return refresh_credentials(get_context(), credential_ids)
