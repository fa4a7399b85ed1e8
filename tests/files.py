"""CSV files: what a back office uploads and downloads."""


def upload(client, url, text, *, field="upFile", status=200, **params):
    """Upload a file, which must be taken; the Import."""
    answer = send(client, url, text, field=field, **params)
    assert answer.status_code == status, answer.text
    return answer.json()


def send(client, url, text, *, field="upFile", **params):
    """Upload a file; the HTTP answer."""
    content = text if isinstance(text, bytes) else text.encode()
    return client.post(url, files={field: ("list.csv", content, "text/csv")}, params=params or None)


def download(client, url, **params):
    """The text of an export, as it is sent."""
    answer = client.get(url, params=params or None)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8", answer.headers
    assert answer.headers["content-disposition"].startswith('attachment; filename="')
    return answer.text
