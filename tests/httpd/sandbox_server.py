# SPDX-License-Identifier: Apache-2.0
"""A real httpd with the sandbox alone, on a free port of the loopback."""
import base64
import grp
import http.client
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.parse

LWA_ID = "amzn1.application-oa2-client.5a6db0c5"
LWA_SECRET = "amzn1.oa2-cs.v1.5a6db0c5e1"
LWA_REFRESH = "Atzr|sandbox-uk-demo"
WEB_ID = "5B0A0C0D0E0F4A1B8C2D3E4F5A6B7C8D"
WEB_SECRET = "sandbox-web-secret"
WEB_REFRESH = "sandbox-refresh-uk-demo"
CUSTOM_ID = "7C1D2E3F4A5B6C7D8E9FA0B1C2D3E4F5"
CUSTOM_SECRET = "sandbox-custom-secret"
TENANT = "f3a1c2d4-5e6f-4a7b-8c9d-0e1f2a3b4c5d"
ORDER = "026-1520163-6049104"


def find_httpd():
    for name in (os.environ.get("AMZX_HTTPD"), "/usr/sbin/apache2",
                 "/usr/sbin/httpd", "/usr/local/apache2/bin/httpd"):
        if name and os.access(name, os.X_OK):
            return name
    return None


def find_module():
    here = os.path.dirname(os.path.abspath(__file__))
    places = [os.environ.get("AMZX_BUILDDIR", "."), os.getcwd(),
              os.path.join(here, "..", "..")]
    for place in places:
        path = os.path.join(place, ".libs", "mod_amzxero_sandbox.so")
        if os.path.exists(path):
            return os.path.abspath(path)
    return None


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Reply:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self):
        return json.loads(self.body)


