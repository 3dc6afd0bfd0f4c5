"""Runs the program on every text beside it and compares with what is expected.

`golden.py PROGRAM --update` writes what the program says as the new expectation.
"""

import difflib
import pathlib
import subprocess
import sys

FOLDER = pathlib.Path(__file__).parent / "golden"


def main(program: str, update: bool) -> int:
    failed = 0
    texts = sorted(FOLDER.glob("*.txt"))
    for text in texts:
        expected = text.with_suffix(".expected")
        got = subprocess.run([program, text], check=True, capture_output=True, text=True).stdout
        if update:
            expected.write_text(got)
        difference = list(
            difflib.unified_diff(
                expected.read_text().splitlines(), got.splitlines(), expected.name, "got", lineterm=""
            )
        )
        print("FAILED" if difference else "ok    ", text.name)
        print("\n".join(f"    {line}" for line in difference), end="\n" if difference else "")
        failed += bool(difference)
    print(f"{len(texts) - failed} passed, {failed} failed")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], "--update" in sys.argv))
