# SPDX-License-Identifier: Apache-2.0
"""A private PostgreSQL on the loopback, gone without a trace afterwards."""
import glob
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import sandbox_server as sbx


def find_bin():
    places = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))
    return os.path.dirname(places[-1]) if places else None


class Cluster:
    """initdb, start, stop; as the user postgres when we are root."""

    def __init__(self):
        self.bin = find_bin()
        if self.bin is None:
            raise unittest.SkipTest("no PostgreSQL server; install "
                                    "postgresql")
        self.port = sbx.free_port()
        self.dir = tempfile.mkdtemp(prefix="amzx-pg-")
        self.data = os.path.join(self.dir, "data")
        self.proc = None
        self.user = "postgres" if os.geteuid() == 0 else None
        if self.user:
            who = pwd.getpwnam(self.user)
            os.chown(self.dir, who.pw_uid, who.pw_gid)

    def run_as(self, args):
        return ["setpriv", "--reuid", self.user, "--regid", self.user,
                "--init-groups"] + args if self.user else args

    def start(self):
        subprocess.run(self.run_as(
            [self.bin + "/initdb", "-D", self.data, "-U", "amzxero", "-A",
             "trust", "-N", "-E", "UTF8", "--locale=C"]), check=True,
            stdout=subprocess.DEVNULL, cwd=self.dir)
        self.boot()
        subprocess.run([self.bin + "/createdb", "-h", "127.0.0.1", "-p",
                        str(self.port), "-U", "amzxero", "amzxero"],
                       check=True, cwd=self.dir)
        return self

    def boot(self):
        # It ends with us, even when we are killed.
        self.proc = subprocess.Popen(self.run_as(
            ["setpriv", "--pdeathsig", "INT",  # it ends when we are killed
             self.bin + "/postgres", "-D", self.data, "-p",
             str(self.port), "-c", "listen_addresses=127.0.0.1", "-c",
             "unix_socket_directories=" + self.dir]),
            stderr=open(os.path.join(self.dir, "log"), "a"), cwd=self.dir)
        for _ in range(200):
            ready = subprocess.run(
                [self.bin + "/pg_isready", "-q", "-h", "127.0.0.1", "-p",
                 str(self.port)], cwd=self.dir)
            if ready.returncode == 0:
                return
            time.sleep(0.05)
        raise RuntimeError("PostgreSQL does not start")

    def dsn(self, database="amzxero"):
        return ("pgsql:host=127.0.0.1 port=%d user=amzxero dbname=%s"
                % (self.port, database))

    def restart(self, how=signal.SIGINT):
        self.halt(how)
        self.boot()

    def halt(self, how=signal.SIGINT):
        if self.proc is not None:
            self.proc.send_signal(how)
            self.proc.wait(30)
            self.proc = None

    def __exit__(self, *unused):
        self.halt()
        shutil.rmtree(self.dir, ignore_errors=True)
