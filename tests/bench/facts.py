# SPDX-License-Identifier: Apache-2.0
"""What the machine is, and what processes use."""
import os
import re
import statistics
import subprocess
import tempfile
import time

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    try:
        with open("/proc/%d/stat" % pid) as f:
            fields = f.read().rsplit(")", 1)[1].split()
    except OSError:
        return 0
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory(pid):
    """Rss and Pss in MB."""
    with open("/proc/%d/smaps_rollup" % pid) as f:
        text = f.read()
    return {name: int(re.search(r"^%s:\s+(\d+)" % name, text,
                                re.M).group(1)) / 1024
            for name in ("Rss", "Pss")}


def sync_us():
    """The median time of a 4 KB write with its fdatasync."""
    times = []
    with tempfile.NamedTemporaryFile() as f:
        for _ in range(200):
            began = time.perf_counter()
            os.pwrite(f.fileno(), b"x" * 4096, 0)
            os.fdatasync(f.fileno())
            times.append((time.perf_counter() - began) * 1e6)
    return statistics.median(times)


def first_line(args):
    try:
        done = subprocess.run(args, capture_output=True, text=True)
    except OSError:
        return "unknown"
    return (done.stdout.strip() or "unknown").split("\n")[0]


def machine(database):
    with open("/proc/cpuinfo") as f:
        model = re.search(r"model name\s*:\s*(.*)", f.read())
    return {
        "cores": os.cpu_count(),
        "processor": model.group(1) if model else "unknown",
        "load before": "%.1f" % os.getloadavg()[0],
        "4 KB fdatasync": "%.0f us" % sync_us(),
        "database": database,
        "httpd": first_line(["/usr/sbin/apache2", "-v"]),
        "kernel": os.uname().release,
    }
