"""A pipeline that reports with nothing but Python's own library, to the address and with the token of its launch.

It declares `connection_host` and `connection_token`, so it needs no workspace connection and no package beside the
SDK. It sends a report again when the network lost it, and it stops when Iaso no longer waits for it.
"""

import json
import sys
import time
import urllib.error
import urllib.request

from openhexa.sdk import current_run, parameter, pipeline


class NotWaitedFor(Exception):
    """The task was cancelled, or has ended otherwise."""


class Reporter:
    """Tells Iaso about one task; without a task it tells nobody."""

    def __init__(self, task_id, pipeline_id, host, token):
        self.known = bool(task_id and pipeline_id and host and token)
        self.url = f"{host}/api/openhexa/pipelines/{pipeline_id}/"
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self.task_id = task_id

    def running(self, message, progress):
        self.tell({"status": "RUNNING", "progress_message": message, "progress_value": progress, "end_value": 100})

    def success(self, message, result):
        self.tell({"status": "SUCCESS", "progress_message": message, "progress_value": 100, "result": result})

    def error(self, message):
        self.tell({"status": "ERROR", "progress_message": message})

    def tell(self, report):
        """Send a report until it is answered, four times at most: a report that is sent twice does no harm."""
        if not self.known:
            return
        body = json.dumps({"task_id": self.task_id, **report}).encode()
        for pause in (1, 5, 15, 0):
            request = urllib.request.Request(self.url, body, self.headers, method="PATCH")
            try:
                with urllib.request.urlopen(request, timeout=30):
                    return
            except urllib.error.HTTPError as refused:
                problem = f"HTTP {refused.code}: {refused.read().decode(errors='replace')}"
                if refused.code == 409 and report["status"] == "RUNNING":
                    raise NotWaitedFor(problem) from None
                if refused.code < 500:
                    break
            except OSError as lost:
                problem = str(lost)
            time.sleep(pause)
        print(f"Iaso did not take a report: {problem}", file=sys.stderr)


@pipeline("Plain pipeline", timeout=600)
@parameter("task_id", name="Iaso task", type=int, required=False)
@parameter("pipeline_id", name="Pipeline", type=str, required=False)
@parameter("connection_host", name="Iaso's address", type=str, required=False)
@parameter("connection_token", name="Token of this launch", type=str, required=False)
@parameter("steps", name="Steps", type=int, required=False, default=4)
@parameter("pause", name="Seconds per step", type=float, required=False, default=0.0)
def plain_pipeline(task_id, pipeline_id, connection_host, connection_token, steps, pause):
    """Work in steps and report each."""
    iaso = Reporter(task_id, pipeline_id, connection_host, connection_token)
    try:
        for step in range(1, steps + 1):
            time.sleep(pause)
            iaso.running(f"Step {step} of {steps}", 100 * step // steps)
        iaso.success("Done", {"steps": steps})
    except NotWaitedFor as told:
        current_run.log_warning(f"Stopping: {told}")
    except Exception as problem:
        iaso.error(str(problem))
        raise


if __name__ == "__main__":
    plain_pipeline()
