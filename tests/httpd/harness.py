# SPDX-License-Identifier: Apache-2.0
"""A real httpd with mod_amzxero on the loopback, beside a sandbox of its own.

    with World(mpm="event", database="sqlite") as w:
        w.webhook(w.notification("026-1520163-6049104", "Unshipped"))
        run = w.wait_run("order-to-invoice")
"""
import glob
import hashlib
import hmac
import http.client
import json
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import postgres
import sandbox_server as sbx

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
SECRET = "webhook-secret-for-tests-0123456789"


def find_built(name):
    for place in (os.environ.get("AMZX_BUILDDIR", "."), os.getcwd(), TOP):
        path = os.path.join(place, ".libs", name)
        if os.path.exists(path):
            return os.path.abspath(path)
    return None


def run_user():
    return "www-data" if os.geteuid() == 0 else None


def children_of(pid):
    """Direct children of a process, by /proc."""
    found = []
    for stat in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(stat) as f:
                text = f.read()
        except OSError:
            continue
        rest = text.rsplit(")", 1)[1].split()
        if int(rest[1]) == pid and rest[0] != "Z":
            found.append((int(text.split(" ", 1)[0]),
                          text.split("(", 1)[1].rsplit(")", 1)[0]))
    return found


def is_alive(pid):
    """A zombie that nobody has fetched yet is not alive."""
    try:
        with open("/proc/%d/stat" % pid) as f:
            return f.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


