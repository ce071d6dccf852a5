"""Spark SQL on the loopback: the Thrift server of the pyspark package, by itself or on a standalone cluster."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from servers.process import HOST, Process, ServerError, answers, clear, must_be_free, say

JAVA = (17, 21)  # what Spark 4 runs on
PATIENCE = 180
THRIFT_SERVER = "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2"
INSTALL = "apt-get install openjdk-17-jre-headless (Debian), brew install openjdk@17 (macOS), or set JAVA_HOME"
SETTINGS = {
    "spark.driver.host": HOST,
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    # what its pages would show of a thousand statements that have ended fills a quarter of the memory
    "spark.ui.retainedJobs": "20",
    "spark.ui.retainedStages": "20",
    "spark.ui.retainedTasks": "1000",
    "spark.sql.ui.retainedExecutions": "20",
    "spark.sql.thriftserver.ui.retainedStatements": "20",
    "spark.sql.thriftserver.ui.retainedSessions": "20",
    # What the models rely on; a cluster of one's own needs the same (docs/scaling.md).
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.sources.partitionOverwriteMode": "dynamic",
    # Each thread that runs statements opens the metastore for itself, which costs more than a small statement. By
    # default a hundred of them are begun in turn, and end after ten seconds without work.
    "spark.hadoop.hive.server2.async.exec.threads": "8",
    "spark.hadoop.hive.server2.async.exec.keepalive.time": "86400s",
    # folders of this machine are listed by the server itself; a task each is right for an object store
    "spark.sql.sources.parallelPartitionDiscovery.threshold": "10000",
}
# Tests run a thousand statements over a few thousand rows, once each: what compiles them costs more than it saves. And
# what the metastore writes need not survive a power cut.
# Each sort and hash table takes a page first: a 32nd of the memory, for a few rows.
THROWAWAY = {
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.buffer.pageSize": "1m",
}
THROWAWAY_JAVA = ("-XX:TieredStopAtLevel=1", "-XX:+UseParallelGC", "-Dderby.system.durability=test")
# With one compiler Java keeps room for 48 MB of machine code, and a server that has used it up ends.
ROOM_FOR_CODE = "-XX:ReservedCodeCacheSize=256m"


@dataclass(frozen=True)
class Spark:
    """The server, with everything it keeps in one folder.

    Attributes:
        home: the folder; tables, metastore, logs and process ids.
        port: where it listens; a cluster takes the ports behind it too.
        memory: of the server, and of each worker's executor.
        workers: processes of a standalone cluster; 0 = the server computes by itself.
        shuffle_partitions: parts that a shuffle makes; two are plenty for the demo.
        conf: further settings, of Spark's own names.
        throwaway: an empty server for tests, gone when it is stopped.
    """

    home: Path
    port: int = 10015
    memory: str = "2g"
    workers: int = 0
    shuffle_partitions: int = 2
    conf: dict[str, str] = field(default_factory=dict)
    throwaway: bool = False

    @property
    def settings(self) -> dict[str, object]:
        """What a running server must agree with to be taken for this one."""
        return {
            "port": self.port,
            "memory": self.memory,
            "workers": self.workers,
            "shuffle_partitions": self.shuffle_partitions,
            "conf": self.conf,
            "throwaway": self.throwaway,
        }

    def processes(self) -> Iterator[Process]:
        """All that may run, in the order of their start: the master, its workers, the Thrift server."""
        yield Process(self.home, "master")
        yield from (Process(self.home, file.stem) for file in sorted(self.home.glob("worker-*.json")))
        yield Process(self.home, "thriftserver")

    def up(self) -> None:
        """Start the server, and the cluster where workers are asked for, unless it runs.

        Raises:
            ServerError: with the remedy, where that fails.
        """
        running = Process(self.home, "thriftserver").running()
        if running:
            if other := [f"{k}={running[k]}" for k, v in self.settings.items() if running[k] != v]:
                raise ServerError(f"已用其他设置运行 already running with {', '.join(other)}: make spark-down first")
            say(f"已在运行 already running: PID {running['pid']}")
            return
        environment = {"JAVA_HOME": str(find_java()), "SPARK_HOME": str(find_spark()), "SPARK_LOCAL_IP": HOST}
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("SPARK_", "PYSPARK_"))} | environment
        self._stop()  # what is left of a cluster whose server died
        for port in range(self.port, self.port + (3 + self.workers if self.workers else 1)):
            must_be_free(port, f"COMMUNITY_METRICS_SPARK_PORT={self.port + 10} make spark-up")
        if self.throwaway:
            clear(self.home)
        self.home.mkdir(parents=True, exist_ok=True)
        try:
            master = self._cluster(environment) if self.workers else "local[2]"
            pid = self._thrift_server(master, environment)
        except BaseException:
            self._stop()
            raise
        said = f", {self.workers} workers" if self.workers else ""
        say(f"Spark SQL: {HOST}:{self.port}{said}, PID {pid}")

    def check(self) -> None:
        """Make sure, at no cost, that the machine has what the server needs beside the pyspark package.

        Raises:
            ServerError: with what to install.
        """
        find_java()

    def down(self) -> None:
        """Stop whatever of it runs."""
        running = Process(self.home, "thriftserver").running()
        stopped = self._stop()
        if running and running["throwaway"]:
            clear(self.home)
        told = ", ".join(f"PID {pid}" for pid in stopped)
        say(f"已停止 stopped: {told}" if told else "没有在运行 not running")

    def _stop(self) -> list[int]:
        stopped = [process.stop() for process in reversed([*self.processes()])]
        return [pid for pid in stopped if pid]

    def _thrift_server(self, master: str, environment: dict[str, str]) -> int:
        home = self.home.absolute()
        options = [f"-Dderby.stream.error.file={home / 'derby.log'}", ROOM_FOR_CODE]
        options += THROWAWAY_JAVA if self.throwaway else ()
        settings = (
            SETTINGS
            | {
                "spark.sql.shuffle.partitions": self.shuffle_partitions,
                "spark.sql.warehouse.dir": home / "tables",
                "spark.hadoop.javax.jdo.option.ConnectionURL": f"jdbc:derby:;databaseName={home}/metastore;create=true",
                "spark.driver.memory": self.memory,  # with a cluster too: small tables to be broadcast are built in it
                "spark.driver.extraJavaOptions": " ".join(options),
            }
            | (THROWAWAY if self.throwaway else {})
        )
        if self.workers:
            settings |= {"spark.executor.memory": self.memory}
        settings |= self.conf
        return Process(self.home, "thriftserver").start(
            [
                *(Path(environment["SPARK_HOME"]) / "bin" / "spark-submit", "--class", THRIFT_SERVER),
                *("--name", "community-metrics", "--master", master),
                *(word for name, value in settings.items() for word in ("--conf", f"{name}={value}")),
                *("spark-internal", "--hiveconf", f"hive.server2.thrift.port={self.port}"),
                *("--hiveconf", f"hive.server2.thrift.bind.host={HOST}"),
            ],
            answers=lambda: answers(self.port),
            patience=PATIENCE,
            settings=self.settings,
            env=environment,
            cwd=home,
        )

    def _cluster(self, environment: dict[str, str]) -> str:
        """Start master and workers; returns where the master listens."""
        port, page = self.port + 1, self.port + 2
        run = (Path(environment["SPARK_HOME"]) / "bin" / "spark-class",)
        master = f"spark://{HOST}:{port}"
        common = {"patience": PATIENCE, "settings": {}, "env": environment, "cwd": self.home.absolute()}
        Process(self.home, "master").start(
            (
                *run,
                "org.apache.spark.deploy.master.Master",
                "--host",
                HOST,
                "--port",
                str(port),
                "--webui-port",
                str(page),
            ),
            answers=lambda: _registered(page) is not None,
            **common,
        )
        for number in range(1, self.workers + 1):
            Process(self.home, f"worker-{number}").start(
                (
                    *(*run, "org.apache.spark.deploy.worker.Worker", "--host", HOST, "--cores", "1"),
                    *("--memory", self.memory, "--webui-port", str(page + number)),
                    *("--work-dir", str(self.home.absolute() / "work"), master),
                ),
                answers=lambda wanted=number: _registered(page) == wanted,
                **common,
            )
        return master


def find_spark() -> Path:
    """The folder of Spark in the pyspark package.

    Raises:
        ServerError: where it is not installed.
    """
    from importlib.util import find_spec

    found = find_spec("pyspark")  # not imported: half a second
    if not found or not found.origin:
        raise ServerError("没有安装 pyspark is not installed: make spark-up")
    return Path(found.origin).parent


def find_java(root: Path = Path("/")) -> Path:
    """The home of a Java that Spark runs on: JAVA_HOME, PATH, then the usual places.

    Raises:
        ServerError: where there is none, with what to install.
    """
    candidates = [Path(os.environ["JAVA_HOME"])] if os.environ.get("JAVA_HOME") else []
    if in_path := shutil.which("java"):
        candidates.append(Path(in_path).resolve().parents[1])
    for place in (
        *("usr/lib/jvm/*", "opt/homebrew/opt/openjdk*/libexec/openjdk.jdk/Contents/Home"),
        *(
            "usr/local/opt/openjdk*/libexec/openjdk.jdk/Contents/Home",
            "Library/Java/JavaVirtualMachines/*/Contents/Home",
        ),
    ):
        candidates += sorted(root.glob(place))
    seen: dict[Path, int] = {}
    for home in dict.fromkeys(candidates):
        if major := _java_version(home):
            if major in JAVA:
                return home
            seen[home] = major
    found = f" (found: {', '.join(f'Java {major} in {home}' for home, major in seen.items())})" if seen else ""
    wanted = " or ".join(str(major) for major in JAVA)
    raise ServerError(f"没有 Java {wanted}: Spark needs it and it is not installed{found}: {INSTALL}")


def _java_version(home: Path) -> int | None:
    try:  # macOS has a program java that only says that there is none
        told = subprocess.run([home / "bin" / "java", "-version"], capture_output=True, text=True, check=False).stderr
    except OSError:
        return None
    found = re.search(r'version "(\d+)', told)
    return int(found[1]) if found else None


def _registered(page: int) -> int | None:
    """Workers that a master has; None while it does not answer."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://{HOST}:{page}/json/", timeout=5) as answer:
            return json.load(answer)["aliveworkers"]
    except (OSError, ValueError):
        return None
