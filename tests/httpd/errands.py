# SPDX-License-Identifier: Apache-2.0
"""A server whose only workflow calls nobody: for the tests of the module
itself."""
import hashlib
import os
import shutil
import socket
import subprocess
import unittest

import harness
import postgres
import sandbox_server as sbx

HERE = os.path.dirname(os.path.abspath(__file__))
OLD_SECRET = "the-secret-before-0123456789abcdef"


def modules():
    """The folder of httpd's own modules."""
    found = subprocess.run(["apxs", "-q", "LIBEXECDIR"],
                           capture_output=True, text=True)
    return found.stdout.strip() or "/usr/lib/apache2/modules"


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


class ErrandServer(harness.Server):
    """Two tenants, keys of every kind, the workflow "errand"."""

    people = {"reader": ("acme", "runs:read"),
              "writer": ("acme", "runs:read runs:write"),
              "reviewer": ("acme", "reviews:write"),
              "lister": ("acme", "workflows:read"),
              "deadman": ("acme", "dlq:write"),
              "other": ("other", "admin"),
              "nobody": ("nobody", "admin"),
              "under_score": ("acme", "runs:read")}

    def __init__(self, sandbox=None, **options):
        self.lines = options.pop("lines", [])
        super().__init__(sandbox, **options)
        flows = os.path.join(self.dir, "flows")
        os.makedirs(flows, exist_ok=True)
        os.chmod(flows, 0o755)
        for name in (os.path.join(harness.TOP, "workflows",
                                  "amzxero-workflow-1.xsd"),
                     os.path.join(HERE, "flows", "errand.xml")):
            shutil.copy(name, flows)
        self.workflows = flows
        text = "# made by a test\n\naxz_acme %s acme admin\n" % digest(
            self.key[len("axz_acme_"):])
        for name, (tenant, scopes) in self.people.items():
            text += "axz_%s %s %s %s\n" % (name, digest(self.secret_of(name)),
                                           tenant, scopes)
        self.write("conf/apikeys", text)
        self.write("conf/old.secret", OLD_SECRET + "\n")

    @staticmethod
    def secret_of(name):
        return name + "_secret_part"

    def key_of(self, name):
        return "axz_%s_%s" % (name, self.secret_of(name))

    def tenant_lines(self, *unused):
        lines = ["<AmzXeroTenant acme>", "AmzXeroBaseCurrency GBP",
                 "<AmzXeroConnection amazon>",
                 "AmzXeroConnector amazon.spapi", "AmzXeroRegion eu",
                 "AmzXeroBaseURL http://127.0.0.1:1",
                 "AmzXeroCredential file:conf/amazon.json",
                 "</AmzXeroConnection>", "</AmzXeroTenant>",
                 "<AmzXeroTenant other>", "AmzXeroSet errand most 5",
                 "</AmzXeroTenant>",
                 "<Location /hooks/turning>", "AmzXeroEndpoint webhook",
                 "AmzXeroTenant acme",
                 "AmzXeroWebhook amazon.notifications "
                 "api-key:X-Amzxero-Secret file:conf/webhook.secret "
                 "file:conf/old.secret", "</Location>",
                 "<Location /hooks/other>", "AmzXeroEndpoint webhook",
                 "AmzXeroTenant other",
                 "AmzXeroWebhook amazon.notifications "
                 "api-key:X-Amzxero-Secret file:conf/webhook.secret",
                 "</Location>",
                 "<Location /hooks/small>", "AmzXeroEndpoint webhook",
                 "AmzXeroTenant acme", "AmzXeroMaxBody 1000",
                 "AmzXeroWebhook amazon.notifications "
                 "api-key:X-Amzxero-Secret file:conf/webhook.secret",
                 "</Location>",
                 "<Location /api>", "AmzXeroEndpoint rest",
                 "AmzXeroTenant acme", "</Location>"]
        return lines + self.lines

    def start_run(self, body=None, key=None, **headers):
        return self.rest("POST", "/workflows/errand/runs",
                         {"who": "Ann"} if body is None else body, key,
                         **headers)

    def deliveries(self, **query):
        args = "&".join("%s=%s" % pair for pair in query.items())
        return self.rest("GET", "/deliveries?limit=500&"
                         + args).json["deliveries"]

    def raw(self, data, timeout=10, then=None):
        """Bytes in, bytes out; `then` is sent after the first answer."""
        with socket.create_connection(("127.0.0.1", self.port),
                                      timeout) as s:
            s.sendall(data)
            got = b""
            while True:
                try:
                    piece = s.recv(65536)
                except ConnectionResetError:
                    break
                if not piece:
                    break
                got += piece
                if then is not None:
                    s.sendall(then)
                    then = None
            return got.decode("utf-8", "replace")

    def errors(self):
        """Lines of the log that tell of trouble."""
        bad = (":error]", ":crit]", ":alert]", ":emerg]", "exit signal",
               "AddressSanitizer", "runtime error", "LeakSanitizer")
        # httpd itself says AH03093 when a hard stop meets a kept connection.
        return [line for line in self.log().split("\n")
                if any(word in line for word in bad)
                and "AH03093" not in line]


class ErrandCase(harness.HttpdCase):
    """One server for all tests of a class."""

    options = {}
    database = "sqlite"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.pg = None
        options = dict(cls.options)
        if cls.database == "pgsql":
            cls.pg = postgres.Cluster().start()
            options["database"] = cls.pg.dsn()
        cls.s = ErrandServer(**options)
        try:
            cls.s.start()
        except BaseException:
            cls.tearDownClass()
            raise

    @classmethod
    def tearDownClass(cls):
        for part in (cls.s, cls.pg):
            if part is not None:
                part.__exit__()


def note(order, status="Unshipped", **more):
    return harness.notification(order, status, **more)