class SandboxServer:
    """Start, talk to, and stop one server; use as a context manager."""

    def __init__(self, mpm="event", children=2, threads=32, extra=""):
        self.mpm = mpm
        self.children = children
        self.threads = threads
        self.extra = extra
        self.port = free_port()
        self.dir = tempfile.mkdtemp(prefix="amzx-sandbox-")
        self.proc = None

    def config(self):
        modules = subprocess.run(["apxs", "-q", "LIBEXECDIR"],
                                 capture_output=True, text=True)
        where = modules.stdout.strip() or "/usr/lib/apache2/modules"
        lines = ["ServerRoot " + self.dir, "ServerName 127.0.0.1",
                 "Listen 127.0.0.1:%d" % self.port,
                 "PidFile " + self.dir + "/httpd.pid",
                 "DefaultRuntimeDir " + self.dir,
                 "ErrorLog " + self.dir + "/error.log", "LogLevel warn",
                 "LoadModule mpm_%s_module %s/mod_mpm_%s.so"
                 % (self.mpm, where, self.mpm),
                 "LoadModule authz_core_module %s/mod_authz_core.so" % where,
                 "LoadModule amzxero_sandbox_module " + find_module()]
        if os.geteuid() == 0:
            user = "www-data"
            try:
                pwd.getpwnam(user)
                grp.getgrnam(user)
            except KeyError:
                user = "nobody"
            lines += ["User " + user, "Group " + grp.getgrgid(
                pwd.getpwnam(user).pw_gid).gr_name]
        if self.mpm == "prefork":
            lines += ["StartServers %d" % self.children,
                      "MaxRequestWorkers %d" % (self.children * 4)]
        else:
            lines += ["ServerLimit %d" % self.children,
                      "StartServers %d" % self.children,
                      "ThreadLimit %d" % self.threads,
                      "ThreadsPerChild %d" % self.threads,
                      "MinSpareThreads %d" % self.threads,
                      "MaxSpareThreads %d" % (self.threads * self.children),
                      "MaxRequestWorkers %d" % (self.threads * self.children)]
        lines += ["KeepAlive On", "MaxKeepAliveRequests 0",
                  "AmzXeroSandboxState " + self.dir + "/state/sandbox.db",
                  "<Location /sandbox>", "AmzXeroSandbox On", "</Location>",
                  self.extra, ""]
        return "\n".join(lines)

    def start(self):
        os.chmod(self.dir, 0o755)
        conf = os.path.join(self.dir, "httpd.conf")
        with open(conf, "w") as f:
            f.write(self.config())
        self.proc = subprocess.Popen(
            [find_httpd(), "-f", conf, "-DFOREGROUND"],
            start_new_session=True)
        for _ in range(200):
            try:
                if self.call("GET", "/admin/settings").status == 200:
                    return self
            except OSError:
                pass
            if self.proc.poll() is not None:
                break
            time.sleep(0.05)
        text = self.log()
        self.stop()
        raise RuntimeError("httpd does not start:\n" + text)

    def log(self):
        try:
            with open(os.path.join(self.dir, "error.log")) as f:
                return f.read()
        except OSError:
            return ""

    def kill(self):
        """kill -9 of the whole process group: parent and children."""
        os.killpg(self.proc.pid, signal.SIGKILL)
        self.proc.wait()

    def stop(self):
        if self.proc and self.proc.poll() is None:
            self.proc.terminate()
            try:
                self.proc.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()
        self.proc = None

    def __enter__(self):
        try:
            return self.start()
        except Exception:
            self.__exit__()
            raise

    def __exit__(self, *unused):
        self.stop()
        shutil.rmtree(self.dir, ignore_errors=True)

    # Requests.

    def call(self, method, path, body=None, headers=None, timeout=30):
        headers = dict(headers or {})
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        c = http.client.HTTPConnection("127.0.0.1", self.port,
                                       timeout=timeout)
        try:
            c.request(method, "/sandbox" + path, body, headers)
            r = c.getresponse()
            return Reply(r.status, r.headers, r.read().decode("utf-8"))
        finally:
            c.close()

    def admin(self, method, path, body=None):
        reply = self.call(method, "/admin" + path, body)
        assert reply.status == 200, reply.body
        return reply.json

    def reset(self, **settings):
        self.admin("POST", "/reset", {"seed": "uk-demo"})
        if settings:
            self.admin("POST", "/settings", settings)

    def form(self, path, fields, headers=None):
        headers = dict(headers or {})
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        return self.call("POST", path, urllib.parse.urlencode(fields),
                         headers)

    def lwa(self, **fields):
        form = {"grant_type": "refresh_token", "refresh_token": LWA_REFRESH,
                "client_id": LWA_ID, "client_secret": LWA_SECRET}
        form.update(fields)
        return self.form("/lwa/auth/o2/token", form)

    def xero_token(self, fields=None, client=WEB_ID, secret=WEB_SECRET):
        pair = base64.b64encode(("%s:%s" % (client, secret)).encode())
        return self.form("/xero/identity/connect/token", fields or {
            "grant_type": "refresh_token", "refresh_token": WEB_REFRESH},
            {"Authorization": "Basic " + pair.decode()})

    def amazon(self, path, token=None, headers=None):
        if token is None:
            token = self.lwa().json["access_token"]
        sent = {"x-amz-access-token": token, "User-Agent": "test/1.0",
                "x-amz-date": "20261121T000000Z",
                "Accept": "application/json"}
        sent.update(headers or {})
        return self.call("GET", "/amazon" + path, None, sent)

    def xero(self, method, path, body=None, token=None, headers=None,
             timeout=30):
        if token is None:
            token = self.token
        sent = {"Authorization": "Bearer " + token, "xero-tenant-id": TENANT,
                "Accept": "application/json"}
        sent.update(headers or {})
        sent = {k: v for k, v in sent.items() if v is not None}
        return self.call(method, "/xero/api.xro/2.0" + path, body, sent,
                         timeout)

    @property
    def token(self):
        """An access token of the Custom Connection."""
        return self.xero_token({"grant_type": "client_credentials"},
                               CUSTOM_ID, CUSTOM_SECRET).json["access_token"]


class SandboxCase(unittest.TestCase):
    """One server per class, a fresh world per test."""

    server_args = {}

    @classmethod
    def setUpClass(cls):
        if not find_httpd():
            raise unittest.SkipTest("no httpd; install apache2")
        if not find_module():
            raise unittest.SkipTest("mod_amzxero_sandbox.so is not built")
        cls.s = SandboxServer(**cls.server_args)
        try:
            cls.s.start()
        except Exception:
            cls.s.__exit__()
            raise

    @classmethod
    def tearDownClass(cls):
        cls.s.__exit__()

    def setUp(self):
        self.s.reset()

    def breaches(self):
        return [v["code"] for v in
                self.s.admin("GET", "/violations")["violations"]]


def invoice(number, lines=None, **more):
    """A sound sales invoice of 120.00 GBP."""
    doc = {"Type": "ACCREC", "Status": "AUTHORISED", "InvoiceNumber": number,
           "Contact": {"Name": "Harborne Gifts"}, "Date": "2026-11-20",
           "DueDate": "2026-11-20", "LineAmountTypes": "Inclusive",
           "LineItems": lines or [{"Description": "Kettle", "Quantity": 1,
                                   "UnitAmount": 120.00,
                                   "AccountCode": "200",
                                   "TaxType": "OUTPUT2"}]}
    doc.update(more)
    return doc
