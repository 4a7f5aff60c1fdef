"""What can go wrong, and what to do about it."""

import time

from shared.client import Client, ServiceUnreachable, SpeechError
from shared.errors import InvalidRequest, QueueFull, TooManyJobs, UnknownVoice


def speak(client: Client, text: str, voice: str) -> bytes:
    while True:
        try:
            return client.speak(text, voice)
        except UnknownVoice as error:
            print(f"{error.message} {error.next_step}")
            voice = "serena"
        except (QueueFull, TooManyJobs) as error:
            # `Client(patience=60)` does this by itself.
            time.sleep(error.retry_after or 1)


with Client.from_environment() as client:
    print(len(speak(client, "Good evening.", "nobody")) > 44)
    try:
        client.speak("")
    except InvalidRequest as error:
        print(error.code, error.param)

try:
    Client("http://127.0.0.1:9").tasks()
except ServiceUnreachable as error:
    print(error.code)
except SpeechError as error:  # every other error of the service
    print(error.code, error.status)
