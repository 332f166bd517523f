"""A pipeline that fails and reports it: Iaso gets ERROR with the reason, and the run in OpenHEXA fails."""

import requests
from openhexa.sdk import current_run, parameter, pipeline, workspace


@pipeline("Failing pipeline", timeout=600)
@parameter("task_id", name="Iaso task", type=str, required=False)
@parameter("pipeline_id", name="Pipeline", type=str, required=False)
@parameter("reason", name="Error message", type=str, required=True, default="The source has no data for this month")
def failing_pipeline(task_id, pipeline_id, reason):
    """Fail with the given message."""
    try:
        current_run.log_info("Looking for data")
        raise RuntimeError(reason)
    except RuntimeError as error:
        if task_id and pipeline_id:
            report_error(task_id, pipeline_id, str(error))
        raise


def report_error(task_id, pipeline_id, message):
    """Report the error to Iaso, without retries."""
    connection = workspace.custom_connection("iaso-pipeline")
    report = {
        "task_id": task_id,
        "status": "ERROR",
        "progress_message": message,
        "progress_value": 0,
        "end_value": 100,
        "result": None,
    }
    try:
        response = requests.patch(
            f"{connection.url.rstrip('/')}/api/openhexa/pipelines/{pipeline_id}/",
            json=report,
            headers={"Authorization": f"Bearer {connection.value}"},
            timeout=30,
        )
        if response.status_code != 200:
            current_run.log_warning(f"Report to Iaso failed with HTTP {response.status_code}")
    except requests.RequestException as error:
        current_run.log_warning(f"Report to Iaso failed: {error}")


if __name__ == "__main__":
    failing_pipeline()