class Server:
    """One httpd with the module, its database and its keys."""

    defaults = dict(
        mpm="event", database="sqlite", children=2, threads=16, rate="off",
        settings=None, extra="", lease=10, settle="300ms", drain=5,
        workflows=os.path.join(TOP, "workflows"), location="",
        loglevel="info", engine="On", base=None, urls=None, tenants=None)

    def __init__(self, sandbox, **options):
        unknown = set(options) - set(self.defaults)
        if unknown:
            raise TypeError("unknown options: %s" % sorted(unknown))
        self.__dict__.update(self.defaults)
        self.__dict__.update(options)
        self.sandbox = sandbox
        self.settings = dict({"bank_account": "090"},
                             **(self.settings or {}))
        self.port = sbx.free_port()
        self.dir = tempfile.mkdtemp(prefix="amzxero-")
        os.chmod(self.dir, 0o755)
        self.proc = None
        self.base = self.base or (
            "http://127.0.0.1:%d/sandbox" % sandbox.port
            if sandbox else "http://127.0.0.1:1")
        self.urls = dict({
            "amazon": self.base + "/amazon",
            "lwa": self.base + "/lwa/auth/o2/token",
            "xero": self.base + "/xero/api.xro/2.0",
            "xero_token": self.base + "/xero/identity/connect/token"},
            **(self.urls or {}))
        self.tenants = self.tenants or {"acme": {}}
        self.dsn = ("sqlite:%s/db/amzxero.db" % self.dir
                    if self.database == "sqlite" else self.database)
        self.secret = SECRET
        self.keys = {name: "axz_%s_%s" % (
            name, secrets.token_urlsafe(32).replace("_", "-"))
            for name in self.tenants}
        self.key = self.keys[next(iter(self.tenants))]
        self.write("conf/webhook.secret", SECRET + "\n")
        self.write("conf/apikeys", "axz_reader %s acme runs:read\n"
                   "axz_other %s other admin\n" % (
                       hashlib.sha256(b"reader").hexdigest(),
                       hashlib.sha256(b"other").hexdigest())
                   + "".join("axz_%s %s %s admin\n" % (
                       name, hashlib.sha256(
                           key.rsplit("_", 1)[1].encode()).hexdigest(), name)
                       for name, key in self.keys.items()))
        # One key for all: servers may share a database.
        self.write("conf/master.key", "k1 %s\n" % sbx.base64.b64encode(
            b"a master key for the tests only.").decode())
        self.write("conf/amazon.json", json.dumps({
            "client_id": sbx.LWA_ID, "client_secret": sbx.LWA_SECRET,
            "refresh_token": sbx.LWA_REFRESH}))
        self.credential("xero.json", sbx.WEB_REFRESH)

    def credential(self, name, refresh):
        """A file for a connection to Xero."""
        self.write("conf/" + name, json.dumps({
            "client_id": sbx.WEB_ID, "client_secret": sbx.WEB_SECRET,
            "refresh_token": refresh}))

    def write(self, name, text):
        path = os.path.join(self.dir, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.write(text)
        os.chmod(path, 0o600)
        user = run_user()
        if user:
            who = pwd.getpwnam(user)
            os.chown(path, who.pw_uid, who.pw_gid)
        return path

    # Configuration.

    def mpm_lines(self):
        if self.mpm == "prefork":
            return ["StartServers %d" % self.children,
                    "MinSpareServers %d" % self.children,
                    "MaxSpareServers %d" % (self.children * 2),
                    "MaxRequestWorkers %d" % (self.children * 4)]
        most = self.children * self.threads
        return ["ServerLimit %d" % (self.children * 2),
                "StartServers %d" % self.children,
                "ThreadLimit %d" % self.threads,
                "ThreadsPerChild %d" % self.threads,
                "MinSpareThreads %d" % self.threads,
                "MaxSpareThreads %d" % (most * 2),
                "MaxRequestWorkers %d" % most]

    def tenant_lines(self, name, own):
        """A tenant's section. Of own: settings, currency, zone, account,
        xero and amazon (credential files), urls."""
        urls = dict(self.urls, **own.get("urls", {}))
        settings = dict(self.settings, **own.get("settings", {}))
        rate = "AmzXeroRate " + self.rate if self.rate else ""
        lines = ["<AmzXeroTenant %s>" % name,
                 "AmzXeroBaseCurrency " + own.get("currency", "GBP"),
                 "AmzXeroTimeZone " + own.get("zone", "Europe/London")]
        for key, value in sorted(settings.items()):
            flow = "order-to-invoice"
            if "." in key:
                flow, key = key.split(".", 1)
            if value is not None:
                lines.append('AmzXeroSet %s %s "%s"' % (flow, key, value))
        lines += ["<AmzXeroConnection amazon>",
                  "AmzXeroConnector amazon.spapi", "AmzXeroRegion eu",
                  "AmzXeroBaseURL " + urls["amazon"],
                  "AmzXeroTokenURL " + urls["lwa"],
                  "AmzXeroCredential file:conf/" + own.get(
                      "amazon", "amazon.json"),
                  rate, "</AmzXeroConnection>",
                  "<AmzXeroConnection xero>",
                  "AmzXeroConnector xero.accounting",
                  "AmzXeroBaseURL " + urls["xero"],
                  "AmzXeroTokenURL " + urls["xero_token"],
                  "AmzXeroAccount " + own.get("account", sbx.TENANT),
                  "AmzXeroCredential file:conf/" + own.get(
                      "xero", "xero.json"),
                  rate, "</AmzXeroConnection>", "</AmzXeroTenant>"]
        return lines

    def config(self):
        where = subprocess.run(["apxs", "-q", "LIBEXECDIR"],
                               capture_output=True, text=True).stdout.strip()
        where = where or "/usr/lib/apache2/modules"
        lines = ["ServerRoot " + self.dir, "ServerName 127.0.0.1",
                 "Listen 127.0.0.1:%d" % self.port,
                 "PidFile " + self.dir + "/httpd.pid",
                 "DefaultRuntimeDir " + self.dir,
                 "ErrorLog " + self.dir + "/error.log",
                 "LogLevel warn amzxero:" + self.loglevel,
                 "LoadModule mpm_%s_module %s/mod_mpm_%s.so"
                 % (self.mpm, where, self.mpm),
                 "LoadModule authz_core_module %s/mod_authz_core.so" % where,
                 "LoadModule amzxero_module " + find_built("mod_amzxero.so")]
        user = run_user()
        if user:
            lines += ["User " + user, "Group www-data"]
        lines += self.mpm_lines()
        lines += ["KeepAlive On", "MaxKeepAliveRequests 0",
                  "AmzXeroEngine " + self.engine,
                  'AmzXeroDatabase "%s"' % self.dsn,
                  "AmzXeroKeyFile conf/master.key",
                  "AmzXeroApiKeys conf/apikeys",
                  "AmzXeroWorkflowDir " + self.workflows,
                  "AmzXeroAllowPrivate 127.0.0.1 localhost",
                  "AmzXeroLease %ds" % self.lease,
                  "AmzXeroDrain %ds" % self.drain,
                  "AmzXeroSettle " + self.settle]
        for name, own in self.tenants.items():
            lines += self.tenant_lines(name, own)
        lines += ["<Location /amzxero/v1>", "AmzXeroEndpoint rest",
                  "</Location>", "<Location /amzxero/metrics>",
                  "AmzXeroEndpoint metrics", "</Location>",
                  "<Location /hooks/acme>", "AmzXeroEndpoint webhook",
                  "AmzXeroTenant acme",
                  "AmzXeroWebhook amazon.notifications "
                  "api-key:X-Amzxero-Secret file:conf/webhook.secret",
                  self.location, "</Location>",
                  "<Location /hooks/signed>", "AmzXeroEndpoint webhook",
                  "AmzXeroTenant acme",
                  "AmzXeroWebhook amazon.notifications "
                  "hmac-sha256:X-Signature file:conf/webhook.secret",
                  "</Location>", self.extra, ""]
        return "\n".join(line for line in lines if line)

    # Life.

    def write_config(self):
        os.makedirs(os.path.join(self.dir, "db"), exist_ok=True)
        return self.write("httpd.conf", self.config())

    def configtest(self):
        return subprocess.run([sbx.find_httpd(), "-t", "-f",
                               self.write_config()], capture_output=True,
                              text=True)

    def start(self, wait=True):
        conf = self.write_config()
        if run_user():
            who = pwd.getpwnam(run_user())
            os.chown(os.path.join(self.dir, "db"), who.pw_uid, who.pw_gid)
        with open(os.path.join(self.dir, "stderr"), "a") as err:
            self.proc = subprocess.Popen(
                [sbx.find_httpd(), "-f", conf, "-DFOREGROUND"], stderr=err,
                start_new_session=True)
        if wait:
            self.wait_ready()
        return self

    def wait_ready(self, seconds=30):
        end = time.time() + seconds
        while time.time() < end:
            try:
                reply = self.call("GET", "/amzxero/v1/health")
                if reply.status == 200 or (self.engine == "Off"
                                           and reply.status == 503):
                    return
            except OSError:
                pass
            if self.proc.poll() is not None:
                break
            time.sleep(0.03)
        raise RuntimeError("httpd does not get ready:\n" + self.log())

    def engine_pid(self):
        for pid, name in children_of(self.proc.pid):
            if name == "amzxero-engine":
                return pid
        return None

    def child_pids(self):
        return [pid for pid, name in children_of(self.proc.pid)
                if name != "amzxero-engine"]

    def signal(self, sig):
        self.proc.send_signal(sig)

    def kill_all(self):
        """kill -9 of parent, children and engine at once."""
        pids = [self.proc.pid] + [p for p, _ in children_of(self.proc.pid)]
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.proc.wait()
        self.wait_gone(pids)

    @staticmethod
    def wait_gone(pids, seconds=10):
        end = time.time() + seconds
        while time.time() < end:
            if not any(is_alive(p) for p in pids):
                return True
            time.sleep(0.02)
        return False

    def stop(self):
        if self.proc is None:
            return
        pids = [p for p, _ in children_of(self.proc.pid)]
        if self.proc.poll() is None:
            self.proc.terminate()
            try:
                self.proc.wait(self.drain + 15)
            except subprocess.TimeoutExpired:
                self.kill_all()
        for pid in pids:
            if not self.wait_gone([pid], 5):
                os.kill(pid, signal.SIGKILL)
        self.proc = None

    def log(self):
        text = ""
        for name in ("stderr", "error.log"):
            try:
                with open(os.path.join(self.dir, name)) as f:
                    text += f.read()
            except OSError:
                pass
        return text

    def __enter__(self):
        return self.start()

    def __exit__(self, *unused):
        self.stop()
        if os.environ.get("AMZX_KEEP"):
            print("kept " + self.dir)
        else:
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
            c.request(method, path, body, headers)
            r = c.getresponse()
            return sbx.Reply(r.status, r.headers, r.read().decode("utf-8"))
        finally:
            c.close()

    def rest(self, method, path, body=None, key=None, **headers):
        sent = {"Authorization": "Bearer " + (key or self.key)}
        sent.update({k.replace("_", "-"): v for k, v in headers.items()})
        return self.call(method, "/amzxero/v1" + path, body, sent)

    def webhook(self, body, secret=None, path="/hooks/acme", **headers):
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
        sent = {"Content-Type": "application/json",
                "X-Amzxero-Secret": secret or self.secret}
        sent.update({k.replace("_", "-"): v for k, v in headers.items()})
        return self.call("POST", path, body, sent)

    def sign(self, body):
        return hmac.new(self.secret.encode(), body.encode(),
                        hashlib.sha256).hexdigest()

    def runs(self, **query):
        args = "&".join("%s=%s" % pair for pair in query.items())
        return self.rest("GET", "/runs?limit=500&" + args).json["runs"]

    def wait_runs(self, count, states=("done",), seconds=60, **query):
        """Wait until that many runs are in one of the states."""
        end = time.time() + seconds
        found = []
        while time.time() < end:
            try:
                found = [r for r in self.runs(**query)
                         if r["state"] in states]
                if len(found) >= count:
                    return found
            except (OSError, KeyError, ValueError):
                pass
            time.sleep(0.05)
        raise AssertionError("%d of %d runs in %s after %d s; %s\n%s" % (
            len(found), count, states, seconds, self.summary(),
            self.log()[-6000:]))

    def summary(self):
        try:
            return [(r["state"], r.get("code"), r.get("step"),
                     r.get("detail")) for r in self.runs()][:10]
        except (OSError, KeyError, ValueError) as e:
            return repr(e)


def notification(order, status="Unshipped", ident=None, **summary):
    """ORDER_CHANGE as Amazon writes it."""
    body = {"MarketplaceId": "A1F83G8C2ARO7P", "OrderStatus": status,
            "PurchaseDate": "2026-11-20T10:20:30.000Z",
            "DestinationPostalCode": "SW1A 1AA", "FulfillmentType": "MFN",
            "OrderType": "StandardOrder", "NumberOfItemsShipped": 0,
            "NumberOfItemsUnshipped": 1, "OrderItems": []}
    body.update(summary)
    return {"NotificationVersion": "1.0", "NotificationType": "ORDER_CHANGE",
            "PayloadVersion": "1.0", "EventTime": "2026-11-20T10:21:00.000Z",
            "Payload": {"OrderChangeNotification": {
                "NotificationLevel": "OrderLevel",
                "SellerId": "A2SANDBOXSELLER", "AmazonOrderId": order,
                "OrderChangeType": "OrderStatusChange",
                "OrderChangeTrigger": {
                    "TimeOfOrderChange": "2026-11-20T10:20:59.000Z",
                    "ChangeReason": "StatusChange"},
                "Summary": body}},
            "NotificationMetadata": {
                "ApplicationId": "amzn1.sellerapps.app.test",
                "SubscriptionId": "sub-1",
                "PublishTime": "2026-11-20T10:21:00.500Z",
                "NotificationId": ident or secrets.token_hex(16)}}


class World:
    """A sandbox and a server that books into it."""

    def __init__(self, limits=False, database="sqlite", **server):
        self.limits = limits
        self.database = database
        self.args = server
        self.sandbox = self.server = self.pg = None

    def __enter__(self):
        try:
            self.sandbox = sbx.SandboxServer().start()
            self.sandbox.reset(xeroLimits=int(self.limits),
                               amazonLimits=int(self.limits))
            if self.database == "pgsql":
                self.pg = postgres.Cluster().start()
                self.args["database"] = self.pg.dsn()
            self.server = Server(self.sandbox, **self.args).start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *unused):
        for part in (self.server, self.pg, self.sandbox):
            if part is not None:
                part.__exit__()


class HttpdCase(unittest.TestCase):
    """Skips without an httpd or without the built module."""

    @classmethod
    def setUpClass(cls):
        if not sbx.find_httpd():
            raise unittest.SkipTest("no httpd; install apache2")
        if not find_built("mod_amzxero.so") or not sbx.find_module():
            raise unittest.SkipTest("the modules are not built")
