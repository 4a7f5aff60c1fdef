"""The signature, as whoever has the secret checks it."""

import pytest
from pydantic import SecretStr
from standardwebhooks import Webhook, WebhookVerificationError

from shared.webhooks import signing

SECRET = "whsec_" + "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"
BODY = '{"type":"job.succeeded","data":"ö"}'


def test_the_receivers_library_accepts_it():
    headers = signing.headers(SecretStr(SECRET), "m", BODY)
    assert Webhook(SECRET).verify(BODY, headers)["type"] == "job.succeeded"


def test_another_body_is_not_accepted():
    headers = signing.headers(SecretStr(SECRET), "m", BODY)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(BODY.replace("ö", "o"), headers)
