import unittest

from app.main import application


class HealthcheckTest(unittest.TestCase):
    def ask(self, path):
        answers = []
        body = b"".join(application({"PATH_INFO": path}, lambda status, headers: answers.append(status)))
        return answers[0], body

    def test_tells_its_commit(self):
        status, body = self.ask("/healthcheck")
        self.assertEqual(status, "200 OK")
        self.assertIn(b'"commit"', body)

    def test_knows_no_other_path(self):
        self.assertEqual(self.ask("/other")[0], "404 Not Found")


if __name__ == "__main__":
    unittest.main()
