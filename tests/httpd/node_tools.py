# SPDX-License-Identifier: Apache-2.0
"""Clients and validators from npm, installed into the build folder."""
import os
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.request

from sandbox_server import free_port

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.join(HERE, "..", "clients")
_installed = None


def text_of(path):
    """A file's text; None when there is none."""
    try:
        with open(path) as f:
            return f.read()
    except OSError:
        return None


def install():
    """The folder with node_modules and the scripts; SkipTest without npm."""
    global _installed
    if _installed:
        return _installed
    if not shutil.which("npm") or not shutil.which("node"):
        raise unittest.SkipTest("no npm; install nodejs and npm")
    place = os.path.join(os.environ.get("AMZX_BUILDDIR", os.getcwd()),
                         "clients")
    try:
        os.makedirs(place, exist_ok=True)
        probe = tempfile.TemporaryFile(dir=place)
        probe.close()
    except OSError:
        place = os.path.join(tempfile.gettempdir(),
                             "amzx-clients-%d" % os.getuid())
        os.makedirs(place, mode=0o700, exist_ok=True)
    for name in os.listdir(SOURCE):
        if name.endswith((".mjs", ".json")):
            shutil.copy(os.path.join(SOURCE, name), place)
    stamp = os.path.join(place, "node_modules", ".amzx-installed")
    lock = text_of(os.path.join(place, "package-lock.json"))
    if text_of(stamp) != lock:
        done = subprocess.run(["npm", "ci", "--no-audit", "--no-fund",
                               "--ignore-scripts"], cwd=place,
                              capture_output=True, text=True)
        if done.returncode != 0:
            raise unittest.SkipTest("npm cannot install the clients: "
                                    + done.stderr[-300:])
        with open(stamp, "w") as f:
            f.write(lock)
    _installed = place
    return place


def spec(*parts):
    """An official OpenAPI file; SkipTest when it is not at hand."""
    root = os.environ.get("AMZXERO_SPECS")
    if not root:
        raise unittest.SkipTest(
            "AMZXERO_SPECS is not set: it names a folder with amazon/ and "
            "xero/, the files of github.com/amzn/selling-partner-api-models "
            "and github.com/XeroAPI/Xero-OpenAPI")
    path = os.path.join(root, *parts)
    if not os.path.exists(path):
        raise unittest.SkipTest("there is no " + path)
    return os.path.abspath(path)


def without_circles(document, *resources):
    """The same document in a form that Prism can check bodies with, of the
    paths of these resources; see tests/clients/acyclic.mjs."""
    place = install()
    out = os.path.join(place, os.path.basename(document) + ".plain.json")
    done = subprocess.run(["node", "acyclic.mjs", document, out, *resources],
                          cwd=place, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr[-2000:])
    return out


class Prism:
    """A proxy that refuses what an OpenAPI file does not allow: requests
    with 422, answers with 500. Reusable round any upstream."""

    def __init__(self, document, upstream):
        self.document = document
        self.upstream = upstream
        self.port = free_port()
        self.proc = None
        self.log = None

    @property
    def url(self):
        return "http://127.0.0.1:%d" % self.port

    def __enter__(self):
        tool = os.path.join(install(), "node_modules", ".bin", "prism")
        self.log = tempfile.TemporaryFile("w+")
        self.proc = subprocess.Popen(
            [tool, "proxy", self.document, self.upstream, "--errors",
             "-h", "127.0.0.1", "-p", str(self.port)],
            stdout=self.log, stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL, start_new_session=True)
        for _ in range(600):
            if "is listening" in self.text():
                return self
            if self.proc.poll() is not None:
                break
            time.sleep(0.1)
        text = self.text()
        self.__exit__()
        raise RuntimeError("prism does not start:\n" + text)

    def text(self):
        self.log.seek(0)
        return self.log.read()

    def __exit__(self, *unused):
        if self.proc and self.proc.poll() is None:
            os.killpg(self.proc.pid, signal.SIGTERM)
            try:
                self.proc.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self.proc.pid, signal.SIGKILL)
                self.proc.wait()
        self.proc = None

    def call(self, method, path, body=None, headers=None):
        """Status and text of a request through the proxy."""
        request = urllib.request.Request(self.url + path, method=method,
                                         data=body, headers=headers or {})
        try:
            with urllib.request.urlopen(request, timeout=60) as r:
                return r.status, r.read().decode("utf-8")
        except urllib.error.HTTPError as e:
            return e.code, e.read().decode("utf-8")
