"""Lays out what fuzzing begins from: every JSON payload of a tree of recorded answers as a file.

usage: lay_out.py FIXTURES OUT
"""

import json
import pathlib
import sys


def payloads(content):
    """Answers lie bare, or beside what was asked for, or in lists of examples."""
    yield content
    if isinstance(content, list):
        for example in content:
            if isinstance(example, dict) and "json" in example:
                yield from payloads(example["json"])
    elif isinstance(content, dict) and "response" in content:
        yield from payloads(content["response"])


def main(fixtures, out):
    out = pathlib.Path(out)
    out.mkdir(parents=True, exist_ok=True)
    count = 0
    for path in sorted(pathlib.Path(fixtures).rglob("*.json")):
        for payload in payloads(json.loads(path.read_text())):
            (out / f"{count:05}.json").write_text(json.dumps(payload, separators=(",", ":")))
            count += 1
    print(f"{count} payloads in {out}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
