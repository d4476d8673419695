#!/usr/bin/env python3
"""Reads config/container/compose.yaml like an engine.

compose.py FILE check CONTAINERFILE BIN: there is no unexpected key, the three services differ only in their ids,
    their health check is that of CONTAINERFILE, and `electiond --check` accepts exactly their variables. BIN is the
    folder with the built programs.
compose.py FILE environment SERVICE: the variables of the service, NAME=VALUE, each ended by a zero byte.
"""
import json
import re
import subprocess
import sys

import yaml

SERVICE_KEYS = {"image", "build", "read_only", "cap_drop", "security_opt", "restart", "stop_grace_period",
                "healthcheck", "environment", "volumes"}


def require(condition, sentence):
    if not condition:
        sys.exit(f"compose.yaml: {sentence}")


def seconds(text):
    """The number of seconds in a text such as 30s."""
    require(re.fullmatch(r"[0-9]+s", text), f"{text!r} is no duration in seconds")
    return int(text[:-1])


def health_check_of_image(containerfile):
    """The options and the words of the only HEALTHCHECK."""
    lines = re.findall(r"^HEALTHCHECK (.*) CMD (\[.*\])$", open(containerfile, encoding="utf-8").read(), re.MULTILINE)
    require(len(lines) == 1, "the Containerfile has not exactly one HEALTHCHECK")
    options = dict(re.findall(r"--([a-z-]+)=(\S+)", lines[0][0]))
    return {"test": ["CMD"] + json.loads(lines[0][1]), "interval": options["interval"], "timeout": options["timeout"],
            "start_period": options["start-period"]}


def check_service(name, service, volumes):
    require(set(service) == SERVICE_KEYS, f"{name} has the keys {sorted(service)}")
    require(service["read_only"] is True and service["cap_drop"] == ["ALL"], f"{name} may do more than it needs")
    require(service["security_opt"] == ["no-new-privileges:true"], f"{name} may gain privileges")
    # A stop takes at most 5 s + client_grant; the engine needs some time, too.
    require(seconds(service["stop_grace_period"]) >= 10, f"{name} is killed before its hand-over has ended")
    require(all(isinstance(value, str) for value in service["environment"].values()),
            f"{name}: an engine turns what is no text into a text of its own")
    require(len(service["volumes"]) == 1, f"{name} has not exactly one volume")
    volume, _, folder = service["volumes"][0].partition(":")
    require(volume in volumes, f"{name}: the volume {volume} is not declared")
    require(service["environment"]["ELECTIOND_NODE_DATA_DIR"].startswith(folder + "/"),
            f"{name}: its data directory is not below its volume, {folder}")
    return volume


def ask_daemon(name, service, folder):
    """electiond --check, with these variables and no others, where only the data directory is another one."""
    variables = dict(service["environment"])
    variables["ELECTIOND_NODE_DATA_DIR"] = "/tmp/no-such-folder-of-electiond"
    command = [f"{folder}/electiond", "--check"]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    require(done.returncode == 0 and done.stdout == "the environment: no fault found\n",
            f"electiond --check refuses the variables of {name}: {done.stdout}{done.stderr}")
    warnings = [line for line in done.stderr.splitlines() if "transport.insecure" not in line]
    require(not warnings, f"electiond --check warns of {name}: {warnings}")


def check(document, containerfile, folder):
    require(set(document) == {"name", "services", "volumes", "x-node", "x-environment"}, f"has {sorted(document)}")
    services = document["services"]
    require(set(services) == {"node1", "node2", "node3"}, f"has the services {sorted(services)}")
    used = [check_service(name, service, document["volumes"]) for name, service in services.items()]
    require(sorted(used) == sorted(document["volumes"]), "each node needs a volume of its own")
    ids = set()
    for name, service in services.items():
        require(service["healthcheck"] == health_check_of_image(containerfile), f"{name}: another health check")
        variables = dict(service["environment"])
        ids.add(variables.pop("ELECTIOND_NODE_ID"))
        require(variables.pop("ELECTIOND_TRANSPORT_ADVERTISE") == f"{name}:7401", f"{name} advertises another name")
        variables_of_first = dict(services["node1"]["environment"])
        require(all(variables_of_first[key] == value for key, value in variables.items()), f"{name} differs from node1")
        ask_daemon(name, service, folder)
    require(ids == {"1", "2", "3"}, f"has the ids {sorted(ids)}")


def main():
    file, what, *rest = sys.argv[1:]
    with open(file, encoding="utf-8") as stream:
        document = yaml.safe_load(stream)
    if what == "check":
        check(document, *rest)
        print("ok")
        return
    for name, value in document["services"][rest[0]]["environment"].items():
        sys.stdout.write(f"{name}={value}\0")


main()
