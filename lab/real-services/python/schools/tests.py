from django.test import SimpleTestCase


class PagesTest(SimpleTestCase):
    def test_regions_are_added_up(self):
        self.assertContains(self.client.get("/"), "<dd>1140</dd>", html=True)

    def test_the_health_check_answers(self):
        self.assertEqual(self.client.get("/healthcheck").json()["status"], "ok")
