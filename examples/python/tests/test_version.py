"""The oldest Python that this service promises to run on."""

import ast
import unittest
from pathlib import Path

OLDEST = (3, 9)


class TestVersion(unittest.TestCase):
    def test_syntax(self):
        files = list(Path(__file__).parent.parent.glob("loyalty/*.py"))
        self.assertGreater(len(files), 5)
        for file in files:
            ast.parse(file.read_text(), str(file), feature_version=OLDEST)


if __name__ == "__main__":
    unittest.main()
