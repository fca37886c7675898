"""`python -m pipelines check graph.json | catalogue | reference`: the language in a terminal, without a server."""

import argparse
import json
import sys
from pathlib import Path

from pipelines.catalogue import CATALOGUE, describe
from pipelines.checks import check, most_steps
from pipelines.graph import MALFORMED, Finding, Graph
from pipelines.reference import reference
from pipelines.values import JSON


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line says. Returns 1 for a graph with errors, 2 for one that can't be read."""
    parser = argparse.ArgumentParser(prog="python -m pipelines", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    checking = commands.add_parser("check", help="print what is found about a graph; 1 if there is an error")
    checking.add_argument("graph", help="a file with a graph as JSON, or - for standard input")
    commands.add_parser("catalogue", help="print every kind of node as JSON")
    commands.add_parser("reference", help="print the reference of all nodes as Markdown")
    options = parser.parse_args(arguments)
    if options.command == "check":
        return print_findings(options.graph)
    text = reference() if options.command == "reference" else json.dumps(describe(), ensure_ascii=False, indent=2)
    sys.stdout.write(text.rstrip("\n") + "\n")
    return 0


def print_findings(path: str) -> int:
    """One line a finding, and the largest number of steps."""
    try:
        form = read(path)
    except (OSError, ValueError, RecursionError) as error:
        print(f"{path} can't be read as JSON: {error}", file=sys.stderr)
        return 2
    findings = check(form, CATALOGUE)
    for finding in findings:
        print(line(finding))
    if not findings:
        print("Nothing to complain about.")
    if not any(finding.code in MALFORMED for finding in findings):
        print(f"At most {most_steps(Graph.parse(form), CATALOGUE):,} steps.")
    return 1 if any(finding.severity == "error" for finding in findings) else 0


def read(path: str) -> JSON:
    """The JSON in the file. Raises OSError, and ValueError for what is no JSON."""
    data = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    return json.loads(data)


def line(finding: Finding) -> str:
    """`error type-mismatch: message`."""
    return f"{finding.severity} {finding.code}: {finding.message}"


if __name__ == "__main__":
    sys.exit(main())
