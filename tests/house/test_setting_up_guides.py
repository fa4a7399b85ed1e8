"""docs/howto/application.md and campaign.md do what they say."""

import pytest

from guides import HOWTO, converse, links

GUIDES = {"application.md": 3, "campaign.md": 7}


@pytest.mark.parametrize("guide", GUIDES)
def test_the_server_answers_what_the_guide_says(server, guide):
    assert converse(guide, server.url) == GUIDES[guide]


@pytest.mark.parametrize("guide", GUIDES)
def test_links_lead_somewhere(guide):
    for path in links(guide):
        assert (HOWTO / path).exists(), path
