# SPDX-License-Identifier: Apache-2.0
"""The httpd of the demo: both modules, SQLite, its own ServerRoot."""
import base64
import http.client
import json
import os
import pwd
import re
import socket
import subprocess
import time

SECRET = "demo-webhook-secret-0123456789"

CONF = """\
ServerRoot {dir}
ServerName 127.0.0.1
Listen 127.0.0.1:{port}
PidFile {dir}/httpd.pid
DefaultRuntimeDir {dir}
ErrorLog {dir}/error.log
LogLevel warn amzxero:info
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule amzxero_module {build}/.libs/mod_amzxero.so
LoadModule amzxero_sandbox_module {build}/.libs/mod_amzxero_sandbox.so
{user}
AmzXeroDatabase sqlite:{dir}/db/amzxero.db
AmzXeroKeyFile {dir}/conf/master.key
AmzXeroApiKeys {dir}/conf/apikeys
AmzXeroWorkflowDir {top}/workflows
AmzXeroAllowPrivate 127.0.0.1
AmzXeroSandboxState {dir}/db/sandbox.db
<AmzXeroTenant demo>
    AmzXeroBaseCurrency GBP
    AmzXeroTimeZone Europe/London
    AmzXeroSet order-to-invoice bank_account 090
    <AmzXeroConnection amazon>
        AmzXeroConnector amazon.spapi
        AmzXeroRegion eu
        AmzXeroBaseURL http://127.0.0.1:{port}/sandbox/amazon
        AmzXeroTokenURL http://127.0.0.1:{port}/sandbox/lwa/auth/o2/token
        AmzXeroCredential file:{dir}/conf/amazon.json
    </AmzXeroConnection>
    <AmzXeroConnection xero>
        AmzXeroConnector xero.accounting
        AmzXeroAccount f3a1c2d4-5e6f-4a7b-8c9d-0e1f2a3b4c5d
        AmzXeroBaseURL http://127.0.0.1:{port}/sandbox/xero/api.xro/2.0
        AmzXeroTokenURL \
http://127.0.0.1:{port}/sandbox/xero/identity/connect/token
        AmzXeroCredential file:{dir}/conf/xero.json
    </AmzXeroConnection>
</AmzXeroTenant>
<Location /hooks/demo>
    AmzXeroEndpoint webhook
    AmzXeroTenant demo
    AmzXeroWebhook amazon.notifications api-key:X-Amzxero-Secret \
file:{dir}/conf/webhook.secret
</Location>
<Location /amzxero/v1>
    AmzXeroEndpoint rest
</Location>
<Location /amzxero/metrics>
    AmzXeroEndpoint metrics
</Location>
<Location /sandbox>
    AmzXeroSandbox On
</Location>
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def find_httpd():
    for name in (os.environ.get("AMZX_HTTPD"), "/usr/sbin/apache2",
                 "/usr/sbin/httpd"):
        if name and os.access(name, os.X_OK):
            return name
    raise SystemExit("no httpd found; install apache2")


class Reply:
    def __init__(self, status, text):
        self.status = status
        self.text = text

    def json(self):
        return json.loads(self.text)


class Server:
    def __init__(self, top, build, folder, key, digest):
        self.top = top
        self.build = build
        self.dir = folder
        self.key = key
        self.port = free_port()
        self.url = "http://127.0.0.1:%d" % self.port
        self.proc = None
        self.owner = None
        if os.geteuid() == 0:
            self.owner = pwd.getpwnam("www-data")
        os.chmod(folder, 0o755)
        self.write("conf/webhook.secret", SECRET + "\n")
        self.write("conf/apikeys", "axz_demo %s demo admin\n" % digest)
        self.write("conf/master.key", "k1 %s\n" % base64.b64encode(
            os.urandom(32)).decode())
        self.write("conf/amazon.json", json.dumps({
            "client_id": "amzn1.application-oa2-client.5a6db0c5",
            "client_secret": "amzn1.oa2-cs.v1.5a6db0c5e1",
            "refresh_token": "Atzr|sandbox-uk-demo"}))
        self.write("conf/xero.json", json.dumps({
            "client_id": "5B0A0C0D0E0F4A1B8C2D3E4F5A6B7C8D",
            "client_secret": "sandbox-web-secret",
            "refresh_token": "sandbox-refresh-uk-demo"}))

    def write(self, name, text):
        path = os.path.join(self.dir, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(path, 0o600)
        if self.owner:
            os.chown(path, self.owner.pw_uid, self.owner.pw_gid)
        return path

    def start(self):
        where = subprocess.run(["apxs", "-q", "LIBEXECDIR"],
                               capture_output=True, text=True).stdout.strip()
        os.makedirs(os.path.join(self.dir, "db"))
        if self.owner:
            os.chown(os.path.join(self.dir, "db"), self.owner.pw_uid,
                     self.owner.pw_gid)
        conf = self.write("httpd.conf", CONF.format(
            dir=self.dir, port=self.port, top=self.top, build=self.build,
            modules=where or "/usr/lib/apache2/modules",
            user="User www-data\nGroup www-data" if self.owner else ""))
        self.proc = subprocess.Popen(
            [find_httpd(), "-f", conf, "-DFOREGROUND"],
            start_new_session=True)
        end = time.time() + 30
        while time.time() < end and self.proc.poll() is None:
            try:
                if self.call("GET", "/amzxero/v1/health").status == 200:
                    return
            except OSError:
                pass
            time.sleep(0.05)
        raise SystemExit("httpd does not start:\n" + self.log())

    def log(self):
        try:
            with open(os.path.join(self.dir, "error.log")) as f:
                return f.read()
        except OSError:
            return ""

    def stop(self):
        if self.proc and self.proc.poll() is None:
            self.proc.terminate()
            self.proc.wait(30)

    def engine_pid(self):
        started = re.findall(r"engine process (\d+) started", self.log())
        return int(started[-1]) if started else None

    def wait_engine(self, other_than):
        end = time.time() + 20
        while time.time() < end and self.engine_pid() == other_than:
            time.sleep(0.05)

    def call(self, method, path, body=None, headers=None):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            c.request(method, path, body, headers or {})
            r = c.getresponse()
            return Reply(r.status, r.read().decode("utf-8"))
        finally:
            c.close()

    def rest(self, method, path):
        reply = self.call(method, "/amzxero/v1" + path, None,
                          {"Authorization": "Bearer " + self.key})
        return reply.json()

    def webhook(self, body):
        return self.call("POST", "/hooks/demo", json.dumps(body),
                         {"Content-Type": "application/json",
                          "X-Amzxero-Secret": SECRET})
