# SPDX-License-Identifier: Apache-2.0
"""apachectl configtest says what is wrong, and where."""
import os
import re
import unittest

import errands
import harness
from errands import ErrandServer

FLOW = "flows/errand.xml"


class Configtest(harness.HttpdCase):
    def setUp(self):
        self.s = ErrandServer()
        self.addCleanup(self.s.__exit__)

    def refused(self, *words):
        result = self.s.configtest()
        self.assertNotEqual(result.returncode, 0, result.stderr)
        for word in words:
            self.assertIn(word, result.stderr)
        return result.stderr

    def refused_line(self, line, *words):
        self.s.lines = [line]
        return self.refused(*words)

    def edit_flow(self, before, after):
        path = os.path.join(self.s.dir, FLOW)
        with open(path) as f:
            text = f.read()
        self.assertIn(before, text)
        self.s.write(FLOW, text.replace(before, after))
        os.chmod(path, 0o644)
        return path

    # Good ones.

    def test_a_good_configuration_passes_and_touches_nothing(self):
        result = self.s.configtest()
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("Syntax OK", result.stderr)
        self.assertEqual(os.listdir(os.path.join(self.s.dir, "db")), [])

    def shipped(self, name):
        """A shipped file, its paths replaced by those of this server."""
        with open(os.path.join(harness.TOP, "conf", name)) as f:
            text = f.read()
        where = self.s.dir + "/conf"
        for given, real in (
                ("/var/lib/amzxero", self.s.dir + "/db"),
                ("modules/mod_amzxero.so",
                 harness.find_built("mod_amzxero.so")),
                ("/etc/amzxero/acme-webhook.secret",
                 where + "/webhook.secret"),
                ("/etc/amzxero/acme-amazon.json", where + "/amazon.json"),
                ("/etc/amzxero/acme-xero.json", where + "/xero.json"),
                ("/etc/amzxero/", where + "/")):
            text = text.replace(given, real)
        head = [line for line in self.s.config().split("\n")
                if re.match("(ServerRoot|ServerName|Listen|PidFile|ErrorLog|"
                            "DefaultRuntimeDir|User|Group|LoadModule (mpm|"
                            "authz_core))", line)]
        auth = [line.replace("authz_core", "authz_host")
                for line in head if "authz_core" in line]
        self.s.config = lambda: "\n".join(head + auth + [
            "AmzXeroWorkflowDir %s/workflows" % harness.TOP]) + "\n" + text

    def test_the_shipped_configurations_pass(self):
        for name in ("minimal.conf", "amzxero.conf"):
            self.shipped(name)
            result = self.s.configtest()
            self.assertEqual(result.returncode, 0, name + result.stderr)
            self.assertNotIn("AMZX130", result.stderr)
            del self.s.config

    def test_the_minimal_configuration_starts_and_takes_a_delivery(self):
        self.shipped("minimal.conf")
        self.s.start()
        self.assertEqual(self.s.webhook(errands.note("026-1-1")).status, 202)

    # Workflows.

    def test_malformed_xml_is_told_with_file_and_line(self):
        path = self.edit_flow("</steps>", "</stops>")
        text = self.refused("AMZX1302")
        self.assertRegex(text, re.escape(path) + r":\d+.*error")

    def test_what_the_schema_does_not_know_is_told_with_its_line(self):
        path = self.edit_flow('<set id="words"', '<set id="words" colour="x"')
        self.assertRegex(self.refused("colour"),
                         re.escape(path) + r":\d+.*error")

    def test_a_wrong_expression_is_told_with_its_line(self):
        path = self.edit_flow("{{ config.greeting }} {{", "{{ config. }} {{")
        self.assertRegex(self.refused("words"),
                         re.escape(path) + r":\d+.*error")

    def test_a_doctype_is_refused(self):
        self.edit_flow("<workflow ", "<!DOCTYPE workflow [<!ENTITY a SYSTEM "
                       "'file:///etc/passwd'>]>\n<workflow ")
        text = self.refused("DOCTYPE")
        self.assertNotIn("root:", text)

    def test_two_files_of_one_name_are_refused(self):
        with open(os.path.join(self.s.dir, FLOW)) as f:
            text = f.read()
        self.s.write("flows/second.xml", text)
        self.refused("errand")

    def test_a_folder_that_is_not_there_is_told(self):
        self.s.workflows = "/nowhere/at/all"
        self.refused("AmzXeroWorkflowDir", "/nowhere/at/all")

    # Parameters.

    def with_tenant(self, *lines):
        self.s.lines = ["<AmzXeroTenant third>"] + list(lines) + [
            "</AmzXeroTenant>"]

    def test_parameters_of_workflows_are_checked(self):
        for line, word in (("AmzXeroSet errand most much", "most"),
                           ("AmzXeroSet errand lost 1", "lost"),
                           ("AmzXeroSet nothing most 1", "nothing")):
            self.with_tenant(line)
            self.refused("AMZX1301", word, "third")

    def test_a_missing_required_parameter_is_told(self):
        self.edit_flow('<param name="greeting" type="string" '
                       'default="hello"/>',
                       '<param name="greeting" type="string" '
                       'required="true"/>')
        result = self.s.configtest()
        self.assertIn("AMZX1307: tenant acme cannot run workflow errand",
                      result.stderr)
        self.assertIn("greeting", result.stderr)
        # "other" sets one, so it means to run it
        self.refused("AMZX1301: tenant other, workflow errand", "greeting")

    # Directives.

    def test_values_that_are_not_known_are_refused(self):
        for line, words in (
                ("AmzXeroDatabase mysql:x", ("AmzXeroDatabase", "sqlite:")),
                ("AmzXeroSchema maybe", ("AmzXeroSchema", "migrate")),
                ("AmzXeroLease 1s", ("AmzXeroLease", "2 seconds")),
                ("AmzXeroLease soon", ("AmzXeroLease", "duration")),
                ("AmzXeroDrain -5", ("AmzXeroDrain", "duration")),
                ("AmzXeroInFlight 0", ("AmzXeroInFlight", "number")),
                ("AmzXeroInboxMax 1x", ("AmzXeroInboxMax", "number")),
                ("AmzXeroWriteQueue many", ("AmzXeroWriteQueue", "number")),
                ("AmzXeroMaxBody 0", ("AmzXeroMaxBody", "bytes")),
                ("AmzXeroMaxBody 9000000", ("AmzXeroMaxBody", "8388608")),
                ("AmzXeroEngine perhaps", ("AmzXeroEngine", "On or Off")),
                ("AmzXeroBaseCurrency GBP", ("<AmzXeroTenant>",)),
                ("AmzXeroRegion eu", ("<AmzXeroConnection>",)),
                ("<AmzXeroConnection x>\n</AmzXeroConnection>",
                 ("<AmzXeroTenant>",)),
                ("<AmzXeroTenant a/b>\n</AmzXeroTenant>", ("NAME",)),
                ("<AmzXeroTenant>\n</AmzXeroTenant>", ("NAME",)),
                ("<VirtualHost *>\nAmzXeroDatabase sqlite:/x\n"
                 "</VirtualHost>", ("AmzXeroDatabase",))):
            self.refused_line(line, *words)
        for line, word in (
                ("AmzXeroBaseCurrency POUND", "ISO 4217"),
                ("AmzXeroTimeZone Mars/Olympus", "tz database"),
                ("<AmzXeroTenant x>\n</AmzXeroTenant>", "another"),
                ("<AmzXeroConnection a>\n</AmzXeroConnection>",
                 "AmzXeroConnector"),
                ("<AmzXeroConnection a>\nAmzXeroConnector ebay\n"
                 "</AmzXeroConnection>", "amazon.spapi"),
                ("<AmzXeroConnection a>\nAmzXeroConnector amazon.spapi\n"
                 "AmzXeroRegion mars\n</AmzXeroConnection>", "region"),
                ("<AmzXeroConnection a>\nAmzXeroConnector amazon.spapi\n"
                 "AmzXeroRate 1 2\n</AmzXeroConnection>", "four numbers"),
                ("<AmzXeroConnection a>\nAmzXeroConnector amazon.spapi\n"
                 "AmzXeroGrant password\n</AmzXeroConnection>",
                 "client_credentials")):
            self.with_tenant(line)
            self.assertIn(word.lower(), self.refused().lower(), line)

    def test_a_database_is_needed(self):
        self.s.config = lambda made=self.s.config(): re.sub(
            "AmzXeroDatabase.*\n", "", made)
        self.refused("AmzXeroDatabase is missing")

    # Locations.

    def location(self, *lines, opening='<Location "/x">',
                 closing="</Location>"):
        self.s.lines = [opening] + list(lines) + [closing]

    def test_endpoints_belong_into_locations(self):
        for opening, closing in (
                ("<LocationMatch /x>", "</LocationMatch>"),
                ('<Location ~ "/x">', "</Location>"),
                ('<Directory "/tmp">', "</Directory>"),
                ('<Files "x">', "</Files>")):
            self.location("AmzXeroEndpoint rest", opening=opening,
                          closing=closing)
            self.refused("AmzXeroEndpoint", "<Location")
        self.s.lines = ["AmzXeroEndpoint rest"]
        self.refused("AmzXeroEndpoint")
        self.location("AmzXeroEndpoint soap")
        self.refused("AmzXeroEndpoint must be rest, webhook")

    def test_a_location_of_an_unknown_tenant_is_refused(self):
        self.location("AmzXeroEndpoint rest", "AmzXeroTenant nobody")
        text = self.refused("AMZX1308", "<AmzXeroTenant nobody>")
        self.assertRegex(text, r"httpd\.conf:\d+")

    def test_an_incomplete_webhook_is_doubted(self):
        self.location("AmzXeroEndpoint webhook", "AmzXeroTenant acme")
        result = self.s.configtest()
        self.assertEqual(result.returncode, 0)
        self.assertIn("AMZX1309", result.stderr)

    def test_verifiers_are_checked(self):
        hook = "AmzXeroWebhook amazon.notifications "
        for line, word in (
                (hook + "md5 file:conf/webhook.secret", "api-key"),
                (hook + "api-key secret-in-the-open", "file:PATH"),
                (hook + "api-key file:conf/none", "none"),
                (hook + "api-key:X(Y) file:conf/webhook.secret", "header"),
                ("AmzXeroWebhook ebay api-key file:conf/webhook.secret",
                 "amazon.notifications"), (hook + "api-key", "takes")):
            self.location("AmzXeroEndpoint webhook", "AmzXeroTenant acme",
                          line)
            self.refused("AmzXeroWebhook", word)
        self.s.write("conf/short.secret", "short\n")
        self.location("AmzXeroEndpoint webhook", "AmzXeroTenant acme",
                      hook + "api-key file:conf/short.secret")
        self.refused("16")

    # Files.

    def test_secret_files_that_others_may_write_are_refused(self):
        for name, words in (("webhook.secret", "AmzXeroWebhook"),
                            ("master.key", "AmzXeroKeyFile"),
                            ("apikeys", "AmzXeroApiKeys")):
            path = os.path.join(self.s.dir, "conf", name)
            for mode in (0o620, 0o602, 0o666):
                os.chmod(path, mode)
                self.refused(words, name, "chmod go-w")
            os.chmod(path, 0o600)
        self.assertEqual(self.s.configtest().returncode, 0)

    def test_key_files_are_read_with_care(self):
        for text in ("axz_a\n", "axz_a 12 acme admin\n",
                     "nokey %s acme admin\n" % ("a" * 64),
                     "axz_a %s acme\n" % ("a" * 64),
                     "axz_a %s acme admin\n" % ("A" * 64)):
            self.s.write("conf/apikeys", "# first\n" + text)
            self.assertRegex(self.refused("AmzXeroApiKeys"), r"apikeys:2")
        for text in ("", "k1\n", "k1 short\n", "k1 %s\n" % ("=" * 44)):
            self.s.write("conf/master.key", text)
            self.refused("AmzXeroKeyFile")

    def test_an_api_key_of_nobody_is_doubted(self):
        self.assertIn("AMZX1311", self.s.configtest().stderr)

    def test_no_secret_is_ever_printed(self):
        self.s.write("conf/master.key", "k1 c2VjcmV0LXNlY3JldA==\n")
        self.s.write("conf/apikeys", "axz_a secret-digest acme admin\n")
        text = self.refused()
        for word in ("c2VjcmV0", "secret-digest", self.s.secret):
            self.assertNotIn(word, text)


