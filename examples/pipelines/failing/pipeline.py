"""A pipeline that fails and says so: Iaso gets ERROR with the reason, OpenHEXA a failed run."""

import requests
from openhexa.sdk import current_run, parameter, pipeline, workspace


@pipeline("Failing pipeline", timeout=600)
@parameter("task_id", name="Iaso task", type=str, required=False)
@parameter("pipeline_id", name="Pipeline", type=str, required=False)
@parameter("reason", name="What goes wrong", type=str, required=True, default="The source has no data for this month")
def failing_pipeline(task_id, pipeline_id, reason):
    """Fail for the reason given."""
    try:
        current_run.log_info("Looking for data")
        raise RuntimeError(reason)
    except RuntimeError as problem:
        if task_id and pipeline_id:
            report_error(task_id, pipeline_id, str(problem))
        raise


def report_error(task_id, pipeline_id, message):
    """Tell Iaso once; whether it hears is no longer ours to decide."""
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
        answer = requests.patch(
            f"{connection.url.rstrip('/')}/api/openhexa/pipelines/{pipeline_id}/",
            json=report,
            headers={"Authorization": f"Bearer {connection.value}"},
            timeout=30,
        )
        if answer.status_code != 200:
            current_run.log_warning(f"Iaso refused the report with HTTP {answer.status_code}")
    except requests.RequestException as lost:
        current_run.log_warning(f"Iaso could not be reached: {lost}")


if __name__ == "__main__":
    failing_pipeline()
