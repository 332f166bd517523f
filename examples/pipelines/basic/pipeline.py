"""A pipeline that reports to Iaso: the smallest one that does all of it.

It takes what Iaso hands over at a launch (`task_id`, `pipeline_id`) and a few parameters of its own, pretends to
read records, and tells Iaso how far it is, how it ended and what came out. Iaso is found through the workspace
connection `iaso-pipeline`: its `url` and, as `value`, a token.
"""

import requests
from openhexa.sdk import current_run, parameter, pipeline, workspace


class Reporter:
    """Tells Iaso about one task. A report that gets lost never stops the work."""

    def __init__(self, task_id, pipeline_id):
        self.task_id = task_id
        connection = workspace.custom_connection("iaso-pipeline")
        self.url = f"{connection.url.rstrip('/')}/api/openhexa/pipelines/{pipeline_id}/"
        self.headers = {"Authorization": f"Bearer {connection.value}"}

    def tell(self, status, message, progress, result=None):
        report = {
            "task_id": self.task_id,
            "status": status,
            "progress_message": message,
            "progress_value": progress,
            "end_value": 100,
            "result": result,
        }
        try:
            answer = requests.patch(self.url, json=report, headers=self.headers, timeout=30)
        except requests.RequestException as problem:
            current_run.log_warning(f"Iaso could not be reached: {problem}")
            return
        if answer.status_code != 200:
            current_run.log_warning(f"Iaso refused a report with HTTP {answer.status_code}")


@pipeline("Basic pipeline", timeout=600)
@parameter("task_id", name="Iaso task", type=str, required=False)
@parameter("pipeline_id", name="Pipeline", type=str, required=False)
@parameter("country", name="Country", type=str, required=True, default="Cameroon")
@parameter("demo_data", name="Use demonstration data", type=bool, required=False, default=True)
@parameter("max_records", name="Most records to read", type=int, required=False, default=100)
@parameter("confidence", name="Confidence level", type=float, required=False, default=0.95)
def basic_pipeline(task_id, pipeline_id, country, demo_data, max_records, confidence):
    """Count the records of a country and report the count to Iaso."""
    reporter = Reporter(task_id, pipeline_id) if task_id and pipeline_id else None

    def tell(*report):
        if reporter:
            reporter.tell(*report)

    try:
        current_run.log_info(f"Reading records of {country}")
        tell("RUNNING", f"Reading records of {country}", 25)
        records = read(country, demo_data, max_records)
        tell("RUNNING", f"{len(records)} records read", 100)
        result = {"country": country, "records": len(records), "confidence": confidence}
        tell("SUCCESS", "Done", 100, result)
        current_run.log_info(f"{len(records)} records")
    except Exception as problem:
        tell("ERROR", str(problem), 0)
        raise


def read(country, demo_data, max_records):
    """Stand in for what a real pipeline would fetch."""
    if not demo_data:
        raise ValueError("There is nothing to read but demonstration data")
    return [{"country": country, "number": number} for number in range(min(max_records, 50))]


if __name__ == "__main__":
    basic_pipeline()
