"""docs/howto/roles.md does what it says."""

import pytest

from guides import HOWTO, converse, links

GUIDE = "roles.md"


def test_the_server_answers_what_the_guide_says(server):
    assert converse(GUIDE, server.url) == 5


@pytest.mark.parametrize("path", links(GUIDE))
def test_links_lead_somewhere(path):
    assert (HOWTO / path).exists()