class Manuals(unittest.TestCase):
    """The manuals know every route and every metric, and no other."""

    def test_every_route_is_described(self):
        with open(os.path.join(harness.TOP, "mod_amzxero",
                               "amzxero_rest.c")) as f:
            code = set(re.findall(
                r'\{ "([A-Z]+)", "([^"]+)", (?:"([a-z:]+)"|NULL)', f.read()))
        with open(os.path.join(harness.TOP, "docs", "rest-api.md")) as f:
            text = f.read()
        told = set()
        for method, path, body in re.findall(
                r"^### (GET|POST) /([^\n]+)\n(.*?)(?=^##)", text + "\n## ",
                re.M | re.S):
            scope = re.search(r"Scope: `([a-z:]+)`", body)
            told.add((method, re.sub(r"\{[a-z]+\}", "*", path.strip()),
                      scope.group(1) if scope else ""))
        self.assertGreater(len(code), 8)
        self.assertEqual(code, told)

    def test_every_metric_is_described(self):
        with open(os.path.join(harness.TOP, "lib", "base",
                               "amzx_counter.def")) as f:
            known = {"amzxero_" + name + ("_total" if kind == "COUNTER"
                                          else "")
                     for kind, name in re.findall(
                         r'^X\(\w+, (\w+), "(\w+)"', f.read(), re.M)}
        with open(os.path.join(harness.TOP, "mod_amzxero",
                               "amzxero_metrics.c")) as f:
            known |= {"amzxero_" + name for name in re.findall(
                r'add_gauge\(out, "(\w+)"', f.read())}
        with open(os.path.join(harness.TOP, "docs",
                               "operations.md")) as f:
            told = set(re.findall(r"^\| `(amzxero_\w+)", f.read(), re.M))
        self.assertGreater(len(known), 20)
        self.assertEqual(known, told)


if __name__ == "__main__":
    unittest.main()
