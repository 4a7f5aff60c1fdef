"""The signature of a webhook, as the Standard Webhooks specification has it."""

from datetime import UTC, datetime

from pydantic import SecretStr
from standardwebhooks import Webhook as Signer


def headers(secret: SecretStr, message_id: str, body: str) -> dict[str, str]:
    """Id, time and signature of a message that is sent now."""
    now = datetime.now(UTC)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Signer(secret.get_secret_value()).sign(message_id, now, body),
    }
