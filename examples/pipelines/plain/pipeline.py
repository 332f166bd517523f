"""A pipeline that reports with Python's standard library, using the address and token that the bridge passes to it.

It declares `connection_host` and `connection_token`, so it needs no workspace connection and no package other than the
SDK. It retries reports after network errors, and it stops when its task was cancelled or has ended.
"""

import json
import sys
import time
import urllib.error
import urllib.request

from openhexa.sdk import current_run, parameter, pipeline


class TaskEnded(Exception):
    """The task was cancelled or has already ended."""


class Reporter:
    """Reports progress and results of one task to Iaso. Does nothing if the run has no task."""

    def __init__(self, task_id, pipeline_id, host, token):
        self.enabled = bool(task_id and pipeline_id and host and token)
        self.url = f"{host}/api/openhexa/pipelines/{pipeline_id}/"
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self.task_id = task_id

    def running(self, message, progress):
        self.send({"status": "RUNNING", "progress_message": message, "progress_value": progress, "end_value": 100})

    def success(self, message, result):
        self.send({"status": "SUCCESS", "progress_message": message, "progress_value": 100, "result": result})

    def error(self, message):
        self.send({"status": "ERROR", "progress_message": message})

    def send(self, report):
        """Send a report, with up to three retries. Sending the same report twice has no side effects."""
        if not self.enabled:
            return
        body = json.dumps({"task_id": self.task_id, **report}).encode()
        for pause in (1, 5, 15, 0):
            request = urllib.request.Request(self.url, body, self.headers, method="PATCH")
            try:
                with urllib.request.urlopen(request, timeout=30):
                    return
            except urllib.error.HTTPError as error:
                problem = f"HTTP {error.code}: {error.read().decode(errors='replace')}"
                if error.code == 409 and report["status"] == "RUNNING":
                    raise TaskEnded(problem) from None
                if error.code < 500 and error.code != 429:
                    break
            except OSError as error:
                problem = str(error)
            time.sleep(pause)
        print(f"Report to Iaso failed: {problem}", file=sys.stderr)


@pipeline("Plain pipeline", timeout=600)
@parameter("task_id", name="Iaso task", type=int, required=False)
@parameter("pipeline_id", name="Pipeline", type=str, required=False)
@parameter("connection_host", name="Iaso's address", type=str, required=False)
@parameter("connection_token", name="Token of this launch", type=str, required=False)
@parameter("steps", name="Steps", type=int, required=False, default=4)
@parameter("pause", name="Seconds per step", type=float, required=False, default=0.0)
def plain_pipeline(task_id, pipeline_id, connection_host, connection_token, steps, pause):
    """Run a number of steps and report each one."""
    iaso = Reporter(task_id, pipeline_id, connection_host, connection_token)
    try:
        for step in range(1, steps + 1):
            time.sleep(pause)
            iaso.running(f"Step {step} of {steps}", 100 * step // steps)
        iaso.success("Done", {"steps": steps})
    except TaskEnded as reason:
        current_run.log_warning(f"Stopping: {reason}")
    except Exception as error:
        iaso.error(str(error))
        raise


if __name__ == "__main__":
    plain_pipeline()
