"""A minimal pipeline that reports its progress, final status and result to Iaso.

It receives `task_id` and `pipeline_id` at the launch, has a few parameters of its own, and pretends to read records. The
address and token for its reports are in the workspace connection `iaso-pipeline` (`url` and `value`).
"""

import requests
from openhexa.sdk import current_run, parameter, pipeline, workspace


class Reporter:
    """Reports one task to Iaso. The pipeline continues if a report fails."""

    def __init__(self, task_id, pipeline_id):
        self.task_id = task_id
        connection = workspace.custom_connection("iaso-pipeline")
        self.url = f"{connection.url.rstrip('/')}/api/openhexa/pipelines/{pipeline_id}/"
        self.headers = {"Authorization": f"Bearer {connection.value}"}

    def send(self, status, message, progress, result=None):
        report = {
            "task_id": self.task_id,
            "status": status,
            "progress_message": message,
            "progress_value": progress,
            "end_value": 100,
            "result": result,
        }
        try:
            response = requests.patch(self.url, json=report, headers=self.headers, timeout=30)
        except requests.RequestException as error:
            current_run.log_warning(f"Report to Iaso failed: {error}")
            return
        if response.status_code != 200:
            current_run.log_warning(f"Report to Iaso failed with HTTP {response.status_code}")


@pipeline("Basic pipeline", timeout=600)
@parameter("task_id", name="Iaso task", type=str, required=False)
@parameter("pipeline_id", name="Pipeline", type=str, required=False)
@parameter("country", name="Country", type=str, required=True, default="Cameroon")
@parameter("demo_data", name="Use demonstration data", type=bool, required=False, default=True)
@parameter("max_records", name="Maximum number of records", type=int, required=False, default=100)
@parameter("confidence", name="Confidence level", type=float, required=False, default=0.95)
def basic_pipeline(task_id, pipeline_id, country, demo_data, max_records, confidence):
    """Count the records of a country and report the count to Iaso."""
    reporter = Reporter(task_id, pipeline_id) if task_id and pipeline_id else None

    def send(*report):
        if reporter:
            reporter.send(*report)

    try:
        current_run.log_info(f"Reading records of {country}")
        send("RUNNING", f"Reading records of {country}", 25)
        records = read(country, demo_data, max_records)
        send("RUNNING", f"{len(records)} records read", 100)
        result = {"country": country, "records": len(records), "confidence": confidence}
        send("SUCCESS", "Done", 100, result)
        current_run.log_info(f"{len(records)} records")
    except Exception as error:
        send("ERROR", str(error), 0)
        raise


def read(country, demo_data, max_records):
    """Return demonstration data in place of real records."""
    if not demo_data:
        raise ValueError("Only demonstration data is available")
    return [{"country": country, "number": number} for number in range(min(max_records, 50))]


if __name__ == "__main__":
    basic_pipeline()
